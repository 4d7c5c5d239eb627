//! A short list of headers on the stack.

/// The most headers that an answer has: the seven of the CORS protocol, `Vary`, `Content-Type`, `x-bucket-cors`,
/// `Cross-Origin-Resource-Policy` and `Timing-Allow-Origin`.
const CAPACITY: usize = 12;

/// Response headers, name and value, in the order in which they were pushed. Values borrow from the configuration, the
/// request or a scratch buffer.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeaderList<'a> {
    headers: [(&'static str, &'a [u8]); CAPACITY],
    len: usize,
}

impl<'a> HeaderList<'a> {
    /// Adds a header. There is room for every header that an answer can have, and each is pushed once.
    pub fn push(&mut self, name: &'static str, value: &'a [u8]) {
        if let Some(slot) = self.headers.get_mut(self.len) {
            *slot = (name, value);
            self.len = self.len.saturating_add(1);
        }
    }

    /// Adds a header unless its value is empty, which stands for "not sent": R2 once sent empty expose lists.
    pub fn push_unless_empty(&mut self, name: &'static str, value: &'a [u8]) {
        if !value.is_empty() {
            self.push(name, value);
        }
    }

    /// The headers.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&'static str, &'a [u8])> + Clone + '_ {
        self.headers.get(..self.len).unwrap_or_default().iter().copied()
    }

    /// Whether a header of that name is in the list.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.iter().any(|(listed, _)| listed.as_bytes() == name)
    }
}
