//! What a text that is no JSON may be instead: the ways in which a configuration goes wrong before it reaches a parser.

use crate::config::report::{
    MessagePart::{Number, Words},
    Place, Report, code,
};

/// Reports an empty configuration, true, or finds some text, false.
pub(crate) fn is_empty(report: &mut Report, text: &[u8]) -> bool {
    let empty = text.iter().all(u8::is_ascii_whitespace);
    if empty {
        report.add(
            &code::EMPTY_CONFIGURATION,
            &Place::Document,
            "there is no configuration: write {\"buckets\": [{\"name\": …, \"cors\": …}]}; Istio sends \
             none where a WasmPlugin has no pluginConfig, Envoy none where a PluginConfig has no \
             configuration",
            &[],
        );
    }
    empty
}

/// Reports a syntax error, with what the text looks like.
pub(crate) fn not_json(report: &mut Report, text: &[u8], error: &serde_json::Error) {
    if is_protobuf(report, text) {
        return;
    }
    let error = error.to_string();
    let way_out = guess(text).unwrap_or("the rest was not read");
    report.add(
        &code::NOT_JSON,
        &Place::Document,
        "{}: {}",
        &[Words(&error), Words(way_out)],
    );
}

/// Reports the byte behind the first `valid` ones, which is no UTF-8.
pub(crate) fn not_utf8(report: &mut Report, text: &[u8], valid: usize) {
    if is_protobuf(report, text) {
        return;
    }
    let read = text.get(..=valid).unwrap_or(text);
    let line = read.split(|&byte| byte == b'\n').count();
    let last_line = read.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    report.add(
        &code::NOT_JSON,
        &Place::Document,
        "a byte that is no UTF-8 at line {} column {}: {}",
        &[
            Number(line),
            Number(last_line.len()),
            Words(guess(text).unwrap_or("save the file as UTF-8")),
        ],
    );
}

/// Reports protobuf, true, or finds something else, false.
fn is_protobuf(report: &mut Report, text: &[u8]) -> bool {
    let protobuf = is_protobuf_struct(text);
    if protobuf {
        report.add(
            &code::PROTOBUF,
            &Place::Document,
            "the configuration is protobuf, not JSON: Envoy hands a google.protobuf.Struct on as its \
             bytes; give the JSON as a string in a google.protobuf.StringValue",
            &[],
        );
    }
    protobuf
}

/// `Struct{ fields: map<string, Value> }`: field 1 of length n, in it field 1 (the key) of length k, then field 2. The
/// first byte is also a line feed, with which a JSON text may begin; the byte behind the key, 0x12, is in no JSON text.
fn is_protobuf_struct(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"\x0a") else {
        return false;
    };
    // A varint: bytes with the high bit set, and one without.
    let Some(end) = rest.iter().take(10).position(|byte| byte & 0x80 == 0) else {
        return false;
    };
    let entry = rest.get(end.saturating_add(1)..).unwrap_or_default();
    match entry {
        [0x0a, len, key @ ..] => key.get(usize::from(*len)) == Some(&0x12),
        _ => false,
    }
}

fn guess(text: &[u8]) -> Option<&'static str> {
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Some("this is UTF-16; save the file as UTF-8");
    }
    let text = text.trim_ascii_start();
    match text.first()? {
        b'<' => Some("this is XML; paste the JSON that get-bucket-cors prints"),
        b'{' | b'[' | b'"' => None,
        _ if looks_like_yaml(text) => Some(
            "this is YAML; the filter gets what stands here unchanged, so write JSON (in Istio, pluginConfig as YAML becomes JSON)",
        ),
        _ => None,
    }
}

/// `---`, `- item`, `# comment` or `key: value` at the start.
fn looks_like_yaml(text: &[u8]) -> bool {
    let line = text.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let word = line
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        .count();
    line.starts_with(b"---")
        || line.starts_with(b"- ")
        || line.starts_with(b"#")
        || (word > 0 && line.get(word) == Some(&b':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_struct_is_told_from_json_that_begins_with_a_line_feed() {
        assert!(is_protobuf_struct(b"\x0a\x10\x0a\x07profile\x12\x05\x1a\x03oss"));
        assert!(is_protobuf_struct(b"\x0a\x90\x01\x0a\x07buckets\x12\x86\x01"));
        for text in [
            &b"\n{\n  \"buckets\": []}"[..],
            b"\n",
            b"",
            b"\x0a\x0a\x0a\x0a",
            b"\x0a\xff\xff",
        ] {
            assert!(!is_protobuf_struct(text), "{text:?}");
        }
    }

    #[test]
    fn other_formats_are_recognised() {
        for text in [
            "buckets: []",
            "---\nbuckets: []",
            "- name: a",
            "# rules\nbuckets:",
        ] {
            assert!(guess(text.as_bytes()).unwrap().contains("YAML"), "{text}");
        }
        assert!(guess(b"  <?xml").unwrap().contains("XML"));
        assert!(guess(b"\xff\xfe{").unwrap().contains("UTF-16"));
        assert_eq!(guess(b"{\"buckets\": "), None);
        assert_eq!(guess(b"hello"), None);
    }
}
