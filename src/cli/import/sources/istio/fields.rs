//! The fields of a VirtualService's corsPolicy.

use crate::import::code;
use crate::import::imported_document::Sourced;
use crate::import::node::Node;
use crate::import::policy::{self, Policy};
use crate::import::remarks::Remarks;
use crate::import::{gateway_api, string_match};

/// Reads a policy, and says what is not carried over.
pub(super) fn cors_policy(node: &Node<'_>, remarks: &mut Remarks) -> Policy {
    let of_istio = [&gateway_api::FIELDS[..], &["allowOrigin", "unmatchedPreflights"]].concat();
    node.say_unknown(&of_istio, "a CORS policy", remarks);
    if let Some(unmatched) = node.get("unmatchedPreflights") {
        match unmatched.text().as_deref() {
            Some("UNSPECIFIED") => {}
            Some("FORWARD") => policy::say_unmatched_preflights(true, &unmatched.place, remarks),
            Some("IGNORE") => policy::say_unmatched_preflights(false, &unmatched.place, remarks),
            _ => remarks.say(
                code::OTHER_TYPE,
                &unmatched.place,
                "neither FORWARD nor IGNORE: see whether it changes answers",
            ),
        }
    }
    let mut origins = Vec::new();
    let matchers = node.list("allowOrigins");
    for matcher in &matchers {
        origins.extend(string_match::read_istio(matcher, remarks));
    }
    // Of before 1.5. Istio leaves it out where there are matchers.
    if let Some(old) = node.get("allowOrigin") {
        if matchers.is_empty() {
            for Sourced { value, place } in policy::texts(Some(old), remarks) {
                let exact = string_match::Comparison::Exact;
                let patterns = string_match::patterns(exact, &value, false, &place, remarks);
                origins.extend(patterns.into_iter().map(|pattern| Sourced::new(pattern, &place)));
            }
        } else {
            remarks.say(code::SECOND_VALUE, &old.place,
                "allowOrigin beside allowOrigins: Istio leaves the older field out: add its origins to allowOrigins if they \
                 are meant",
            );
        }
    }
    let max_age = gateway_api::max_age(node, remarks);
    Policy {
        origins,
        max_age,
        ..gateway_api::lists(node, remarks)
    }
}
