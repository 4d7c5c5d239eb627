//! What a scalar without quotes is.
//!
//! Kubernetes' tools (goyaml 2) and Envoy (yaml-cpp) both read YAML 1.1: `yes` and `on` are booleans, and `0600` is
//! octal.

use std::fmt::Write as _;

/// A plain scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Plain {
    Null,
    Flag(bool),
    Integer(i128),
    Double(f64),
    Text,
}

impl Plain {
    pub(super) fn read(text: &str) -> Self {
        match text {
            "" | "~" | "null" | "Null" | "NULL" => return Self::Null,
            "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
                return Self::Flag(true);
            }
            "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
                return Self::Flag(false);
            }
            _ => {}
        }
        // 1_000 is a thousand there.
        let text = &text.replace('_', "");
        if let Some(integer) = integer(text) {
            return Self::Integer(integer);
        }
        // Rust reads `inf` and `nan` too.
        let is_number = text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))
            && text.bytes().any(|byte| byte.is_ascii_digit());
        match text.parse::<f64>() {
            Ok(number) if is_number && number.is_finite() => Self::Double(number),
            _ => Self::Text,
        }
    }

    /// Writes it as JSON. `doubles`: each number has been one, as in a `google.protobuf.Struct`.
    pub(super) fn write(self, text: &str, doubles: bool, json: &mut String) {
        // Writing to a String cannot fail.
        match self {
            Self::Null => json.push_str("null"),
            Self::Flag(flag) => json.push_str(if flag { "true" } else { "false" }),
            Self::Integer(integer)
                if !doubles && (i64::try_from(integer).is_ok() || u64::try_from(integer).is_ok()) =>
            {
                let _ = write!(json, "{integer}");
            }
            #[allow(clippy::cast_precision_loss)] // That is what a double does.
            Self::Integer(integer) => write_double(integer as f64, json),
            Self::Double(double) => write_double(double, json),
            Self::Text => write_text(text, json),
        }
    }

    /// As a double, where it is a number.
    pub(super) fn double(self) -> Option<f64> {
        match self {
            #[allow(clippy::cast_precision_loss)] // That is what a double does.
            Self::Integer(integer) => Some(integer as f64),
            Self::Double(double) => Some(double),
            _ => None,
        }
    }
}

pub(super) fn write_text(text: &str, json: &mut String) {
    // A string has always a JSON form.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}

fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let in_radix = |digits: &str, radix| i128::from_str_radix(digits, radix).ok();
    let is_of_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let value = if !is_of_digits(digits) {
        None
    } else if let Some(digits) = digits.strip_prefix("0x") {
        in_radix(digits, 16)
    } else if let Some(digits) = digits.strip_prefix("0b") {
        in_radix(digits, 2)
    } else if let Some(digits) = digits.strip_prefix("0o") {
        in_radix(digits, 8)
    } else if digits.len() > 1 && digits.starts_with('0') {
        in_radix(digits, 8)
    } else {
        in_radix(digits, 10)
    };
    value?.checked_mul(sign)
}

/// As Go's encoding/json and protojson write a double: no fraction where there is none, an exponent for the very large
/// and the very small.
fn write_double(double: f64, json: &mut String) {
    let size = double.abs();
    if size != 0.0 && !(1e-6..1e21).contains(&size) {
        let text = format!("{double:e}");
        json.push_str(&if size < 1.0 { text } else { text.replace('e', "e+") });
    } else {
        let _ = write!(json, "{double}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str, doubles: bool) -> String {
        let mut json = String::new();
        Plain::read(text).write(text, doubles, &mut json);
        json
    }

    #[test]
    fn plain_scalars_are_what_the_control_planes_take_them_for() {
        for (text, integers, doubles) in [
            ("600", "600", "600"),
            ("0600", "384", "384"),
            ("0x10", "16", "16"),
            ("0b11", "3", "3"),
            ("1_000", "1000", "1000"),
            ("a_1", "\"a_1\"", "\"a_1\""),
            ("-1", "-1", "-1"),
            ("600.0", "600", "600"),
            ("1e3", "1000", "1000"),
            ("0.5", "0.5", "0.5"),
            ("9007199254740993", "9007199254740993", "9007199254740992"),
            ("1e21", "1e+21", "1e+21"),
            ("1e-7", "1e-7", "1e-7"),
            ("yes", "true", "true"),
            ("off", "false", "false"),
            ("~", "null", "null"),
            ("", "null", "null"),
            ("nan", "\"nan\"", "\"nan\""),
            (
                "https://a.example",
                "\"https://a.example\"",
                "\"https://a.example\"",
            ),
            ("-", "\"-\"", "\"-\""),
            ("089", "89", "89"),
            ("99999999999999999999999", "1e+23", "1e+23"),
        ] {
            assert_eq!(
                (json(text, false), json(text, true)),
                (integers.to_owned(), doubles.to_owned()),
                "{text}"
            );
        }
    }
}
