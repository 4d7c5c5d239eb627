//! What is unlikely to be meant about the rules of a bucket as a whole.

use super::cors::Cors;
use crate::config::model::Rule;
use crate::config::origin::{Transport, transport};
use crate::config::report::{
    MessagePart::{Number, Words},
    Place, Report, code,
};
use crate::profile::Profile;

/// Warns of what the store does not document. `count`: how many rules there are, kept or not.
pub(crate) fn warn(
    report: &mut Report,
    place: &Place<'_>,
    profile: &Profile,
    rules: &[Rule<'_>],
    count: usize,
) {
    if count > profile.documented_rules {
        report.add(
            &code::MANY_RULES,
            place,
            "{} rules stand here, and the {} store documents at most {} in a bucket",
            &[
                Number(count),
                Words(profile.name),
                Number(profile.documented_rules),
            ],
        );
    }
    let document = "<CORSConfiguration></CORSConfiguration>".len();
    let bytes = rules
        .iter()
        .map(Rule::xml_bytes)
        .fold(document, usize::saturating_add);
    if bytes > profile.documented_bytes {
        report.add(
            &code::LARGE_DOCUMENT,
            place,
            "the rules are {} bytes as XML, and the {} store documents at most {}",
            &[
                Number(bytes),
                Words(profile.name),
                Number(profile.documented_bytes),
            ],
        );
    }
    warn_of_mixed_schemes(report, place, rules);
}

/// A page on `https://` that a rule trusts is as safe as the weakest origin beside it.
fn warn_of_mixed_schemes(report: &mut Report, place: &Place<'_>, rules: &[Rule<'_>]) {
    let origins = || rules.iter().flat_map(|rule| &rule.allowed_origins);
    let has = |wanted| origins().any(|origin| transport(origin.as_str()) == wanted);
    if has(Transport::Insecure) && has(Transport::Secure) {
        report.add(
            &code::MIXED_SCHEMES,
            place,
            "http:// origins stand beside https:// ones: what the https:// site may do, anybody on the \
             way to the http:// one may",
            &[],
        );
    }
}

/// Warns about one `ResponseVary`, beside the rules or in one of them.
pub(crate) fn warn_of_response_vary(
    report: &mut Report,
    place: &Place<'_>,
    profile: &Profile,
    cors: &Cors<'_>,
) {
    if !profile.obeys_response_vary {
        report.add(
            &code::RESPONSE_VARY_IGNORED,
            place,
            "the {} profile sends Vary: Origin where the answer depends on it, whatever is said here",
            &[Words(profile.name)],
        );
        return;
    }
    // Of rules that all list `*` too: a request without an origin gets no header at all.
    if cors.response_vary == Some(false) && !cors.rules.is_empty() {
        report.add(
            &code::VARY_OFF,
            place,
            "without Vary: Origin a shared cache hands the answer to one origin, or to none, to another: write \
             true, or leave it out",
            &[],
        );
    }
}

/// Warns of a rule with so many origins: whatever keeps its answer has to keep it apart by origin.
pub(crate) fn warn_of_several_origins(
    report: &mut Report,
    place: &Place<'_>,
    profile: &Profile,
    cors: &Cors<'_>,
    count: usize,
) {
    let has_to_be_told = profile.store_varies_on_request_only && cors.response_vary != Some(true);
    report.add(
        &code::SEVERAL_ORIGINS,
        place,
        "the rule lists {} origins, so its answer depends on the origin{}",
        &[
            Number(count),
            Words(if has_to_be_told {
                ", and OSS itself sends Vary: Origin only where ResponseVary is true: write that, so that no cache hands \
                 the answer to one of them to another, wherever it comes from"
            } else {
                ": see to it that a cache in front of the edge keeps answers apart by origin, which some do only when told"
            }),
        ],
    );
}
