//! A proxy's CORS policy, with its origins as patterns, and the rule that it becomes.

use super::code;
use super::imported_document::{ImportedBucket, ImportedCors, ImportedRule, Sourced};
use super::node::Node;
use super::remarks::Remarks;

/// What a `*` among methods is written as: what Cloud Storage's own APIs answer to.
pub(crate) const EVERY_METHOD: [&str; 7] = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"];

/// What a proxy does with the lists of methods and headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListUse {
    /// It prints them, and browsers obey them: Envoy, and what configures it.
    Printed,
    /// It holds requests against them.
    Checked,
}

/// A policy.
#[derive(Debug, Clone, Default)]
pub(crate) struct Policy {
    pub(crate) place: String,
    pub(crate) origins: Vec<Sourced<String>>,
    pub(crate) methods: Vec<Sourced<String>>,
    pub(crate) headers: Vec<Sourced<String>>,
    pub(crate) exposed: Vec<Sourced<String>>,
    pub(crate) max_age: Option<Sourced<i64>>,
    pub(crate) credentials: Sourced<bool>,
    pub(crate) private_network: bool,
    /// It is only evaluated, and has no effect.
    pub(crate) is_shadow: bool,
}

/// The values of a list of strings.
pub(crate) fn texts(node: Option<Node<'_>>, remarks: &mut Remarks) -> Vec<Sourced<String>> {
    let items = node.map(|node| node.items()).unwrap_or_default();
    let texts = items.iter().filter_map(|item| text(item, remarks));
    texts.filter(|text| !text.value.is_empty()).collect()
}

/// A value that is to be a string.
pub(crate) fn text(node: &Node<'_>, remarks: &mut Remarks) -> Option<Sourced<String>> {
    let text = node.text();
    if text.is_none() && !node.is_null() {
        match function(node) {
            Some(function) => remarks.say(
                code::KNOWN_LATER,
                &node.place,
                format!("a value that {function} makes when the stack is made: write it in its place"),
            ),
            None => remarks.say(
                code::OTHER_TYPE,
                &node.place,
                "a list or an object, where a string is read",
            ),
        }
    }
    Some(Sourced::new(text?.trim().to_owned(), &node.place))
}

/// The function of CloudFormation's, by its whole name or its tag, that makes a value.
pub(crate) fn function<'t>(node: &Node<'t>) -> Option<&'t str> {
    let name = node.fields().first().map(|(name, _)| *name)?;
    (name == "Ref" || name.starts_with("Fn::") || name.starts_with('!')).then_some(name)
}

/// A boolean, if there is one.
pub(crate) fn flag(node: &Node<'_>, remarks: &mut Remarks) -> Option<bool> {
    let flag = node.flag();
    if flag.is_none() && !node.is_null() {
        remarks.say(
            code::OTHER_TYPE,
            &node.place,
            "neither true nor false, where one of them is read",
        );
    }
    flag
}

/// Whether credentials are allowed, by the field that says so in a policy.
pub(crate) fn credentials(
    policy: &Node<'_>,
    field: Option<Node<'_>>,
    remarks: &mut Remarks,
) -> Sourced<bool> {
    match field {
        Some(field) => Sourced::new(flag(&field, remarks) == Some(true), &field.place),
        None => Sourced::new(false, &policy.place),
    }
}

/// What becomes of a preflight whose origin no matcher of the policy takes. A policy that says what the proxy does
/// anyway means what one that leaves it out means, so that neither is missing anything.
pub(crate) fn say_unmatched_preflights(forwards: bool, place: &str, remarks: &mut Remarks) {
    remarks.say_once(code::PREFLIGHT_STATUS, place,
        if forwards {
            "a preflight from another origin goes to the store there, which may allow it, and is refused at the edge"
        } else {
            "a preflight from another origin is answered with 200 without CORS headers there, and refused at the edge: \
             browsers refuse both"
        },
    );
}

/// The values of a string with commas.
pub(crate) fn commas(text: &str, place: &str) -> Vec<Sourced<String>> {
    let values = text.split(',').map(str::trim).filter(|value| !value.is_empty());
    values
        .map(|value| Sourced::new(value.to_owned(), place))
        .collect()
}

