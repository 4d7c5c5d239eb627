//! Headers of the CORS protocol that a proxy is told to set by hand, beside any policy, and texts with CORS in them.

use bucket_cors::http::header_names::CORS_PREFIX;

use super::code;
use super::node::Node;
use super::remarks::Remarks;

/// Whether a text has to do with CORS at all.
pub(crate) fn mentions_cors(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    [
        "cors",
        "allowedorigin",
        "allowed_origin",
        CORS_PREFIX,
        "alloworigin",
        "allow_origin",
        "accesscontrolallow",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// The first header of CORS in responses that a text names, if it names one.
pub(crate) fn named_in(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let is_of_name = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let mut found = lower
        .match_indices(CORS_PREFIX)
        .filter_map(|(at, _)| text.get(at..));
    // A preflight has two of them itself.
    found.find_map(|rest| {
        let name: String = rest
            .chars()
            .take_while(|character| is_of_name(*character))
            .collect();
        let end = name
            .get(CORS_PREFIX.len()..)
            .unwrap_or_default()
            .to_ascii_lowercase();
        (!end.starts_with("request-")).then_some(name)
    })
}

/// A field that sets such a header: the header, and where it stands.
pub(crate) struct SetByHand {
    pub(crate) header: String,
    pub(crate) field: String,
    pub(crate) place: String,
}

/// Each field of a resource or a file that sets a header of CORS on responses, or runs a program that does.
pub(crate) fn set_in(node: &Node<'_>) -> Vec<SetByHand> {
    let mut found = Vec::new();
    walk(node, None, &mut found);
    found
}

/// Says each.
pub(crate) fn say(node: &Node<'_>, remarks: &mut Remarks) {
    for SetByHand { header, field, place } in set_in(node) {
        remarks.say(
            code::NOT_READ,
            &place,
            format!("{header}, which {field} sets by hand and no policy does: write a rule for it"),
        );
    }
}

/// Whether a field sets one: by lists of headers, as proxies and the Gateway API have them, or by a program's text.
fn is_setter(field: &str) -> bool {
    let field = field.to_ascii_lowercase();
    let is_of_requests = field.contains("request");
    ["response", "headers_to_add", "headerstoadd", "snippet", "inline"]
        .iter()
        .any(|word| field.contains(word) && !is_of_requests)
}

/// `setter`: the field around that sets headers, if any.
fn walk(node: &Node<'_>, setter: Option<&str>, found: &mut Vec<SetByHand>) {
    let mut add = |text: &str, field: Option<&str>, place: &str| {
        let (Some(header), Some(field)) = (named_in(text), field) else {
            return;
        };
        found.push(SetByHand {
            header,
            field: field.to_owned(),
            place: place.to_owned(),
        });
    };
    if let Some(text) = node.text() {
        return add(&text, setter, &node.place);
    }
    for (key, value) in node.fields() {
        add(key, setter, &value.place);
    }
    for (key, value) in node.fields() {
        walk(&value, setter.or(Some(key).filter(|key| is_setter(key))), found);
    }
    if node.is_list() {
        for item in node.items() {
            walk(&item, setter, found);
        }
    }
}
