//! The bucket in a path, and paths that servers read in different ways.

/// The longest bucket name that is looked for, in bytes: S3's and OSS's limit is 63, older S3 buckets have up to 255.
pub const MAX_BUCKET_BYTES: usize = 255;

/// What a path-style `:path` names.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::large_enum_variant)] // A box would be an allocation for every request.
pub enum InPath<'a> {
    /// The service itself: `/`.
    Service,
    /// A bucket.
    Bucket(PathBucket<'a>),
    /// Some bucket, but which one depends on how a server reads the path.
    Unclear,
}

impl<'a> InPath<'a> {
    /// Reads a path. Its first segment is the bucket, percent-decoded once as the store does it, so that `/%62ucket/`
    /// does not slip past the rules of `bucket`.
    ///
    /// Envoy neither merges slashes nor normalises paths by default, but a proxy or a store behind it may, and
    /// `/lax/../strict/object` must not be answered by the rules of `lax`. So a path is unclear that has a dot segment
    /// in any spelling ([`has_dot_segment`]), an empty first segment, or one that holds what no bucket's name does
    /// ([`PathBucket::read`]). Browsers remove plain dot segments before they send a request, but none of the others.
    pub fn read(path: &'a [u8]) -> Self {
        let Some(path) = path.strip_prefix(b"/") else {
            return Self::Service;
        };
        let (mut end, mut first_end, mut is_odd) = (path.len(), None, false);
        let mut at = 0_usize;
        // Once over the path, since every request has one; nearly all of its bytes are part of names.
        while let Some(plain) = path
            .get(at..)
            .and_then(|rest| rest.iter().position(|&byte| class(byte) != ByteClass::Plain))
        {
            at = at.saturating_add(plain);
            match path.get(at).map_or(ByteClass::End, |&byte| class(byte)) {
                ByteClass::Plain => {}
                ByteClass::Slash => first_end = first_end.or(Some(at)),
                ByteClass::Dot => is_odd |= at == 0 || path.get(at.wrapping_sub(1)) == Some(&b'/'),
                ByteClass::Percent => is_odd |= first_end.is_none() || is_odd_code(path, at),
                ByteClass::Odd => is_odd = true,
                ByteClass::End => {
                    end = at;
                    break;
                }
            }
            at = at.saturating_add(1);
        }
        let (Some(path), Some(first)) = (path.get(..end), path.get(..first_end.unwrap_or(end))) else {
            return Self::Unclear;
        };
        if path.is_empty() {
            return Self::Service;
        }
        if first.is_empty() || is_odd && has_dot_segment(path) {
            return Self::Unclear;
        }
        match PathBucket::read(first, is_odd) {
            Some(bucket) => Self::Bucket(bucket),
            None => Self::Unclear,
        }
    }
}

/// What a byte of a path may be to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ByteClass {
    /// Part of a name.
    Plain,
    /// The end of a segment.
    Slash,
    /// At the start of a segment, perhaps a dot segment.
    Dot,
    /// The start of a percent-encoding.
    Percent,
    /// `\`, which the URL Standard takes for a slash, `;`, before which servlet containers cut a segment off, `#`,
    /// which ends a path or is part of it, control characters, and what begins an overlong form of ASCII in UTF-8.
    Odd,
    /// The end of the path: `?`.
    End,
}

fn class(byte: u8) -> ByteClass {
    #[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects)] // It runs while this is compiled.
    static CLASSES: [ByteClass; 256] = {
        let mut classes = [ByteClass::Plain; 256];
        let mut byte = 0;
        while byte < classes.len() {
            classes[byte] = match byte as u8 {
                b'/' => ByteClass::Slash,
                b'.' => ByteClass::Dot,
                b'%' => ByteClass::Percent,
                b'?' => ByteClass::End,
                b'\\' | b';' | b'#' | 0..=0x1f | 0x7f | 0xc0 | 0xc1 => ByteClass::Odd,
                _ => ByteClass::Plain,
            };
            byte += 1;
        }
        classes
    };
    CLASSES.get(usize::from(byte)).copied().unwrap_or(ByteClass::Odd)
}

/// Whether what stands behind the `%` there can become part of a dot segment: `%2e`, `%2f`, `%5c`, control characters,
/// the overlong `%c0%ae`, IIS's `%u002e`, or what is decoded to one of them the next time, like `%252e` and `%2%65`.
fn is_odd_code(path: &[u8], at: usize) -> bool {
    match path.get(at..).and_then(|rest| rest.get(1..3)) {
        Some([b'2', low]) => matches!(low, b'5' | b'e' | b'E' | b'f' | b'F' | b'%'),
        Some([b'5', low]) => matches!(low, b'c' | b'C' | b'%'),
        Some([b'7', low]) => matches!(low, b'f' | b'F' | b'%'),
        Some([b'c' | b'C', low]) => matches!(low, b'0' | b'1' | b'%'),
        Some([b'e' | b'E', low]) => matches!(low, b'0' | b'%'),
        Some([b'0' | b'1' | b'u' | b'U' | b'%', _]) => true,
        _ => false,
    }
}

