//! The configuration of Higress's plugin.

use crate::import::code;
use crate::import::imported_document::{ImportedBucket, Sourced};
use crate::import::node::Node;
use crate::import::policy::{self, ListUse, Policy};
use crate::import::remarks::Remarks;
use crate::import::{ingress, rule_fields};

/// The fields by which a plugin's configuration is known for one of `cors`.
pub(super) const KNOWN_BY: [&str; 5] = [
    "allow_origins",
    "allow_origin_patterns",
    "allow_methods",
    "allow_headers",
    "allow_credentials",
];

/// The fields of the plugin's configuration.
const FIELDS: [&str; 7] = [
    "allow_origins",
    "allow_origin_patterns",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "allow_credentials",
    "max_age",
];

/// The headers where none are said.
pub(super) const HEADERS: &str = "DNT, X-CustomHeader, Keep-Alive, User-Agent, X-Requested-With, If-Modified-Since, Cache-Control, \
                       Content-Type, Authorization";

/// The plugin's configuration.
pub(super) fn read(node: &Node<'_>, remarks: &mut Remarks) -> ImportedBucket {
    remarks.say_once(code::REQUESTS_REFUSED, &node.place,
        "Higress's plugin answers a cross-origin request that no rule allows with 403 and keeps it from the store; to \
         the edge CORS refuses only preflights, and such a response goes out without CORS headers",
    );
    node.say_unknown(&FIELDS, "the plugin's configuration", remarks);
    let credentials = policy::credentials(node, node.get("allow_credentials"), remarks);
    let (exact, patterns) = (
        policy::texts(node.get("allow_origins"), remarks),
        policy::texts(node.get("allow_origin_patterns"), remarks),
    );
    let mut origins = Vec::new();
    if exact.is_empty() && patterns.is_empty() && !credentials.value {
        origins.push(Sourced::new("*".to_owned(), &node.place));
    }
    for Sourced { value, place } in exact {
        if value != "*" && value.contains('*') {
            remarks.say(code::LITERAL_STAR, &place,
                format!(
                    "{value:?}: in allow_origins this * is a character that no origin holds, so it matches nothing: write \
                     it into AllowedOrigins if that is what you mean"
                ),
            );
            continue;
        }
        let origin = value.strip_suffix('/').unwrap_or(&value).to_ascii_lowercase();
        origins.push(Sourced::new(origin, &place));
    }
    for pattern in patterns {
        origins.extend(pattern_origins(&pattern, remarks));
    }
    let or_default = |field: &str, default: &str, remarks: &mut Remarks| {
        let texts = policy::texts(node.get(field), remarks);
        if texts.is_empty() {
            policy::commas(default, &node.place)
        } else {
            texts
        }
    };
    let mut methods = or_default("allow_methods", ingress::METHODS, remarks);
    for method in &mut methods {
        method.value.make_ascii_uppercase();
    }
    let max_age = node
        .get("max_age")
        .and_then(|value| policy::text(&value, remarks))
        .and_then(|text| rule_fields::seconds(&text.value, &text.place, remarks))
        .filter(|seconds| seconds.value > 0)
        .unwrap_or_else(|| Sourced::new(ingress::MAX_AGE, &node.place));
    let policy = Policy {
        origins,
        methods,
        headers: or_default("allow_headers", HEADERS, remarks),
        exposed: policy::texts(node.get("expose_headers"), remarks),
        max_age: Some(max_age),
        credentials,
        place: node.place.clone(),
        ..Policy::default()
    };
    policy.into_bucket(ListUse::Checked, remarks)
}

/// An entry of `allow_origin_patterns`, where any number of `*` and a list of ports may be. It is compared in lower
/// case.
fn pattern_origins(pattern: &Sourced<String>, remarks: &mut Remarks) -> Vec<Sourced<String>> {
    let Sourced { value, place } = pattern;
    let lower = value.strip_suffix('/').unwrap_or(value).to_ascii_lowercase();
    remarks.say_once(code::OLDER_VERSIONS, place,
        "before 2.0 Higress's plugin did not hold a pattern against the end of an origin, so that https://*.a.example let \
         in https://x.a.example.evil.example; the edge always compares the whole origin",
    );
    let (base, ports) = match lower.strip_suffix(']').and_then(|rest| rest.rsplit_once(":[")) {
        Some((base, ports)) => (base, Some(ports)),
        None => (lower.as_str(), None),
    };
    let origins = match ports {
        None => vec![base.to_owned()],
        Some("*") => {
            let any = format!("{base}:*");
            if !base.contains('*') {
                remarks.say(
                    code::ANY_PORT,
                    place,
                    format!("{any:?} takes any port, or none behind the colon"),
                );
            }
            vec![base.to_owned(), any]
        }
        Some(ports) => ports
            .split(',')
            .map(|port| format!("{base}:{}", port.trim()))
            .collect(),
    };
    let mut kept = Vec::new();
    for origin in origins {
        if origin.bytes().filter(|&byte| byte == b'*').count() > 1 {
            remarks.say(
                code::SEVERAL_STARS,
                place,
                format!("{origin:?}: a pattern holds at most one *: write one entry per case"),
            );
        } else {
            kept.push(Sourced::new(origin, place));
        }
    }
    kept
}
