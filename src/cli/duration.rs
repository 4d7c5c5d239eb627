//! A duration in whole seconds.

/// A duration of Go or of protobuf: `24h`, `1h30m`, `3600s`. `None`: it is none, or has a part of a second.
pub(crate) fn duration(text: &str) -> Option<i64> {
    let mut seconds = 0_i64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits)?;
        let unit = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at_checked(unit)?;
        let factor = match unit {
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.parse::<i64>().ok()?.checked_mul(factor)?)?;
        rest = tail;
    }
    (!text.is_empty()).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_seconds() {
        for (text, seconds) in [("24h", 86_400), ("1h30m", 5_400), ("3600s", 3_600), ("0s", 0)] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "24",
            "h",
            "1.5h",
            "100ms",
            "-1s",
            "9223372036854775807h",
            "1d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
