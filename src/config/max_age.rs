//! `MaxAgeSeconds`.

use serde::de::{MapAccess, SeqAccess};

use super::code;
use super::place::Place;
use super::report::Report;
use super::value::{Read, Scalar, skip_list, skip_object};

/// The most that is accepted: the bound of OSS's own C# SDK.
const MOST: u32 = 999_999_999;

/// How long browsers keep a preflight at most, shortest first.
const BROWSERS: [(&str, u32); 3] = [("WebKit", 600), ("Chromium", 7_200), ("Firefox", 86_400)];

/// Reads a number of seconds: JSON has integers and, from a protobuf Struct, doubles; XML converters and Terraform write
/// strings.
pub(super) struct MaxAge<'r, 'p> {
    pub(super) report: &'r mut Report,
    pub(super) place: &'p Place<'p>,
}

impl MaxAge<'_, '_> {
    fn refuse(self, found: impl std::fmt::Display) -> Option<u32> {
        self.report.add(&code::MAX_AGE, self.place, || {
            format!("{found} is no number of seconds: write a whole number from 0 to {MOST}")
        });
        None
    }
}

impl<'a> Read<'a> for MaxAge<'_, '_> {
    type Output = Option<u32>;

    fn scalar(self, value: Scalar<'a>) -> Option<u32> {
        let seconds = match &value {
            Scalar::Null => return None,
            Scalar::Unsigned(number) => u32::try_from(*number).ok(),
            Scalar::Float(number) => whole(*number),
            Scalar::Text(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
            _ => None,
        };
        let Some(seconds) = seconds.filter(|&seconds| seconds <= MOST) else {
            return self.refuse(value);
        };
        if BROWSERS.iter().any(|&(_, most)| seconds > most) {
            self.report.add(&code::LONG_MAX_AGE, self.place, || {
                let capped: Vec<String> = BROWSERS
                    .iter()
                    .filter(|&&(_, most)| seconds > most)
                    .map(|(browser, most)| format!("{browser} {most}"))
                    .collect();
                format!(
                    "{seconds} is sent, but browsers keep a preflight for less: {}",
                    capped.join(", ")
                )
            });
        }
        Some(seconds)
    }

    fn list<A: SeqAccess<'a>>(self, list: A) -> Result<Option<u32>, A::Error> {
        skip_list(list)?;
        Ok(self.refuse("a list"))
    }

    fn object<A: MapAccess<'a>>(self, object: A) -> Result<Option<u32>, A::Error> {
        skip_object(object)?;
        Ok(self.refuse("an object"))
    }
}

/// 600.0 and 6e2 are 600; 1.5 is nothing.
fn whole(number: f64) -> Option<u32> {
    let whole = number.fract() == 0.0 && (0.0..=f64::from(MOST)).contains(&number);
    // In range and without a fraction, the conversion is exact.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    whole.then_some(number as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Scalar<'_>) -> (Option<u32>, Report) {
        let mut report = Report::default();
        let seconds = MaxAge {
            report: &mut report,
            place: &Place::Document,
        }
        .scalar(value);
        (seconds, report)
    }

    #[test]
    fn whole_numbers_are_read_in_every_spelling() {
        for (value, seconds) in [
            (Scalar::Unsigned(600), 600),
            (Scalar::Unsigned(0), 0),
            (Scalar::Float(600.0), 600),
            (Scalar::Float(-0.0), 0),
            (Scalar::Float(999_999_999.0), 999_999_999),
            (Scalar::Text("600".into()), 600),
        ] {
            assert_eq!(read(value).0, Some(seconds));
        }
        assert_eq!(read(Scalar::Null), (None, Report::default()));
    }

    #[test]
    fn everything_else_is_refused() {
        for value in [
            Scalar::Signed(-1),
            Scalar::Unsigned(1_000_000_000),
            Scalar::Unsigned(u64::MAX),
            Scalar::Float(1.5),
            Scalar::Float(1e300),
            Scalar::Float(f64::NAN),
            Scalar::Flag(true),
            Scalar::Text("".into()),
            Scalar::Text("10m".into()),
            Scalar::Text("+1".into()),
            Scalar::Text("NaN".into()),
            Scalar::Text("99999999999999999999".into()),
        ] {
            let (seconds, report) = read(value.clone());
            assert_eq!((seconds, report.errors.total()), (None, 1), "{value:?}");
        }
    }

    #[test]
    fn a_number_above_what_browsers_keep_names_the_browsers() {
        assert!(read(Scalar::Unsigned(600)).1.warnings.is_empty());
        let warnings = read(Scalar::Unsigned(7_201)).1.warnings;
        assert!(warnings.kept()[0].message.contains("WebKit 600, Chromium 7200"));
        assert!(!warnings.kept()[0].message.contains("Firefox"));
    }
}
