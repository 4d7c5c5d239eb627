//! Documents of stores and of deployment tools: each has its own words, and nothing in one is passed over.

use super::import;
use crate::tool::Folder;

/// The remarks that weigh, each as place, code and message.
pub(super) fn remarks(text: &str, from: &str) -> (i32, Vec<String>) {
    let printed = import(&["--from", from, "--bucket", "b", "-"], text.as_bytes());
    let weighs = |line: &&str| line.contains(": not carried over: ") || line.contains(": loses meaning: ");
    let lines = printed.stderr.lines().filter(weighs);
    let lines = lines.map(|line| line.trim_start_matches("(standard input):").to_owned());
    (printed.status, lines.collect())
}

#[test]
fn the_store_s_word_is_no_synonym_of_the_document_s_own() {
    let template = |field: &str| {
        format!(
            "Resources:\n  B:\n    Type: AWS::S3::Bucket\n    Properties:\n      BucketName: b\n      CorsConfiguration:\n        \
             CorsRules:\n        - AllowedOrigins: ['*']\n          AllowedMethods: [GET]\n          {field}\n"
        )
    };
    let r2 = |field: &str| {
        format!(
            "{{\"rules\": [{{\"allowed\": {{\"origins\": [\"*\"], \"methods\": [\"GET\"]}},\n{field}}}]}}"
        )
    };
    for (from, text, other, own) in [
        (
            "cloudformation",
            template("ExposeHeaders: [ETag]"),
            "ExposeHeaders",
            "ExposedHeaders",
        ),
        (
            "cloudformation",
            template("ExposeHeader: ETag"),
            "ExposeHeader",
            "ExposedHeaders",
        ),
        (
            "cloudformation",
            template("MaxAgeSeconds: 5"),
            "MaxAgeSeconds",
            "MaxAge",
        ),
        ("cloudformation", template("ID: x"), "ID", "Id"),
        (
            "cloudformation",
            template("AllowedHeader: x"),
            "AllowedHeader",
            "AllowedHeaders",
        ),
        (
            "r2",
            r2("\"ExposeHeaders\": [\"ETag\"]"),
            "ExposeHeaders",
            "exposeHeaders",
        ),
        ("r2", r2("\"MaxAgeSeconds\": 5"), "MaxAgeSeconds", "maxAgeSeconds"),
        (
            "r2",
            r2("\"max_age_seconds\": 5"),
            "max_age_seconds",
            "maxAgeSeconds",
        ),
        ("r2", r2("\"headers\": [\"x\"]"), "headers", "allowed.headers"),
        (
            "gcs",
            "- origin: ['*']\n  method: [GET]\n  max_age_seconds: 5\n".to_owned(),
            "max_age_seconds",
            "maxAgeSeconds",
        ),
    ] {
        let (status, lines) = remarks(&text, from);
        assert_eq!(status, 1, "{text}");
        let said = format!("{other} is no field of ");
        let line = lines
            .iter()
            .find(|line| line.contains(&said))
            .unwrap_or_else(|| panic!("{text}: {lines:?}"));
        assert!(
            line.ends_with(&format!(": write {own}, which is its name here [unknown-field]")),
            "{line}"
        );
        let written = import(&["--from", from, "--bucket", "b", "-"], text.as_bytes()).stdout;
        assert!(
            !written.contains("MaxAgeSeconds") && !written.contains("ETag"),
            "{written}"
        );
    }
}

#[test]
fn text_between_elements_is_named() {
    let rule = "<AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>";
    for (text, place) in [
        (
            format!("<CORSConfiguration>\n  stray<CORSRule>{rule}</CORSRule></CORSConfiguration>"),
            "2:3",
        ),
        (
            format!("<CORSConfiguration><CORSRule>\n{rule}\nstray </CORSRule></CORSConfiguration>"),
            "3:1",
        ),
        (
            format!("<CORSConfiguration><CORSRule>{rule}</CORSRule>\n<![CDATA[stray]]></CORSConfiguration>"),
            "2:1",
        ),
    ] {
        let (status, lines) = remarks(&text, "s3");
        let start = format!("{place}: not carried over: \"stray\" stands between elements");
        assert!(
            lines.iter().any(|line| line.starts_with(&start)),
            "{text}: {lines:?}"
        );
        assert_eq!(status, 1);
    }
    let plain = format!("<CORSConfiguration>\n <!-- a --> <CORSRule>{rule}</CORSRule>\n</CORSConfiguration>");
    assert_eq!(remarks(&plain, "s3").0, 0);
}

