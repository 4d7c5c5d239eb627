//! Hosts and routes, which a proxy's policies belong to.

use super::code;
use super::document::{Bucket, Sourced};
use super::remarks::Remarks;

/// The routes of some hosts.
#[derive(Debug, Default)]
pub(crate) struct Host {
    /// Host names, `*`, or with a `*` in front.
    pub(crate) domains: Vec<Sourced<String>>,
    /// In the order in which the proxy tries them.
    pub(crate) routes: Vec<Route>,
}

/// A route.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) paths: Vec<Sourced<Paths>>,
    /// The rules of its policy, if it has one.
    pub(crate) bucket: Option<Bucket>,
    pub(crate) place: String,
}

/// The requests of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Paths {
    /// Every path of the host.
    All,
    /// Those under a first segment.
    Bucket(String),
    /// Those that start with a first segment, which another may start with too.
    Prefix(String),
    /// Something that is no bucket's, with the reason, and where it can be.
    Other(&'static str, Reach),
}

/// The first segments that paths may have. What is not known counts as every one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(crate) start: String,
    /// The segment is the start, and not only begins so.
    pub(crate) is_whole: bool,
}

impl Reach {
    pub(crate) fn of_prefix(prefix: &str) -> Self {
        let path = prefix.strip_prefix('/').unwrap_or_default();
        let (start, is_whole) = match path.split_once('/') {
            Some((name, _)) => (name, true),
            None => (path, false),
        };
        if is_plain(start) {
            Self {
                start: start.to_owned(),
                is_whole,
            }
        } else {
            Self::default()
        }
    }

    pub(crate) fn of_path(path: &str) -> Self {
        let reach = Self::of_prefix(path);
        Self {
            is_whole: !reach.start.is_empty(),
            ..reach
        }
    }

    /// What an expression begins with, as far as it is plain.
    pub(crate) fn of_regex(regex: &str) -> Self {
        if regex.contains('|') {
            return Self::default();
        }
        let regex = regex.strip_prefix('^').unwrap_or(regex);
        let is_literal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_');
        let end = regex.find(|c| !is_literal(c)).unwrap_or(regex.len());
        let (mut start, rest) = regex.split_at_checked(end).unwrap_or_default();
        // It may be missing.
        if rest.starts_with(['?', '*', '{']) {
            start = start.get(..start.len().saturating_sub(1)).unwrap_or_default();
        }
        Self::of_prefix(start)
    }

    pub(crate) fn holds(&self, name: &str) -> bool {
        if self.is_whole {
            name == self.start
        } else {
            name.starts_with(&self.start)
        }
    }
}

impl Paths {
    /// A prefix: of characters, or of whole segments.
    pub(crate) fn prefix(prefix: &str, of_segments: bool) -> Self {
        let Some(path) = prefix.strip_prefix('/') else {
            return if prefix.is_empty() {
                Self::All
            } else {
                Self::Other("its path does not start with a slash", Reach::default())
            };
        };
        let (name, rest) = match path.split_once('/') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        match (name, rest) {
            ("", None) => Self::All,
            (name, None | Some("")) if !name.is_empty() && is_plain(name) => {
                if of_segments || rest.is_some() {
                    Self::Bucket(name.to_owned())
                } else {
                    Self::Prefix(name.to_owned())
                }
            }
            (_, Some(rest)) if !rest.is_empty() => Self::Other(
                "rules belong to a bucket, and its path is of a part of one",
                Reach::of_prefix(prefix),
            ),
            _ => Self::Other("its path names no bucket", Reach::of_prefix(prefix)),
        }
    }

    /// These, of which a route takes only those that it asks more of.
    pub(crate) fn conditional(self) -> Self {
        let reach = match self {
            Self::All => Reach::default(),
            Self::Bucket(start) => Reach {
                start,
                is_whole: true,
            },
            Self::Prefix(start) => Reach {
                start,
                is_whole: false,
            },
            Self::Other(_, reach) => reach,
        };
        Self::Other(
            "rules belong to a bucket, and this route asks for more than a host and a path",
            reach,
        )
    }

    pub(crate) fn no_prefix(reach: Reach) -> Self {
        Self::Other("rules belong to a bucket, and its path is no prefix", reach)
    }
}

/// What a bucket's name in a path stands for byte for byte.
fn is_plain(name: &str) -> bool {
    name != "." && name != ".." && !name.contains(['%', '?', '#', '*', ' ', '(', '[', '|', '$', '\\'])
}

/// Adds a host of a proxy that prefers the longest path, wherever it stands, in whatever resource.
pub(crate) fn join(hosts: &mut Vec<Host>, host: Host, remarks: &mut Remarks) {
    let mut found = hosts.iter_mut().find(|known| known.domains == host.domains);
    let mut routes = found
        .as_mut()
        .map(|known| std::mem::take(&mut known.routes))
        .unwrap_or_default();
    let known = routes.len();
    for route in host.routes {
        let earlier = routes.iter().take(known).find(|known: &&Route| {
            known.paths == route.paths && !matches!(paths_of(known), Some(Paths::Other(..)))
        });
        match (earlier.and_then(|known| known.bucket.as_ref()), &route.bucket) {
            (Some(known), Some(own)) if !known.answers_like(own) => remarks.say(
                code::SECOND_POLICY,
                &own.place,
                "a second policy for the same hosts and paths: the first policy stands",
            ),
            _ => routes.push(route),
        }
    }
    routes.sort_by_key(|route| match paths_of(route) {
        Some(Paths::Other(..)) => 0,
        Some(Paths::Bucket(_) | Paths::Prefix(_)) => 1,
        Some(Paths::All) | None => 2,
    });
    match found {
        Some(known) => known.routes = routes,
        None => hosts.push(Host { routes, ..host }),
    }
}

fn paths_of(route: &Route) -> Option<&Paths> {
    route.paths.first().map(|paths| &paths.value)
}

/// That a route's policy is also for paths that spell the bucket's name otherwise.
pub(crate) fn say_any_case(place: &str, remarks: &mut Remarks) {
    remarks.say(code::PATH_CASE, place,
        "that upper and lower case are alike in the path: buckets' names compare byte for byte, so that only the name as \
         written gets this policy",
    );
}
