//! A store's own document in the place of a configuration: the rules of the bucket that the URL or the file names.

use crate::check::json;
use crate::tool::Folder;

const XML: &str = "\
<CORSConfiguration>
  <CORSRule>
    <AllowedOrigin>https://a.example/</AllowedOrigin>
    <AllowedMethod>GET</AllowedMethod>
    <AllowedHeaders>x-a</AllowedHeaders>
  </CORSRule>
</CORSConfiguration>
";
const S3: &str = r#"{"CORSRules": [
  {"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET", "HEAD"]}
]}"#;
const R2: &str =
    r#"{"rules": [{"allowed": {"origins": ["https://a.example"], "methods": ["GET", "HEAD"]}}]}"#;
const GCS: &str = r#"[{"origin": ["https://a.example"], "method": ["GET", "HEAD"]}]"#;

#[test]
fn check_takes_the_file_s_name_for_the_bucket_s() {
    let folder = Folder::new("bare-check")
        .with("photos.xml", XML)
        .with("videos.cors.json", S3)
        .with("of-r2.json", R2)
        .with("gcs.json", GCS);
    let output = folder.run(&["check", "photos.xml"]);
    assert_eq!(output.code, 1);
    for line in [
        "photos.xml:3:5: warning: /buckets/0/cors/CORSRules/0/AllowedOrigins/0: \"https://a.example/\" can never match",
        "photos.xml:5:5: error: (document): <AllowedHeaders> is no element that a store has",
        "photos.xml:1: the rules of the bucket photos, profile oss: refused: 1 error, ",
    ] {
        assert!(output.stdout.contains(line), "{line}: {}", output.stdout);
    }
    for (file, said) in [
        (
            "videos.cors.json",
            "the rules of the bucket videos, profile s3: good: 0 errors, 0 warnings",
        ),
        (
            "of-r2.json",
            "the rules of the bucket of-r2, profile s3: good: 0 errors",
        ),
        (
            "gcs.json",
            "the rules of the bucket gcs, profile fetch: good: 0 errors",
        ),
    ] {
        let output = folder.run(&["check", file]);
        assert_eq!(output.code, 0, "{output:?}");
        assert!(output.stdout.contains(said), "{output:?}");
    }
    let output = folder.run_with(&["check", "-"], S3.replace("GET", "PATCH").as_bytes());
    assert_eq!(output.code, 1);
    assert!(
        output.stdout.starts_with("-:2:") && output.stdout.contains("\"PATCH\" is none of"),
        "{output:?}"
    );
    let output = folder.run_with(
        &["check", "-"],
        b"<CORSConfiguration>\n<CORSRule></CORSConfiguration>",
    );
    assert_eq!(output.code, 2);
    assert!(output.stdout.starts_with("-:2:11: error: bad XML"), "{output:?}");
}

