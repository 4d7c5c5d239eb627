//! A JSON number.

use std::fmt::Write;

/// From here on nobody reads the digits, and soon a double holds no thousandths.
const LARGE: f64 = 1e12;

/// A number, as serde_json tells them apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Unsigned(u64),
    Negative(i64),
    /// Written with a point or an exponent, or out of the range of the other two.
    Double(f64),
}

impl Number {
    /// 600, 600.0 and 6e2 are 600; 1.5 and -1 are nothing, and neither is more than 32 bits hold.
    pub(crate) fn whole(self) -> Option<u32> {
        match self {
            Number::Unsigned(number) => u32::try_from(number).ok(),
            Number::Negative(_) => None,
            Number::Double(number) => {
                let whole = number as u32;
                (f64::from(whole) == number).then_some(whole)
            }
        }
    }

    /// Writes the number for a message. Formatting doubles would be a twentieth of the module, so that three decimals
    /// have to do.
    pub(crate) fn write(self, text: &mut String) {
        // Writing to a String cannot fail.
        let _ = match self {
            Number::Unsigned(number) => write!(text, "{number}"),
            Number::Negative(number) => write!(text, "-{}", number.unsigned_abs()),
            Number::Double(number) => {
                write_double(text, number);
                Ok(())
            }
        };
    }
}

fn write_double(text: &mut String, number: f64) {
    let size = number.abs();
    if size >= LARGE {
        text.push_str("a number of more than 12 digits");
        return;
    }
    let thousandths = (size * 1000.0 + 0.5) as u64;
    let (whole, rest) = (thousandths / 1000, thousandths % 1000);
    if rest == 0 && whole as f64 != size {
        text.push_str("a fraction");
        return;
    }
    text.push_str(if number < 0.0 { "-" } else { "" });
    // Writing to a String cannot fail.
    let _ = write!(text, "{whole}");
    if rest > 0 {
        let _ = write!(text, ".{rest:03}");
        while text.ends_with('0') {
            text.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_without_formatting_a_double() {
        for (number, shown) in [
            (Number::Unsigned(u64::MAX), "18446744073709551615"),
            (Number::Negative(-7), "-7"),
            (Number::Double(1.5), "1.5"),
            (Number::Double(-0.025), "-0.025"),
            (Number::Double(600.0), "600"),
            (Number::Double(-0.0), "0"),
            (Number::Double(2.0 / 3.0), "0.667"),
            (Number::Double(0.1 + 0.2), "0.3"),
            (Number::Double(0.0001), "a fraction"),
            (Number::Double(599.9999), "a fraction"),
            (Number::Double(999_999_999_999.5), "999999999999.5"),
            (Number::Double(-1e300), "a number of more than 12 digits"),
        ] {
            let mut text = String::new();
            number.write(&mut text);
            assert_eq!(text, shown, "{number:?}");
        }
    }
}
