//! What the formats beside lines for people print.

use bucket_cors::config::{self, CODES};
use serde_json::Value;

use super::{BAD, WARNED, json};
use crate::mistakes::with_rule;
use crate::schema;
use crate::tool::Folder;

#[test]
fn json_counts_what_it_does_not_show() {
    let origins = vec!["\"https://*.*.com\""; 1_200].join(",");
    let text = with_rule(&format!(
        r#""AllowedOrigins": [{origins}], "AllowedMethods": ["HEAD"]"#
    ));
    let folder = Folder::new("many").with("many.json", text);
    let said = json(&folder.run(&["check", "--format", "json", "many.json"]));
    assert_eq!(said["errors"], 1_200);
    let shown = said["files"][0]["configurations"][0]["findings"]
        .as_array()
        .unwrap();
    assert_eq!(
        shown
            .iter()
            .filter(|finding| finding["severity"] == "error")
            .count(),
        1_000
    );
    let human = folder.run(&["check", "many.json"]).stdout;
    assert!(human.contains("\nmany.json: 200 more are not shown\n"), "{human}");
}

#[test]
fn the_configuration_alone_is_what_the_filter_gets_where_it_takes_it() {
    const FORMAT: [&str; 3] = ["check", "--format", "configuration"];
    let plugin = json!({
        "apiVersion": "extensions.istio.io/v1alpha1", "kind": "WasmPlugin", "metadata": { "name": "bucket-cors" },
        "spec": { "pluginConfig": serde_json::from_str::<Value>(WARNED).unwrap() },
    });
    let xml = "<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>\
        </CORSConfiguration>";
    let folder = Folder::new("alone")
        .with("warned.json", WARNED)
        .with("plugin.yaml", plugin.to_string())
        .with("photos.xml", xml)
        .with("bad.json", BAD)
        .with("other.yaml", "a: 1");
    let run = |files: &[&str]| folder.run(&[&FORMAT[..], files].concat());

    let warned = run(&["warned.json"]);
    assert_eq!((warned.code, warned.stdout.as_str()), (0, WARNED));
    assert_eq!(warned.stderr, folder.run(&["check", "warned.json"]).stdout);
    for file in ["plugin.yaml", "photos.xml"] {
        let output = run(&[file]);
        assert_eq!(output.code, 0, "{output:?}");
        let (configuration, _) = config::parse(output.stdout.as_bytes());
        assert_eq!(configuration.unwrap().buckets.len(), 1, "{output:?}");
    }
    let bad = run(&["bad.json"]);
    assert_eq!((bad.code, bad.stdout.as_str()), (1, ""));
    assert_eq!(bad.stderr, folder.run(&["check", "bad.json"]).stdout);
    assert_eq!(run(&["--deny-warnings", "warned.json"]).stdout, "");
    for (files, said) in [
        (
            &["warned.json", "photos.xml"][..],
            "error: --format configuration is for one configuration: there are 2",
        ),
        (&["no.json"], "no.json: error: "),
        (&["other.yaml"], "other.yaml: error: "),
    ] {
        let output = run(files);
        assert_eq!((output.code, output.stdout.as_str()), (2, ""));
        assert!(output.stderr.starts_with(said), "{output:?}");
    }
}

#[test]
fn sarif_has_the_shape_of_the_standard_and_the_places_of_the_findings() {
    let folder = Folder::new("sarif")
        .with("a bad.json", BAD)
        .with("warned.json", WARNED);
    let output = folder.run(&[
        "check",
        "--format",
        "sarif",
        "a bad.json",
        "warned.json",
        "none.json",
    ]);
    assert_eq!(output.code, 2);
    let log = json(&output);
    let shape = serde_json::from_str(include_str!("../../schemas/sarif.json")).unwrap();
    assert_eq!(schema::violations(&shape, &log), [""; 0]);
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    // Those of what surrounds a configuration stand behind the core's.
    let names: Vec<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    let of_the_core: Vec<_> = CODES.iter().map(|code| code.name).collect();
    assert!(names.starts_with(&of_the_core) && names.contains(&"fails-open"));
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(rules[index]["defaultConfiguration"]["level"], result["level"]);
    }
    assert_eq!(
        results[1]["locations"][0],
        json!({
            "physicalLocation": {
                "artifactLocation": { "uri": "a%20bad.json" },
                "region": { "startLine": 4, "startColumn": 24, "endLine": 4, "endColumn": 46 },
            },
            "logicalLocations": [{ "fullyQualifiedName": "/buckets/0/cors/0/AllowedOrigins/0" }],
        })
    );
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let notes = run["invocations"][0]["toolExecutionNotifications"]
        .as_array()
        .unwrap();
    assert_eq!(notes.len(), 1);
    let good = folder.run(&["check", "--format", "sarif", "warned.json"]);
    assert_eq!(
        json(&good)["runs"][0]["invocations"][0]["executionSuccessful"],
        true
    );
}
