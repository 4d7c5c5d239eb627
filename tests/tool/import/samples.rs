//! Samples of every source, each with what is printed for it.

use std::path::Path;

use bucket_cors::config;

use super::{SAMPLES, assert_prints, import, import_text};

#[test]
fn documents_of_oss() {
    assert_prints("oss", &["--from", "oss", "--bucket", "photos", "oss.xml"], 0);
    assert_prints(
        "ossutil",
        &["--from", "oss", "ossutil-1.json", "ossutil-2.json"],
        0,
    );
}

#[test]
fn documents_of_s3() {
    let s3 = |file| import(&["--from", "s3", "--bucket", "photos", file], b"");
    assert_prints("s3", &["--from", "s3", "--bucket", "photos", "s3.xml"], 0);
    assert_eq!(s3("get-bucket-cors.json"), s3("s3.xml"));
    assert_prints("s3-several", &["--from", "s3", "console.json", "wrapped.json"], 0);
    assert_prints(
        "s3-faults",
        &["--from", "s3", "--bucket", "photos", "s3-faults.xml"],
        1,
    );
}

#[test]
fn documents_of_cloud_storage() {
    assert_prints("gcs", &["--from", "gcs", "--bucket", "assets", "gcs.json"], 1);
    assert_prints("gcs-describe", &["--from", "gcs", "gcs-describe.json"], 0);
    assert_eq!(
        import(&["--from", "gcs", "gcs-describe.yaml"], b""),
        import(&["--from", "gcs", "gcs-describe.json"], b"")
    );
}

#[test]
fn several_documents_are_several_buckets_or_refused() {
    let list = b"cors_config:\n- {origin: ['*'], method: [GET]}\nname: one\n---\nname: two\n";
    let printed = import(&["--from", "gcs", "-"], list);
    let configuration = config::parse(printed.stdout.as_bytes()).0.unwrap();
    let buckets = configuration.buckets.iter();
    let buckets: Vec<_> = buckets
        .map(|bucket| (bucket.name.as_ref(), bucket.rules.len()))
        .collect();
    assert_eq!(buckets, [("one", 1), ("two", 0)]);
    let printed = import_text("s3", "CORSRules: []\n---\nCORSRules: []\n");
    assert_eq!(
        printed.stderr,
        "(standard input):3:1: a second document begins here, and nothing says which bucket each of them is for: put each into a \
         file of its own, called after its bucket\n"
    );
    assert_eq!(printed.status, 2);
}

#[test]
fn of_two_resources_of_a_bucket_the_one_of_its_rules_stands() {
    let resource = |kind: &str, origin: &str| {
        format!(
            r#"{{"type": "{kind}", "values": {{"bucket": "b",
                "cors_rule": [{{"allowed_origins": ["{origin}"], "allowed_methods": ["GET"]}}]}}}}"#
        )
    };
    let rules = resource("aws_s3_bucket_cors_configuration", "https://new.example");
    let bucket = resource("aws_s3_bucket", "https://old.example");
    for pair in [[&rules, &bucket], [&bucket, &rules]] {
        let state = format!(
            r#"{{"values": {{"root_module": {{"resources": [{},{}]}}}}}}"#,
            pair[0], pair[1]
        );
        let printed = import(&["--from", "terraform", "-"], state.as_bytes());
        assert!(
            printed.stdout.contains("https://new.example"),
            "{}",
            printed.stdout
        );
        assert!(
            !printed.stdout.contains("https://old.example"),
            "{}",
            printed.stdout
        );
        assert!(
            printed
                .stderr
                .ends_with("these rules of \"b\" are others than those of another resource, which stand [second-policy]\n"),
            "{}",
            printed.stderr
        );
        assert_eq!(printed.status, 1);
    }
}

#[test]
fn states_and_plans_of_terraform() {
    assert_prints(
        "terraform-state",
        &["--from", "terraform", "terraform-state.json"],
        1,
    );
    assert_prints(
        "terraform-plan",
        &["--from", "terraform", "terraform-plan.json"],
        1,
    );
    // Only one of its buckets, whose order the state still has.
    assert_prints(
        "terraform-site",
        &[
            "--from",
            "terraform",
            "--bucket",
            "example-site",
            "terraform-state.json",
        ],
        0,
    );
}

#[test]
fn policies_of_envoy() {
    assert_prints("envoy", &["--from", "envoy", "envoy.yaml"], 1);
    assert_prints("envoy-legacy", &["--from", "envoy", "envoy-legacy.json"], 1);
}

#[test]
fn policies_of_istio_and_the_gateway_api() {
    assert_prints("istio", &["--from", "istio", "istio.yaml"], 1);
    assert_prints("httproute", &["--from", "istio", "httproute.yaml"], 0);
}

#[test]
fn policies_of_higress() {
    assert_prints("higress", &["--from", "higress", "higress.yaml"], 1);
    assert_prints("ingress", &["--from", "higress", "ingress.yaml"], 1);
}

#[test]
fn annotations_of_ingress_nginx() {
    assert_prints(
        "ingress-nginx",
        &["--from", "ingress-nginx", "ingress-nginx.yaml"],
        1,
    );
}

#[test]
fn utf_16_as_power_shell_writes_it_is_read() {
    let xml = std::fs::read_to_string(Path::new(SAMPLES).join("s3.xml")).unwrap();
    let wide: Vec<u8> = ['\u{feff}']
        .into_iter()
        .chain(xml.chars())
        .flat_map(|c| (c as u16).to_le_bytes())
        .collect();
    let printed = import(&["--from", "s3", "--bucket", "photos", "-"], &wide);
    assert_eq!(
        printed,
        import(&["--from", "s3", "--bucket", "photos", "s3.xml"], b"")
    );
}
