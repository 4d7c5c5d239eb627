//! The text of a file as readers take it.

use std::path::Path;

/// As Envoy decides: by the file's name. Without one, by what it begins with.
pub(super) fn is_json(file: &str, bytes: &[u8]) -> bool {
    match Path::new(file)
        .extension()
        .and_then(|extension| extension.to_str())
    {
        Some("json" | "jsonc") => true,
        Some("yaml" | "yml") => false,
        _ => {
            let text = without_mark(bytes).trim_ascii_start();
            // JSON with comments begins with one.
            let is_comment = text.starts_with(b"//") || text.starts_with(b"/*");
            is_comment || matches!(text.first(), None | Some(b'{' | b'[' | b'"' | b'<' | 0..0x20 | 0x80..))
        }
    }
}

pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// What of a text the core reads: no byte order mark, and nothing behind a byte that is no UTF-8.
pub(super) fn readable(bytes: &[u8]) -> &str {
    let bytes = without_mark(bytes);
    let end = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    bytes
        .get(..end)
        .and_then(|bytes| std::str::from_utf8(bytes).ok())
        .unwrap_or_default()
}

pub(super) fn without_mark_text(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}
