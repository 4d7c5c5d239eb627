//! What the tests run: the Envoy, and the filter as it was built.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::support::checkout;

/// Whether the tests are to run the library instead of the WebAssembly module: both give the same answers.
pub(crate) fn is_native() -> bool {
    std::env::var_os("NATIVE").is_some()
}

/// The module that `make build` leaves.
pub(crate) fn module() -> PathBuf {
    built("bucket_cors.wasm", "make build")
}

/// The library that `make native` leaves.
pub(crate) fn library() -> PathBuf {
    built("libbucket_cors.so", "make native")
}

/// The same with panics where a test asks for them.
pub(crate) fn library_with_faults() -> PathBuf {
    built("libbucket_cors_with_faults.so", "make native-with-faults")
}

fn built(name: &str, by: &str) -> PathBuf {
    let path = checkout().join("target").join(name);
    assert!(path.exists(), "{} is missing: `{by}` makes it", path.display());
    path
}

/// The binary that `make envoy` leaves; `ENVOY` names another.
pub(crate) fn binary() -> PathBuf {
    let fetched = || {
        let versions = fs::read_dir(checkout().join("target/envoy"))
            .into_iter()
            .flatten();
        versions
            .map(|entry| entry.unwrap().path().join("envoy"))
            .filter(|path| path.exists())
            .max()
    };
    std::env::var_os("ENVOY")
        .map(|path| checkout().join(path))
        .or_else(fetched)
        .expect("no Envoy: `make envoy` gets one")
}

/// The major and the minor version of [`binary`].
pub(crate) fn version() -> (u32, u32) {
    static VERSION: OnceLock<(u32, u32)> = OnceLock::new();
    *VERSION.get_or_init(|| {
        let said = Command::new(binary()).arg("--version").output().unwrap().stdout;
        let said = String::from_utf8(said).unwrap();
        // Between the commit and how it was built.
        let version = said.split('/').find(|part| part.split('.').count() == 3);
        let mut numbers = version.unwrap().split('.').map(|number| number.parse().unwrap());
        (numbers.next().unwrap(), numbers.next().unwrap())
    })
}

/// Whether [`binary`] loads libraries.
pub(crate) fn has_dynamic_modules() -> bool {
    version() >= (1, 38)
}

/// Whether [`binary`] lets the filter tell of the configuration that was loaded: a library of 1.38 has no call for it.
pub(crate) fn has_gauges_of_configurations() -> bool {
    !is_native() || version() >= (1, 39)
}
