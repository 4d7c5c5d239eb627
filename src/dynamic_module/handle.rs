//! What Envoy knows a stream of ours by. Ended streams are kept and used again, so that a new one allocates nothing.
#![allow(unsafe_code)] // Envoy hands pointers in.

use std::cell::RefCell;

use super::config::Config;
use super::stream::Stream;

/// How many ended streams are kept: as many in flight at once then cost no allocation.
const MAX_SPARE: usize = 4_096;

thread_local! {
    #[allow(clippy::vec_box)] // Envoy holds a pointer to each, which must not move.
    static SPARE: RefCell<Vec<Box<Handle>>> = const { RefCell::new(Vec::new()) };
}

/// Envoy keeps a configuration for as long as one of its streams lives.
#[derive(Default)]
pub(super) struct Handle {
    config: Option<*const Config>,
    stream: Stream,
}

impl Handle {
    /// Of a new stream.
    pub(super) fn new(config: *const Config) -> Box<Self> {
        let spare = SPARE.with(|spare| spare.try_borrow_mut().ok()?.pop());
        let mut handle = spare.unwrap_or_default();
        handle.config = Some(config);
        handle
    }

    /// Keeps that of a stream that has ended.
    pub(super) fn recycle(mut handle: Box<Self>) {
        handle.config = None;
        handle.stream.end();
        SPARE.with(|spare| {
            if let Ok(mut spare) = spare.try_borrow_mut()
                && spare.len() < MAX_SPARE
            {
                spare.push(handle);
            }
        });
    }

    /// The stream, and the configuration that it came under.
    ///
    /// # Safety
    /// The handle comes of [`Handle::new`], and nothing else uses it for as long as `'a`.
    pub(super) unsafe fn of<'a>(handle: *mut Self) -> Option<(&'a Config, &'a mut Stream)> {
        // SAFETY: as the caller vouches; the configuration outlives its streams.
        unsafe {
            let handle = handle.as_mut()?;
            Some((&*handle.config?, &mut handle.stream))
        }
    }
}
