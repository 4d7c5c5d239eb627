//! `MaxAgeSeconds`.

use crate::config::reading::Reading;
use crate::config::reading::recorded_json::Value;
use crate::config::report::{
    MessagePart::{Number, Words},
    Place, Report, code,
};

/// The most that is accepted: the bound of OSS's own C# SDK.
const MOST: u32 = 999_999_999;

/// Reads a number of seconds: JSON has integers and, from a protobuf Struct, doubles; XML converters and Terraform
/// write strings.
pub(crate) fn read(reading: &mut Reading<'_>, place: &Place<'_>) -> Option<u32> {
    let value = reading.value();
    let seconds = match &value {
        Value::Null => return None,
        Value::Number(number) => number.whole(),
        Value::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    if let Some(seconds) = seconds.filter(|&seconds| seconds <= MOST) {
        warn(&mut reading.report, place, seconds);
        return Some(seconds);
    }
    reading.wrong(
        &code::MAX_AGE,
        place,
        "{} is no number of seconds: write a whole number from 0 to {}",
        &value,
        Number(usize::try_from(MOST).unwrap_or_default()),
    );
    None
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::reading::recorder::recorded;

    fn read(value: &str) -> (Option<u32>, Report) {
        let mut reading = recorded(value);
        let seconds = super::read(&mut reading, &Place::Document);
        assert!(reading.finish());
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
            "1e300",
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
