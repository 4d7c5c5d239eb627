//! A header map as proxy-wasm serialises it: a count, a length pair for each header, then the bytes, each name and
//! value followed by a NUL; numbers are little-endian u32 (proxy-wasm ABI 0.2.1, "Header maps").

/// The headers of a serialised map, in order.
///
/// The bytes come from the host, but their content from a client or a store: whatever they are, iterating ends and
/// reads only what is there.
#[derive(Debug, Clone)]
pub struct Pairs<'a> {
    lengths: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Pairs<'a> {
    /// Reads the count. A map that is too short for it is empty.
    pub fn parse(map: &'a [u8]) -> Self {
        Self::try_parse(map).unwrap_or(Self {
            lengths: &[],
            bytes: &[],
        })
    }

    fn try_parse(map: &'a [u8]) -> Option<Self> {
        let (count, rest) = read_u32(map)?;
        let (lengths, bytes) = rest.split_at_checked(count.checked_mul(8)?)?;
        Some(Self { lengths, bytes })
    }

    /// The next `len` bytes, without the NUL behind them.
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.bytes.split_at_checked(len.checked_add(1)?)?;
        self.bytes = rest;
        taken.split_last().map(|(_, taken)| taken)
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (lengths, rest) = self.lengths.split_first_chunk::<8>()?;
        self.lengths = rest;
        let [n0, n1, n2, n3, v0, v1, v2, v3] = *lengths;
        let (name_len, value_len) = (
            u32::from_le_bytes([n0, n1, n2, n3]),
            u32::from_le_bytes([v0, v1, v2, v3]),
        );
        let len = |len| usize::try_from(len).ok();
        Some((self.take(len(name_len)?)?, self.take(len(value_len)?)?))
    }
}

fn read_u32(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*number)).ok()?, rest))
}

/// Serialises headers in the same form.
pub fn serialise<'n, 'v>(
    headers: impl ExactSizeIterator<Item = (&'n str, &'v [u8])> + Clone,
    out: &mut Vec<u8>,
) {
    out.clear();
    let number = |length: usize| u32::try_from(length).unwrap_or(0).to_le_bytes();
    out.extend_from_slice(&number(headers.len()));
    for (name, value) in headers.clone() {
        out.extend_from_slice(&number(name.len()));
        out.extend_from_slice(&number(value.len()));
    }
    for (name, value) in headers {
        out.extend_from_slice(name.as_bytes());
        out.push(0);
        out.extend_from_slice(value);
        out.push(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_survives_the_round_trip() {
        let headers = [("vary", &b"Origin"[..]), ("x-empty", b""), ("x-bytes", b"\xff\0")];
        let mut map = Vec::new();
        serialise(headers.iter().copied(), &mut map);
        let read: Vec<_> = Pairs::parse(&map).collect();
        assert_eq!(read, headers.map(|(name, value)| (name.as_bytes(), value)));
    }

    #[test]
    fn a_map_cut_short_anywhere_ends_the_iteration() {
        let mut map = Vec::new();
        serialise(
            [("vary", &b"Origin"[..]), ("server", b"envoy")].into_iter(),
            &mut map,
        );
        for end in 0..map.len() {
            assert!(Pairs::parse(&map[..end]).count() < 2, "{end}");
        }
    }

    #[test]
    fn absurd_counts_and_lengths_are_not_believed() {
        assert_eq!(Pairs::parse(&[0xff; 4]).count(), 0);
        assert_eq!(Pairs::parse(&[0xff; 64]).count(), 0);
        assert_eq!(
            Pairs::parse(&[1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]).count(),
            0
        );
    }
}
