//! The resources of Kubernetes in all files, and what each is for.

use super::super::tree::{NodeId, Tree};
use super::subject::{SourceFile, Subject};

/// A resource, by itself or in a list.
pub(super) struct KubeResource<'f> {
    pub(super) file: &'f SourceFile,
    /// The index of the file.
    at: usize,
    document: NodeId,
    /// The pointer to it in its document.
    pub(super) pointer: String,
    pub(super) spec: NodeId,
    pub(super) kind: &'f str,
    namespace: &'f str,
    pub(super) name: &'f str,
}

/// What a resource names: another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ResourceRef {
    pub(super) kind: String,
    namespace: String,
    name: String,
    /// The listener of a Gateway. `None`: each.
    section: Option<String>,
}

/// Those of all files.
pub(super) fn all(files: &[SourceFile]) -> Vec<KubeResource<'_>> {
    let mut resources = Vec::new();
    for (at, file) in files.iter().enumerate() {
        for document in &file.documents {
            add(file, at, *document, *document, String::new(), &mut resources);
        }
    }
    resources
}

fn add<'f>(
    file: &'f SourceFile,
    at: usize,
    document: NodeId,
    node: NodeId,
    pointer: String,
    resources: &mut Vec<KubeResource<'f>>,
) {
    let tree = &file.tree;
    let text = |path: &[&str]| {
        tree.path(node, path)
            .and_then(|id| tree.text(id))
            .unwrap_or_default()
    };
    let kind = text(&["kind"]);
    if let Some(spec) = tree.get(node, "spec") {
        resources.push(KubeResource {
            file,
            at,
            document,
            pointer,
            spec,
            kind,
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]),
        });
    } else if kind.ends_with("List")
        && let Some(items) = tree.get(node, "items")
    {
        for (index, item) in tree.items(items).iter().enumerate() {
            add(
                file,
                at,
                document,
                *item,
                format!("{pointer}/items/{index}"),
                resources,
            );
        }
    }
}

/// Those of a kind.
pub(super) fn of_kind<'r, 'f>(
    resources: &'r [KubeResource<'f>],
    kind: &str,
) -> impl Iterator<Item = &'r KubeResource<'f>> {
    resources.iter().filter(move |resource| resource.kind == kind)
}

impl<'f> KubeResource<'f> {
    pub(super) fn tree(&self) -> &'f Tree {
        &self.file.tree
    }

    /// Whether a configuration stands in it.
    pub(super) fn holds(&self, subject: &Subject<'_>) -> bool {
        let below = subject.pointer.strip_prefix(&self.pointer);
        self.at == subject.file
            && self.document == subject.document
            && below.is_some_and(|below| below.starts_with("/spec"))
    }

    /// The text behind several keys of its `spec`.
    pub(super) fn text(&self, path: &[&str]) -> Option<&'f str> {
        self.tree()
            .path(self.spec, path)
            .and_then(|id| self.tree().text(id))
    }

    /// The elements of a list of its `spec`.
    pub(super) fn items(&self, key: &str) -> &'f [NodeId] {
        let list = self.tree().get(self.spec, key);
        list.map_or(&[], |list| self.tree().items(list))
    }

    /// The texts of a list below it.
    pub(super) fn texts(&self, node: NodeId, key: &str) -> impl Iterator<Item = &'f str> {
        let tree = self.tree();
        let list = tree.get(node, key);
        let items = list.map_or(&[][..], |list| tree.items(list));
        items.iter().filter_map(|item| tree.text(*item))
    }

    /// What a policy is for. None: it says so by labels, or not at all.
    pub(super) fn targets(&self) -> Vec<ResourceRef> {
        let one = self.tree().get(self.spec, "targetRef");
        let all = self.items("targetRefs").iter().copied().chain(one);
        all.map(|target| self.target(target)).collect()
    }

    /// The gateways that a route belongs to.
    pub(super) fn parents(&self) -> Vec<ResourceRef> {
        self.items("parentRefs")
            .iter()
            .map(|parent| self.target(*parent))
            .collect()
    }

    fn target(&self, node: NodeId) -> ResourceRef {
        let text = |key: &str| self.tree().text_of(node, key);
        ResourceRef {
            kind: text("kind").unwrap_or("Gateway").to_owned(),
            namespace: text("namespace").unwrap_or(self.namespace).to_owned(),
            name: text("name").unwrap_or_default().to_owned(),
            section: text("sectionName").map(str::to_owned),
        }
    }

    /// Whether it stands in the namespace of another, or may.
    pub(super) fn is_in_namespace_of(&self, other: &Self) -> bool {
        is_same(self.namespace, other.namespace)
    }

    pub(super) fn is_in_namespace(&self, namespace: &str) -> bool {
        self.namespace == namespace
    }

    /// Whether a target names it.
    pub(super) fn is(&self, target: &ResourceRef) -> bool {
        self.kind == target.kind && self.name == target.name && is_same(self.namespace, &target.namespace)
    }
}

impl ResourceRef {
    /// Whether it names a gateway, and a listener of it or all of them.
    pub(super) fn takes(&self, gateway: &KubeResource<'_>, listener: &str) -> bool {
        gateway.is(self) && self.section.as_deref().is_none_or(|section| section == listener)
    }

    /// Whether two name one resource.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.kind == other.kind && self.name == other.name && is_same(&self.namespace, &other.namespace)
    }
}

/// A namespace that is not said may be any.
fn is_same(one: &str, other: &str) -> bool {
    one.is_empty() || other.is_empty() || one == other
}
