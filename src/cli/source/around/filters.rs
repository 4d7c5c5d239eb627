//! What other HTTP filters do to preflights and to the headers of CORS.

use bucket_cors::http::header_names::CORS_PREFIX;

use super::super::tree::{NodeId, Tree};

/// Parts of the names and types of filters that refuse a request without credentials, which every preflight is.
const AUTHENTICATION: [&str; 7] = [
    "http.ext_authz",
    "http.jwt_authn",
    "http.basic_auth",
    "http.api_key_auth",
    "http.oauth2",
    "http.rbac",
    "istio_authn",
];

/// Part of the name and the type of Envoy's own CORS filter.
const CORS: &str = "filters.http.cors";

/// The same of the filter that runs a script.
const LUA: &str = "filters.http.lua";

/// What another filter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FilterKind {
    /// Envoy's own for CORS.
    Cors,
    /// One that refuses requests without credentials.
    Authentication,
    /// One that runs a script.
    Lua,
    /// One that does nothing to CORS, or nobody can tell.
    Other,
}

impl FilterKind {
    /// The kind of an element of a list of filters. Its type may stand below a matcher.
    pub(super) fn of(tree: &Tree, filter: NodeId) -> Self {
        let name = tree.text_of(filter, "name").unwrap_or_default();
        let is_of = |id: NodeId, part: &str| {
            let mut types = ["@type", "type_url"].into_iter();
            types.any(|field| tree.text_of(id, field).is_some_and(|text| text.contains(part)))
        };
        let is = |part: &str| name.contains(part) || tree.any(filter, &|id| is_of(id, part));
        if is(CORS) {
            Self::Cors
        } else if AUTHENTICATION.iter().any(|part| is(part)) {
            Self::Authentication
        } else if is(LUA) {
            Self::Lua
        } else {
            Self::Other
        }
    }
}

/// Whether a node is a script that names a header of CORS, comments aside.
pub(super) fn is_script_of_cors(tree: &Tree, id: NodeId) -> bool {
    let Some(text) = tree.text(id) else {
        return false;
    };
    let mut code = text.lines().map(|line| line.split("--").next().unwrap_or(line));
    code.any(|line| line.to_ascii_lowercase().contains(CORS_PREFIX))
}
