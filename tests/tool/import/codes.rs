//! What an import says: codes that stay, places that editors find, and texts that can be pasted back.

use serde_json::Value;

use super::import;
use crate::tool::Folder;

const SERVICE: &str = "\
kind: VirtualService
metadata: {name: v}
spec:
  hosts: [a.example]
  http:
  - corsPolicy:
      allowOrigins: [{regex: 'https://[^.]+\\.example\\.com'}, {exact: '{{ .Values.origin }}'}, {regex: '${ORIGIN}'}, {exact: 'https://a b'}]
      allowMethods: [GET]
      odd: 1
";

#[test]
fn each_remark_has_a_code_and_what_matters_comes_first() {
    let printed = import(&["--from", "istio", "-"], SERVICE.as_bytes());
    let lines: Vec<&str> = printed.stderr.lines().collect();
    let codes: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.strip_suffix(']')?.rsplit_once(" ["))
        .map(|(_, code)| code)
        .collect();
    let weights = ["not carried over", "loses meaning"];
    let ranks: Vec<usize> = lines
        .iter()
        .filter_map(|line| {
            weights
                .iter()
                .position(|weight| line.contains(&format!(": {weight}: ")))
        })
        .collect();
    assert!(
        ranks.is_sorted() && ranks.contains(&0) && ranks.contains(&1),
        "{}",
        printed.stderr
    );
    assert_eq!(ranks.len(), codes.len(), "{}", printed.stderr);
    for needed in ["regular-expression", "template", "unknown-field", "origin-list"] {
        assert!(codes.contains(&needed), "{}", printed.stderr);
    }
    let json = Folder::new("codes").run_with(
        &["import", "--from", "istio", "--format", "json", "-"],
        SERVICE.as_bytes(),
    );
    let said: Value = serde_json::from_str(&json.stdout).unwrap();
    let of_json: Vec<&str> = said["remarks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|remark| remark["code"].as_str().unwrap())
        .collect();
    assert_eq!(of_json, codes);
}

#[test]
fn an_expression_is_shown_as_it_can_be_pasted_back() {
    let printed = import(&["--from", "istio", "-"], SERVICE.as_bytes());
    assert!(
        printed
            .stderr
            .contains(r#"the regular expression "https://[^.]+\.example\.com": "#),
        "{}",
        printed.stderr
    );
    assert!(
        printed
            .stderr
            .contains("\"{{ .Values.origin }}\" is filled in by a template: render it first"),
        "{}",
        printed.stderr
    );
}

#[test]
fn errors_stand_where_editors_find_them() {
    for (name, text, place, said) in [
        (
            "a.json",
            "{\"CORSRules\": [\n{\"a\": 1, 2}]}",
            "a.json:2:10: ",
            "key must be a string",
        ),
        ("a.json", "{\"é\": 1,, }", "a.json:1:9: ", "key must be a string"),
        (
            "a.xml",
            "<CORSConfiguration>\n<A></B></CORSConfiguration>",
            "a.xml:2:4: ",
            "bad XML",
        ),
        (
            "a.xml",
            "<Error>\n<Code>NoSuchCORSConfiguration</Code></Error>",
            "a.xml:1:1: ",
            "an error of the store",
        ),
        ("a.yaml", "a: b\n c: [", "a.yaml:2:3: ", "this is no YAML"),
        (
            "a.yaml",
            "kind: Ingress\nmetadata:\n  name: {{ .Release.Name }}\n  {{- x }}\n",
            "a.yaml:3:9: ",
            "helm template",
        ),
        (
            "a.json",
            "{\"CORSRules\": []}\n{\"CORSRules\": []}",
            "a.json:2:1: ",
            "put each into a file of its own, called after its bucket",
        ),
        (
            "a.yaml",
            "CORSRules: []\n---\nCORSRules: []\n",
            "a.yaml:3:1: ",
            "a second document begins here",
        ),
        ("a.json", "{\"a\": 1,\n \"a\": 2}", "a.json:2:2: ", "given twice"),
    ] {
        let folder = Folder::new("places").with(name, text);
        for arguments in [&["import", name][..], &["import", "--from", "s3", name]] {
            let output = folder.run(arguments);
            assert_eq!(output.code, 2, "{output:?}");
            assert!(
                output.stderr.starts_with(place) && output.stderr.contains(said),
                "{arguments:?} {text}: {output:?}"
            );
        }
    }
}

#[test]
fn documents_of_json_one_behind_the_other_are_read_where_they_name_their_buckets() {
    let bucket = |name: &str| {
        format!(
            "{{\"name\": \"{name}\", \"cors_config\": [{{\"origin\": [\"https://a.example\"], \"method\": [\"GET\"]}}]}}\n"
        )
    };
    let text = format!("{}{}", bucket("one"), bucket("two"));
    let printed = import(&["-"], text.as_bytes());
    assert_eq!(printed.status, 0, "{}", printed.stderr);
    for name in ["\"one\"", "\"two\""] {
        assert!(printed.stdout.contains(name), "{}", printed.stdout);
    }
    let deep = format!("{text}{}", "[".repeat(100_000));
    assert_eq!(import(&["-"], deep.as_bytes()).status, 2);
}