#[test]
fn a_vary_of_one_rule_becomes_the_bucket_s_and_that_is_said() {
    let rule = |origin: &str, vary: &str| {
        format!("{{\"AllowedOrigins\": [\"{origin}\"], \"AllowedMethods\": [\"GET\"]{vary}}}")
    };
    let yes = ", \"ResponseVary\": true";
    let no = ", \"ResponseVary\": false";
    for (one, other, around, written, said) in [
        (yes, yes, "", Some(true), 0),
        (no, no, "", Some(false), 0),
        (no, "", "", Some(false), 0),
        (yes, no, "", Some(true), 1),
        (yes, "", "", Some(true), 1),
        ("", "", "", None, 0),
        ("", "", no, Some(false), 0),
        (yes, "", no, Some(false), 1),
        (no, "", yes, Some(true), 1),
    ] {
        let text = format!(
            "{{\"CORSRules\": [{}, {}]{around}}}",
            rule("https://a.example", one),
            rule("https://b.example", other)
        );
        let printed = import(&["--from", "s3", "--bucket", "b", "-"], text.as_bytes());
        let configuration: serde_json::Value = serde_json::from_str(&printed.stdout).unwrap();
        let vary = configuration["buckets"][0]["cors"]["ResponseVary"].as_bool();
        assert_eq!(vary, written, "{text}");
        assert_eq!(
            printed.stderr.matches("[one-vary]").count(),
            said,
            "{text}: {}",
            printed.stderr
        );
    }
}

#[test]
fn every_form_in_which_cloud_storage_lists_buckets_is_read() {
    let entry = r#"[{"origin": ["https://a.example"], "method": ["GET", "HEAD"]}]"#;
    let of_api = format!(r#"{{"kind": "storage#bucket", "name": "one", "cors": {entry}}}"#);
    let without = r#"{"kind": "storage#bucket", "name": "two"}"#;
    let of_gcloud = format!(r#"{{"name": "one", "storage_url": "gs://one/", "cors_config": {entry}}}"#);
    let plain = r#"{"name": "two", "storage_url": "gs://two/", "location": "EU"}"#;
    for (text, names) in [
        (of_api.clone(), &["one"][..]),
        (format!("[{of_api}, {without}]"), &["one", "two"]),
        (
            format!(r#"{{"kind": "storage#buckets", "items": [{without}, {of_api}]}}"#),
            &["two", "one"],
        ),
        (format!("[{plain}, {of_gcloud}]"), &["two", "one"]),
    ] {
        let printed = import(&["-"], text.as_bytes());
        assert_eq!(printed.status, 0, "{text}: {}", printed.stderr);
        assert!(
            printed
                .stderr
                .starts_with("(standard input): read as --from gcs\n"),
            "{}",
            printed.stderr
        );
        let configuration = bucket_cors::config::parse(printed.stdout.as_bytes()).0.unwrap();
        let found: Vec<_> = configuration
            .buckets
            .iter()
            .map(|bucket| bucket.name.as_ref())
            .collect();
        assert_eq!(found, names, "{text}");
    }
}

#[test]
fn a_document_that_may_be_another_store_s_is_assumed_to_be_oss_s() {
    let xml = |own: &str| {
        format!(
            "<CORSConfiguration>{own}<CORSRule><AllowedOrigin>https://a.example</AllowedOrigin>\
             <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>"
        )
    };
    let with_id = xml("").replace("<AllowedOrigin>", "<ID>x</ID><AllowedOrigin>");
    let of_obs = xml("").replacen(
        "<CORSConfiguration>",
        "<CORSConfiguration xmlns=\"http://obs.example.com/doc/2015-06-30/\">",
        1,
    );
    for (text, source, is_assumed) in [
        (xml(""), "oss", true),
        (xml("<ResponseVary>true</ResponseVary>"), "oss", false),
        (
            xml("").replace(
                "GET</AllowedMethod>",
                "GET</AllowedMethod><AllowedHeader>x-oss-*</AllowedHeader>",
            ),
            "oss",
            false,
        ),
        (with_id, "s3", false),
        (of_obs, "s3", false),
    ] {
        let printed = import(&["--bucket", "photos", "-"], text.as_bytes());
        let line = format!("(standard input): read as --from {source}\n");
        assert!(printed.stderr.starts_with(&line), "{text}: {}", printed.stderr);
        assert_eq!(
            printed.stderr.contains("[assumed-store]"),
            is_assumed,
            "{text}: {}",
            printed.stderr
        );
        assert_eq!(printed.status, 0);
        for said in [["--from", source], ["--profile", source]] {
            let printed = import(
                &[&said[..], &["--bucket", "photos", "-"]].concat(),
                text.as_bytes(),
            );
            assert!(!printed.stderr.contains("[assumed-store]"), "{}", printed.stderr);
        }
    }
}

#[test]
fn a_file_that_is_called_after_no_bucket_needs_its_name() {
    let rules = "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET\
                 </AllowedMethod></CORSRule><ResponseVary>true</ResponseVary></CORSConfiguration>";
    for file in [
        ".xml",
        "*.xml",
        "Photos.xml",
        "my photos.xml",
        "-photos.xml",
        "ab.xml",
        "photos-.xml",
    ] {
        let folder = Folder::new("no-name").with(file, rules);
        let path = format!("./{file}");
        let output = folder.run(&["import", &path]);
        assert!(
            output.code == 2 && output.stderr.contains("name the bucket with --bucket"),
            "{file}: {output:?}"
        );
        assert_eq!(
            folder.run(&["import", "--bucket", "photos", &path]).code,
            0,
            "{file}"
        );
    }
    for (file, name) in [("photos.xml", "photos"), ("a.b-c_1.cors.xml", "a.b-c_1")] {
        let output = Folder::new("a-name").with(file, rules).run(&["import", file]);
        assert!(
            output.stdout.contains(&format!("\"name\": \"{name}\"")),
            "{output:?}"
        );
    }
}