/// What is put in force is for a bucket that somebody named.
#[test]
fn what_the_json_api_of_cloud_storage_prints_names_its_buckets() {
    let one = format!(r#"{{"kind": "storage#bucket", "name": "one", "cors": {GCS}}}"#);
    let two = r#"{"kind": "storage#bucket", "name": "two"}"#;
    let folder = Folder::new("bare-gcs")
        .with("bucket.json", &one)
        .with(
            "list.json",
            format!(r#"{{"kind": "storage#buckets", "items": [{one}, {two}]}}"#),
        )
        .with(
            "bucket.yaml",
            format!("kind: storage#bucket\nname: one\ncors: {GCS}\n"),
        );
    for (file, said) in [
        (
            "bucket.json",
            "the rules of the bucket one, profile fetch: good: 0 errors",
        ),
        (
            "list.json",
            "the rules of the buckets one and two, profile fetch: good: 0 errors",
        ),
        (
            "bucket.yaml",
            "the rules of the bucket one, profile fetch: good: 0 errors",
        ),
    ] {
        let output = folder.run(&["check", file]);
        assert!(output.code == 0 && output.stdout.contains(said), "{output:?}");
        let url = "https://edge.example/one/a.txt";
        let explained = folder.run(&["explain", file, "--url", url, "--origin", "https://a.example"]);
        assert!(
            explained.code == 0 && explained.stdout.starts_with("allowed: "),
            "{explained:?}"
        );
    }
}

#[test]
fn a_file_that_is_called_after_no_bucket_becomes_no_configuration() {
    for name in [
        "photos (1).xml",
        "Photos.xml",
        "my photos.xml",
        "it's.xml",
        ".xml",
        "a$b.json",
        "-",
    ] {
        let text = if name.ends_with(".xml") { XML } else { S3 };
        let folder = Folder::new("bare-unnamed").with(name, text);
        let run = |arguments: &[&str]| folder.run_with(arguments, text.as_bytes());
        let output = run(&["check", "--format", "configuration", name]);
        assert_eq!(
            (output.code, output.stdout.as_str()),
            (2, ""),
            "{name}: {output:?}"
        );
        assert!(
            output.stderr.contains("bucket-cors import --bucket"),
            "{name}: {output:?}"
        );
        // To look at it needs no name, and the rest of what is wrong is said.
        let output = run(&["check", name]);
        assert!(
            output.code < 2
                && output
                    .stdout
                    .contains("the rules of a bucket that the file is not called after, profile "),
            "{name}: {output:?}"
        );
    }
    // One that names its buckets needs no name of its own.
    let text = r#"{"name": "bucket", "cors_config": [{"origin": ["https://a.example"], "method": ["GET"]}]}"#;
    let folder = Folder::new("bare-named").with("All of them.json", text);
    let output = folder.run(&["check", "--format", "configuration", "All of them.json"]);
    assert!(
        output.code == 0 && output.stdout.contains(r#""name":"bucket""#),
        "{output:?}"
    );
}

#[test]
fn explain_takes_it_for_the_rules_of_the_bucket_in_the_url() {
    let folder = Folder::new("bare-explain")
        .with("cors.json", S3)
        .with("photos.xml", XML);
    let asked = |file: &str, url: &str| {
        let arguments = [
            "explain",
            file,
            "--url",
            url,
            "--origin",
            "https://a.example",
            "--format",
            "json",
        ];
        folder.run(&arguments)
    };
    for (file, url, bucket, how) in [
        (
            "cors.json",
            "https://edge.example/videos/a.txt",
            "videos",
            "path-style",
        ),
        (
            "cors.json",
            "https://videos.s3.eu-west-1.amazonaws.com/a/b.txt",
            "videos",
            "custom domain",
        ),
        (
            "photos.xml",
            "https://photos.oss.example/a/b.txt",
            "photos",
            "custom domain",
        ),
    ] {
        let output = asked(file, url);
        let said = json(&output);
        assert_eq!(said["owner"]["bucket"], bucket, "{url}: {said}");
        assert!(said["owner"]["how"].as_str().unwrap().starts_with(how), "{said}");
    }
    assert_eq!(
        json(&asked("cors.json", "https://edge.example/videos/a.txt"))["verdict"]["outcome"],
        "allowed"
    );
    // What is not carried over is said, and why the rule that looks right does not match.
    let output = asked("photos.xml", "https://edge.example/photos/a.txt");
    assert!(
        output
            .stderr
            .starts_with("photos.xml:5:5: <AllowedHeaders> is no element"),
        "{output:?}"
    );
    let said = json(&output);
    assert_eq!(said["verdict"]["outcome"], "refused");
    assert!(
        said["notes"][0].as_str().unwrap().contains("no slash at its end"),
        "{said}"
    );
    assert_eq!(said["warnings"][0]["line"], 3, "{said}");
}

#[test]
fn the_same_documents_are_taken_in_yaml() {
    const OSS: &str = r#"{"CORSConfiguration": {"CORSRule": {"AllowedOrigin": "https://a.example", "AllowedMethod": ["GET", "HEAD"]}}}"#;
    const LIST: &str = r#"[{"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET", "HEAD"]}]"#;
    const OF_GCLOUD: &str = r#"{"name": "photos", "cors_config": [{"origin": ["https://a.example"], "method": ["GET", "HEAD"]}]}"#;
    const OF_R2: &str = r#"{"result": {"rules": [{"allowed": {"origins": ["https://a.example"], "methods": ["GET", "HEAD"]}}]}}"#;
    for (number, text) in [S3, OSS, LIST, R2, OF_R2, GCS, OF_GCLOUD].into_iter().enumerate() {
        let document: serde_json::Value = serde_json::from_str(text).unwrap();
        let yaml = serde_norway::to_string(&document).unwrap();
        let folder = Folder::new(&format!("bare-yaml-{number}"));
        std::fs::create_dir_all(folder.path().join("rules")).unwrap();
        folder.write("rules/photos.json", text);
        folder.write("rules/photos.yaml", &yaml);
        folder.write("rules/others.xml", "<project><origin/></project>");
        let ask = |file: &str| {
            let checked = folder.run(&["check", file]);
            assert_eq!(checked.code, 0, "{yaml}{checked:?}");
            let url = "https://edge.example/photos/a.txt";
            let explained = folder.run(&["explain", file, "--url", url, "--origin", "https://a.example"]);
            assert_eq!(explained.code, 0, "{yaml}{explained:?}");
            (checked.stdout.replace(file, ""), explained.stdout)
        };
        assert_eq!(ask("rules/photos.yaml"), ask("rules/photos.json"), "{yaml}");
        let whole = folder.run(&["check", "rules"]);
        assert_eq!(
            whole
                .stdout
                .matches("the rules of the bucket photos, profile ")
                .count(),
            2,
            "{whole:?}"
        );
    }
    let folder = Folder::new("bare-xml-folder");
    std::fs::create_dir_all(folder.path().join("rules")).unwrap();
    folder.write("rules/photos.xml", XML);
    let output = folder.run(&["check", "rules"]);
    assert!(
        output.code == 1 && output.stdout.contains("rules/photos.xml:5:5: error: "),
        "{output:?}"
    );
    // `gcloud storage buckets list` prints a document for each.
    let folder = Folder::new("bare-yaml-list").with(
        "all.yaml",
        "name: photos\ncors_config: [{origin: ['https://a.example'], method: [GET, HEAD]}]\n---\nname: videos\ncors_config: []\n",
    );
    let output = folder.run(&["check", "all.yaml"]);
    assert!(
        output
            .stdout
            .contains("the rules of the buckets photos and videos, profile fetch: good"),
        "{output:?}"
    );
}

#[test]
fn a_file_of_another_kind_is_named_with_the_way_out() {
    const RULES: &str = r#""cors_rule": [{"allowed_origins": ["*"], "allowed_methods": ["GET"]}]"#;
    let state = format!(
        r#"{{"version": 4, "resources": [{{"type": "aws_s3_bucket", "name": "b", "instances":
        [{{"attributes": {{"bucket": "b", {RULES}}}}}]}}]}}"#
    );
    for (file, text, said) in [
        (
            "a.xml",
            "<StorageServiceProperties><Cors/></StorageServiceProperties>",
            "it is Azure",
        ),
        (
            "a.xml",
            "<CorsConfig><Cors/></CorsConfig>",
            "it is Google Cloud Storage's XML",
        ),
        (
            "terraform.tfstate",
            &*state,
            "bucket-cors import --from terraform",
        ),
        (
            "wrangler.jsonc",
            "// A worker.\n{\"name\": \"w\", \"r2_buckets\": [{\"bucket_name\": \"photos\"},]}\n",
            "it is wrangler's configuration",
        ),
        (
            "wrangler",
            "/* A worker. */\n{\"env\": {\"live\": {\"r2_buckets\": [{\"bucket_name\": \"photos\"}]}}}\n",
            "it is wrangler's configuration",
        ),
        (
            "a.yaml",
            "kind: VirtualService\nspec: {hosts: [a.example]}\n",
            "bucket-cors import --from istio",
        ),
        (
            "a.yaml",
            "kind: HTTPProxy\nspec: {cors: {}}\n",
            "it is Contour's HTTPProxy",
        ),
        ("main.tf", "resource \"a\" \"b\" {\n}\n", "terraform show -json"),
    ] {
        let folder = Folder::new("bare-others").with(file, text);
        let checked = folder.run(&["check", file]);
        assert!(
            checked.code == 2 && checked.stdout.contains(said),
            "{text}: {checked:?}"
        );
        let url = "https://edge.example/photos/a.txt";
        let explained = folder.run(&["explain", file, "--url", url, "--origin", "https://a.example"]);
        assert!(
            explained.code == 2 && explained.stderr.contains(said),
            "{text}: {explained:?}"
        );
    }
    // What is meant for a configuration stays one.
    let folder = Folder::new("bare-own").with("a.json", r#"{"profile": "oss"}"#);
    assert_eq!(folder.run(&["check", "a.json"]).code, 1);
}

