//! The regular expressions that ingress-nginx makes of the paths of a host: each of them, of whatever type, where one
//! of its Ingresses uses expressions or rewrites paths. They have the start of a path, in upper and lower case alike.

use super::reach::Reach;
use super::routes::Paths;

/// What an expression takes behind a first segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    /// Anything, also more of the segment.
    Anything,
    /// Nothing, or what stands below it.
    Segment,
    /// What stands below it.
    Below,
}

/// The ways in which people write each.
const FORMS: [(Behind, &[&str]); 3] = [
    (
        Behind::Anything,
        &[
            "", "(.*)", ".*", "(.*)$", ".*$", "/?(.*)", "/?.*", "/?", "(/.*)?", "(/(.*))?",
        ],
    ),
    (
        Behind::Segment,
        &[
            "(/|$)",
            "(/|$)(.*)",
            "(/|$).*",
            "($|/)",
            "($|/)(.*)",
            "(?:/|$)",
            "(?:/|$)(.*)",
            "(/.*)?$",
            "(/(.*))?$",
        ],
    ),
    (Behind::Below, &["/", "/(.*)", "/.*", "/(.*)$", "/.*$"]),
];

/// The requests of a path.
pub(crate) fn expression(path: &str) -> Vec<Paths> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    let known = path.strip_prefix('/').and_then(|path| {
        let (name, rest) =
            path.split_at_checked(path.find(|character| !is_plain(character)).unwrap_or(path.len()))?;
        let (behind, _) = FORMS.iter().find(|(_, forms)| forms.contains(&rest))?;
        Some((name.to_owned(), *behind))
    });
    let paths = match known {
        // Each path starts with a slash.
        Some((name, Behind::Anything)) if name.is_empty() => Paths::All,
        Some((name, Behind::Anything)) => Paths::Prefix(name),
        Some((name, Behind::Segment)) if !name.is_empty() => Paths::Bucket(name),
        Some((name, Behind::Below)) if !name.is_empty() => Paths::Folder(name),
        _ => Paths::no_prefix(Reach::of_regex(path)),
    };
    paths.ignoring_case()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_to_write_a_prefix_are_read() {
        for (path, expected) in [
            ("/", Paths::All),
            ("/(.*)", Paths::All),
            ("/photos", Paths::Prefix("photos".to_owned())),
            ("/photos(/.*)?", Paths::Prefix("photos".to_owned())),
            ("/photos(/|$)(.*)", Paths::Bucket("photos".to_owned())),
            ("/photos/.*", Paths::Folder("photos".to_owned())),
            ("/photos/", Paths::Folder("photos".to_owned())),
        ] {
            assert_eq!(expression(path).first(), Some(&expected), "{path}");
        }
        for path in [
            "/photos$",
            "/photos/(.+)",
            "/pho.tos/",
            "/(photos|docs)",
            "//",
            "photos",
            "/photos/[a-z]+",
        ] {
            assert!(
                matches!(expression(path).first(), Some(Paths::Other(..))),
                "{path}"
            );
        }
    }
}
