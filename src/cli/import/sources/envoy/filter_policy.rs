//! A policy of Envoy's filter, as a route and what is around it make it up.

use crate::import::code;
use crate::import::imported_document::Sourced;
use crate::import::node::Node;
use crate::import::policy::{self, Policy};
use crate::import::remarks::Remarks;
use crate::import::{rule_fields, string_match};

/// The fields of a policy: of the filter's own, and of those that it had in a route and in older Envoys.
const FIELDS: [&str; 13] = [
    "allow_origin_string_match",
    "allow_origin",
    "allow_origin_regex",
    "allow_methods",
    "allow_headers",
    "expose_headers",
    "max_age",
    "allow_credentials",
    "allow_private_network_access",
    "enabled",
    "filter_enabled",
    "shadow_enabled",
    "forward_not_matching_preflights",
];

/// The first policy, with what it lacks from the others.
pub(super) fn combined(policies: &[Node<'_>], remarks: &mut Remarks) -> Option<Policy> {
    let first = policies.first()?.clone();
    let field = |name: &str| policies.iter().find_map(|policy| policy.proto(name));
    // A string that is empty, and a list, count as not there.
    let text = |name: &str, remarks: &mut Remarks| {
        policies.iter().find_map(|policy| {
            let text = policy::text(&policy.proto(name)?, remarks)?;
            (!text.value.is_empty()).then_some(text)
        })
    };
    let list = |name: &str, remarks: &mut Remarks| {
        text(name, remarks)
            .map(|text| policy::commas(&text.value, &text.place))
            .unwrap_or_default()
    };

    // The flag of before there were fractions.
    let flag = first.get("enabled").and_then(|flag| policy::flag(&flag, remarks));
    let is_on = fraction(&first, "filter_enabled", flag != Some(false), remarks);
    let is_shadow = !is_on && fraction(&first, "shadow_enabled", false, remarks);
    if !is_on && !is_shadow {
        remarks.say(
            code::POLICY_OFF,
            &first.place,
            "the policy is off (filter_enabled), and left out",
        );
        return None;
    }
    if let Some(shadow) = first.proto("shadow_enabled").filter(|_| is_on) {
        remarks.say(
            code::NO_EFFECT,
            &shadow.place,
            "shadow_enabled counts only where filter_enabled is off",
        );
    }
    for policy in policies {
        policy.say_unknown_proto(&FIELDS, "a CORS policy", remarks);
    }
    if let Some(field) = field("forward_not_matching_preflights")
        && let Some(forwards) = policy::flag(&field, remarks)
    {
        policy::say_unmatched_preflights(forwards, &field.place, remarks);
    }
    // What the others say has no effect.
    let mut origins = policies.iter().map(|policy| origins(policy, remarks));
    let origins = origins.find(|(says_any, _)| *says_any);
    Some(Policy {
        methods: list("allow_methods", remarks),
        headers: list("allow_headers", remarks),
        exposed: list("expose_headers", remarks),
        max_age: text("max_age", remarks)
            .and_then(|text| rule_fields::seconds(&text.value, &text.place, remarks)),
        private_network: field("allow_private_network_access").and_then(|flag| policy::flag(&flag, remarks))
            == Some(true),
        credentials: policy::credentials(&first, field("allow_credentials"), remarks),
        origins: origins.map(|(_, patterns)| patterns).unwrap_or_default(),
        is_shadow,
        place: first.place,
    })
}

/// The origins of one policy, and whether it says any: the lists of before string matchers stand beside these, and
/// Envoy adds all of them up.
fn origins(policy: &Node<'_>, remarks: &mut Remarks) -> (bool, Vec<Sourced<String>>) {
    let matchers = policy.proto("allow_origin_string_match");
    let matchers = matchers.map(|matchers| matchers.items()).unwrap_or_default();
    let mut says_any = !matchers.is_empty();
    let mut origins = Vec::new();
    for matcher in &matchers {
        origins.extend(string_match::read(matcher, remarks));
    }
    for (old, comparison) in [
        ("allow_origin", string_match::Comparison::Exact),
        ("allow_origin_regex", string_match::Comparison::Regex),
    ] {
        for Sourced { value, place } in policy::texts(policy.proto(old), remarks) {
            says_any = true;
            let patterns = string_match::patterns(comparison, &value, false, &place, remarks);
            origins.extend(patterns.into_iter().map(|pattern| Sourced::new(pattern, &place)));
        }
    }
    (says_any, origins)
}

/// Whether a `RuntimeFractionalPercent` is on.
fn fraction(policy: &Node<'_>, name: &str, absent: bool, remarks: &mut Remarks) -> bool {
    let Some(fraction) = policy.proto(name) else {
        return absent;
    };
    fraction.say_unknown_proto(&["runtime_key", "default_value"], name, remarks);
    if fraction.proto("runtime_key").is_some() {
        remarks.say(
            code::RUNTIME_KEY,
            &fraction.place,
            "a runtime key can change it while Envoy runs; what is written is its default",
        );
    }
    let Some(default) = fraction.proto("default_value") else {
        return absent;
    };
    default.say_unknown_proto(&["numerator", "denominator"], name, remarks);
    let number = default
        .text_of("numerator")
        .and_then(|text| text.parse().ok())
        .unwrap_or(0_u32);
    let whole = match default.text_of("denominator").as_deref() {
        Some("TEN_THOUSAND" | "1") => 10_000,
        Some("MILLION" | "2") => 1_000_000,
        _ => 100,
    };
    if number > 0 && number < whole {
        remarks.say(
            code::SOME_REQUESTS,
            &fraction.place,
            format!("{number} of {whole} requests: rules apply to every request; they are written as on"),
        );
    }
    number > 0
}
