//! The paths of a match of a VirtualService.

use super::delegates::MergedMatch;
use crate::import::reach::Reach;
use crate::import::routes::Paths;

/// What a match takes. `is_gateways`: it names its Gateways, which is all that Istio then asks for of a client.
pub(super) fn paths_of(matched: &MergedMatch<'_>, is_gateways: bool, is_open: bool) -> Vec<Paths> {
    let paths = match matched.get("uri") {
        None => Paths::All,
        Some(uri) => match (uri.text_of("prefix"), uri.text_of("regex").as_deref()) {
            (Some(prefix), _) => Paths::prefix(&prefix, false),
            (None, Some(".*" | "/.*")) => Paths::All,
            (None, Some(regex)) => Paths::no_prefix(Reach::of_regex(regex)),
            (None, None) => Paths::no_prefix(Reach::of_path(&uri.text_of("exact").unwrap_or_default())),
        },
    };
    let is_condition = |field: &str| match field {
        // How a path compares, and what the match is called.
        "name" | "statPrefix" | "ignoreUriCase" | "uri" | "gateways" => false,
        "sourceLabels" | "sourceNamespace" => !is_gateways,
        _ => true,
    };
    let mut fields = matched.0.iter().flat_map(|part| part.fields());
    let paths = if is_open || fields.any(|(field, _)| is_condition(field)) {
        paths.conditional()
    } else {
        paths
    };
    if matched.ignores_case() {
        paths.ignoring_case()
    } else {
        vec![paths]
    }
}

/// Istio puts behind all others what has the path `/` or `.*`, and not what takes as much by another word.
pub(super) fn stays(matched: &MergedMatch<'_>) -> bool {
    let uri = matched.get("uri");
    let is = |kind: &str, text: &str| uri.as_ref().and_then(|uri| uri.text_of(kind)).as_deref() == Some(text);
    is("regex", "/.*") || is("prefix", "")
}
