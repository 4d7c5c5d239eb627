//! How a request names its bucket: by its host, virtual-hosted-style, or by the first segment of its path, path-style.

/// The longest host name that is looked at, in bytes (RFC 1035 section 2.3.4). A longer one names no bucket.
pub const MAX_HOST_BYTES: usize = 253;

/// The longest bucket name that is looked for, in bytes: S3's and OSS's limit is 63, older S3 buckets have up to 255.
pub const MAX_BUCKET_BYTES: usize = 255;

/// How a request names its bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// By its host: virtual-hosted-style, or a custom domain.
    #[default]
    Host,
    /// By the first segment of its path.
    Path,
}

/// Whether the path names an object, and not the bucket itself.
pub fn names_object(path: &[u8], style: Style) -> bool {
    let path = path.split(|&byte| byte == b'?').next().unwrap_or_default();
    let mut segments = path
        .strip_prefix(b"/")
        .unwrap_or(path)
        .splitn(2, |&byte| byte == b'/');
    if style == Style::Path {
        segments.next();
    }
    segments.any(|segment| !segment.is_empty())
}

/// A host name as DNS compares it: without port and trailing dot, in lower case. Envoy keeps all three as the client sent
/// them.
#[derive(Debug, Clone, Copy)]
pub struct HostName {
    bytes: [u8; MAX_HOST_BYTES],
    len: usize,
}

impl HostName {
    /// The host of an `:authority`.
    pub fn from_authority(authority: &[u8]) -> Option<Self> {
        let host = match authority {
            // An IPv6 literal is full of colons; its port stands after the bracket (RFC 3986 section 3.2.2).
            [b'[', ..] => authority.get(..=authority.iter().position(|&byte| byte == b']')?)?,
            _ => authority.split(|&byte| byte == b':').next()?,
        };
        let host = host.strip_suffix(b".").unwrap_or(host);
        let mut bytes = [0; MAX_HOST_BYTES];
        let lower = bytes.get_mut(..host.len())?;
        lower.copy_from_slice(host);
        lower.make_ascii_lowercase();
        Some(Self {
            bytes,
            len: host.len(),
        })
    }

    /// The name.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// Every way to read the host as `<bucket>.<endpoint>`: (bucket, endpoint), longest endpoint first. The endpoint is
    /// anchored at a dot, so that `evil-oss.example` is not under `oss.example`; the bucket may hold dots.
    pub fn splits(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let host = self.as_bytes();
        host.iter()
            .enumerate()
            .filter(|&(_, &byte)| byte == b'.')
            .filter_map(|(dot, _)| {
                let (bucket, rest) = host.split_at_checked(dot)?;
                Some((bucket, rest.strip_prefix(b".")?))
            })
    }
}

/// What a path-style `:path` names.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::large_enum_variant)] // A box would be an allocation for every request.
pub enum InPath<'a> {
    /// The service itself: `/`.
    Service,
    /// A bucket.
    Bucket(PathBucket<'a>),
    /// Some bucket, but which one depends on how a store reads the path.
    Unclear,
}

impl<'a> InPath<'a> {
    /// Reads a path. Its first segment is the bucket, percent-decoded once as the store does it, so that `/%62ucket/` does not
    /// slip past the rules of `bucket`.
    ///
    /// An empty first segment, dot segments and encoded slashes that would end the first segment or make a dot segment leave it
    /// unclear: Envoy neither merges slashes nor normalises paths by default, a store may, some decode the path before they
    /// look for its segments, and `/lax/../strict/object` must not be answered by the rules of `lax`. Browsers remove dot
    /// segments before they send a request, but neither empty ones nor those behind an encoded slash.
    pub fn read(path: &'a [u8]) -> Self {
        let Some(path) = path.strip_prefix(b"/") else {
            return Self::Service;
        };
        let (mut end, mut first_end, mut may_have_dots) = (path.len(), None, false);
        let mut before = b'/';
        // Once over the path, since every request has one.
        for (at, &byte) in path.iter().enumerate() {
            match byte {
                b'/' if first_end.is_none() => first_end = Some(at),
                b'?' | b'#' => {
                    end = at;
                    break;
                }
                b'.' if before == b'/' => may_have_dots = true,
                b'%' => may_have_dots |= is_encoded_dot_or_slash(path, at),
                _ => {}
            }
            before = byte;
        }
        let path = path.get(..end).unwrap_or_default();
        if path.is_empty() {
            return Self::Service;
        }
        if may_have_dots && has_dot_segment(path) {
            return Self::Unclear;
        }
        match path.get(..first_end.unwrap_or(end)).and_then(PathBucket::decode) {
            Some(bucket) if !bucket.as_bytes().is_empty() => Self::Bucket(bucket),
            _ => Self::Unclear,
        }
    }
}

