//! What is unlikely to be meant about a bucket's rules as a whole.

use super::code;
use super::cors::Cors;
use super::message::Part::{Number, Words};
use super::model::{Bucket, Rule};
use super::place::Place;
use super::report::Report;
use crate::profile::Profile;

/// Warns about what the store documents and about `ResponseVary` beside the rules.
pub(super) fn warn(report: &mut Report, place: &Place<'_>, bucket: &Bucket<'_>, cors: &Cors<'_>) {
    let profile = bucket.profile;
    if cors.rule_count > profile.documented_rules {
        cors.shape.at_rules(place, &mut |rules| {
            report.add(
                &code::MANY_RULES,
                rules,
                "{} rules stand here, and the {} store documents at most {} in a bucket",
                &[
                    Number(cors.rule_count),
                    Words(profile.name),
                    Number(profile.documented_rules),
                ],
            );
        });
    }
    let bytes = xml_bytes(&cors.rules);
    if bytes > profile.documented_bytes {
        cors.shape.at_rules(place, &mut |rules| {
            report.add(
                &code::LARGE_DOCUMENT,
                rules,
                "the rules are {} bytes as XML, and the {} store documents at most {}",
                &[
                    Number(bytes),
                    Words(profile.name),
                    Number(profile.documented_bytes),
                ],
            );
        });
    }
    if cors.own_response_vary.is_some() {
        cors.shape.at_document(place, &mut |document| {
            warn_of_response_vary(report, &Place::Key(document, "ResponseVary"), profile, cors);
        });
    }
}

/// Warns about one `ResponseVary`, beside the rules or in one of them.
pub(super) fn warn_of_response_vary(
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
    if cors.response_vary() == Some(false) && !cors.rules.is_empty() {
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
pub(super) fn warn_of_several_origins(
    report: &mut Report,
    place: &Place<'_>,
    profile: &Profile,
    cors: &Cors<'_>,
    count: usize,
) {
    let has_to_be_told = profile.store_varies_on_request_only && cors.response_vary() != Some(true);
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

/// The size of the rules as the stores' XML, without blanks between elements.
fn xml_bytes(rules: &[Rule<'_>]) -> usize {
    fn sum<T>(element: &str, values: &[T], len: impl Fn(&T) -> usize) -> usize {
        // `<>` and `</>` around the name, twice.
        let tags = element.len().saturating_mul(2).saturating_add(5);
        values.iter().map(|value| tags.saturating_add(len(value))).sum()
    }
    let rule_bytes = |rule: &Rule<'_>| {
        "<CORSRule></CORSRule>"
            .len()
            .saturating_add(sum("AllowedOrigin", &rule.allowed_origins, |pattern| {
                pattern.as_str().len()
            }))
            .saturating_add(sum("AllowedMethod", &rule.allowed_methods, |method| method.len()))
            .saturating_add(sum("AllowedHeader", &rule.allowed_headers, |pattern| {
                pattern.as_str().len()
            }))
            .saturating_add(sum("ExposeHeader", &rule.expose_headers, |name| name.len()))
            .saturating_add(sum("ID", rule.id.as_slice(), |id| id.len()))
            .saturating_add(if rule.max_age_seconds.is_some() {
                "<MaxAgeSeconds>600</MaxAgeSeconds>".len()
            } else {
                0
            })
    };
    rules.iter().map(rule_bytes).fold(
        "<CORSConfiguration></CORSConfiguration>".len(),
        usize::saturating_add,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wildcard::Pattern;

    #[test]
    fn the_size_is_that_of_the_xml() {
        let rule = Rule {
            allowed_origins: vec![Pattern::new("*".into()).unwrap()],
            allowed_methods: vec!["GET".into(), "PUT".into()],
            max_age_seconds: Some(600),
            id: Some("a".into()),
            ..Rule::default()
        };
        let xml = "<CORSConfiguration><CORSRule><ID>a</ID><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
                   <AllowedMethod>PUT</AllowedMethod><MaxAgeSeconds>600</MaxAgeSeconds></CORSRule></CORSConfiguration>";
        assert_eq!(xml_bytes(&[rule]), xml.len());
    }
}
