//! A header map with Envoy's semantics: an ordered list of lower-case names with their values.

/// Headers in order, any bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct HostHeaders(Vec<(Vec<u8>, Vec<u8>)>);

/// Request headers of which Envoy keeps one line only: its own CORS filter, which is part of every official build,
/// registers them as inline headers, and a further line is appended with a comma.
const INLINE: [&[u8]; 3] = [
    b"origin",
    b"access-control-request-method",
    b"access-control-request-headers",
];

impl HostHeaders {
    /// A request as the filter chain sees it, with the request id that the proxy gave it.
    pub(crate) fn request<'a>(
        method: &str,
        authority: &str,
        path: &str,
        headers: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
    ) -> Self {
        let mut map = Self::default();
        for (name, value) in [(":authority", authority), (":path", path), (":method", method)] {
            map.add(name.as_bytes(), value.as_bytes());
        }
        map.add(b":scheme", b"http");
        for (name, value) in headers {
            map.add_or_append(name, value);
        }
        if map.get(b"x-request-id").is_none() {
            map.add(b"x-request-id", super::REQUEST_ID.as_bytes());
        }
        map
    }

    fn add_or_append(&mut self, name: &[u8], value: &[u8]) {
        let name = name.to_ascii_lowercase();
        let line = self.0.iter_mut().find(|(present, _)| *present == name);
        match line.filter(|_| INLINE.contains(&name.as_slice())) {
            Some((_, line)) => {
                line.push(b',');
                line.extend_from_slice(value);
            }
            None => self.0.push((name, value.to_vec())),
        }
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, name: &[u8], value: &[u8]) {
        self.0.push((name.to_ascii_lowercase(), value.to_vec()));
    }

    /// The first line.
    pub(crate) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter()
            .find(|(present, _)| present.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    /// Removes every line, then adds one.
    pub(crate) fn replace(&mut self, name: &[u8], value: &[u8]) {
        self.remove(name);
        self.add(name, value);
    }

    /// Removes every line.
    pub(crate) fn remove(&mut self, name: &[u8]) {
        self.0.retain(|(present, _)| !present.eq_ignore_ascii_case(name));
    }

    /// Every line, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.0.iter().map(|(name, value)| (&name[..], &value[..]))
    }

    /// How many lines there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The form in which maps cross the ABI.
    pub(crate) fn serialise(&self) -> Vec<u8> {
        let number = |length: usize| u32::try_from(length).unwrap().to_le_bytes();
        let mut out = number(self.len()).to_vec();
        for (name, value) in &self.0 {
            out.extend(number(name.len()));
            out.extend(number(value.len()));
        }
        for part in self.0.iter().flat_map(|(name, value)| [name, value]) {
            out.extend(part);
            out.push(0);
        }
        out
    }

    /// The inverse of [`HostHeaders::serialise`], which takes nothing else.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let number = |at: usize| {
            let digits = bytes.get(at..at + 4)?.try_into().ok()?;
            usize::try_from(u32::from_le_bytes(digits)).ok()
        };
        let count = number(0)?;
        let mut at = 4 + count.checked_mul(8)?;
        let mut part = |length: usize| {
            let part = bytes.get(at..at.checked_add(length)?)?;
            at += length + 1;
            (bytes.get(at - 1) == Some(&0)).then(|| part.to_vec())
        };
        let lines =
            (0..count).map(|index| Some((part(number(4 + index * 8)?)?, part(number(8 + index * 8)?)?)));
        let map = Self(lines.collect::<Option<_>>()?);
        (at == bytes.len()).then_some(map)
    }
}

impl<'a> FromIterator<(&'a [u8], &'a [u8])> for HostHeaders {
    fn from_iter<I: IntoIterator<Item = (&'a [u8], &'a [u8])>>(lines: I) -> Self {
        let mut map = Self::default();
        for (name, value) in lines {
            map.add(name, value);
        }
        map
    }
}

impl Extend<(Vec<u8>, Vec<u8>)> for HostHeaders {
    fn extend<I: IntoIterator<Item = (Vec<u8>, Vec<u8>)>>(&mut self, lines: I) {
        self.0.extend(lines);
    }
}

impl IntoIterator for HostHeaders {
    type Item = (Vec<u8>, Vec<u8>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
