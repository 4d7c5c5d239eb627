//! What a shell keeps of a request until its response is there.

use crate::answer::Echo;
use crate::edge::Decided;

/// What was decided, and what of the request the response repeats: on a proxied response, the request's headers are out
/// of reach.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) decided: Decided,
    /// The parts of [`Echo`], one behind the other.
    echo: Vec<u8>,
    origin_len: usize,
}

impl Kept {
    /// `memory` gives an empty buffer, and is asked only where something is to be kept in it.
    pub(crate) fn new(decided: Decided, echo: Echo<'_>, memory: impl FnOnce() -> Vec<u8>) -> Self {
        let mut bytes = Vec::new();
        if !echo.origin.is_empty() || !echo.request_headers.is_empty() {
            bytes = memory();
            bytes.extend_from_slice(echo.origin);
            bytes.extend_from_slice(echo.request_headers);
        }
        Self {
            decided,
            echo: bytes,
            origin_len: echo.origin.len(),
        }
    }

    /// What the response repeats.
    pub(crate) fn echo(&self) -> Echo<'_> {
        let (origin, request_headers) = self.echo.split_at_checked(self.origin_len).unwrap_or_default();
        Echo {
            origin,
            request_headers,
        }
    }

    /// The buffer that `memory` gave, emptied; `None`: none was asked for.
    pub(crate) fn into_memory(self) -> Option<Vec<u8>> {
        let mut memory = self.echo;
        memory.clear();
        (memory.capacity() > 0).then_some(memory)
    }
}