impl Policy {
    /// The rules of a bucket that has this policy, still without a name.
    pub(crate) fn into_bucket(self, lists: ListUse, remarks: &mut Remarks) -> ImportedBucket {
        let Self {
            place,
            origins,
            mut methods,
            headers,
            exposed,
            max_age,
            mut credentials,
            private_network,
            is_shadow,
        } = self;
        if lists == ListUse::Printed {
            remarks.say_once(code::LISTS_CHECKED, &place,
                "browsers obey the lists of methods and headers that the proxy prints; the edge checks them itself: a request with \
             another method gets no CORS headers, and a preflight that no rule allows is refused",
            );
            if methods.is_empty() {
                remarks.say(
                    code::DEFAULT_METHODS,
                    &place,
                    "no methods are listed: GET, HEAD and POST are written, which browsers send without",
                );
                methods = ["GET", "HEAD", "POST"]
                    .map(|name| Sourced::new(name.to_owned(), &place))
                    .to_vec();
            }
        }
        if let Some(any) = methods.iter().find(|method| method.value == "*").cloned() {
            remarks.say(code::EVERY_METHOD, &any.place,
                format!(
                    "every method is written as {}: add others to AllowedMethods if what is behind the edge has them",
                    EVERY_METHOD.join(", ")
                ),
            );
            methods.retain(|method| method.value != "*");
            for name in EVERY_METHOD {
                let method = Sourced::new(name.to_owned(), &any.place);
                if !methods.contains(&method) {
                    methods.push(method);
                }
            }
        }
        if credentials.value && origins.iter().any(|origin| origin.value == "*") {
            remarks.say(code::ANY_WITH_CREDENTIALS, &credentials.place,
                "credentials: with every origin let in, any site could read what a signed-in user can, so the edge never \
                 sends both: list the origins that are meant, and set allow_credentials",
            );
            credentials.value = false;
        }
        let headers = allowed_headers(headers, lists, credentials.value, remarks);
        // Entries that are written more than once, and what the lone `*` holds anyway.
        let origins = match origins.iter().find(|origin| origin.value == "*") {
            Some(any) => vec![any.clone()],
            None => distinct(origins),
        };
        let rule = ImportedRule {
            id: None,
            allowed_origins: origins,
            allowed_methods: distinct(methods),
            allowed_headers: distinct(headers),
            expose_headers: distinct(exposed),
            max_age_seconds: max_age,
            response_vary: None,
            place: place.clone(),
        };
        ImportedBucket {
            allow_credentials: credentials,
            allow_private_network: private_network,
            mode: is_shadow.then_some("shadow"),
            cors: ImportedCors {
                rules: vec![rule],
                response_vary: None,
            },
            place,
            ..ImportedBucket::default()
        }
    }
}

/// In a response a `*` is a wildcard to browsers where it is all of an entry, and that without credentials.
pub(crate) fn allowed_headers(
    headers: Vec<Sourced<String>>,
    lists: ListUse,
    credentials: bool,
    remarks: &mut Remarks,
) -> Vec<Sourced<String>> {
    // Envoy repeats the requested names where `*` is the whole list.
    let is_any = headers.len() == 1;
    let mut kept = Vec::new();
    for header in headers {
        let is_literal = if header.value == "*" {
            lists == ListUse::Printed && credentials && !is_any
        } else {
            header.value.contains('*')
        };
        if is_literal {
            remarks.say(code::LITERAL_STAR, &header.place,
                format!(
                    "the header {:?}: as it is sent, browsers take this * for a character, and to the edge it is a \
                     wildcard: write it into AllowedHeaders if that is what you mean",
                    header.value
                ),
            );
        } else {
            kept.push(header);
        }
    }
    kept
}

fn distinct(values: Vec<Sourced<String>>) -> Vec<Sourced<String>> {
    let mut seen = std::collections::HashSet::new();
    values
        .into_iter()
        .filter(|value| seen.insert(value.value.clone()))
        .collect()
}
