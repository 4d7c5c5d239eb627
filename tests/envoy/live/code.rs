//! The filter's code in files of several names: the built one, and one that is told from it by its answers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Value, json};

use super::versions::{EXPLANATION, OF_OTHER};
use crate::support::envoy;

/// A file with code, named as in a release; removed with this.
pub(crate) struct CodeFile {
    folder: PathBuf,
    file: PathBuf,
}

impl CodeFile {
    /// A copy of what was built.
    pub(crate) fn built() -> Self {
        Self::of(&fs::read(built()).unwrap())
    }

    /// The same code but for the name of a header.
    pub(crate) fn other() -> Self {
        let mut bytes = fs::read(built()).unwrap();
        let name = EXPLANATION.as_bytes();
        let mut places = bytes
            .windows(name.len())
            .enumerate()
            .filter(|(_, at)| *at == name);
        let (place, _) = places.next().unwrap();
        assert!(places.next().is_none(), "the name stands there twice");
        bytes[place..place + name.len()].copy_from_slice(OF_OTHER.as_bytes());
        Self::of(&bytes)
    }

    fn of(bytes: &[u8]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = checkout.join(format!("target/envoy-tests/code-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let plain = folder.join(built().file_name().unwrap());
        fs::write(&plain, bytes).unwrap();
        let named = Command::new(checkout.join("envoy/release/artifact-name"))
            .arg(&plain)
            .output()
            .unwrap();
        assert!(named.status.success(), "{named:?}");
        let file = folder.join(String::from_utf8(named.stdout).unwrap().trim());
        fs::rename(plain, &file).unwrap();
        Self { folder, file }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for CodeFile {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn built() -> PathBuf {
    if envoy::is_native() {
        envoy::library()
    } else {
        envoy::module()
    }
}

/// The filter with these rules, and with this code where it is another.
pub(crate) fn resource(rules: &str, code: Option<&Path>) -> Value {
    let mut resource = envoy::bucket_cors_named("edge", rules.as_bytes());
    if let Some(code) = code {
        let config = &mut resource["typed_config"];
        let place = if envoy::is_native() {
            &mut config["dynamic_module_config"]["module"]["local"]["filename"]
        } else {
            &mut config["config"]["vm_config"]["code"]["local"]["filename"]
        };
        *place = json!(code);
    }
    resource["@type"] = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig".into();
    resource
}

pub(crate) fn document(version: &str, resources: &[Value]) -> String {
    json!({ "version_info": version, "resources": resources }).to_string()
}
