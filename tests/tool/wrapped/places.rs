//! Each place in the text of a configuration is found, however what is around it holds the text.

use serde_json::{Value, json};

use super::{OF_KUBERNETES, RULES, checked, indented, of_envoy, only_configuration, rendered};
use crate::check::{at, of_the_core, of_the_tool};
use crate::mistakes;
use crate::tool::Folder;

/// Documents with mistakes that are JSON all the same.
fn documents() -> Vec<String> {
    let texts = mistakes::errors().into_iter().map(|(text, _)| text);
    let texts = texts.chain(mistakes::warnings().into_iter().map(|(text, _)| text));
    // A pretty form has more lines to be wrong about.
    let documents = texts.filter_map(|text| serde_json::from_str::<Value>(&text).ok());
    documents
        .filter(|document| document.get("buckets").is_some() && document.to_string().len() < 20_000)
        .map(|document| format!("{document:#}"))
        .collect()
}

/// Every finding that has a value points at it in the file.
pub(super) fn assert_places(text: &str, configuration: &Value, inner: impl Fn(&str) -> String) -> usize {
    let mut count = 0;
    for finding in configuration["findings"].as_array().unwrap() {
        let Some(value) = finding["value"].as_str() else {
            continue;
        };
        let there = inner(at(text, finding));
        let code = finding["code"].as_str().unwrap();
        if matches!(code, "unknown-field" | "duplicate-field" | "higress-rules") {
            let key = finding["pointer"].as_str().unwrap().rsplit('/').next().unwrap();
            assert_eq!(there.trim_matches('"').replace('~', "~0").replace('/', "~1"), key);
        } else {
            let read: Value =
                serde_json::from_str(&there).unwrap_or_else(|error| panic!("{error}: {there}: {finding}"));
            assert_eq!(
                read.as_str().map_or_else(|| read.to_string(), str::to_owned),
                value
            );
        }
        count += 1;
    }
    count
}

#[test]
fn a_string_of_envoy_is_handed_over_as_it_is_and_each_place_in_it_is_found() {
    let folder = Folder::new("strings");
    let mut places = [0, 0];
    for document in documents() {
        let expected = of_the_core(document.as_bytes());
        let block = format!("|-\n{}{}", " ".repeat(30), indented(&document, 30));
        let quoted = Value::from(document.as_str()).to_string();
        for (kind, string) in [block, quoted].iter().enumerate() {
            let (file, text) = of_envoy(string).remove(1);
            let said = checked(&folder, file, &text);
            let configuration = only_configuration(&said);
            assert_eq!(of_the_tool(configuration), expected, "{text}");
            places[kind] += assert_places(&text, configuration, |there| match kind {
                0 => there.to_owned(),
                _ => serde_json::from_str(&format!("\"{there}\"")).unwrap(),
            });
        }
    }
    assert!(places[0] > 60 && places[0] == places[1], "{places:?}");
}

#[test]
fn a_literal_block_is_pointed_into_whatever_its_header_and_its_first_lines() {
    let folder = Folder::new("blocks");
    let margin = " ".repeat(30);
    for (header, lines) in [
        ("|", 0),
        ("&rules |", 0),
        ("| # rules", 0),
        ("|", 1),
        ("|  ", 2),
        ("&rules |-", 2),
    ] {
        let blank = "\n".repeat(lines);
        let block = format!("{header}\n{blank}{margin}{{\"buckets\":\n{margin} 7}}\n");
        let (file, text) = of_envoy(&block).remove(1);
        let said = checked(&folder, file, &text);
        let finding = &only_configuration(&said)["findings"][0];
        let line = text.lines().position(|line| line.ends_with(" 7}")).unwrap() + 1;
        assert_eq!(
            (&finding["line"], &finding["column"]),
            (&json!(line), &json!(margin.len() + 2)),
            "{text}: {finding}"
        );
    }
}

#[test]
fn what_goes_by_way_of_kubernetes_is_sorted_and_each_place_in_it_is_found() {
    let folder = Folder::new("resources");
    let mut places = 0;
    for document in documents() {
        let mut sorted: Value = serde_json::from_str(&document).unwrap();
        // For the order in which `sync` writes, serde_json keeps that of keys. Otherwise its maps are sorted.
        #[cfg(feature = "sync")]
        sorted.sort_all_objects();
        #[cfg(not(feature = "sync"))]
        let _ = &mut sorted;
        let expected = of_the_core(sorted.to_string().as_bytes());
        for (file, template, _) in OF_KUBERNETES {
            let text = rendered(template, &indented(&document, 20));
            let said = checked(&folder, file, &text);
            let configuration = only_configuration(&said);
            assert_eq!(of_the_tool(configuration), expected, "{file}: {text}");
            places += assert_places(&text, configuration, str::to_owned);
        }
    }
    assert!(places > 240, "{places}");
}

#[test]
fn a_struct_makes_doubles_of_numbers_and_a_json_value_does_not() {
    let folder = Folder::new("doubles");
    let rules = r#"{"buckets": [{"name": "b", "cors": [{"AllowedOrigins": "*", "AllowedMethods": "PUT",
                    "MaxAgeSeconds": 9007199254740993}]}]}"#;
    for (file, template, _) in OF_KUBERNETES {
        let said = checked(&folder, file, &rendered(template, rules));
        let message = only_configuration(&said)["findings"][0]["message"]
            .as_str()
            .unwrap();
        let shown = if file == "envoy-gateway.yaml" {
            "9007199254740993 "
        } else {
            "9007199254740992 "
        };
        assert!(message.starts_with(shown), "{file}: {message}");
    }
}

#[test]
fn a_struct_reaches_the_filter_of_envoy_as_protobuf() {
    let folder = Folder::new("struct");
    let string = "google.protobuf.StringValue";
    let (file, text) = of_envoy(&indented(RULES.trim(), 30)).remove(0);
    let text = text.replace(string, "google.protobuf.Struct");
    let said = checked(&folder, file, &text);
    let configuration = only_configuration(&said);
    assert_eq!(of_the_tool(configuration), [["error", "raw-protobuf", ""]]);
    assert_eq!(
        configuration["at"],
        "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/http_filters/0/typed_config/config/configuration/value"
    );
}