/// Whether a segment is `.` or `..` to some server: once every encoding is decoded, also what decoding brings forth,
/// and whether the segment ends at a slash, a backslash, the end of the path, or before path parameters (`..;x=1`), a
/// query, a fragment, a blank or a control character. It begins behind a control character too: the URL Standard's
/// parser and Python's drop tabs and line ends, so that `/%09../` is `/../` to a server that decodes first.
///
/// Decoding less often only leaves fewer dot segments: no byte that one of them consists of, or that ends it, is ever
/// part of an encoding. So one pass that decodes all sees those of every server. It goes backwards, so that what stands
/// behind a `%` is decoded before it.
pub(super) fn has_dot_segment(path: &[u8]) -> bool {
    // The decoded bytes that follow, the next one lowest. More than eight never matter: an encoding that is nested
    // deeper would have to be decoded five times.
    let mut behind = u64::from(b'/');
    for &byte in path.iter().rev().chain(b"/") {
        let mut byte = byte;
        while let Some((decoded, used)) = decode(byte, behind) {
            byte = decoded;
            behind >>= used;
        }
        if (matches!(byte, b'/' | b'\\') || byte.is_ascii_control()) && begins_with_dots(behind) {
            return true;
        }
        behind = (behind << 8) | u64::from(byte);
    }
    false
}

/// What a byte and those behind it encode, and how many bits of those that takes: `%2e`; IIS's `%u002e`; and the
/// overlong forms of ASCII that old decoders of UTF-8 take (RFC 3629, section 10).
fn decode(byte: u8, behind: u64) -> Option<(u8, u32)> {
    match (byte, behind.to_le_bytes()) {
        (b'%', [b'u' | b'U', b'0', b'0', high, low, ..]) => Some((hex_byte(high, low)?, 40)),
        (b'%', [high, low, ..]) => Some((hex_byte(high, low)?, 16)),
        (0xc0, [low @ 0x80..=0xbf, ..]) => Some((low & 0x3f, 8)),
        (0xc1, [low @ 0x80..=0xbf, ..]) => Some((low & 0x7f | 0x40, 8)),
        (0xe0, [0x80, low @ 0x80..=0xbf, ..]) => Some((low & 0x3f, 16)),
        (0xe0, [0x81, low @ 0x80..=0xbf, ..]) => Some((low & 0x7f | 0x40, 16)),
        _ => None,
    }
}

/// Whether these bytes, the first one lowest, are one or two dots and what ends a segment.
fn begins_with_dots(bytes: u64) -> bool {
    let ends = |byte: u8| matches!(byte, b'/' | b'\\' | b';' | b'?' | b'#' | b' ') || byte.is_ascii_control();
    matches!(bytes.to_le_bytes(), [b'.', b'.', end, ..] | [b'.', end, ..] if ends(end))
}

pub(super) fn hex_byte(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    Some((digit(high)? << 4) | digit(low)?)
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
    /// The bucket of a first segment; `None`: a server may read another name there. `is_odd`: it may hold other bytes
    /// than those of names. That only spares the looks for such bytes: where there is one, it is set.
    fn read(segment: &'a [u8], is_odd: bool) -> Option<Self> {
        if is_odd && segment.contains(&b'%') {
            return Decoded::read(segment).map(Self::Decoded);
        }
        let is_name =
            segment.len() <= MAX_BUCKET_BYTES && !(is_odd && segment.iter().any(|&byte| !is_of_name(byte)));
        is_name.then_some(Self::Plain(segment))
    }

    /// The name.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Plain(name) => name,
            Self::Decoded(name) => name.as_bytes(),
        }
    }
}

/// Whether a byte can be part of a bucket's name as a path gives it. No store has a bucket with one of the others in
/// its name, and each of them ends the name, or means another byte, to some server.
pub fn is_of_name(byte: u8) -> bool {
    !matches!(byte, b'/' | b'\\' | b';' | b'?' | b'#' | b'%' | 0xc0 | 0xc1) && !byte.is_ascii_control()
}

impl Decoded {
    /// `None`: a broken encoding, a byte that no bucket's name holds (a `%` would be decoded once more by the next
    /// server), or a name that is too long for one.
    fn read(segment: &[u8]) -> Option<Self> {
        let mut decoded = Self {
            bytes: [0; MAX_BUCKET_BYTES],
            len: 0,
        };
        let mut rest = segment;
        while let Some((&first, behind)) = rest.split_first() {
            let (byte, tail) = match (first, behind) {
                (b'%', [high, low, tail @ ..]) => (hex_byte(*high, *low)?, tail),
                _ => (first, behind),
            };
            rest = tail;
            *decoded.bytes.get_mut(decoded.len)? = Some(byte).filter(|&byte| is_of_name(byte))?;
            decoded.len = decoded.len.saturating_add(1);
        }
        Some(decoded)
    }

    fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}
