use super::*;

fn rule(origins: &[&'static str], methods: &[&'static str], headers: &[&'static str]) -> Rule<'static> {
    let patterns = |texts: &[&'static str]| {
        texts
            .iter()
            .map(|text| Pattern::new((*text).into()).unwrap())
            .collect()
    };
    Rule {
        allowed_origins: patterns(origins),
        allowed_methods: methods.iter().map(|method| (*method).into()).collect(),
        allowed_headers: patterns(headers),
        ..Rule::default()
    }
}

fn codes(rules: &[Rule<'_>]) -> Vec<String> {
    let mut report = Report::default();
    warn(&mut report, &Place::Document, rules, &mut Budget::default());
    report
        .warnings
        .kept()
        .iter()
        .map(|finding| format!("{}: {}", finding.pointer, finding.code))
        .collect()
}

#[test]
fn a_rule_behind_a_wider_one_is_shadowed() {
    assert_eq!(
        codes(&[
            rule(&["https://*.example.com"], &["GET", "PUT"], &["X-*"]),
            rule(&["https://a.example.com"], &["GET"], &["x-a"]),
        ]),
        ["/1: shadowed-rule"]
    );
}

#[test]
fn several_rules_can_shadow_one_together() {
    assert_eq!(
        codes(&[
            rule(&["https://a.example"], &["GET"], &[]),
            rule(&["https://a.example"], &["PUT"], &[]),
            rule(&["https://b.example"], &["GET", "PUT"], &[]),
            rule(&["https://a.example", "https://b.example"], &["GET", "PUT"], &[]),
        ]),
        ["/3: shadowed-rule"]
    );
}

#[test]
fn a_rule_that_lets_more_headers_through_is_not_shadowed() {
    assert_eq!(
        codes(&[
            rule(&["*"], &["GET"], &["x-a"]),
            rule(&["https://a.example"], &["GET"], &["x-b"]),
        ]),
        ["/1: overlapping-rules"]
    );
}

#[test]
fn a_rule_of_other_methods_or_origins_is_neither() {
    assert_eq!(
        codes(&[
            rule(&["https://a.example"], &["GET"], &[]),
            rule(&["https://a.example"], &["PUT"], &[]),
            rule(&["https://b.example"], &["GET"], &[]),
            rule(&["https://*.b.example"], &["GET"], &[]),
        ]),
        [""; 0]
    );
}

#[test]
fn an_overlap_is_one_that_an_origin_can_be_in() {
    for (one, other, expected) in [
        ("https://*.b.com", "https://a.b.com:*", &[][..]),
        ("https://a.b.com:*", "https://*.b.com", &[]),
        ("https://*.b.com:80", "https://a.c.com:*", &[]),
        (
            "https://*.b.com:8443",
            "https://a.b.com:*",
            &["/1: overlapping-rules"],
        ),
        ("https://*", "https://a.b.com:*", &["/1: shadowed-rule"]),
        ("https://*3", "https://a.b.com:*", &["/1: overlapping-rules"]),
        ("https://*.b.com", "https://a.*", &["/1: overlapping-rules"]),
        ("https://*.b.com", "https://a*.b.com", &["/1: shadowed-rule"]),
        ("http://*::1]", "http://[::*", &["/1: overlapping-rules"]),
        ("*.b.com", "https://a.b.com:*", &[]),
    ] {
        assert_eq!(
            codes(&[rule(&[one], &["GET"], &[]), rule(&[other], &["GET"], &[])]),
            expected,
            "{one} {other}"
        );
    }
}

#[test]
fn the_first_overlap_is_named() {
    let mut report = Report::default();
    let rules = [
        rule(&["https://b.example"], &["GET"], &[]),
        rule(&["https://a.example"], &["GET"], &[]),
        rule(
            &["https://*.example", "https://b.example", "https://a.example"],
            &["GET"],
            &[],
        ),
    ];
    warn(&mut report, &Place::Document, &rules, &mut Budget::default());
    assert!(
        report.warnings.kept()[0].message.contains("match /0 "),
        "{:?}",
        report.warnings
    );
}

#[test]
fn the_work_is_bounded() {
    let origins: Vec<Vec<String>> = (0..100)
        .map(|rule| {
            (0..1_000)
                .map(|origin| format!("https://{rule}-{origin}.example"))
                .collect()
        })
        .collect();
    let rules: Vec<Rule<'_>> = origins
        .iter()
        .map(|origins| Rule {
            allowed_origins: origins
                .iter()
                .map(|text| Pattern::new(text.as_str().into()).unwrap())
                .collect(),
            allowed_methods: vec!["GET".into()],
            ..Rule::default()
        })
        .collect();
    let mut budget = Budget::default();
    warn(&mut Report::default(), &Place::Document, &rules, &mut budget);
    assert_eq!((budget.left, budget.unchecked), (0, 1));
}
