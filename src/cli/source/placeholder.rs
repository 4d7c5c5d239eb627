//! What templates have where something is filled in later: Helm and its like, shells, Terraform, `sed`, people.

/// How they begin and end, with anything between. Nothing else is written so.
const BRACKETS: [(&str, &str); 3] = [("{{", "}}"), ("${", "}"), ("<%", "%>")];

/// How Kubernetes and shells do. With anything else between, a `$` ends an expression, and a group of it begins.
const DOLLAR: (&str, &str) = ("$(", ")");

/// How others do, with a name between.
const QUOTES: [(&str, &str); 3] = [("@", "@"), ("%", "%"), ("__", "__")];

/// How people do. A text that is nothing else may be XML.
const ANGLES: (&str, &str) = ("<", ">");

/// The text without what is around it, if it is nothing but a placeholder.
pub(super) fn whole(text: &str) -> Option<&str> {
    let text = text.trim();
    let between = |(start, end): &(&str, &str)| text.strip_prefix(start)?.strip_suffix(end);
    let is_bracketed = BRACKETS
        .iter()
        .chain([&DOLLAR])
        .any(|marks| between(marks).is_some_and(|inner| !inner.contains('\n')));
    (is_bracketed || QUOTES.iter().filter_map(between).any(is_name)).then_some(text)
}

/// The first placeholder within a value.
pub(crate) fn within(value: &str) -> Option<&str> {
    let mut quotes = QUOTES.iter().chain([&ANGLES]);
    bracketed(value).or_else(|| quotes.find_map(|marks| first(value, marks, is_name)))
}

/// The same of any text: in an expression, `<name>` is none.
pub(crate) fn bracketed(text: &str) -> Option<&str> {
    BRACKETS
        .iter()
        .find_map(|marks| first(text, marks, |inner| !inner.contains('\n')))
        .or_else(|| first(text, &DOLLAR, is_name))
}

fn first<'v>(
    value: &'v str,
    (start, end): &(&str, &str),
    is_inner: impl Fn(&str) -> bool,
) -> Option<&'v str> {
    let (before, rest) = value.split_once(start)?;
    let (inner, _) = rest.split_once(end)?;
    let length = start.len().saturating_add(inner.len()).saturating_add(end.len());
    let found = value.get(before.len()..)?.get(..length)?;
    is_inner(inner).then_some(found)
}

fn is_name(inner: &str) -> bool {
    inner.starts_with(|character: char| character.is_ascii_alphabetic())
        && inner.chars().all(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.' | '/' | ' ')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_told_from_what_hosts_and_origins_have() {
        for (value, found) in [
            ("https://{{ .Values.host }}", "{{ .Values.host }}"),
            ("${HOST}", "${HOST}"),
            ("*.$(HOST).example", "$(HOST)"),
            ("<%= host %>", "<%= host %>"),
            ("https://%HOST%:8443", "%HOST%"),
            ("<your-domain>", "<your-domain>"),
            ("@host@", "@host@"),
            ("https://__HOST__", "__HOST__"),
        ] {
            assert_eq!(within(value), Some(found), "{value}");
        }
        for value in [
            "https://a.example",
            "https://%2F%2F",
            "https://user@host",
            "https://*.example",
            "^https://(a|b)$",
            r"https://a$(:\d+)?",
            "(https://a$(x|y))",
            "a__b",
            "<>",
            "%%",
        ] {
            assert_eq!(within(value), None, "{value}");
        }
        assert_eq!(whole(" @envoy/cors.json@\n"), Some("@envoy/cors.json@"));
        assert_eq!(whole("<CORSConfiguration>"), None);
    }
}
