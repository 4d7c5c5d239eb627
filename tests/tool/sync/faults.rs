//! Faults of the machine: a process that is killed between any two calls, a disk that is full, a clock that is set.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::tool::Folder;

/// What is loaded into a process for them.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("faults.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tool/sync/faults.c");
        let output = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([library.as_os_str(), source.as_ref(), "-ldl".as_ref()])
            .output()
            .expect("a C compiler, which links this test too");
        assert!(output.status.success(), "{output:?}");
        library
    })
}

/// The same process, killed in place of this call of those that change files.
pub(super) fn killed_at(command: &mut Command, call: usize) -> &mut Command {
    command
        .env("LD_PRELOAD", library())
        .env("KILL_AT", call.to_string())
}

/// Faults that come and go while processes run.
pub(super) struct Faults(PathBuf);

impl Faults {
    pub(super) fn new(folder: &Folder) -> Self {
        Self(folder.path().join("faults"))
    }

    /// The same process with them.
    pub(super) fn befall<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("LD_PRELOAD", library()).env("FAULTS", &self.0)
    }

    /// What goes wrong from now on: `CALL NUMBER`, `clock SECONDS` or `stall SECONDS`.
    pub(super) fn begin(&self, what: &str) {
        // Nobody meets half of it.
        let part = self.0.with_extension("part");
        fs::write(&part, what).unwrap();
        fs::rename(&part, &self.0).unwrap();
    }

    pub(super) fn end(&self) {
        fs::remove_file(&self.0).unwrap();
    }
}
