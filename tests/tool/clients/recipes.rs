//! `recipe`: all of a client works with it, and it is the smallest.

use serde_json::{Value, json};

use super::{bad, checked, list, missing, names, pairs, text, with_rule};
use crate::check;
use crate::support::clients::{self, PAGE};
use crate::tool::Folder;

#[test]
fn each_client_works_with_its_recipe() {
    let folder = Folder::new("clients-recipes");
    for profile in ["oss", "s3", "fetch"] {
        for name in names() {
            if name == "tus" && profile != "fetch" {
                continue;
            }
            let recipe = [
                "recipe",
                &name,
                "--profile",
                profile,
                "--origin",
                PAGE,
                "--bucket",
                "photos",
            ];
            let recipe = folder.run(&recipe);
            assert_eq!(recipe.code, 0, "{name}: {recipe:?}");
            let (output, lines) = checked("recipe", &recipe.stdout, &[&name], &[]);
            assert_eq!(output.code, 0, "{name}: {output:?}");
            // What the page has named itself it has to expose by its name.
            let named = |line: &&Value| {
                let missing = line["missing"].as_array().unwrap();
                !missing.iter().all(|lack| text(&lack["name"]) == "x-amz-meta-*")
            };
            let others: Vec<Value> = lines.iter().filter(named).cloned().collect();
            assert_eq!(bad(&others), Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn a_recipe_is_what_a_naive_union_of_the_recordings_is() {
    let folder = Folder::new("clients-naive");
    for client in clients::recorded() {
        let name = text(&client["name"]);
        let recipe = folder.run(&["recipe", &name, "--profile", "fetch", "--origin", PAGE]);
        assert_eq!(
            check::json(&recipe)["CORSRules"][0],
            clients::smallest_rule(&client)
        );
    }
}

/// Every name that is in a recipe is missed when it is taken out.
#[test]
fn a_recipe_is_the_smallest() {
    let folder = Folder::new("clients-smallest");
    for name in ["aws-v3", "ali-oss", "cos", "uppy", "dropzone", "hyparquet", "pdf"] {
        let recipe = folder.run(&["recipe", name, "--profile", "s3", "--origin", PAGE]);
        let document: Value = serde_json::from_str(&recipe.stdout).unwrap();
        let rule = &document["CORSRules"][0];
        for field in ["AllowedMethods", "AllowedHeaders", "ExposeHeaders"] {
            for listed in list(&rule[field]) {
                let rest: Vec<String> = list(&rule[field])
                    .into_iter()
                    .filter(|it| *it != listed)
                    .collect();
                let mut smaller = rule.clone();
                smaller[field] = json!(rest);
                if rest.is_empty() {
                    continue;
                }
                let (_, lines) = checked("smaller", &with_rule("s3", smaller), &[name], &[]);
                let is_missed = lines.iter().any(|line| {
                    let missing = line["missing"].as_array().unwrap().iter();
                    let mut names = missing.map(|lack| text(&lack["name"]));
                    names.any(|lack| {
                        lack == listed || listed.strip_suffix('*').is_some_and(|it| lack.starts_with(it))
                    })
                });
                assert!(is_missed, "{name}: {field} {listed}");
            }
        }
    }
}

#[test]
fn a_recipe_is_in_the_store_s_own_form_with_the_reason_for_each_name() {
    let folder = Folder::new("clients-forms");
    let run = |more: &[&str]| {
        let mut arguments = vec![
            "recipe",
            "ali-oss",
            "--operation",
            "multipart upload",
            "--origin",
            PAGE,
        ];
        arguments.extend(more);
        folder.run(&arguments)
    };
    let rule = json!({
        "AllowedOrigin": [PAGE],
        "AllowedMethod": ["POST", "PUT"],
        "AllowedHeader": ["authorization", "content-md5", "content-type", "x-oss-date", "x-oss-user-agent"],
        "ExposeHeader": ["ETag"],
        "MaxAgeSeconds": 600,
    });
    let output = run(&[]);
    assert_eq!(check::json(&output), json!({ "CORSRule": [rule] }));
    assert!(
        output
            .stderr
            .contains("AllowedHeader content-md5: ali-oss (multipart upload)\n"),
        "{output:?}"
    );
    let xml = run(&["--format", "xml"]).stdout;
    let document = roxmltree::Document::parse(&xml).unwrap();
    let headers = document
        .descendants()
        .filter(|node| node.has_tag_name("AllowedHeader"));
    assert_eq!(headers.filter_map(|node| node.text()).count(), 5);
    assert!(
        xml.contains("<AllowedHeader>content-md5</AllowedHeader> <!-- ali-oss (multipart upload) -->"),
        "{xml}"
    );
    // As `import` reads it.
    let folder = Folder::new("clients-xml").with("photos.xml", &xml);
    let imported = folder.run(&["import", "--from", "oss", "--bucket", "photos", "photos.xml"]);
    let (output, lines) = checked("imported", &imported.stdout, &["ali-oss"], &[]);
    assert_eq!(missing(&lines, "multipart upload"), [], "{output:?}");
}

#[test]
fn what_no_store_can_give_is_said() {
    let folder = Folder::new("clients-tus");
    let output = folder.run(&["recipe", "tus", "axios", "--profile", "s3", "--origin", PAGE]);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("PATCH"), "{output:?}");
    assert_eq!(
        check::json(&output)["CORSRules"][0]["AllowedMethods"],
        json!(["GET", "PUT"])
    );
    let rules = with_rule(
        "oss",
        json!({ "AllowedMethods": ["POST"], "AllowedHeaders": ["*"] }),
    );
    let lines = checked("patch", &rules, &["tus"], &[]).1;
    let lacks = missing(&lines, "upload");
    assert_eq!(
        lacks,
        pairs(&[
            ("method", "PATCH"),
            ("expose", "Location"),
            ("expose", "Upload-Offset")
        ])
    );
    assert!(
        text(&lines[0]["change"]).contains("cannot list PATCH"),
        "{lines:?}"
    );
}

#[test]
fn no_rule_is_made_for_pages_that_anybody_can_make() {
    let folder = Folder::new("clients-null");
    for origins in [&["--origin", "null"][..], &["--origin", PAGE, "--origin", "null"]] {
        let output = folder.run(&[&["recipe", "axios"], origins].concat());
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{output:?}");
        assert!(output.stderr.contains("sandboxed frames"), "{output:?}");
    }
}

#[test]
fn what_needs_no_rule_is_said() {
    let folder = Folder::new("clients-no-rule");
    let without = [
        "recipe",
        "img",
        "--operation",
        "without crossorigin",
        "--origin",
        PAGE,
    ];
    let output = folder.run(&without);
    assert_eq!((output.code, output.stdout.as_str()), (0, ""), "{output:?}");
    assert!(
        output
            .stderr
            .starts_with("img without crossorigin: it needs no rule\n"),
        "{output:?}"
    );
    let tus = folder.run(&["recipe", "tus", "--origin", PAGE]);
    assert_eq!((tus.code, tus.stdout.as_str()), (1, ""), "{tus:?}");
    assert!(
        !output.stderr.lines().any(|line| tus.stderr.contains(line)),
        "{tus:?}"
    );
}

/// `check` would take the rules for a store's, which cannot list PATCH.
#[test]
fn a_profile_that_the_rules_do_not_carry_is_said() {
    let folder = Folder::new("clients-profile");
    let recipe = |more: &[&str]| {
        let mut arguments = vec!["recipe", "tus", "--profile", "fetch", "--origin", PAGE];
        arguments.extend(more);
        folder.run(&arguments)
    };
    assert!(recipe(&[]).stderr.contains("the profile \"fetch\""));
    let whole = recipe(&["--bucket", "files"]);
    assert!(!whole.stderr.contains("the profile"), "{whole:?}");
    let (output, lines) = checked("profile", &whole.stdout, &["tus"], &[]);
    assert_eq!((output.code, bad(&lines)), (0, Vec::new()), "{output:?}");
}

/// What `check` advises of a recipe is no part of it, and the recipe says why.
#[test]
fn a_warning_that_a_recipe_draws_is_said_with_it() {
    for name in names().iter().filter(|name| *name != "tus") {
        let folder = Folder::new("clients-warned");
        let recipe = folder.run(&["recipe", name, "--origin", PAGE, "--bucket", "photos"]);
        let checked = folder.with("cors.json", &recipe.stdout);
        let checked = check::json(&checked.run(&["check", "cors.json", "--format", "json"]));
        let findings = &checked["files"][0]["configurations"][0]["findings"];
        for finding in findings.as_array().unwrap() {
            let said = format!("`check` warns of {}", text(&finding["code"]));
            assert!(recipe.stderr.contains(&said), "{name}: {finding}");
        }
    }
}

#[test]
fn a_change_is_punctuated_once() {
    let rule = json!({ "AllowedMethods": ["GET", "HEAD"], "AllowedHeaders": ["*"] });
    let lines = checked("comma", &with_rule("s3", rule), &["aws-v3"], &[]).1;
    let get = lines.iter().find(|line| line["operation"] == "get").unwrap();
    assert_eq!(
        get["change"],
        "rule 0: add each x-amz-meta-* that the page reads (by its name), \"Content-Range\", \"ETag\" to ExposeHeaders"
    );
}
