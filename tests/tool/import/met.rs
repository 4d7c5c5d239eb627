//! The files of a folder that are called like none of rules, or cannot be read.

use crate::tool::Folder;

const XML: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin>\
                   <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";

#[test]
fn what_is_called_like_no_file_of_rules_is_named_where_it_has_some() {
    let state = r#"{"version": 4, "resources": [{"type": "aws_s3_bucket", "name": "b", "instances": [
        {"attributes": {"bucket": "old", "cors_rule": [{"allowed_origins": ["*"], "allowed_methods": ["GET"]}]}}]}]}"#;
    let named = [
        ("rules/plain", XML),
        ("rules/cors.txt", XML),
        ("rules/cors.xml.j2", XML),
        ("rules/.hidden.xml", XML),
        ("rules/terraform.tfstate.backup", state),
        (
            "rules/aws.txt",
            "CORSRULES\t3000\nALLOWEDMETHODS\tGET\nALLOWEDORIGINS\t*\n",
        ),
    ];
    let passed_over = [
        (
            "rules/README.md",
            "# Rules\nA CORSRule has an AllowedOrigin: see there.\n",
        ),
        (
            "rules/app.js",
            "const rule = { AllowedOrigin: origins.map((it) => it.name) };\n",
        ),
        ("rules/plain.txt", "nothing\n"),
    ];
    let mut folder = Folder::new("met").with("rules/photos.xml", XML);
    for (name, text) in named.iter().chain(&passed_over) {
        folder = folder.with(name, text);
    }
    let output = folder.run(&["import", "--profile", "s3", "rules"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains("\"photos\""), "{output:?}");
    for (name, _) in named {
        let line = output
            .stderr
            .lines()
            .find(|line| line.starts_with(&format!("{name}: ")));
        assert!(
            line.is_some_and(|line| line.ends_with("[not-read]")),
            "{name}: {output:?}"
        );
    }
    for (name, _) in passed_over {
        assert!(!output.stderr.contains(name), "{name}: {output:?}");
    }
}

#[test]
fn a_broken_file_of_a_folder_keeps_no_other_from_being_read() {
    let folder = Folder::new("met-broken")
        .with("rules/photos.xml", XML)
        .with("rules/other.json", "");
    let broken = [b"{\"AllowedOrigins\": \"", &[0xfc][..], b"\"}"].concat();
    std::fs::write(folder.path().join("rules/latin.json"), &broken).unwrap();
    std::fs::write(folder.path().join("rules/image.json"), [0x89, 0xff]).unwrap();
    let output = folder.run(&["import", "--profile", "s3", "rules"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains("\"photos\""), "{output:?}");
    assert!(
        output
            .stderr
            .contains("rules/latin.json: not carried over: this file: byte 20 is not UTF-8")
            && !output.stderr.contains("image.json"),
        "{output:?}"
    );
    let folder = folder.with("rules/le.xml", XML).with(
        "rules/broken.xml",
        "<CORSConfiguration><CORSRule></CORSConfiguration>",
    );
    let output = folder.run(&["import", "--profile", "s3", "rules"]);
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.contains("\"photos\""), "{output:?}");
    for said in [
        "rules/le.xml: not carried over: this file: it does not say whose rules it holds",
        "rules/broken.xml:1:30: not carried over: this file: bad XML",
    ] {
        assert!(output.stderr.contains(said), "{said}: {output:?}");
    }
    // One that is named is what is asked for.
    assert_eq!(
        folder
            .run(&["import", "--profile", "s3", "rules/broken.xml"])
            .code,
        2
    );
    assert_eq!(
        folder
            .run(&["import", "--profile", "s3", "rules/latin.json"])
            .code,
        2
    );
}

#[test]
fn utf_16_is_read_without_its_mark_too() {
    let folder = Folder::new("met-utf16").with("rules/a.txt", "");
    for (name, unit) in [
        ("little", u16::to_le_bytes as fn(u16) -> [u8; 2]),
        ("big", u16::to_be_bytes),
    ] {
        let bytes: Vec<u8> = XML.encode_utf16().flat_map(unit).collect();
        std::fs::write(folder.path().join(format!("rules/{name}.xml")), bytes).unwrap();
    }
    let output = folder.run(&["import", "--profile", "s3", "rules"]);
    assert_eq!(output.code, 0, "{output:?}");
    assert!(
        output.stdout.contains("\"little\"") && output.stdout.contains("\"big\""),
        "{output:?}"
    );
}

#[test]
#[cfg(unix)]
fn links_to_files_are_followed_once_and_those_to_folders_outside_are_named() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("met-links");
    for inner in ["rules/..2026", "rules/deeper", "outside"] {
        std::fs::create_dir_all(folder.path().join(inner)).unwrap();
    }
    let link = |target: &str, name: &str| symlink(target, folder.path().join(name)).unwrap();
    // As Kubernetes mounts a ConfigMap.
    folder.write("rules/..2026/photos.xml", XML);
    link("..2026", "rules/..data");
    link("..data/photos.xml", "rules/photos.xml");
    folder.write("outside/videos.xml", XML);
    link("../outside/videos.xml", "rules/videos.xml");
    link("videos.xml", "rules/again.xml");
    link("../../rules", "rules/deeper/loop");
    let output = folder.run(&["import", "--profile", "s3", "rules"]);
    assert_eq!(
        (output.code, output.stderr.contains("[not-read]")),
        (0, false),
        "{output:?}"
    );
    assert_eq!(output.stdout.matches("\"name\"").count(), 2, "{output:?}");
    assert!(output.stdout.contains("\"photos\""), "{output:?}");
    link("../outside", "rules/sub");
    link("nowhere", "rules/gone.xml");
    let output = folder.run(&["import", "--profile", "s3", "rules"]);
    assert_eq!(output.code, 1, "{output:?}");
    for said in [
        "rules/sub: not carried over: a link to a folder",
        "rules/gone.xml: not carried over: ",
    ] {
        assert!(output.stderr.contains(said), "{said}: {output:?}");
    }
}
