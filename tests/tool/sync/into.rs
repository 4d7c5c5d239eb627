//! The documents that the configuration is put into.

use std::fs;
use std::path::Path;

use super::stand_in::{StandInStore, rules_for};
use super::{json, origins, sync, text};
use crate::tool::Folder;

/// Lines that one text has and the other lacks, both ways.
fn other_lines<'t>(old: &'t str, new: &'t str) -> (Vec<&'t str>, Vec<&'t str>) {
    let old: Vec<&str> = old.lines().collect();
    let new: Vec<&str> = new.lines().collect();
    let without = |some: &[&'t str], other: &[&'t str]| {
        some.iter()
            .copied()
            .filter(|line| !other.contains(line))
            .collect()
    };
    (without(&old, &new), without(&new, &old))
}

#[test]
fn every_sample_keeps_its_other_lines_and_is_what_check_finds_good() {
    let store = StandInStore::of_photos();
    // Not envoy-ecds.yaml: what stands there is in force until the rules come, from filter-ecds.yaml.
    for sample in [
        "filter-ecds.yaml",
        "envoy.yaml",
        "envoy-native.yaml",
        "istio-wasm-plugin.yaml",
        "istio-traffic-extension.yaml",
        "envoy-gateway.yaml",
        "envoy-gateway-native.yaml",
        "higress.yaml",
    ] {
        let folder = Folder::new(&format!("sync-into-{sample}"));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy").join(sample);
        let original = fs::read_to_string(path).unwrap();
        folder.write("into.yaml", &original);
        let arguments = ["--all", "--once", "--into", "into.yaml", "--output", "out.yaml"];
        let output = sync(&folder, &store, &arguments);
        assert_eq!(output.code, 0, "{sample}: {}", output.stderr);
        let written = text(&folder, "out.yaml");
        let (gone, come) = other_lines(&original, &written);
        let is_place = |line: &&str| line.contains("@envoy/cors.json@") || line.contains("@version@");
        assert!(gone.iter().all(is_place), "{sample}: {gone:?}");
        assert!(
            come.iter().any(|line| line.contains("https://a.example")),
            "{sample}"
        );
        let checked = folder.run(&["check", "out.yaml"]);
        assert_eq!(checked.code, 0, "{sample}: {}", checked.stdout);
        // A second time there is nothing to do, and what is written is remembered.
        let output = sync(&folder, &store, &arguments);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{sample}");
        assert_eq!(text(&folder, "out.yaml"), written);
        // Written over itself, too.
        let again = ["--all", "--once", "--into", "out.yaml", "--output", "out.yaml"];
        let output = sync(&folder, &store, &again);
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{sample}");
        assert_eq!(text(&folder, "out.yaml"), written, "{sample}");
    }
}

