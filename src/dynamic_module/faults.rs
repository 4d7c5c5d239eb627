//! Faults that a test asks for, through the name of the filter that was configured last: a panic in a hook of its
//! choice, a race between workers, or a read of what is gone.
#![allow(unsafe_code)] // These faults take it.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// `panic in ` and a hook.
static FILTER: RwLock<String> = RwLock::new(String::new());

/// Whether the name is `race`. Nothing is ordered by it, or the race would be none.
static RACES: AtomicBool = AtomicBool::new(false);

pub(super) fn configure(filter: &[u8]) {
    RACES.store(filter == b"race", Ordering::Relaxed);
    if let Ok(mut name) = FILTER.write() {
        *name = String::from_utf8_lossy(filter).into_owned();
    }
}

#[allow(clippy::panic)] // That is what it is for.
pub(super) fn strike(hook: &str) {
    if RACES.load(Ordering::Relaxed) {
        race();
        return;
    }
    let Ok(name) = FILTER.read() else { return };
    if *name == "stale-read" {
        read_stale();
    }
    if name.strip_prefix("panic in ") == Some(hook) {
        // Another hook is to be able to strike.
        drop(name);
        panic!("as a test asked for");
    }
}

/// Counts where all workers count, without a lock.
fn race() {
    static mut COUNT: u64 = 0;
    // SAFETY: none, which is the fault.
    unsafe { COUNT = COUNT.wrapping_add(1) }
}

fn read_stale() {
    let memory = Box::new(0_u64);
    let gone = &raw const *memory;
    drop(memory);
    // SAFETY: none, which is the fault.
    std::hint::black_box(unsafe { *gone });
}