#[test]
fn a_document_in_utf_16_is_taken_as_the_import_takes_it() {
    for unit in [u16::to_le_bytes as fn(u16) -> [u8; 2], u16::to_be_bytes] {
        for mark in ["\u{feff}", ""] {
            let text = format!("{mark}{}", XML.replace("AllowedHeaders", "AllowedHeader"));
            let bytes: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
            let folder = Folder::new("bare-utf16").with("photos.xml", bytes);
            let output = folder.run(&["check", "photos.xml"]);
            assert_eq!(output.code, 0, "{output:?}");
            assert!(
                output
                    .stdout
                    .contains("the rules of the bucket photos, profile oss"),
                "{output:?}"
            );
            let output = folder.run(&[
                "explain",
                "photos.xml",
                "https://e.example/photos/o",
                "https://a.example",
            ]);
            assert!(!output.stdout.contains("refused"), "{output:?}");
        }
    }
    // The filter takes no UTF-16.
    let own: Vec<u8> = r#"{"buckets": []}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let folder = Folder::new("bare-utf16-own").with("cors.json", own);
    assert_eq!(folder.run(&["check", "cors.json"]).code, 1);
}

#[test]
fn a_document_that_may_be_another_store_s_is_taken_with_a_word() {
    let xml = XML.replace("AllowedHeaders", "AllowedHeader");
    let folder = Folder::new("bare-assumed")
        .with("photos.xml", &xml)
        .with("videos.xml", xml.replace("<CORSRule>", "<CORSRule><ID>a</ID>"));
    for (file, count) in [("photos.xml", 1), ("videos.xml", 0)] {
        let output = folder.run(&["check", file]);
        assert_eq!(output.code, 0, "{output:?}");
        let said = format!("{}{}", output.stdout, output.stderr);
        assert_eq!(said.matches("it is read as OSS's").count(), count, "{said}");
    }
}