#[test]
fn each_way_to_write_a_configuration_is_kept() {
    let store = StandInStore::of_photos();
    let ecds = |value: &str, end: &str| {
        format!(
            "# first\nversion_info: \"1\" # the version\nresources:\n  - \"@type\": type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig\n    name: bucket-cors\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n      config:\n        configuration:\n          \"@type\": type.googleapis.com/google.protobuf.StringValue\n          value: {value}\n{end}"
        )
    };
    let plugin = |value: &str| {
        format!(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nmetadata: {{ name: bucket-cors }}\nspec:\n  url: oci://bucket-cors\n  pluginConfig:{value}\n  # behind\n  phase: AUTHN\n"
        )
    };
    for (index, (document, kept)) in [
        (ecds("\"\" # none", "        name: a # behind\n"), "# none"),
        (ecds("|\n            {\n            }\n", "\n# last\n"), "\n# last\n"),
        (ecds("|-\n            {\"buckets\":\n              []}", "        name: é\n"), "name: é"),
        (ecds(">\n            {}\n            ", "        name: a\n"), "name: a"),
        (ecds("'{\"buckets\": []}'", ""), "# first"),
        (ecds("${RULES}", ""), "# the version"),
        (plugin("\n    buckets:\n      - name: old\n        cors: null\n    profile: s3"), "\n  # behind\n"),
        (plugin(" { buckets: [] } # flow"), "# flow"),
        (plugin(" {}"), "phase: AUTHN"),
        (plugin(" \"\""), "phase: AUTHN"),
        (
            "{\"apiVersion\": \"extensions.istio.io/v1alpha1\", \"kind\": \"WasmPlugin\", \"spec\": {\"url\": \"bucket-cors\", \"pluginConfig\": {\"buckets\": []}, \"priority\": 1e3}}".to_owned(),
            "\"priority\": 1e3}}",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = Folder::new(&format!("sync-written-{index}")).with("into.yaml", &document);
        let arguments = ["--all", "--once", "--into", "into.yaml", "--output", "out.yaml"];
        let output = sync(&folder, &store, &arguments);
        assert_eq!(output.code, 0, "{document}: {}", output.stderr);
        let written = text(&folder, "out.yaml");
        assert!(written.contains(kept), "{document}\n{written}");
        assert!(written.contains("https://a.example"), "{written}");
        let checked = folder.run(&["check", "out.yaml"]);
        assert_eq!(checked.code, 0, "{written}: {}", checked.stdout);
    }
}

#[test]
fn the_version_is_another_one_only_with_other_rules() {
    let store = StandInStore::of_photos();
    let folder = Folder::new("sync-version");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/filter-ecds.yaml");
    folder.write("into.yaml", fs::read(sample).unwrap());
    let version = || {
        let arguments = ["--all", "--once", "--into", "into.yaml", "--output", "out.yaml"];
        assert_eq!(sync(&folder, &store, &arguments).code, 0);
        let written = text(&folder, "out.yaml");
        let line = written
            .lines()
            .find(|line| line.starts_with("version_info: "))
            .unwrap();
        line.to_owned()
    };
    let first = version();
    assert_eq!(version(), first);
    store.say("photos", rules_for(&["https://b.example"]));
    let second = version();
    assert_ne!(second, first);
    store.say("photos", rules_for(&["https://a.example"]));
    assert_eq!(version(), first);
}

#[test]
fn the_base_has_what_a_store_does_not_know() {
    let store = StandInStore::of_photos();
    let folder = Folder::new("sync-base").with(
        "base.yaml",
        "profile: fetch\nendpoints: [s3.example.com]\nbuckets:\n- { name: '*', cors: null }\n- name: photos\n  hosts: [photos.example.com]\n  mode: shadow\n",
    );
    let arguments = ["--all", "--once", "--base", "base.yaml", "--output", "cors.json"];
    assert_eq!(sync(&folder, &store, &arguments).code, 0);
    let written = json(&folder, "cors.json");
    assert_eq!(written["profile"], "fetch");
    assert_eq!(written["endpoints"][0], "s3.example.com");
    assert_eq!(written["buckets"][0]["name"], "*");
    assert_eq!(written["buckets"][1]["hosts"][0], "photos.example.com");
    assert_eq!(written["buckets"][1]["mode"], "shadow");
    assert_eq!(origins(&written, "photos").unwrap(), ["https://a.example"]);
    // A base that the filter would not take changes nothing.
    let before = text(&folder, "cors.json");
    folder.write("base.yaml", "profil: fetch\n");
    let output = sync(&folder, &store, &arguments);
    assert_eq!(output.code, 2);
    assert!(output.stderr.contains("profil"), "{}", output.stderr);
    assert_eq!(text(&folder, "cors.json"), before);
}

#[test]
fn printed_rules_are_never_fewer_than_those_in_force() {
    let store = StandInStore::of_photos();
    let folder = Folder::new("sync-printed");
    let output = sync(&folder, &store, &["--all", "--output", "-"]);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(
        output
            .stdout
            .starts_with("{\n  \"profile\": \"s3\",\n  \"buckets\": ["),
        "{}",
        output.stdout
    );
    store.say("photos", super::stand_in::StoreReply::error(403, "AccessDenied"));
    store.say("videos", rules_for(&["https://v.example"]));
    let printed = sync(&folder, &store, &["--all", "--output", "-"]);
    assert_eq!((printed.code, printed.stdout.as_str()), (1, ""));
    folder.write("in-force.json", &output.stdout);
    let output = sync(
        &folder,
        &store,
        &["--all", "--into", "in-force.json", "--output", "-"],
    );
    assert_eq!(output.code, 1);
    let printed = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(origins(&printed, "photos").unwrap(), ["https://a.example"]);
    assert_eq!(origins(&printed, "videos").unwrap(), ["https://v.example"]);
}

#[test]
#[ignore = "takes long"]
fn an_object_has_as_many_buckets_as_kubernetes_would_keep() {
    let folder = Folder::new("sync-large");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/istio-wasm-plugin.yaml");
    folder.write("into.yaml", fs::read(sample).unwrap());
    let rules = |count: usize| {
        let origins: Vec<String> = (0..100)
            .map(|at| format!("https://an-origin-of-some-length-{at}.example.com"))
            .collect();
        let origins: Vec<&str> = origins.iter().map(String::as_str).collect();
        let store = StandInStore::start(&[]);
        for index in 0..count {
            store.say(&format!("bucket-{index}"), rules_for(&origins));
        }
        store
    };
    let arguments = ["--all", "--once", "--into", "into.yaml", "--output", "out.yaml"];
    let output = sync(&folder, &rules(100), &arguments);
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert!(output.stderr.contains("--server-side"), "{}", output.stderr);
    let output = sync(&folder, &rules(500), &arguments);
    assert_eq!(output.code, 1);
    assert!(output.stderr.contains("at most 1572864"), "{}", output.stderr);
    // Those that have room there are in it.
    let written = text(&folder, "out.yaml");
    let count = written.matches("bucket-").count();
    assert!((200..500).contains(&count), "{count}");
}

#[test]
fn an_anchor_on_the_value_that_is_replaced_is_named() {
    let folder = Folder::new("sync-anchor");
    let place = |name: &str, value: &str| {
        format!(
            "  - \"@type\": type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig\n    name: {name}\n    typed_config:\n      \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n      config:\n        configuration:\n          \"@type\": type.googleapis.com/google.protobuf.StringValue\n          value: {value}\n"
        )
    };
    let document = "resources:\n".to_owned()
        + &place("bucket-cors", "&rules '{\"buckets\": []}'")
        + &place("bucket-cors-again", "*rules");
    folder.write("into.yaml", document);
    let arguments = ["--all", "--once", "--into", "into.yaml", "--output", "out.yaml"];
    let output = sync(&folder, &StandInStore::of_photos(), &arguments);
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(output.stderr.contains("an anchor (&)"), "{}", output.stderr);
    assert!(!output.stderr.contains("into.yaml:1"), "{}", output.stderr);
    assert!(!folder.path().join("out.yaml").exists());
}
