//! What a release consists of: the image is one that the proxies take, holds the module, and is the same each time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::checkout;

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

fn library() -> PathBuf {
    checkout().join("target/libbucket_cors.so")
}

/// `make artifacts`, once. The tool in it is not optimised: that would be half of the time of all these tests, so what
/// is here is apart from what can be published.
fn artifacts() -> &'static Path {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("artifacts");
        let variable = format!("ARTIFACTS={}", folder.display());
        output(
            "env",
            &["CARGO_PROFILE_TOOL_OPT_LEVEL=0", "make", "artifacts", &variable],
            checkout(),
        );
        folder
    })
}

fn sha256(file: &Path) -> String {
    let line = text("sha256sum", &[file.to_str().unwrap()], checkout());
    line.split(' ').next().unwrap().to_owned()
}

/// The target that libraries are built for here.
fn host() -> String {
    let version = text("rustc", &["-vV"], checkout());
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}

/// The one file of a release whose name has the digest of what it holds between these.
fn named(start: &str, end: &str) -> PathBuf {
    let names = fs::read_dir(artifacts()).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name.starts_with(start) && name.ends_with(end));
    let [name] = names.as_slice() else {
        panic!("{start}…{end}: {names:?}");
    };
    artifacts().join(name)
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
#[ignore = "takes long"]
fn the_proxies_find_the_module_in_the_image() {
    let layout = artifacts().join("image");
    assert!(fetched(&layout) == fs::read(module()).unwrap());
    assert_eq!(
        read_json(&layout.join("oci-layout")),
        json!({ "imageLayoutVersion": "1.0.0" })
    );
}

#[test]
#[ignore = "takes long"]
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
        let script = checkout().join("envoy/release/write-image");
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
#[ignore = "takes long"]
fn the_archive_is_the_layout() {
    let name = format!("bucket-cors-{}.oci.tar", env!("CARGO_PKG_VERSION"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("archive");
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).unwrap();
    let archive = artifacts().join(&name);
    output("tar", &["-xf", archive.to_str().unwrap()], &folder);
    assert!(files(&folder) == files(&artifacts().join("image")));
    assert!(
        include_str!("../../envoy/deploy.md")
            .contains(&format!("oci-archive:target/release-artifacts/{name}`"))
    );
}

#[test]
#[ignore = "takes long"]
fn the_checksums_are_those_of_the_artifacts() {
    let checked = text("sha256sum", &["--check", "SHA256SUMS"], artifacts());
    let named: BTreeSet<PathBuf> = checked
        .lines()
        .map(|line| PathBuf::from(line.strip_suffix(": OK").unwrap()))
        .collect();
    let mut there: BTreeSet<PathBuf> = files(artifacts()).into_keys().collect();
    there.retain(|path| !path.starts_with("image") && path != Path::new("SHA256SUMS"));
    assert_eq!(named, there);
}

/// Unpacks the tool's archive, and returns that.
pub(crate) fn unpack_tool(folder: &Path) -> PathBuf {
    let archive = named(&format!("bucket-cors-{}-", env!("CARGO_PKG_VERSION")), ".tar.gz");
    fs::remove_dir_all(folder).ok();
    fs::create_dir_all(folder).unwrap();
    output("tar", &["-xzf", archive.to_str().unwrap()], folder);
    archive
}

#[test]
#[ignore = "takes long"]
fn the_tool_runs_from_its_archive_and_has_its_manual_and_completions() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("tool");
    let archive = unpack_tool(&folder);
    let tool = folder.join("bin/bucket-cors");
    let checked = text(tool.to_str().unwrap(), &["check", "envoy/cors.json"], checkout());
    assert_eq!(checked, "envoy/cors.json: good: 0 errors, 0 warnings\n");
    for file in [
        "man/man1/bucket-cors.1",
        "man/man1/bucket-cors-check.1",
        "bash-completion/completions/bucket-cors",
        "zsh/site-functions/_bucket-cors",
        "fish/vendor_completions.d/bucket-cors.fish",
    ] {
        assert!(folder.join("share").join(file).exists(), "{file}");
    }
    if archive.to_str().unwrap().contains("-musl") {
        let program = fs::read(&tool).unwrap();
        // The name of a dynamic loader, which every program has that needs a library.
        assert!(!program.windows(10).any(|window| window == b"/ld-linux-"));
        assert!(!program.windows(8).any(|window| window == b"/ld-musl"));
    }
    assert_names_no_folder(&tool);
}

#[test]
#[ignore = "takes long"]
fn a_module_and_a_library_have_their_digest_in_the_name() {
    let host = host();
    for (start, end, built) in [
        ("bucket_cors-".to_owned(), ".wasm", module()),
        (format!("libbucket_cors-{host}-"), ".so", library()),
    ] {
        let digest = &sha256(&built)[..12];
        let file = artifacts().join(format!("{start}{digest}{end}"));
        assert_eq!(named(&start, end), file);
        assert!(fs::read(&file).unwrap() == fs::read(built).unwrap());
    }
    // Where a manifest names a file, it is this one.
    let library = named("libbucket_cors-", ".so");
    let manifest = fs::read_to_string(artifacts().join("manifests/envoy-gateway-native.yaml")).unwrap();
    let path = format!("\"/usr/lib/{}\"", library.file_name().unwrap().to_str().unwrap());
    assert!(manifest.contains(&path), "{path}");
}

#[test]
#[ignore = "takes long"]
fn the_bill_of_materials_lists_what_is_linked() {
    assert_lists_what_is_linked(
        named("bucket_cors-", ".cdx.json"),
        &module(),
        &["--target=wasm32-unknown-unknown"],
        &["rust-std"],
    );
}

#[test]
#[ignore = "takes long"]
fn so_does_that_of_the_library() {
    let host = host();
    assert_lists_what_is_linked(
        named("libbucket_cors-", ".cdx.json"),
        &library(),
        &[
            &format!("--target={host}"),
            "--no-default-features",
            "--features=dynamic-module",
        ],
        &["libgcc", "rust-std"],
    );
}

/// `how`: what it was built with; `runtime`: what is no crate.
fn assert_lists_what_is_linked(bom: PathBuf, built: &Path, how: &[&str], runtime: &[&str]) {
    let bom = read_json(&bom);
    assert_eq!(
        bom["metadata"]["component"]["hashes"][0]["content"],
        sha256(built)
    );
    let (others, crates): (Vec<&Value>, Vec<&Value>) = bom["components"]
        .as_array()
        .unwrap()
        .iter()
        .partition(|component| component["purl"].as_str().unwrap().starts_with("pkg:generic/"));
    let others: Vec<_> = others
        .iter()
        .map(|component| component["name"].as_str().unwrap())
        .collect();
    assert_eq!(others, runtime);
    let listed: BTreeSet<String> = crates
        .iter()
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
    let options = [
        "tree",
        "--locked",
        "--edges=normal,no-proc-macro",
        "--prefix=none",
        "--format={p}",
    ];
    let tree = text(env!("CARGO"), &[&options[..], how].concat(), checkout());
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
fn no_folder_of_the_machine_that_built_it_is_in_either_form() {
    for built in [module(), library()] {
        assert_names_no_folder(&built);
    }
}

fn assert_names_no_folder(built: &Path) {
    let module = fs::read(built).unwrap();
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
