//! What a plan of Terraform refers to, and what Terraform has replaced.

use bucket_cors::config;
use serde_json::{Value, json};

use super::import;

const TYPE: &str = "aws_s3_bucket_cors_configuration";

/// A plan with buckets, by their addresses and names, and rules for one whose name is not known.
fn plan(buckets: &[(&str, &str)], address: &str, configuration: &Value) -> Value {
    let rule = json!([{"allowed_methods": ["GET"], "allowed_origins": ["https://a.example"]}]);
    let mut resources: Vec<Value> = buckets
        .iter()
        .map(|(address, name)| json!({"address": address, "type": "aws_s3_bucket", "values": {"bucket": name}}))
        .collect();
    resources.push(json!({"address": address, "type": TYPE, "values": {"cors_rule": rule}}));
    json!({
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": resources}},
        "configuration": {"root_module": configuration},
    })
}

/// The configuration of a resource whose bucket refers to something.
fn refers(references: &[&str], for_each: &Value) -> Value {
    json!({"resources": [{
        "address": format!("{TYPE}.c"),
        "expressions": {"bucket": {"references": references}},
        "for_each_expression": {"constant_value": for_each},
    }]})
}

/// The buckets with rules, what was said, and the status.
fn read(plan: &Value) -> (Vec<String>, String, i32) {
    let printed = import(&["--from", "terraform", "-"], plan.to_string().as_bytes());
    let parsed = config::parse(printed.stdout.as_bytes()).0;
    let buckets = parsed.map(|it| it.buckets).unwrap_or_default();
    let names = buckets.iter().map(|bucket| bucket.name.to_string()).collect();
    (names, printed.stderr, printed.status)
}

#[test]
fn a_reference_is_followed_where_nothing_else_can_be_meant() {
    let both = [("aws_s3_bucket.a", "alpha"), ("aws_s3_bucket.b", "beta")];
    let listed = [("aws_s3_bucket.b[0]", "alpha"), ("aws_s3_bucket.b[1]", "beta")];
    let keyed = [
        ("aws_s3_bucket.b[\"x.y\"]", "alpha"),
        ("aws_s3_bucket.b[\"z\"]", "beta"),
    ];
    let none = Value::Null;
    let swapped = json!({"z": "x.y", "x.y": "z"});
    let (second, of_z) = (format!("{TYPE}.c[1]"), format!("{TYPE}.c[\"z\"]"));
    let only = format!("{TYPE}.c");
    for (buckets, address, references, for_each, name) in [
        (
            &both,
            &only,
            &["aws_s3_bucket.b.id", "aws_s3_bucket.b"][..],
            &none,
            "beta",
        ),
        (
            &both,
            &only,
            &["aws_s3_bucket.b.bucket", "aws_s3_bucket.b"],
            &none,
            "beta",
        ),
        (
            &listed,
            &second,
            &["aws_s3_bucket.b", "count.index"],
            &none,
            "beta",
        ),
        (
            &listed,
            &second,
            &["aws_s3_bucket.b[0].id", "aws_s3_bucket.b[0]", "aws_s3_bucket.b"],
            &none,
            "alpha",
        ),
        (&keyed, &of_z, &["aws_s3_bucket.b", "each.key"], &none, "beta"),
        (&keyed, &of_z, &["aws_s3_bucket.b", "each.value"], &none, "beta"),
        (
            &keyed,
            &of_z,
            &["aws_s3_bucket.b", "each.value"],
            &swapped,
            "alpha",
        ),
        (
            &keyed,
            &only,
            &[
                "aws_s3_bucket.b[\"x.y\"].id",
                "aws_s3_bucket.b[\"x.y\"]",
                "aws_s3_bucket.b",
            ],
            &none,
            "alpha",
        ),
    ] {
        let (names, said, status) = read(&plan(buckets, address, &refers(references, for_each)));
        assert_eq!(names, [name], "{references:?}: {said}");
        assert!(
            status == 0 && said.contains("loses meaning") && said.contains("[assumed-bucket]"),
            "{said}"
        );
    }
    for (buckets, address, references) in [
        // A choice.
        (
            &both,
            &only,
            &[
                "var.x",
                "aws_s3_bucket.a.id",
                "aws_s3_bucket.a",
                "aws_s3_bucket.b.id",
                "aws_s3_bucket.b",
            ][..],
        ),
        (
            &both,
            &only,
            &[
                "aws_s3_bucket.a.id",
                "aws_s3_bucket.a",
                "aws_s3_bucket.b.id",
                "aws_s3_bucket.b",
            ],
        ),
        // One bucket, and a choice of its instances.
        (
            &listed,
            &only,
            &[
                "aws_s3_bucket.b[0].id",
                "aws_s3_bucket.b[0]",
                "aws_s3_bucket.b",
                "aws_s3_bucket.b[1].id",
                "aws_s3_bucket.b[1]",
                "aws_s3_bucket.b",
            ],
        ),
        (&listed, &second, &["aws_s3_bucket.b", "local.which"]),
        (
            &listed,
            &second,
            &["aws_s3_bucket.b", "local.which", "count.index"],
        ),
        (&listed, &second, &["aws_s3_bucket.b"]),
        (
            &listed,
            &second,
            &[
                "aws_s3_bucket.b[0].id",
                "aws_s3_bucket.b[0]",
                "aws_s3_bucket.b",
                "count.index",
            ],
        ),
        (
            &keyed,
            &of_z,
            &["aws_s3_bucket.b", "each.value.key", "each.value"],
        ),
        (&keyed, &of_z, &["aws_s3_bucket.b", "each.key", "each.value"]),
        // A part of the name, and no name.
        (
            &both,
            &only,
            &["aws_s3_bucket.a.id", "aws_s3_bucket.a", "var.suffix"],
        ),
        (
            &both,
            &only,
            &["local.names", "aws_s3_bucket.a.region", "aws_s3_bucket.a"],
        ),
        (
            &both,
            &only,
            &[
                "aws_s3_bucket.a.tags[\"logs\"]",
                "aws_s3_bucket.a.tags",
                "aws_s3_bucket.a",
            ],
        ),
    ] {
        let (names, said, status) = read(&plan(buckets, address, &refers(references, &none)));
        assert!(names.is_empty(), "{references:?}: {names:?}");
        assert!(
            status == 1 && said.contains("[known-later]"),
            "{references:?}: {said}"
        );
    }
}

