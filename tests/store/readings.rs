//! Which buckets a server may read in a path: one after the other, all the ways in which servers are known to read one.

use std::collections::BTreeSet;

/// What some server does to a path before it takes the first segment for the bucket.
#[derive(Debug, Clone, Copy)]
struct ServerReading {
    /// How often it decodes the path before it looks for segments, and each segment afterwards.
    decodes: (usize, usize),
    /// IIS and others: a backslash is a slash.
    backslash_is_slash: bool,
    /// nginx by default.
    merges_slashes: bool,
    /// Servlet containers: a segment ends before its parameters. Programs in C: a text ends at a NUL.
    cuts_segments: bool,
    /// A path that was decoded and sent on as it is ends at a `?` or `#`.
    cuts_path: bool,
    /// RFC 3986 section 5.2.4.
    resolves_dots: bool,
    /// The URL Standard's parser and Python's drop tabs and line ends, Windows the blanks behind a name, and old
    /// decoders take `%c0%ae` for a dot.
    is_lenient: bool,
}

/// The name of every bucket that some server reads in a request, as it reaches a store with these endpoints.
pub(crate) fn buckets(authority: &str, path: &str, endpoints: &[&str]) -> BTreeSet<String> {
    if endpoints.is_empty() {
        return in_path(path);
    }
    let mut buckets = BTreeSet::new();
    for host in hosts(authority) {
        for endpoint in endpoints {
            match host.strip_suffix(endpoint) {
                Some("") => buckets.extend(in_path(path)),
                Some(before) => buckets.extend(before.strip_suffix('.').map(str::to_owned)),
                None => {}
            }
        }
    }
    buckets
}

/// The hosts that servers read in an authority: before its port, and behind what some take for credentials.
fn hosts(authority: &str) -> [String; 3] {
    let parts = [
        authority,
        authority.split_once('@').map_or("", |(_, host)| host),
        authority.rsplit_once('@').map_or("", |(_, host)| host),
    ];
    parts.map(|part| {
        let host = part.split([':', '@', '\\', '/']).next().unwrap_or_default();
        host.trim_end_matches('.').to_ascii_lowercase()
    })
}

/// The name of every bucket that some server reads in a path.
fn in_path(path: &str) -> BTreeSet<String> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    servers()
        .filter_map(|server| server.bucket(path.as_bytes()))
        .collect()
}

fn servers() -> impl Iterator<Item = ServerReading> {
    const DECODES: [(usize, usize); 6] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)];
    DECODES.into_iter().flat_map(|decodes| {
        (0_u8..64).map(move |bits| ServerReading {
            decodes,
            backslash_is_slash: bits & 1 > 0,
            merges_slashes: bits & 2 > 0,
            cuts_segments: bits & 4 > 0,
            cuts_path: bits & 8 > 0,
            resolves_dots: bits & 16 > 0,
            is_lenient: bits & 32 > 0,
        })
    })
}

impl ServerReading {
    fn bucket(self, path: &[u8]) -> Option<String> {
        let (before, after) = self.decodes;
        let mut path = decode_times(path, before);
        if self.is_lenient {
            path = leniently(&path);
        }
        if self.cuts_path {
            let end = path.iter().position(|byte| matches!(byte, b'?' | b'#'));
            path.truncate(end.unwrap_or(path.len()));
        }
        let is_slash = |byte: &u8| *byte == b'/' || self.backslash_is_slash && *byte == b'\\';
        let (first, rest) = path.split_first()?;
        if !is_slash(first) {
            return None;
        }
        let mut segments = Vec::new();
        for segment in rest.split(is_slash) {
            let mut segment = decode_times(segment, after);
            if self.is_lenient {
                segment = leniently(&segment);
                segment.truncate(segment.trim_ascii_end().len());
            }
            if self.cuts_segments {
                let end = segment.iter().position(|byte| matches!(byte, b';' | 0));
                segment.truncate(end.unwrap_or(segment.len()));
            }
            match segment.as_slice() {
                b"" if self.merges_slashes => {}
                b"." if self.resolves_dots => {}
                b".." if self.resolves_dots => {
                    segments.pop();
                }
                _ => segments.push(segment),
            }
        }
        let name = String::from_utf8(segments.into_iter().next()?).ok()?;
        is_bucket(&name).then_some(name)
    }
}

/// What S3 and OSS let a bucket be called.
fn is_bucket(name: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    name.bytes().all(is_allowed) && name.bytes().any(|byte| byte != b'.')
}

fn leniently(path: &[u8]) -> Vec<u8> {
    let mut path = path.to_vec();
    path.retain(|byte| !matches!(byte, b'\t' | b'\n' | b'\r'));
    while let Some(at) = path.windows(2).position(|pair| pair == [0xc0, 0xae]) {
        path.splice(at..at + 2, *b".");
    }
    path
}

fn decode_times(path: &[u8], times: usize) -> Vec<u8> {
    (0..times).fold(path.to_vec(), |path, _| decode(&path))
}

/// Percent-decoded once. A `%` that encodes nothing stays.
pub(crate) fn decode(text: &[u8]) -> Vec<u8> {
    let (mut decoded, mut rest) = (Vec::new(), text);
    while let Some((&first, tail)) = rest.split_first() {
        let digits = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let is_hex = |digits: &&str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        match digits
            .filter(is_hex)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
        {
            Some(byte) if first == b'%' => {
                decoded.push(byte);
                rest = &tail[2..];
            }
            _ => {
                decoded.push(first);
                rest = tail;
            }
        }
    }
    decoded
}
