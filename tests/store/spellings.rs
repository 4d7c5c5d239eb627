//! Paths that name one bucket to one server and another to the next: every spelling of dots, slashes and parameters,
//! mixed.

use crate::choices::Choices;

/// The buckets that paths name; the last is not listed anywhere.
pub(crate) const BUCKETS: [&str; 3] = ["lax", "strict", "free"];

/// The name of the object that each of them holds.
pub(crate) const OBJECT: &str = "o";

/// A path, percent-encoded up to four times over in places. On an empty tape it is a plain one.
pub(crate) fn path(choices: &mut Choices<'_>) -> String {
    let mut path = String::from("/");
    let (first, last) = (bucket(choices), bucket(choices));
    let between: &[&str] = choices.pick(&[
        &[],
        &[".."],
        &[".."],
        &["x", "..", ".."],
        &[".", ".."],
        &["..", ".."],
        &["", ".."],
        &["", "..", ".."],
        &["..."],
        &["x"],
    ]);
    let mut segments = vec![first];
    // Behind them, so that most paths end at an object that is there.
    if !between.is_empty() {
        segments.extend(between);
        segments.push(last);
    }
    segments.push(OBJECT);
    if choices.once_in(6) {
        segments.insert(0, choices.pick(&["", ".", "..", "x"]));
    }
    let count = segments.len();
    for (at, segment) in segments.into_iter().enumerate() {
        let is_dots = segment.starts_with('.');
        if is_dots && choices.once_in(8) {
            path += &written(choices.pick(&["\t", "\n", "\r\n"]), choices);
        }
        path += &match choices.once_in(if is_dots { 2 } else { 12 }) {
            true if is_dots && choices.once_in(8) => {
                segment.replace('.', choices.pick(&["%c0%ae", "%C0%AE"]))
            }
            true => spelled(segment, choices),
            false => segment.to_owned(),
        };
        if choices.once_in(if is_dots { 3 } else { 12 }) {
            let suffix = choices.pick(&[";", ";x=1", ";/", "?", "#", "%", "\0", "\n", " ", ":"]);
            path += &written(suffix, choices);
        }
        if at + 1 < count {
            let slash = choices.pick(&["/", "/", "/", "/", "/", "\\"]);
            path += &written(slash, choices);
        }
    }
    path += choices.pick(&["", "", "", "", "?x=1", "?/../strict/o", "/", "/."]);
    path
}

/// A host with buckets of its own below it, or one that might be taken for it.
pub(crate) fn authority(choices: &mut Choices<'_>) -> String {
    let host = |choices: &mut Choices<'_>| {
        let host = choices.pick(&[
            "oss.example",
            "oss.example",
            "oss.example",
            "lax.oss.example",
            "strict.oss.example",
            "free.oss.example",
            "OSS.Example",
            "Strict.oss.example",
            "edge.example",
            "lax.oss.example.",
        ]);
        host.to_owned() + choices.pick(&["", "", "", "", ":80", ".", ".:80"])
    };
    let mut authority = host(choices);
    if choices.once_in(4) {
        let credentials = choices.pick(&["user", "user:password", "", "lax.oss.example", "oss.example:80"]);
        authority = format!("{credentials}@{authority}");
    }
    authority
}

fn bucket(choices: &mut Choices<'_>) -> &'static str {
    choices.pick(&BUCKETS)
}

/// A text with some of its bytes encoded, once to three times over.
fn spelled(text: &str, choices: &mut Choices<'_>) -> String {
    let mut text = text.to_owned();
    for _ in 0..=choices.pick(&[0, 0, 0, 1, 2]) {
        let mut encode = |byte| match choices.below(2) {
            0 => char::from(byte).to_string(),
            _ => encoded(byte, choices),
        };
        text = text.bytes().map(&mut encode).collect();
    }
    text
}

/// A separator or suffix: mostly as it stands where a request line can hold it, otherwise encoded.
fn written(text: &str, choices: &mut Choices<'_>) -> String {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'%');
    let mut written = String::new();
    for byte in text.bytes() {
        match is_plain(byte) && choices.below(3) < 2 {
            true => written.push(char::from(byte)),
            false if choices.once_in(4) => written += &spelled(&encoded(byte, choices), choices),
            false => written += &encoded(byte, choices),
        }
    }
    written
}

fn encoded(byte: u8, choices: &mut Choices<'_>) -> String {
    match choices.below(2) {
        0 => format!("%{byte:02x}"),
        _ => format!("%{byte:02X}"),
    }
}
