use super::*;

/// Reads a whole text; its values as serde_json would hold them, or what is wrong with it.
fn read(text: &str) -> Result<serde_json::Value, String> {
    fn tree<'a>(json: &mut Json<'a>, value: Value<'a>) -> Result<serde_json::Value, Stopped> {
        Ok(match value {
            Value::Null => serde_json::Value::Null,
            Value::Flag(flag) => flag.into(),
            Value::Number(number) => serde_json::from_str(number).unwrap_or_default(),
            Value::Text(text) => text.into(),
            Value::List => {
                let mut list = Vec::new();
                while json.element()? {
                    let value = json.value()?;
                    list.push(tree(json, value)?);
                }
                list.into()
            }
            Value::Object => {
                let mut object = serde_json::Map::new();
                while let Some(key) = json.key()? {
                    let value = json.value()?;
                    object.insert(key.into_owned(), tree(json, value)?);
                }
                object.into()
            }
        })
    }
    let mut json = Json::new(text);
    let result = json
        .value()
        .and_then(|value| tree(&mut json, value))
        .and_then(|value| json.end().map(|()| value));
    result.map_err(|Stopped| json.reason().to_owned())
}

/// What serde_json makes of a text, without the place.
fn measure(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text).map_err(|error| {
        let error = error.to_string();
        match error.split_once(" at line ") {
            Some((reason, _)) => reason.to_owned(),
            None => error,
        }
    })
}

const TEXTS: &[&str] = &[
    r#"{"a": [1, -2.50e+3, 0, -0, 0.5, true, false, null], "b": {"c": {}, "d": []}, "": "x"}"#,
    r#"["\"\\\/\b\f\n\r\t", "\u00fc\ud83d\ude00", "ü😀", ""]"#,
    " \t\r\n[ 1 , 2 ]\n",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{\"a\": 1,}",
    "{\"a\": 1 \"b\"}",
    "{\"a\" 1}",
    "{a: 1}",
    "{\"a\":}",
    "[1] 2",
    "[01]",
    "[1.]",
    "[.5]",
    "[-]",
    "[+1]",
    "[1e]",
    "[1e+]",
    "[nul]",
    "[nULL]",
    "[\"\\x\"]",
    "[\"\\u12g4\"]",
    "[\"\\ud800\"]",
    "[\"\\ud800\\u0041\"]",
    "[\"\\udc00\"]",
    "[\"a\u{1f}\"]",
    "[\"a\u{7f}\"]",
    "'a'",
    "",
    "[1}",
    "{\"a\": 1]",
];

#[test]
fn it_reads_what_serde_json_reads_and_refuses_what_it_refuses() {
    for text in TEXTS {
        assert_eq!(read(text), measure(text), "{text}");
    }
}

#[test]
fn so_does_it_where_the_text_is_cut_short_or_changed() {
    for text in TEXTS {
        for at in text.char_indices().map(|(at, _)| at) {
            let (start, end) = text.split_at(at);
            assert_eq!(read(start), measure(start), "{start}");
            for piece in [
                "\"", "\\", ",", ":", "[", "{", "]", "}", "0", "e", "-", "t", "\u{1}", "u", " ",
            ] {
                let changed = format!("{start}{piece}{end}");
                assert_eq!(read(&changed), measure(&changed), "{changed}");
            }
        }
    }
}

#[test]
fn nesting_is_bounded_as_in_serde_json() {
    for depth in [126, 127, 128, 129] {
        let list = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(&list), measure(&list), "{depth}");
        let object = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert_eq!(read(&object), measure(&object), "{depth}");
    }
}

#[test]
fn a_value_of_any_depth_is_read_past() {
    let mut json = Json::new(r#"[{"a": [1, {"b": [[], {}]}], "c": "]"}, 2]"#);
    assert_eq!(json.value(), Ok(Value::List));
    assert_eq!(json.element(), Ok(true));
    let begun = json.value().unwrap();
    json.skip(&begun).unwrap();
    assert_eq!(json.element(), Ok(true));
    assert_eq!(json.value(), Ok(Value::Number("2")));
    assert_eq!(json.element(), Ok(false));
    assert_eq!(json.end(), Ok(()));
}

#[test]
fn a_string_is_borrowed_where_it_can_be() {
    assert!(matches!(
        Json::new(r#""a""#).value(),
        Ok(Value::Text(Cow::Borrowed("a")))
    ));
    assert!(matches!(
        Json::new(r#""\u0061""#).value(),
        Ok(Value::Text(Cow::Owned(text))) if text == "a"
    ));
}

#[test]
fn every_byte_that_ends_plain_text_is_found_wherever_it_stands() {
    for byte in 0..=255_u8 {
        let ends = byte < 0x20 || byte == b'"' || byte == b'\\';
        for at in 0..20 {
            let mut text = *b"plain \x7f\x80\xff text, twenty";
            text[at] = byte;
            assert_eq!(
                plain_len(&text),
                if ends { at } else { text.len() },
                "{byte} at {at}"
            );
        }
    }
}
