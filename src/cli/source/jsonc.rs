//! JSON with comments, and with a comma behind the last value, as editors and Cloudflare's tools write it.

/// The same text with blanks in the place of both, so that all else stands where it stood.
pub(super) fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut is_in_string, mut is_escaped) = (false, false);
    // The place of a comma behind which nothing has come.
    let mut comma = None;
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        if is_in_string {
            is_in_string = character != '"' || is_escaped;
            is_escaped = character == '\\' && !is_escaped;
            out.push(character);
            continue;
        }
        match (character, rest.peek()) {
            ('/', Some('/')) => {
                out.push(' ');
                while let Some(inner) = rest.next_if(|inner| *inner != '\n') {
                    out.push(if inner == '\r' { inner } else { ' ' });
                }
                continue;
            }
            ('/', Some('*')) => {
                out.push_str("  ");
                rest.next();
                let mut last = ' ';
                for inner in rest.by_ref() {
                    out.push(if inner == '\n' { inner } else { ' ' });
                    if (last, inner) == ('*', '/') {
                        break;
                    }
                    last = inner;
                }
                continue;
            }
            (']' | '}', _) => {
                if let Some(at) = comma.take() {
                    out.replace_range(at, " ");
                }
            }
            _ => {}
        }
        if character == ',' {
            comma = Some(out.len()..out.len().saturating_add(1));
        } else if !character.is_whitespace() {
            comma = None;
        }
        is_in_string = character == '"';
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::blanked;

    #[test]
    fn what_stays_stands_where_it_stood() {
        for (text, expected) in [
            ("{\"a\": 1, // é\n}", "{\"a\": 1      \n}"),
            ("// a\n[1, /* , ] */ 2,\n]", "    \n[1,           2 \n]"),
            (
                "[\"//\", \"/*\", \"\\\",]\", \"x,\"]",
                "[\"//\", \"/*\", \"\\\",]\", \"x,\"]",
            ),
            ("[1,/**/]", "[1     ]"),
            ("[1,/*/ */]", "[1       ]"),
            ("{\"a\": [1,],}", "{\"a\": [1 ] }"),
            ("[1, /* open", "[1,        "),
            ("[,]", "[ ]"),
        ] {
            assert_eq!(blanked(text), expected, "{text}");
        }
    }
}
