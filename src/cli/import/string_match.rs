//! Envoy's `StringMatcher`, and Istio's, over origins.

use super::document::Sourced;
use super::node::Node;
use super::regex;
use super::report::Report;

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Exact,
    Prefix,
    Suffix,
    Contains,
    Regex,
}

/// The fields of a matcher. Envoy's `regex` is the deprecated form of `safe_regex`.
const FIELDS: [(&str, Kind); 6] = [
    ("exact", Kind::Exact),
    ("prefix", Kind::Prefix),
    ("suffix", Kind::Suffix),
    ("contains", Kind::Contains),
    ("safe_regex", Kind::Regex),
    ("regex", Kind::Regex),
];

/// The fields of Istio's.
const ISTIO: [(&str, Kind); 3] = [
    ("exact", Kind::Exact),
    ("prefix", Kind::Prefix),
    ("regex", Kind::Regex),
];

/// Reads one of Envoy's matchers as origin patterns: none where it has no equal, which is reported.
pub(crate) fn read(node: &Node<'_>, report: &mut Report) -> Vec<Sourced<String>> {
    of_kinds(&FIELDS, node, report)
}

/// The same for one of Istio's.
pub(crate) fn read_istio(node: &Node<'_>, report: &mut Report) -> Vec<Sourced<String>> {
    of_kinds(&ISTIO, node, report)
}

fn of_kinds(kinds: &[(&'static str, Kind)], node: &Node<'_>, report: &mut Report) -> Vec<Sourced<String>> {
    let found = kinds.iter().find_map(|&(field, kind)| {
        let value = node.proto(field)?;
        // Envoy's message around the text of an expression.
        match value.get("regex") {
            Some(regex) => Some((field, kind, regex.text()?, regex.place, Some(value))),
            None => Some((field, kind, value.text()?, value.place, None)),
        }
    });
    let Some((field, kind, text, place, message)) = found else {
        report.lost(
            &node.place,
            "a matcher of a kind that is not read here: write its origins into AllowedOrigins",
        );
        return Vec::new();
    };
    // A matcher is of one kind: a second is refused, or stands for the first.
    node.say_unknown_proto(&[field, "ignore_case"], "a matcher of this kind", report);
    if let Some(message) = message {
        message.say_unknown_proto(&["regex", "google_re2"], "a regular expression", report);
        if let Some(engine) = message.proto("google_re2") {
            report.idle(
                &engine.place,
                "google_re2 bounds what an expression may cost the proxy",
            );
        }
    }
    let ignores_case = node.proto("ignore_case").and_then(|flag| flag.flag()) == Some(true);
    patterns(kind, &text, ignores_case && kind != Kind::Regex, &place, report)
        .into_iter()
        .map(|pattern| Sourced::new(pattern, &place))
        .collect()
}

/// What a matcher is in patterns.
pub(crate) fn patterns(
    kind: Kind,
    text: &str,
    ignores_case: bool,
    place: &str,
    report: &mut Report,
) -> Vec<String> {
    // The filter asks a matcher for the text `*` first.
    let is_any = match kind {
        Kind::Exact | Kind::Prefix | Kind::Suffix => text == "*",
        Kind::Contains => text == "*",
        Kind::Regex => regex::matches_star(text),
    };
    let plain_any =
        kind == Kind::Exact || (kind == Kind::Regex && matches!(text, ".*" | ".+" | "^.*$" | "^.+$"));
    if is_any {
        if !plain_any {
            report.note(
                place,
                format!(
                    "{text:?} matches the text *, so that Envoy's filter lets every origin in; it is written as *: replace \
                     it in AllowedOrigins by the origins that are meant"
                ),
            );
        }
        return vec!["*".to_owned()];
    }
    if kind == Kind::Regex {
        return match regex::patterns(text) {
            Ok(equal) => {
                for also in equal.also {
                    report.note(place, format!("the regular expression {text:?}: {also}"));
                }
                equal.patterns
            }
            Err(why) => {
                report.lost(place, format!("the regular expression {text:?}: {why}"));
                Vec::new()
            }
        };
    }
    if text.contains('*') {
        report.lost(
            place,
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
        report.note(
            place,
            format!("{text:?} is for lower case only, which is what browsers send"),
        );
    }
    match kind {
        Kind::Exact => vec![text],
        Kind::Prefix => vec![format!("{text}*")],
        Kind::Suffix => vec![format!("*{text}")],
        Kind::Contains | Kind::Regex => {
            report.lost(
                place,
                format!("an origin that contains {text:?}: a pattern holds at most one *: write one entry per case"),
            );
            Vec::new()
        }
    }
}
