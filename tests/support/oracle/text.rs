//! Texts as servers read them.

use std::sync::LazyLock;

/// Without the blanks and tabs around it.
pub fn trimmed(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| b" \t".contains(byte);
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(start, |last| last + 1);
    &text[start..end]
}

pub(super) fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

pub(super) fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%' {
            let digits = std::str::from_utf8(text.get(at + 1..at + 3)?).ok()?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            decoded.push(u8::from_str_radix(digits, 16).ok()?);
            at += 3;
        } else {
            decoded.push(text[at]);
            at += 1;
        }
    }
    Some(decoded)
}

/// As a lenient store decodes: a `%` that encodes nothing stays.
pub(super) fn decoded_where_it_can_be(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let code = text.get(at..at + 3).filter(|code| code[0] == b'%');
        match code.and_then(percent_decoded) {
            Some(byte) => {
                decoded.extend(byte);
                at += 3;
            }
            None => {
                decoded.push(text[at]);
                at += 1;
            }
        }
    }
    decoded
}

/// The old forms of each byte of ASCII.
static OLD_FORMS: LazyLock<Vec<(u8, Vec<Vec<u8>>)>> = LazyLock::new(|| {
    let forms = (0..0x80_u8).map(|byte| {
        let (lead, low) = (0xc0 | byte >> 6, 0x80 | byte & 0x3f);
        let of_iis = |digits: String| ["%u", "%U"].map(|begin| format!("{begin}00{digits}").into_bytes());
        let digits = format!("{byte:02x}");
        let mut forms = vec![vec![lead, low], vec![0xe0, 0x80 | byte >> 6, low]];
        forms.extend(
            [digits.clone(), digits.to_uppercase()]
                .into_iter()
                .flat_map(of_iis),
        );
        (byte, forms)
    });
    forms.collect()
});

/// As a server decodes that still takes IIS's `%u002e`, and the two or three bytes with which UTF-8 could once say a
/// `.`.
pub(super) fn without_old_forms(text: &[u8]) -> Vec<u8> {
    let mut decoded = text.to_vec();
    if !text.iter().any(|byte| b"\xc0\xc1\xe0".contains(byte))
        && !contains(text, b"%u")
        && !contains(text, b"%U")
    {
        return decoded;
    }
    for (byte, forms) in OLD_FORMS.iter() {
        for form in forms {
            while let Some(at) = decoded.windows(form.len()).position(|window| window == form) {
                decoded.splice(at..at + form.len(), [*byte]);
            }
        }
    }
    decoded
}
