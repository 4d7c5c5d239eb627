//! Envoy's `StringMatcher`, and Istio's, over origins.

use super::code;
use super::foreign;
use super::imported_document::Sourced;
use super::node::Node;
use super::regex;
use super::remarks::{Remarks, as_written};
use crate::source::placeholder;

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Exact,
    Prefix,
    Suffix,
    Contains,
    Regex,
}

/// The fields of a matcher. Envoy's `regex` is the deprecated form of `safe_regex`.
const FIELDS: [(&str, Comparison); 6] = [
    ("exact", Comparison::Exact),
    ("prefix", Comparison::Prefix),
    ("suffix", Comparison::Suffix),
    ("contains", Comparison::Contains),
    ("safe_regex", Comparison::Regex),
    ("regex", Comparison::Regex),
];

/// The fields of Istio's.
const ISTIO: [(&str, Comparison); 3] = [
    ("exact", Comparison::Exact),
    ("prefix", Comparison::Prefix),
    ("regex", Comparison::Regex),
];

/// Reads one of Envoy's matchers as origin patterns: none where it has no equal, which is reported.
pub(crate) fn read(node: &Node<'_>, remarks: &mut Remarks) -> Vec<Sourced<String>> {
    of_comparisons(&FIELDS, node, remarks)
}

/// The same for one of Istio's.
pub(crate) fn read_istio(node: &Node<'_>, remarks: &mut Remarks) -> Vec<Sourced<String>> {
    of_comparisons(&ISTIO, node, remarks)
}

fn of_comparisons(
    comparisons: &[(&'static str, Comparison)],
    node: &Node<'_>,
    remarks: &mut Remarks,
) -> Vec<Sourced<String>> {
    let found = comparisons.iter().find_map(|&(field, comparison)| {
        let value = node.proto(field)?;
        // Envoy's message around the text of an expression.
        match value.get("regex") {
            Some(regex) => Some((field, comparison, regex.text()?, regex.place, Some(value))),
            None => Some((field, comparison, value.text()?, value.place, None)),
        }
    });
    let Some((field, comparison, text, place, message)) = found else {
        remarks.say(
            code::OTHER_MATCHER,
            &node.place,
            "a matcher of a kind that is not read here: write its origins into AllowedOrigins",
        );
        return Vec::new();
    };
    // A matcher is of one kind: a second is refused, or stands for the first.
    node.say_unknown_proto(&[field, "ignore_case"], "a matcher of this kind", remarks);
    if let Some(message) = message {
        message.say_unknown_proto(&["regex", "google_re2"], "a regular expression", remarks);
        if let Some(engine) = message.proto("google_re2") {
            remarks.say(
                code::NO_EFFECT,
                &engine.place,
                "google_re2 bounds what an expression may cost the proxy",
            );
        }
    }
    let ignores_case = node.proto("ignore_case").and_then(|flag| flag.flag()) == Some(true);
    patterns(
        comparison,
        &text,
        ignores_case && comparison != Comparison::Regex,
        &place,
        remarks,
    )
    .into_iter()
    .map(|pattern| Sourced::new(pattern, &place))
    .collect()
}

/// What a matcher is in patterns.
pub(crate) fn patterns(
    comparison: Comparison,
    text: &str,
    ignores_case: bool,
    place: &str,
    remarks: &mut Remarks,
) -> Vec<String> {
    if placeholder::bracketed(text).is_some() {
        remarks.say(code::TEMPLATE, place, foreign::to_be_filled(text));
        return Vec::new();
    }
    // The filter asks a matcher for the text `*` first.
    let is_any = match comparison {
        Comparison::Exact | Comparison::Prefix | Comparison::Suffix | Comparison::Contains => text == "*",
        Comparison::Regex => regex::matches_star(text),
    };
    if is_any {
        if comparison != Comparison::Exact {
            remarks.say(code::ANY_ORIGIN, place,
                format!(
                    "{} matches the text *, so that Envoy's filter lets every origin in; it is written as *: replace \
                     it in AllowedOrigins by the origins that are meant",
                    as_written(text)
                ),
            );
        }
        return vec!["*".to_owned()];
    }
    if comparison == Comparison::Regex {
        return match regex::patterns(text) {
            Ok(equal) => {
                for also in equal.also {
                    remarks.say(
                        code::NEARLY_EQUAL,
                        place,
                        format!("the regular expression {}: {also}", as_written(text)),
                    );
                }
                equal.patterns
            }
            Err(why) => {
                remarks.say(
                    code::REGULAR_EXPRESSION,
                    place,
                    format!("the regular expression {}: {why}", as_written(text)),
                );
                Vec::new()
            }
        };
    }
    if text.contains('*') {
        remarks.say(code::LITERAL_STAR, place,
            format!(
                "{text:?}: to Envoy this * is a character that no origin holds, so it matches nothing, and to the edge it \
                 is a wildcard: write it into AllowedOrigins if that is what you mean"
            ),
        );
        return Vec::new();
    }
    let mut text = text.to_owned();
    if ignores_case {
        text.make_ascii_lowercase();
        remarks.say(
            code::LOWER_CASE,
            place,
            format!("{text:?} is for lower case only, which is what browsers send"),
        );
    }
    match comparison {
        Comparison::Exact => vec![text],
        Comparison::Prefix => vec![format!("{text}*")],
        Comparison::Suffix => vec![format!("*{text}")],
        Comparison::Contains | Comparison::Regex => {
            remarks.say(code::SEVERAL_STARS, place,
                format!("an origin that contains {text:?}: a pattern holds at most one *: write one entry per case"),
            );
            Vec::new()
        }
    }
}
