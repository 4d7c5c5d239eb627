//! What stands twice in a store's document, or in words that are none of a store's.

use super::import;
use crate::tool::Folder;

/// What is imported of a document, and what is said of it.
fn read(text: &str) -> (String, String, i32) {
    let printed = import(&["--from", "s3", "--bucket", "b", "-"], text.as_bytes());
    (printed.stdout, printed.stderr, printed.status)
}

#[test]
fn what_stands_twice_is_said_and_the_first_counts() {
    let rule = |origin: &str| format!(r#"{{"AllowedOrigins": ["{origin}"], "AllowedMethods": ["GET"]}}"#);
    let (own, other) = (rule("https://own.example"), rule("https://other.example"));
    let xml = |more: &str, behind: &str| {
        format!(
            "<CORSConfiguration><CORSRule><AllowedOrigin>https://own.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
             {more}</CORSRule>{behind}</CORSConfiguration>"
        )
    };
    for (text, kept, lost, field) in [
        (
            r#"[{"AllowedOrigins": "https://own.example", "AllowedOrigin": "https://other.example", "AllowedMethod": "GET"}]"#
                .to_owned(),
            "https://own.example",
            "https://other.example",
            "AllowedOrigin",
        ),
        (
            r#"[{"AllowedOrigin": "*", "AllowedMethods": "GET", "AllowedMethod": "PUT"}]"#.to_owned(),
            "GET",
            "PUT",
            "AllowedMethod",
        ),
        (
            r#"[{"AllowedOrigin": "*", "AllowedMethod": "GET", "ExposeHeader": "x-own", "ExposeHeaders": ["x-other"]}]"#
                .to_owned(),
            "x-own",
            "x-other",
            "ExposeHeaders",
        ),
        (
            format!(r#"{{"CORSRules": [{own}], "CORSConfiguration": {{"CORSRules": [{other}]}}}}"#),
            "https://own.example",
            "https://other.example",
            "list of rules: CORSRules stands",
        ),
        (
            format!(r#"{{"CORSConfiguration": {{"CORSRules": [{own}]}}, "CORSRules": [{other}]}}"#),
            "https://own.example",
            "https://other.example",
            "list of rules: CORSConfiguration stands",
        ),
        (
            xml("", "<ResponseVary>true</ResponseVary><ResponseVary>false</ResponseVary>"),
            "\"ResponseVary\": true",
            "\"ResponseVary\": false",
            "ResponseVary",
        ),
        (xml("<ID>own</ID><ID>other</ID>", ""), "\"own\"", "\"other\"", "ID"),
        (
            xml("<ResponseVary>true</ResponseVary><ResponseVary>false</ResponseVary>", ""),
            "\"ResponseVary\": true",
            "\"ResponseVary\": false",
            "ResponseVary",
        ),
    ] {
        let (printed, said, status) = read(&text);
        assert_eq!(status, 1, "{said}");
        assert!(printed.contains(kept) && !printed.contains(lost), "{printed}");
        let second = format!("a second {field}");
        assert!(said.contains(&second) && said.contains("[second-value]"), "{second}: {said}");
        let folder = Folder::new("second").with("photos.json", &text).with("photos.xml", &text);
        let name = if text.starts_with('<') { "photos.xml" } else { "photos.json" };
        let output = folder.run(&["check", name]);
        assert!(output.code == 1 && output.stdout.contains(&second), "{output:?}");
    }
}

#[test]
fn elements_and_attributes_that_are_no_store_s_are_left_out_and_said() {
    let document = |root: &str, attributes: &str, more: &str| {
        format!(
            "<CORSConfiguration{root}><CORSRule{attributes}><AllowedOrigin>https://own.example</AllowedOrigin>\
             <AllowedMethod>GET</AllowedMethod>{more}</CORSRule></CORSConfiguration>"
        )
    };
    let s3 = " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"";
    for (text, needed) in [
        (
            document(
                "",
                "",
                "<o:AllowedOrigin xmlns:o=\"urn:other\">*</o:AllowedOrigin>",
            ),
            "<AllowedOrigin> is of the namespace \"urn:other\"",
        ),
        (
            document(s3, "", "<AllowedOrigin xmlns=\"urn:other\">*</AllowedOrigin>"),
            "<AllowedOrigin> is of the namespace \"urn:other\"",
        ),
        (
            document("", " enabled=\"false\"", ""),
            "no store reads an attribute of <CORSRule>, as \"enabled\" is one",
        ),
        (
            document(" a=\"b\"", "", ""),
            "an attribute of <CORSConfiguration>",
        ),
        (document("", "", "<ID a=\"b\">x</ID>"), "an attribute of <ID>"),
    ] {
        let (printed, said, status) = read(&text);
        assert_eq!(status, 1, "{said}");
        assert!(
            said.contains(needed) && said.contains("[unknown-field]"),
            "{needed}: {said}"
        );
        assert!(!printed.contains('*'), "{printed}");
    }
    for text in [
        document(s3, "", ""),
        document("", s3, ""),
        document(" xmlns=\"http://obs.example.com/doc/2015-06-30/\"", "", ""),
        document(
            " xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"a b\"",
            "",
            "",
        ),
    ] {
        let (printed, said, status) = read(&text);
        assert!(status == 0 && printed.contains("https://own.example"), "{said}");
    }
}