#[test]
fn an_index_is_that_of_the_block_in_which_it_stands() {
    // The module has an index of its own, and so has what is in it.
    let address = format!("module.m[\"z\"].{TYPE}.c[0]");
    let configuration = json!({"module_calls": {"m": {
        "expressions": {"name": {"references": ["aws_s3_bucket.b", "each.key"]}},
        "module": refers(&["var.name"], &Value::Null),
    }}});
    let buckets = [
        ("aws_s3_bucket.b[\"z\"]", "beta"),
        ("aws_s3_bucket.b[0]", "alpha"),
    ];
    let (names, said, _) = read(&plan(&buckets, &address, &configuration));
    assert_eq!(names, ["beta"], "{said}");
}

#[test]
fn a_plan_that_knows_the_name_is_not_asked_what_it_is_made_of() {
    let references = ["aws_s3_bucket.b.id", "aws_s3_bucket.b"];
    let configuration = refers(&references, &Value::Null);
    let mut plan = plan(
        &[("aws_s3_bucket.b", "beta")],
        &format!("{TYPE}.c"),
        &configuration,
    );
    for (unknown, buckets) in [
        (json!({"bucket": true}), &["beta"][..]),
        (json!({"id": true}), &[]),
    ] {
        plan["resource_changes"] =
            json!([{"address": format!("{TYPE}.c"), "change": {"after_unknown": unknown}}]);
        let (names, said, _) = read(&plan);
        assert_eq!(names, buckets, "{said}");
    }
}

#[test]
fn what_terraform_has_replaced_gives_no_rules_in_its_output_either() {
    let rules = json!([{"allowed_methods": ["GET"], "allowed_origins": ["*"]}]);
    for kind in [TYPE, "aws_s3_bucket"] {
        let state = json!({"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {"resources": [{
            "address": format!("{kind}.a"), "type": kind, "deposed_key": "00000001",
            "values": {"bucket": "photos", "cors_rule": rules},
        }]}}});
        let (names, said, status) = read(&state);
        assert!(names.is_empty() && status == 1, "{names:?} {said}");
        assert!(said.contains("deposed") && said.contains("[not-read]"), "{said}");
    }
}

#[test]
fn an_instance_that_is_deposed_is_no_bucket_any_more() {
    let rules = |origin: &str| {
        format!(r#""cors_rule": [{{"allowed_origins": ["{origin}"], "allowed_methods": ["GET"]}}]"#)
    };
    let state = |old: &str| {
        format!(
            r#"{{"version": 4, "resources": [{{"type": "aws_s3_bucket", "name": "b", "instances": [
            {{"attributes": {{"bucket": "b", {}}}}},
            {{"deposed": "0a1b", "attributes": {{"bucket": "old", {}}}}}]}},
            {{"type": "cloudflare_r2_bucket_cors", "name": "r", "instances": [
            {{{old}"attributes": {{"bucket_name": "r2", "rules": [{{"allowed": {{"origins": ["*"], "methods": ["GET"]}}}}]}}}}]}}]}}"#,
            rules("https://a.example"),
            rules("https://old.example")
        )
    };
    for (old, count) in [("", 1), ("\"deposed\": \"1\", ", 2)] {
        let printed = import(&["-"], state(old).as_bytes());
        assert_eq!(printed.status, 1);
        assert!(!printed.stdout.contains("old"), "{}", printed.stdout);
        assert_eq!(printed.stdout.contains("r2"), old.is_empty());
        let said = printed
            .stderr
            .matches("which is deposed: Terraform has replaced it")
            .count();
        assert_eq!(said, count, "{}", printed.stderr);
    }
}

#[test]
fn a_state_of_flat_attributes_is_named() {
    for (attributes, status, said) in [
        (
            json!({"bucket": "photos", "cors_rule.#": "1", "cors_rule.0.allowed_origins.0": "https://a.example"}),
            1,
            "in attributes_flat",
        ),
        (json!({"bucket": "photos"}), 1, "nothing to import"),
    ] {
        let state = json!({"version": 4, "serial": 1, "resources": [{"mode": "managed", "type": "aws_s3_bucket", "name": "r",
            "instances": [{"attributes_flat": attributes}]}]});
        let (buckets, remarks, code) = read(&state);
        assert_eq!((buckets.len(), code), (0, status), "{remarks}");
        assert!(remarks.contains(said), "{remarks}");
        assert_eq!(
            remarks.contains("not-read"),
            said != "nothing to import",
            "{remarks}"
        );
    }
}
