//! The memory of answers.

/// Memory that answers are put together in, kept between requests: once it has grown, no request allocates.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) allow_headers: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) explanation: Vec<u8>,
    pub(super) details: Vec<u8>,
    pub(super) access_log: Vec<u8>,
    pub(crate) vary: Vec<u8>,
}

impl Scratch {
    /// What became of the request that was looked at last: its bucket, and the words of `x-bucket-cors`; `None`: nobody
    /// wants to know, or there is nothing to say of a bucket that is not listed.
    pub fn access_log(&self) -> Option<&[u8]> {
        Some(self.access_log.as_slice()).filter(|text| !text.is_empty())
    }

    pub(crate) fn clear_access_log(&mut self) {
        self.access_log.clear();
    }
}
