//! The files that a command reads.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

/// The longest file that is read. A state of Terraform can have some megabytes; more is a mistake, or an attack.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// How messages name standard input.
pub(crate) const STANDARD_INPUT: &str = "(standard input)";

/// A file's text, and how messages name the file.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// What is wrong, for a person.
pub(crate) fn read(path: &str) -> Result<Input, String> {
    let name = if path == "-" { STANDARD_INPUT } else { path };
    let text = bytes(path)
        .and_then(decode)
        .map_err(|problem| format!("{name}: {problem}"))?;
    Ok(Input {
        name: name.to_owned(),
        text,
    })
}

/// A file to read bit by bit, or standard input for `-`.
///
/// # Errors
/// That it cannot be opened.
pub(crate) fn open(path: &str) -> io::Result<Box<dyn BufRead>> {
    Ok(if path == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path)?))
    })
}

/// The bytes of a file, or of standard input for `-`.
///
/// # Errors
/// What is wrong, for a person.
pub(crate) fn bytes(path: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let length = if path == "-" {
        io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut bytes)
    } else {
        let file = File::open(path);
        file.and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes))
    };
    length.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("longer than {} MiB", MAX_BYTES / 1024 / 1024));
    }
    Ok(bytes)
}

/// UTF-16, which PowerShell's `>` writes. Without a byte order mark, the zero in its first character tells it. `None`:
/// it is something else.
pub(crate) fn utf16(bytes: &[u8]) -> Option<Result<String, String>> {
    let utf16 = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, odd) = rest.as_chunks();
        let units: Vec<u16> = pairs.iter().map(|&pair| unit(pair)).collect();
        match String::from_utf16(&units) {
            Ok(text) if odd.is_empty() => Ok(text),
            _ => Err("starts as UTF-16 and goes on as something else: save it as UTF-8".to_owned()),
        }
    };
    Some(match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [1..=u8::MAX, 0, ..] => utf16(bytes, u16::from_le_bytes),
        [0, 1..=u8::MAX, ..] => utf16(bytes, u16::from_be_bytes),
        _ => return None,
    })
}

/// UTF-8, or UTF-16.
fn decode(bytes: Vec<u8>) -> Result<String, String> {
    if let Some(decoded) = utf16(&bytes) {
        return decoded;
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("byte {at} is not UTF-8: save it as UTF-8")
    })?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(rest) => rest.to_owned(),
        None => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encodings_that_shells_write_are_read() {
        for bytes in [
            b"a\xc3\xbc".to_vec(),
            b"\xef\xbb\xbfa\xc3\xbc".to_vec(),
            b"\xff\xfea\0\xfc\0".to_vec(),
            b"\xfe\xff\0a\0\xfc".to_vec(),
            b"a\0\xfc\0".to_vec(),
            b"\0a\0\xfc".to_vec(),
        ] {
            assert_eq!(decode(bytes).unwrap(), "aü");
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        assert_eq!(
            decode(b"a\xfc".to_vec()).unwrap_err(),
            "byte 1 is not UTF-8: save it as UTF-8"
        );
        for bytes in [b"\xff\xfea".to_vec(), b"\xff\xfe\0\xd8".to_vec()] {
            assert!(decode(bytes).unwrap_err().starts_with("starts as UTF-16"));
        }
    }
}
