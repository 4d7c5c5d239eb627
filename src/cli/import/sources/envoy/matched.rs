//! What a route's match takes, and whether anything is behind it.

use crate::import::node::Node;
use crate::import::reach::Reach;
use crate::import::routes::Paths;

/// The requests that a route's match takes.
pub(super) fn paths(matched: &Node<'_>) -> Vec<Paths> {
    let mut paths = Paths::no_prefix(Reach::default());
    let mut is_conditional = false;
    for (key, value) in matched.fields() {
        let text = value.text().unwrap_or_default();
        match key {
            "prefix" => paths = Paths::prefix(&text, false),
            "path_separated_prefix" | "pathSeparatedPrefix" => paths = Paths::prefix(&text, true),
            "path" => paths = Paths::no_prefix(Reach::of_path(&text)),
            "safe_regex" | "safeRegex" => {
                let regex = value.text_of("regex").unwrap_or_default();
                paths = if matches!(regex.as_str(), ".*" | "/.*") {
                    Paths::All
                } else {
                    Paths::no_prefix(Reach::of_regex(&regex))
                };
            }
            // How a path compares. Buckets' names compare byte for byte.
            "case_sensitive" | "caseSensitive" => {}
            _ if value.is_empty() => {}
            _ => is_conditional = true,
        }
    }
    if is_conditional {
        paths = paths.conditional();
    }
    let is_case_sensitive = matched.proto("case_sensitive").and_then(|flag| flag.flag());
    match is_case_sensitive {
        Some(false) => paths.ignoring_case(),
        _ => vec![paths],
    }
}

/// Whether Envoy answers a route's requests by itself. Its CORS filter passes over these.
pub(super) fn is_answered(route: &Node<'_>) -> bool {
    route.get("redirect").is_some() || route.proto("direct_response").is_some()
}

/// Whether a route answers by itself, and with no object: a redirect, or an error.
pub(super) fn is_empty(route: &Node<'_>) -> bool {
    let status = route
        .proto("direct_response")
        .and_then(|response| response.text_of("status"));
    let is_error = status.is_some_and(|status| status.parse().is_ok_and(|status: u16| status >= 300));
    is_error || route.get("redirect").is_some()
}
