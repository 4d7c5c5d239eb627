//! What real clients make of the rules, and the rules that are shown for them.

use std::process::Command;

use serde_json::{Value, json};

use super::world::PlaygroundWorld;

const PLAYED: &str = "const text = (id) => document.getElementById(id).textContent;
    return [text('operation-title'), text('recipe'), document.querySelectorAll('#operation-requests li').length];";

fn recorded() -> Value {
    serde_json::from_str(include_str!("../../../src/cli/clients/clients.json")).unwrap()
}

/// What the command-line tool prints for an operation.
fn of_the_tool(client: &str, operation: &Value) -> Value {
    let operation = operation["name"].as_str().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_bucket-cors"))
        .args(["recipe", client, "--operation", operation, "--profile", "fetch"])
        .args(["--origin", "https://app.example.com"])
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{client} {operation}: {error}: {output:?}"))
}

/// The lists of a document's one rule, in either of their spellings, without an order.
fn lists(document: &Value) -> Vec<Vec<String>> {
    let rule = document.as_object().unwrap().values().next().unwrap()[0].clone();
    ["AllowedOrigin", "AllowedMethod", "AllowedHeader", "ExposeHeader"]
        .iter()
        .map(|field| {
            let found = rule.get(*field).or_else(|| rule.get(format!("{field}s")));
            let names = found.and_then(Value::as_array).into_iter().flatten();
            let mut names: Vec<String> = names.map(|name| name.as_str().unwrap().to_owned()).collect();
            names.sort();
            names
        })
        .collect()
}

/// The sample in the form of S3 lets the AWS SDKs do everything.
pub(crate) fn the_sample_of_s3(world: &PlaygroundWorld) {
    world.open();
    world.press("As S3 answers");
    let mut seen = 0;
    for client in recorded().as_array().unwrap() {
        let name = client["name"].as_str().unwrap();
        for operation in client["operations"].as_array().unwrap() {
            if ["aws-v3", "aws-v2"].contains(&name) {
                let choice = format!("{name}: {}", operation["name"].as_str().unwrap());
                world.fill(&json!({ "client": choice, "origin": "https://app.example.com" }));
                let title = world.run(PLAYED, &[])[0].as_str().unwrap().to_owned();
                assert!(
                    title.ends_with(": works") || title.ends_with(": works with less"),
                    "{choice}: {title}"
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

/// Each operation of each client ends as its rules let it, and works with the rule that the page shows for it.
pub(crate) fn as_a_client(world: &PlaygroundWorld) {
    world.open();
    let recorded = recorded();
    let sample = world.run("return document.getElementById('rules').value", &[]);
    let mut seen = 0;
    for client in recorded.as_array().unwrap() {
        for operation in client["operations"].as_array().unwrap() {
            let name = client["name"].as_str().unwrap();
            let choice = format!("{name}: {}", operation["name"].as_str().unwrap());
            let fields = json!({ "client": choice, "rules": sample, "origin": "https://app.example.com" });
            world.fill(&fields);
            let played = world.run(PLAYED, &[]);
            let title = played[0].as_str().unwrap();
            assert_eq!(played[2], operation["requests"].as_array().unwrap().len());
            // The sample is for ali-oss, and for nothing that sends headers of its own.
            if name == "ali-oss" {
                assert!(title.ends_with(": works"), "{choice}: {title}");
            } else if ["aws-v3", "tus", "dropzone"].contains(&name)
                && operation["requests"][0]["preflight"].is_array()
            {
                let alone = ["presigned put by fetch"].contains(&operation["name"].as_str().unwrap());
                assert_eq!(title.ends_with(": fails"), !alone, "{choice}: {title}");
            }
            let document: Value = serde_json::from_str(played[1].as_str().unwrap()).unwrap();
            let is_cors = operation["requests"][0]["no_cors"].is_null();
            if is_cors {
                assert_eq!(lists(&document), lists(&of_the_tool(name, operation)), "{choice}");
                let buckets = json!([{ "name": "oss-cors-test", "cors": document }]);
                let rules = json!({ "profile": "fetch", "buckets": buckets });
                world.fill(&json!({ "rules": rules.to_string() }));
                let title = world.run(PLAYED, &[])[0].as_str().unwrap().to_owned();
                let names_some = operation.to_string().contains("meta-*");
                let expected = if names_some {
                    ": works with less"
                } else {
                    ": works"
                };
                assert!(title.ends_with(expected), "{choice}: {title} {document}");
            }
            seen += 1;
        }
    }
    assert!(seen > 60, "{seen}");
}
