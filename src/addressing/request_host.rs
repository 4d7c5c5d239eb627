//! The host of a request.

/// The longest host name that is looked at, in bytes (RFC 1035 section 2.3.4). A longer one names no bucket.
pub const MAX_HOST_BYTES: usize = 253;

/// A host name as DNS compares it: without port and trailing dots, in lower case. Envoy keeps all three as the client
/// sent them.
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
        let mut host = host;
        // Of several, some servers strip all.
        while let Some(shorter) = host.strip_suffix(b".") {
            host = shorter;
        }
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

/// Whether an `:authority` has userinfo (RFC 3986 section 3.2.1): some servers take what stands before the `@` for the
/// host, others what stands behind it.
pub fn has_userinfo(authority: &[u8]) -> bool {
    authority.contains(&b'@')
}
