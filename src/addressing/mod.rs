//! How a request names its bucket: by its host, virtual-hosted-style, or by the first segment of its path, path-style.

mod path;
mod request_host;

pub use path::{Decoded, InPath, MAX_BUCKET_BYTES, PathBucket, is_of_name};
pub use request_host::{HostName, MAX_HOST_BYTES, has_userinfo};

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

#[cfg(test)]
mod tests {
    use super::path::{has_dot_segment, hex_byte};
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
            "b.oss.example..:80",
        ] {
            assert_eq!(host(authority).unwrap(), "b.oss.example", "{authority}");
        }
        assert_eq!(host("[::1]:8080").unwrap(), "[::1]");
        assert_eq!(host("").unwrap(), "");
        assert_eq!(host("[::1"), None);
        assert_eq!(host(&"a".repeat(MAX_HOST_BYTES + 1)), None);
    }

    #[test]
    fn userinfo_is_seen() {
        assert!(has_userinfo(b"lax.oss.example@strict.oss.example"));
        assert!(!has_userinfo(b"strict.oss.example:80"));
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
            "/bucket\\object",
            "/\\bucket/object",
            "/bucket%5Cobject",
            "/bucket;x=1/object",
            "/bucket%3b/object",
            "/bucket%3Fx/object",
            "/bucket%23x/object",
            "/bucket#x/object",
            "/bucket/object#/../x",
            "/bucket%00other/object",
            "/%2562ucket/object",
            "/bucket%25/object",
            "/%c0%afbucket/object",
            "/bucket%u002fx/object",
        ] {
            assert!(is_unclear(path), "{path}");
        }
        assert!(is_unclear(&format!("/{}/o", "a".repeat(MAX_BUCKET_BYTES + 1))));
        assert!(is_unclear(&format!("/{}/o", "%61".repeat(MAX_BUCKET_BYTES + 1))));
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
            "/a/..;/b/o",
            "/a/..;x=1/b/o",
            "/a/.;/b/o",
            "/a/..%3Bx/b/o",
            "/a/..\\b/o",
            "/a/o\\..\\b",
            "/a/..%5cb/o",
            "/a/%2e%2e%5Cb",
            "/a/o%5c..%2fb",
            "/a/%252e%252e%252fb",
            "/a/%252e./b",
            "/a/%25252e%25252e%25252fb",
            "/a/%2%65%2%65/b",
            "/a/..%252fb",
            "/a/%%32e./b",
            "/a/..%3fx",
            "/a/..%00/b",
            "/a/%09../b/o",
            "/a/%7f../b/o",
            "/a/%0d%0a../b/o",
            "/a/%7f%2e%2e/b",
            "/a/.%09./b",
            "/a/..%20/b/o",
            "/a/%c0%ae%C0%AE/b",
            "/a/o%c0%af../b",
            "/a/o%C1%9c..%e0%80%af",
            "/a/%E0%80%AE./b",
            "/a/o%e0%81%9c../b",
            "/a/%25c0%25ae./b",
            "/a/%u002e%U002E/b",
            "/a/%25u002e./b",
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
            "/a/o%5cb",
            "/a/o\\b",
            "/a/x;y=1/..z;",
            "/a/%25",
            "/a/%252fb",
            "/a/%",
            "/a/%zz",
            "/a/..%2",
            "/a/...;/b",
            "/a/a%20b",
            "/a/%09b..",
            "/a/%c0%aeb",
            "/a/..%c1%81/b",
            "/a/..%e0%81%81/b",
            "/a/%e0%b8%81..",
            "/a/%u002eb",
        ] {
            assert_eq!(bucket(path).unwrap(), b"a", "{path}");
        }
    }

    /// Every way to decode some of the encodings of a path, again and again, and then to look for dot segments.
    #[test]
    fn no_server_sees_a_dot_segment_in_a_path_that_has_none() {
        fn decodings(path: &[u8], seen: &mut std::collections::BTreeSet<Vec<u8>>) {
            if !seen.insert(path.to_vec()) {
                return;
            }
            for at in 0..path.len() {
                if let [b'%', high, low, ..] = path[at..]
                    && let Some(byte) = hex_byte(high, low)
                {
                    decodings(&[&path[..at], &[byte], &path[at + 3..]].concat(), seen);
                }
                let (byte, len) = match path[at..] {
                    [b'%', b'u', b'0', b'0', high, low, ..] => (hex_byte(high, low), 6),
                    [0xc0, 0xae, ..] => (Some(b'.'), 2),
                    [0xc0, 0xaf, ..] => (Some(b'/'), 2),
                    _ => continue,
                };
                if let Some(byte) = byte {
                    decodings(&[&path[..at], &[byte], &path[at + len..]].concat(), seen);
                }
            }
        }
        let is_dots = |segment: &[u8]| {
            let end = segment.iter().position(|byte| b";?# ".contains(byte));
            matches!(&segment[..end.unwrap_or(segment.len())], b"." | b"..")
        };
        const PIECES: [&str; 16] = [
            ".", "/", "%", "2", "5", "e", "f", "5c", ";", "a", "\\", "25", "%09", "%20", "c0%a", "u00",
        ];
        let mut state = 7_u64;
        let mut dotted = 0;
        for _ in 0..20_000 {
            let mut path = String::new();
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                path += PIECES[(state >> 33) as usize % PIECES.len()];
            }
            let mut seen = std::collections::BTreeSet::new();
            decodings(path.as_bytes(), &mut seen);
            let expected = seen
                .iter()
                .any(|path| path.split(|byte| b"/\\\t".contains(byte)).any(is_dots));
            assert_eq!(has_dot_segment(path.as_bytes()), expected, "{path}");
            // The quick look before it must not miss any.
            if expected {
                dotted += 1;
                assert!(is_unclear(&format!("/bucket/{path}")), "{path}");
            }
        }
        assert!((1_000..19_000).contains(&dotted), "{dotted}");
    }
}
