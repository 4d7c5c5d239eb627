//! What a release consists of: the image is one that the proxies take, holds the module, and is the same each time.

// A test may fail by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What a command prints; it has to succeed.
fn output(program: &str, arguments: &[&str], folder: &Path) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        // This test may itself be run by make, whose flags are not for that one.
        .env_remove("MAKEFLAGS")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
    output.stdout
}

fn text(program: &str, arguments: &[&str], folder: &Path) -> String {
    String::from_utf8(output(program, arguments, folder)).unwrap()
}

fn module() -> PathBuf {
    checkout().join("target/bucket_cors.wasm")
}

/// `make artifacts`, once.
fn artifacts() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        output("make", &["artifacts"], checkout());
        checkout().join("target/release-artifacts")
    })
}

fn sha256(file: &Path) -> String {
    let line = text("sha256sum", &[file.to_str().unwrap()], checkout());
    line.split(' ').next().unwrap().to_owned()
}

/// Every file below a folder, by its path in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(
                    path.strip_prefix(folder).unwrap().to_owned(),
                    fs::read(&path).unwrap(),
                );
            }
        }
    }
    found
}

fn read_json(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// The blob that a descriptor names: its size and its digest are right.
fn blob(layout: &Path, descriptor: &Value) -> PathBuf {
    let digest = descriptor["digest"].as_str().unwrap();
    let path = layout
        .join("blobs/sha256")
        .join(digest.strip_prefix("sha256:").unwrap());
    assert_eq!(
        fs::metadata(&path).unwrap().len(),
        descriptor["size"].as_u64().unwrap()
    );
    assert_eq!(format!("sha256:{}", sha256(&path)), digest);
    path
}

/// The module that Istio's agent and Envoy Gateway would take out of the image, by their rules.
fn fetched(layout: &Path) -> Vec<u8> {
    let index = read_json(&layout.join("index.json"));
    let [image] = index["manifests"].as_array().unwrap().as_slice() else {
        panic!("{index}");
    };
    assert_eq!(image["mediaType"], "application/vnd.oci.image.manifest.v1+json");
    let manifest = read_json(&blob(layout, image));
    let layer = manifest["layers"].as_array().unwrap().last().unwrap();
    assert_eq!(layer["mediaType"], "application/vnd.oci.image.layer.v1.tar+gzip");
    let layer = blob(layout, layer);
    let layer = layer.to_str().unwrap();
    let names = text("tar", &["-tzf", layer], layout);
    let plugin = names
        .lines()
        .find(|name| name.rsplit('/').next() == Some("plugin.wasm"))
        .unwrap();
    output("tar", &["-xzOf", layer, plugin], layout)
}

#[test]
fn the_proxies_find_the_module_in_the_image() {
    let layout = artifacts().join("image");
    assert!(fetched(&layout) == fs::read(module()).unwrap());
    assert_eq!(
        read_json(&layout.join("oci-layout")),
        json!({ "imageLayoutVersion": "1.0.0" })
    );
}

#[test]
fn the_image_names_its_layers_as_they_are_unpacked() {
    let layout = artifacts().join("image");
    let manifest = read_json(&blob(
        &layout,
        &read_json(&layout.join("index.json"))["manifests"][0],
    ));
    let config = read_json(&blob(&layout, &manifest["config"]));
    let layer = blob(&layout, &manifest["layers"][0]);
    let unpacked = Path::new(env!("CARGO_TARGET_TMPDIR")).join("layer.tar");
    fs::write(
        &unpacked,
        output("gzip", &["-dc", layer.to_str().unwrap()], &layout),
    )
    .unwrap();
    assert_eq!(
        config["rootfs"]["diff_ids"],
        json!([format!("sha256:{}", sha256(&unpacked))])
    );
    assert_eq!(
        manifest["annotations"]["org.opencontainers.image.version"],
        env!("CARGO_PKG_VERSION")
    );
}

#[test]
fn the_image_is_the_same_byte_for_byte_on_a_second_run() {
    let [first, second] = ["first", "second"].map(|name| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("image").join(name);
        // What an earlier run left is not part of the image.
        fs::create_dir_all(folder.join("image/blobs/sha256")).unwrap();
        fs::write(folder.join("image/blobs/sha256/left-over"), name).unwrap();
        let script = checkout().join(".ci/write-image");
        let arguments = [module().to_str().unwrap(), folder.to_str().unwrap()].map(str::to_owned);
        output(
            script.to_str().unwrap(),
            &arguments.each_ref().map(String::as_str),
            checkout(),
        );
        folder
    });
    let files = files(&first);
    assert_eq!(files.len(), 6);
    assert!(files == self::files(&second));
}

