//! Each mistake is told as the core tells it, and where it stands.

use serde_json::Value;

use super::{at, json, of_the_core, of_the_tool};
use crate::mistakes;
use crate::tool::Folder;

/// Every document with a mistake that the tests of the configuration hold, and some bytes that are no text.
fn mistakes() -> Vec<Vec<u8>> {
    let errors = mistakes::errors().into_iter().map(|(text, _)| text.into_bytes());
    let warnings = mistakes::warnings()
        .into_iter()
        .map(|(text, _)| text.into_bytes());
    let bytes = [
        &b"{\"buckets\": [\"\xff\"]}"[..],
        b"\xff\xfe{\0}\0",
        b"\xef\xbb\xbf{\"buckets\": 1}",
    ];
    let all = errors.chain(warnings).chain(bytes.map(<[u8]>::to_vec));
    // To the tool, a store's own document is one of rules.
    all.filter(|text| !text.starts_with(b"<CORSConfiguration"))
        .collect()
}

#[test]
fn what_is_said_of_each_mistake_is_what_the_core_says() {
    let folder = Folder::new("mistakes");
    let texts = mistakes();
    let names: Vec<String> = (0..texts.len()).map(|index| format!("{index}.json")).collect();
    for (name, text) in names.iter().zip(&texts) {
        folder.write(name, text);
    }
    let arguments: Vec<&str> = ["check", "--format", "json"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let output = folder.run(&arguments);
    assert_eq!(output.code, 1);
    let said = json(&output);
    let files = said["files"].as_array().unwrap();
    assert_eq!(files.len(), texts.len());
    let mut pointed_at = 0;
    for (file, text) in files.iter().zip(&texts) {
        let shown = String::from_utf8_lossy(text)
            .chars()
            .take(200)
            .collect::<String>();
        let configuration = &file["configurations"][0];
        assert_eq!(of_the_tool(configuration), of_the_core(text), "{shown}");
        let Ok(text) = std::str::from_utf8(text) else {
            continue;
        };
        for finding in configuration["findings"].as_array().unwrap() {
            pointed_at += usize::from(is_at_its_value(text, finding));
        }
    }
    assert!(pointed_at > 70, "{pointed_at}");
}

/// Whether there is a value to point at; if so, it has to be the one that a reader of JSON finds by the pointer.
fn is_at_its_value(text: &str, finding: &Value) -> bool {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (Some(value), Ok(document)) = (finding["value"].as_str(), serde_json::from_str::<Value>(text)) else {
        return false;
    };
    let there = at(text, finding);
    if matches!(
        finding["code"].as_str().unwrap(),
        "unknown-field" | "duplicate-field" | "higress-rules"
    ) {
        let key: String = serde_json::from_str(there).unwrap();
        let last = finding["pointer"].as_str().unwrap().rsplit('/').next().unwrap();
        assert_eq!(key.replace('~', "~0").replace('/', "~1"), last);
        return true;
    }
    let read: Value =
        serde_json::from_str(there).unwrap_or_else(|error| panic!("{error}: {there:?}: {finding}"));
    assert_eq!(
        document.pointer(finding["pointer"].as_str().unwrap()),
        Some(&read),
        "{finding}"
    );
    assert_eq!(
        read.as_str().map_or_else(|| read.to_string(), str::to_owned),
        value
    );
    true
}

#[test]
fn what_is_no_json_has_one_place() {
    let folder = Folder::new("one-place");
    for (text, said) in [
        (
            &b"{\"buckets\": [],}"[..],
            "1:16: error: (document): trailing comma: ",
        ),
        (
            b"\x01\n{\"buckets\": \"\xff\"}",
            "1:1: error: (document): expected value: ",
        ),
        (
            b"{\"buckets\":\n \"\xff\"}",
            "2:3: error: (document): a byte that is no UTF-8: ",
        ),
    ] {
        folder.write("a.json", text);
        let said = format!("a.json:{said}");
        for format in ["human", "json", "sarif"] {
            let output = folder.run(&["check", "--format", format, "a.json"]);
            assert!(!output.stdout.contains(" at line "), "{output:?}");
            assert!(
                format != "human" || output.stdout.starts_with(&said),
                "{said}: {output:?}"
            );
        }
    }
}
