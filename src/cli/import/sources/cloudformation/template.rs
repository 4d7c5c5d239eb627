//! The resources of a template, and where serverless has buckets beside them.

use crate::import::documents::Documents;
use crate::import::file::File;
use crate::import::node::Node;

/// A resource, with what serverless puts over it.
pub(super) struct StackResource<'t> {
    pub(super) id: &'t str,
    /// As CloudFormation has it. Nothing: serverless makes it, and it is not in the file.
    pub(super) own: Option<Node<'t>>,
    /// Its fields, and each of its properties, stand in the place of the resource's own.
    extensions: Vec<Node<'t>>,
}

impl<'t> StackResource<'t> {
    /// A field, or a property.
    pub(super) fn path(&self, keys: &[&str]) -> Option<Node<'t>> {
        let extensions = self.extensions.iter().rev();
        let mut found = extensions.chain(&self.own).filter_map(|node| node.path(keys));
        found.next()
    }

    /// Everything that it is written in.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node<'t>> {
        self.extensions.iter().chain(&self.own)
    }
}

/// How the name of a loop begins, which makes resources.
pub(super) const LOOP: &str = "Fn::ForEach::";

/// What `aws cloudformation get-template` prints has the template in here: an object, or its text.
const BODY: &str = "TemplateBody";

/// The text in which a file has its template, with what messages call it.
pub(super) fn text_within(file: &File<'_>) -> Option<(String, String)> {
    let values = file.values();
    let body = values.first()?.get(BODY)?;
    Some((format!("{} ({BODY})", body.place), body.text()?))
}

/// Whether a file holds a template, in a text too.
pub(super) fn is_one(file: &File<'_>) -> bool {
    let is_within = || {
        let (name, text) = text_within(file)?;
        let documents = Documents::read(&name, &text).ok()?;
        documents.root().ok().map(|root| is_template(&root))
    };
    file.values().iter().any(is_template) || is_within() == Some(true)
}

/// Whether a document is a template.
pub(super) fn is_template(root: &Node<'_>) -> bool {
    let root = &body(root);
    let is_aws = |resource: &Node<'_>| {
        resource
            .text_of("Type")
            .is_some_and(|name| name.starts_with("AWS::"))
    };
    let is_known = |(id, resource): &(&str, Node<'_>)| {
        is_aws(resource)
            || id.starts_with(LOOP) && looped(resource).iter().any(|(_, resource)| is_aws(resource))
    };
    let is_serverless = root.get("service").is_some() && root.get("provider").is_some();
    own(root).iter().any(is_known)
        || is_serverless && (!extensions(root).is_empty() || !of_provider(root).is_empty())
}

/// The template in a document.
pub(super) fn body<'t>(root: &Node<'t>) -> Node<'t> {
    let body = root.get(BODY).filter(|body| !body.fields().is_empty());
    body.unwrap_or_else(|| root.clone())
}

/// The resources of a template, each with its extensions, and those that serverless makes.
pub(super) fn resources<'t>(root: &Node<'t>) -> Vec<StackResource<'t>> {
    let own = own(root).into_iter().map(|(id, node)| StackResource {
        id,
        own: Some(node),
        extensions: Vec::new(),
    });
    let mut resources: Vec<_> = own.collect();
    for (id, extension) in extensions(root) {
        match resources.iter_mut().find(|resource| resource.id == id) {
            Some(resource) => resource.extensions.push(extension),
            None => resources.push(StackResource {
                id,
                own: None,
                extensions: vec![extension],
            }),
        }
    }
    resources
}

/// serverless has them one level deeper, and as a list where they come from several files.
fn own<'t>(root: &Node<'t>) -> Vec<(&'t str, Node<'t>)> {
    let parts = root.list("resources").into_iter();
    let parts = root
        .get("Resources")
        .into_iter()
        .chain(parts.filter_map(|part| part.get("Resources")));
    parts.flat_map(|part| part.fields()).collect()
}

fn extensions<'t>(root: &Node<'t>) -> Vec<(&'t str, Node<'t>)> {
    let parts = root.list("resources");
    let parts = parts.iter().filter_map(|part| part.get("extensions"));
    parts.flat_map(|part| part.fields()).collect()
}

/// The buckets that serverless makes for the events of functions.
pub(super) fn of_provider<'t>(root: &Node<'t>) -> Vec<(&'t str, Node<'t>)> {
    let buckets = root.path(&["provider", "s3"]);
    buckets.map(|buckets| buckets.fields()).unwrap_or_default()
}

/// What a loop makes: its name for one, the values, and then the resources.
fn looped<'t>(parts: &Node<'t>) -> Vec<(&'t str, Node<'t>)> {
    parts.items().last().map(Node::fields).unwrap_or_default()
}