#[test]
fn the_archive_is_the_layout() {
    let name = format!("bucket-cors-{}.oci.tar", env!("CARGO_PKG_VERSION"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("archive");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    let archive = artifacts().join(&name);
    output("tar", &["-xf", archive.to_str().unwrap()], &folder);
    assert!(files(&folder) == files(&artifacts().join("image")));
    assert!(include_str!("../README.md").contains(&format!("oci-archive:target/release-artifacts/{name}`")));
}

#[test]
fn the_checksums_are_those_of_the_artifacts() {
    let checked = text("sha256sum", &["--check", "SHA256SUMS"], artifacts());
    let named: BTreeSet<PathBuf> = checked
        .lines()
        .map(|line| PathBuf::from(line.strip_suffix(": OK").unwrap()))
        .collect();
    let mut there: BTreeSet<PathBuf> = files(artifacts()).into_keys().collect();
    there.retain(|path| !path.starts_with("image") && path != Path::new("SHA256SUMS"));
    assert_eq!(named, there);
    assert!(fs::read(artifacts().join("bucket_cors.wasm")).unwrap() == fs::read(module()).unwrap());
}

#[test]
fn the_bill_of_materials_lists_what_is_linked() {
    let bom = read_json(&artifacts().join("bucket_cors.cdx.json"));
    assert_eq!(
        bom["metadata"]["component"]["hashes"][0]["content"],
        sha256(&module())
    );
    let listed: BTreeSet<String> = bom["components"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|component| component["name"] != "rust-std")
        .map(|component| {
            assert_eq!(component["hashes"][0]["content"].as_str().unwrap().len(), 64);
            assert!(
                !component["licenses"][0]["expression"]
                    .as_str()
                    .unwrap()
                    .contains('/')
            );
            format!(
                "{} v{}",
                component["name"].as_str().unwrap(),
                component["version"].as_str().unwrap()
            )
        })
        .collect();
    let tree = text(
        env!("CARGO"),
        &[
            "tree",
            "--locked",
            "--target=wasm32-unknown-unknown",
            "--edges=normal,no-proc-macro",
            "--prefix=none",
            "--format={p}",
        ],
        checkout(),
    );
    let linked: BTreeSet<String> = tree
        .lines()
        .skip(1)
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(listed, linked);
    // Without SOURCE_DATE_EPOCH, so that the file is the same each time.
    assert!(std::env::var_os("SOURCE_DATE_EPOCH").is_some() || bom["metadata"]["timestamp"].is_null());
}

#[test]
fn no_folder_of_the_machine_that_built_it_is_in_the_module() {
    let module = fs::read(module()).unwrap();
    let home = std::env::var("HOME").unwrap();
    let cargo = std::env::var("CARGO_HOME").unwrap_or_else(|_| format!("{home}/.cargo"));
    let checkout = checkout().to_str().unwrap();
    // The second is how cargo names the folders of a registry.
    for folder in [&cargo, "/registry/src/", checkout, "/home/", "/root/", "/Users/"] {
        let at = module
            .windows(folder.len())
            .position(|window| window == folder.as_bytes());
        let found = at.map(|at| String::from_utf8_lossy(&module[at..module.len().min(at + 120)]));
        assert!(found.is_none(), "{folder}: {found:?}");
    }
}