/// A bucket name taken from a path.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::large_enum_variant)] // As above.
pub enum PathBucket<'a> {
    /// As it stands there: nearly every one.
    Plain(&'a [u8]),
    /// Percent-decoded.
    Decoded(Decoded),
}

/// Bytes that percent-encoding made longer.
#[derive(Debug, Clone, Copy)]
pub struct Decoded {
    bytes: [u8; MAX_BUCKET_BYTES],
    len: usize,
}

impl<'a> PathBucket<'a> {
    fn decode(segment: &'a [u8]) -> Option<Self> {
        if segment.contains(&b'%') {
            return Decoded::read(segment).map(Self::Decoded);
        }
        (segment.len() <= MAX_BUCKET_BYTES).then_some(Self::Plain(segment))
    }

    /// The name.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Plain(name) => name,
            Self::Decoded(name) => name.as_bytes(),
        }
    }
}

impl Decoded {
    /// `None`: a broken encoding, a slash, which no bucket's name holds, or a name that is too long for one.
    fn read(segment: &[u8]) -> Option<Self> {
        let mut decoded = Self {
            bytes: [0; MAX_BUCKET_BYTES],
            len: 0,
        };
        let mut rest = segment;
        while let Some((byte, tail)) = split_unescaped(rest) {
            let byte = byte.filter(|&byte| byte != b'/')?;
            *decoded.bytes.get_mut(decoded.len)? = byte;
            decoded.len = decoded.len.saturating_add(1);
            rest = tail;
        }
        Some(decoded)
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// The first byte, percent-decoded, and what follows it. The byte is `None` where a `%` encodes nothing.
fn split_unescaped(text: &[u8]) -> Option<(Option<u8>, &[u8])> {
    let (&first, rest) = text.split_first()?;
    Some(match (first, rest) {
        (b'%', [high, low, tail @ ..]) => match hex_byte(*high, *low) {
            Some(byte) => (Some(byte), tail),
            None => (None, rest),
        },
        (b'%', _) => (None, rest),
        _ => (Some(first), rest),
    })
}

fn hex_byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    Some((digit(high)? << 4) | digit(low)?)
}

/// Whether the `%` there is that of `%2E` or `%2F`: without either, a dot segment begins with a `.` behind a `/`.
fn is_encoded_dot_or_slash(path: &[u8], at: usize) -> bool {
    let code = path.get(at..).and_then(|rest| rest.get(1..3));
    matches!(code, Some([b'2', b'e' | b'E' | b'f' | b'F']))
}

/// Whether a segment is `.` or `..` once the whole path is decoded, slashes included.
fn has_dot_segment(path: &[u8]) -> bool {
    // How many dots the segment consists of so far; `None` once there is anything else in it.
    let mut dots = Some(0_u8);
    let is_dot_segment = |dots| matches!(dots, Some(1 | 2));
    let mut rest = path;
    while let Some((byte, tail)) = split_unescaped(rest) {
        dots = match byte {
            Some(b'/') if is_dot_segment(dots) => return true,
            Some(b'/') => Some(0),
            Some(b'.') => dots.and_then(|dots| dots.checked_add(1)),
            _ => None,
        };
        rest = tail;
    }
    is_dot_segment(dots)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(authority: &str) -> Option<String> {
        HostName::from_authority(authority.as_bytes())
            .map(|host| String::from_utf8(host.as_bytes().to_vec()).unwrap())
    }

    fn bucket(path: &str) -> Option<Vec<u8>> {
        match InPath::read(path.as_bytes()) {
            InPath::Bucket(bucket) => Some(bucket.as_bytes().to_vec()),
            InPath::Service | InPath::Unclear => None,
        }
    }

    fn is_unclear(path: &str) -> bool {
        matches!(InPath::read(path.as_bytes()), InPath::Unclear)
    }

    #[test]
    fn port_case_and_trailing_dot_do_not_count() {
        for authority in [
            "b.oss.example",
            "B.OSS.Example",
            "b.oss.example.",
            "b.oss.example:443",
            "b.oss.example.:x",
        ] {
            assert_eq!(host(authority).unwrap(), "b.oss.example", "{authority}");
        }
        assert_eq!(host("[::1]:8080").unwrap(), "[::1]");
        assert_eq!(host("").unwrap(), "");
        assert_eq!(host("[::1"), None);
        assert_eq!(host(&"a".repeat(MAX_HOST_BYTES + 1)), None);
    }

    #[test]
    fn a_host_is_split_at_dots_only() {
        let host = HostName::from_authority(b"a.b.oss.example").unwrap();
        let splits: Vec<_> = host.splits().collect();
        assert_eq!(
            splits,
            [
                (&b"a"[..], &b"b.oss.example"[..]),
                (b"a.b", b"oss.example"),
                (b"a.b.oss", b"example")
            ]
        );
    }

    #[test]
    fn the_first_segment_is_the_bucket() {
        assert_eq!(bucket("/bucket/object").unwrap(), b"bucket");
        assert_eq!(bucket("/bucket").unwrap(), b"bucket");
        assert_eq!(bucket("/bucket?x=/other/obj").unwrap(), b"bucket");
        assert_eq!(bucket("/a.b-c/o").unwrap(), b"a.b-c");
        assert_eq!(bucket("/%62ucket/object").unwrap(), b"bucket");
        assert_eq!(bucket("/bucket%00other/obj").unwrap(), b"bucket\0other");
    }

    #[test]
    fn the_service_is_no_bucket() {
        for path in ["", "/", "*", "/?x", "bucket/object"] {
            assert!(bucket(path).is_none() && !is_unclear(path), "{path}");
        }
    }

    #[test]
    fn some_paths_do_not_say_which_bucket() {
        for path in [
            "//bucket/object",
            "//",
            "/%6",
            "/%zz/o",
            "/%/o",
            "/bucket%2Fobject",
            "/%2fbucket/object",
        ] {
            assert!(is_unclear(path), "{path}");
        }
        assert!(is_unclear(&format!("/{}/o", "a".repeat(MAX_BUCKET_BYTES + 1))));
    }

    #[test]
    fn dot_segments_cannot_choose_a_bucket() {
        for path in [
            "/a/../b/o",
            "/./b/o",
            "/../b/o",
            "/a/%2e%2E/b",
            "/a/.%2e",
            "/a/b/..",
            "/%2e%2e/b",
            "/a/%2e%2e%2fb",
            "/a/o%2F../b",
            "/a/o/%2f..",
            "/a/%zz%2f.%2e",
            "/a/%/../b",
        ] {
            assert!(is_unclear(path), "{path}");
        }
        for path in [
            "/a/..b/o",
            "/a/.hidden",
            "/a/%2e%2e%2e",
            "/a/x..?y=/../z",
            "/a/o%2Fb",
            "/a/o%2f..b",
            "/a/%252e%252e%252fb",
            "/a/%",
            "/a/%zz",
            "/a/..%2",
        ] {
            assert_eq!(bucket(path).unwrap(), b"a", "{path}");
        }
    }
}
