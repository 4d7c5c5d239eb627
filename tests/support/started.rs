//! A server that a test starts, with a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// Its process, which ends with this.
pub(crate) struct Started {
    pub(crate) child: Child,
    pub(crate) folder: PathBuf,
}

impl Started {
    /// `kind`: the folder below `target` in which it gets its own.
    pub(crate) fn new(kind: &str, start: impl FnOnce(&Path) -> Child) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(kind);
        let folder = target.join(format!("{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self {
            child: start(&folder),
            folder,
        }
    }

    /// Ends the process at once.
    pub(crate) fn end(&mut self) {
        // Neither can fail but for a process that is gone already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.end();
        // What a failed test leaves is there to be read.
        if !thread::panicking() {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}
