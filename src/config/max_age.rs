//! `MaxAgeSeconds`.

use super::code;
use super::json::{Stopped, Value};
use super::message::Part::{Number, Words};
use super::place::Place;
use super::reading::Reading;
use super::report::Report;

/// The most that is accepted: the bound of OSS's own C# SDK.
const MOST: u32 = 999_999_999;

/// Reads a number of seconds: JSON has integers and, from a protobuf Struct, doubles; XML converters and Terraform write
/// strings.
pub(super) fn read(reading: &mut Reading<'_>, place: &Place<'_>) -> Result<Option<u32>, Stopped> {
    let value = reading.json.value()?;
    let seconds = match &value {
        Value::Null => return Ok(None),
        Value::Number(number) => whole(number),
        Value::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    if let Some(seconds) = seconds.filter(|&seconds| seconds <= MOST) {
        warn(&mut reading.report, place, seconds);
        return Ok(Some(seconds));
    }
    reading.report.add(
        &code::MAX_AGE,
        place,
        "{} is no number of seconds: write a whole number from 0 to 999999999",
        &[value.part()],
    );
    reading.json.skip(&value).map(|()| None)
}

/// Warns of a number above what browsers keep.
fn warn(report: &mut Report, place: &Place<'_>, seconds: u32) {
    let most = match seconds {
        0..=600 => return,
        601..=7_200 => "WebKit 600",
        7_201..=86_400 => "WebKit 600, Chromium 7200",
        _ => "WebKit 600, Chromium 7200, Firefox 86400",
    };
    let seconds = Number(usize::try_from(seconds).unwrap_or_default());
    report.add(
        &code::LONG_MAX_AGE,
        place,
        "{} is sent, but browsers keep a preflight for less: {}",
        &[seconds, Words(most)],
    );
}

/// The value of a JSON number: 600, 600.0 and 6e2 are 600; 1.5 and -1 are nothing, and no more is 1e10.
fn whole(number: &str) -> Option<u32> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (digits, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let (digits, negative) = match digits.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (digits, false),
    };
    // How many digits stand before the point once the exponent has moved it.
    let before = i64::try_from(digits.len())
        .ok()?
        .saturating_add(exponent.parse().ok()?);
    let mut value = 0_u32;
    let mut count = 0_i64;
    for digit in digits.bytes().chain(fraction.bytes()) {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        if count < before {
            value = value.checked_mul(10)?.checked_add(digit)?;
        } else if digit != 0 {
            return None;
        }
        count = count.saturating_add(1);
    }
    while value != 0 && count < before {
        value = value.checked_mul(10)?;
        count = count.saturating_add(1);
    }
    (value == 0 || !negative).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::super::json::Json;
    use super::*;

    fn read(value: &str) -> (Option<u32>, Report) {
        let mut reading = Reading {
            json: Json::new(value),
            report: Report::default(),
        };
        let seconds = super::read(&mut reading, &Place::Document).unwrap();
        reading.json.end().unwrap();
        (seconds, reading.report)
    }

    #[test]
    fn whole_numbers_are_read_in_every_spelling() {
        for (value, seconds) in [
            ("600", 600),
            ("0", 0),
            ("600.0", 600),
            ("6e2", 600),
            ("6000.00E-1", 600),
            ("0.06e+4", 600),
            ("-0.0", 0),
            ("0e999", 0),
            ("999999999.0", 999_999_999),
            ("\"600\"", 600),
        ] {
            assert_eq!(read(value).0, Some(seconds), "{value}");
        }
        assert_eq!(read("null"), (None, Report::default()));
    }

    #[test]
    fn everything_else_is_refused() {
        for value in [
            "-1",
            "1000000000",
            "18446744073709551616",
            "1.5",
            "6e-1",
            "600.0000000000000000001",
            "1e300",
            "1e99999999999999999999",
            "true",
            "[600, [1]]",
            "{\"a\": 600}",
            "\"\"",
            "\"10m\"",
            "\"+1\"",
            "\"NaN\"",
            "\"99999999999999999999\"",
        ] {
            let (seconds, report) = read(value);
            assert_eq!((seconds, report.errors.total()), (None, 1), "{value}");
        }
        assert_eq!(
            read("1.5").1.errors.kept()[0].message,
            format!("1.5 is no number of seconds: write a whole number from 0 to {MOST}")
        );
    }

    #[test]
    fn a_number_above_what_browsers_keep_names_the_browsers() {
        assert!(read("600").1.warnings.is_empty());
        let warnings = read("7201").1.warnings;
        assert!(warnings.kept()[0].message.contains("WebKit 600, Chromium 7200"));
        assert!(!warnings.kept()[0].message.contains("Firefox"));
    }
}
