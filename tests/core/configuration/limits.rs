//! Texts that are cut short, endless, or no text at all.

use super::{places, report, with_cors};
use bucket_cors::config::KEPT_FINDINGS;

#[test]
fn what_stands_before_a_syntax_error_is_reported_too() {
    let found = places(&report(r#"{"buckets": [{"name": "", "cors": "#).errors);
    assert_eq!(found, ["/buckets/0/name: bucket-name", ": not-json"]);
}

#[test]
fn what_a_text_that_is_cut_short_does_not_say_is_not_missed() {
    let text = r#"{"nope": 1, "buckets": [{"cors": [{"AllowedOrigins": ["https://(a)", "https://b.example"]}], "profile": "s3"}]}"#;
    let whole = report(text);
    for end in 0..text.len() {
        let cut = report(&text[..end]);
        let found = places(&cut.errors);
        let (last, before) = found.split_last().unwrap();
        assert!(last == ": not-json" || end == 0, "{found:?}");
        let (all, warnings) = (places(&whole.errors), places(&whole.warnings));
        assert!(all.starts_with(before), "{end}: {before:?}");
        assert!(
            warnings.starts_with(&places(&cut.warnings)),
            "{end}: {:?}",
            cut.warnings
        );
    }
}

#[test]
fn a_syntax_error_behind_a_late_profile_leaves_what_it_says_about_the_buckets() {
    let text = with_cors(r#"[{"AllowedOrigins": "*", "AllowedMethods": "PATCH"}]"#);
    let text = text.strip_suffix('}').unwrap();
    assert_eq!(
        places(&report(format!("{text}, \"profile\": \"fetch\",")).errors),
        [": not-json"]
    );
    assert_eq!(
        places(&report(format!("{text}, \"profile\": \"s3\",")).errors),
        ["/buckets/0/cors/0/AllowedMethods: method", ": not-json"]
    );
}

#[test]
fn a_number_that_no_double_holds_is_a_syntax_error() {
    assert_eq!(places(&report(r#"{"buckets": 1e999}"#).errors), [": not-json"]);
}

#[test]
fn a_document_of_mistakes_is_counted_and_not_kept() {
    let mistakes = vec!["7"; 200_000].join(",");
    let errors = report(format!(r#"{{"buckets": [{mistakes}]}}"#)).errors;
    assert_eq!((errors.kept().len(), errors.total()), (KEPT_FINDINGS, 200_000));
}

#[test]
fn a_value_takes_no_more_memory_than_a_large_document() {
    let strings = |count: usize| vec!["\"https://a.example\""; count].join(",");
    let headers = vec!["\"x-a\""; 1_000].join(",");
    let rule = format!(
        r#"{{"AllowedOrigins": [{}], "AllowedMethods": ["PUT"], "AllowedHeaders": [{headers}], "ExposeHeaders": [{headers}]}}"#,
        strings(1_000)
    );
    let large = with_cors(&format!("[{}]", vec![rule; 100].join(",")));
    assert!(report(large).errors.is_empty());

    let text = format!(
        r#"{{"endpoints": [{}], "buckets": [{{"name": "a", "cors": [{}]}}, {{"name": "", "cors": null}}]}}"#,
        strings(500_000),
        vec!["1"; 3_000_000].join(","),
    );
    assert_eq!(
        places(&report(text).errors),
        [
            "/endpoints: too-large",
            "/buckets/0: too-large",
            "/buckets/1/name: bucket-name"
        ]
    );
}

#[test]
fn a_configuration_is_as_long_as_old_and_new_rules_fit_a_vm() {
    const MOST: usize = 64 << 20;
    let start = r#"{"buckets": []}"#;
    let text = |bytes: usize| start.to_owned() + &" ".repeat(bytes - start.len());
    assert!(report(text(MOST)).errors.is_empty());
    let errors = report(text(MOST + 1)).errors;
    assert_eq!(places(&errors), [": configuration-too-large"]);
    let message = &errors.kept()[0].message;
    assert!(
        message.contains("67108865 bytes, and at most 67108864"),
        "{message}"
    );
}

#[test]
fn nesting_without_end_neither_overflows_the_stack_nor_passes() {
    for depth in [127, 128, 10_000, 1_000_000] {
        assert!(!report("[".repeat(depth)).errors.is_empty());
        assert!(!report("{\"a\":".repeat(depth)).errors.is_empty());
        assert!(
            !report(format!("{{\"buckets\": {}", "[".repeat(depth)))
                .errors
                .is_empty()
        );
        assert!(
            !report(with_cors(&format!("{}{}", "[".repeat(depth), "]".repeat(depth))))
                .errors
                .is_empty()
        );
        let wrappers = format!(
            "{}null{}",
            "{\"CORSConfiguration\":".repeat(depth),
            "}".repeat(depth)
        );
        assert!(!report(with_cors(&wrappers)).errors.is_empty());
    }
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    for text in [
        &b"{\"b\xff"[..],
        b"\xff\xfe{\x00}\x00",
        b"\x00",
        b"{\"buckets\": [{\"name\": \"\xc3(\"}]}",
    ] {
        assert_eq!(
            places(&report(text).errors).last().unwrap(),
            ": not-json",
            "{text:?}"
        );
    }
    assert!(!report(r#"{"buckets": [{"name": "\ud800"}]}"#).errors.is_empty());
}
