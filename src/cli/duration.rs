//! A duration in whole seconds.

/// A duration of Go or of protobuf: `24h`, `1h30m`, `1.5h`, `3600s`. `None`: it is none, or no whole number of seconds.
pub(crate) fn duration(text: &str) -> Option<i64> {
    const SECOND: i128 = 1_000_000_000;
    let mut nanoseconds = 0_i128;
    let mut rest = text;
    while !rest.is_empty() {
        let (whole, tail) = digits(rest)?;
        let (fraction, tail) = match tail.strip_prefix('.') {
            Some(tail) => digits(tail)?,
            None => ("", tail),
        };
        let unit = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at_checked(unit)?;
        let factor = match unit {
            "h" => 3600 * SECOND,
            "m" => 60 * SECOND,
            "s" => SECOND,
            "ms" => SECOND / 1000,
            _ => return None,
        };
        // Longer fractions are of parts of a nanosecond.
        let places = u32::try_from(fraction.len()).ok().filter(|places| *places <= 9)?;
        let number: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = 10_i128.pow(places);
        let scaled = number.checked_mul(factor)?;
        if scaled.checked_rem(scale) != Some(0) {
            return None;
        }
        nanoseconds = nanoseconds.checked_add(scaled.checked_div(scale)?)?;
        rest = tail;
    }
    let is_whole = !text.is_empty() && nanoseconds % SECOND == 0;
    i64::try_from(nanoseconds / SECOND).ok().filter(|_| is_whole)
}

/// The digits that a text begins with, and the rest.
fn digits(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(digits)
        .filter(|(digits, _)| !digits.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_seconds() {
        for (text, seconds) in [
            ("24h", 86_400),
            ("1h30m", 5_400),
            ("3600s", 3_600),
            ("0s", 0),
            ("1.5h", 5_400),
            ("0.5m", 30),
            ("1500ms500ms", 2),
            ("2.000s", 2),
        ] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "24",
            "h",
            "1.5s",
            ".5h",
            "1.h",
            "100ms",
            "-1s",
            "9223372036854775807h",
            "1d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
