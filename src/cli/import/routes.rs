//! Hosts and routes, which a proxy's policies belong to.

use super::document::{Bucket, Sourced};

/// The routes of some hosts.
#[derive(Debug, Clone)]
pub(crate) struct Host {
    /// Host names, `*`, or with a `*` in front.
    pub(crate) domains: Vec<Sourced<String>>,
    /// In the order in which they stand.
    pub(crate) routes: Vec<Route>,
    pub(crate) joining: Joining,
    pub(crate) stand: Stand,
}

impl Host {
    /// Whether one of its routes has a policy.
    pub(crate) fn has_policy(&self) -> bool {
        self.routes.iter().any(|route| route.bucket.is_some())
    }
}

/// Where the routes of a host stand at the proxy. The edge does not tell such places apart, so that it has to do for
/// each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stand {
    /// What requests come to by an address: the longest name that a host has counts in each. What has none counts only
    /// for names that no listener has.
    pub(crate) listener: Option<String>,
    /// What has its routes tried together.
    pub(crate) table: String,
}

/// How a proxy takes routes that stand in several places for one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Joining {
    /// Each place is for requests of its own, which the edge does not tell apart: ports, listeners.
    Apart,
    /// The longest path comes first, wherever it stands.
    Longest,
    /// Each place in its own order, and what takes every path behind all of them.
    InTurn,
}

/// A route.
#[derive(Debug, Clone, Default)]
pub(crate) struct Route {
    pub(crate) paths: Vec<Sourced<Paths>>,
    /// The rules of its policy, if it has one.
    pub(crate) bucket: Option<Bucket>,
    /// How long its path is to a proxy that orders routes by the text of their paths. `None`: as long as what it names.
    pub(crate) length: Option<usize>,
    /// It answers by itself, and with no object: it redirects, or refuses.
    pub(crate) is_empty: bool,
}

/// The requests of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Paths {
    /// Every path of the host.
    All,
    /// A first segment, and what stands below it.
    Bucket(String),
    /// What stands below a first segment.
    Folder(String),
    /// Those that start with a first segment, which another may start with too.
    Prefix(String),
    /// Other spellings of what another of the same route's names, where upper and lower case are alike.
    AnyCase(Reach),
    /// Something that is no bucket's, with the reason, and where it can be.
    Other(&'static str, Reach),
}

/// What a request's path says to routes and to the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot<'n> {
    /// `/`.
    Root,
    /// A first segment that no route names.
    Unnamed,
    /// A first segment alone.
    Segment(&'n str),
    /// A first segment with something below it, if only a slash.
    Below(&'n str),
}

/// How many of the requests of a spot a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    None,
    Some,
    All,
}

/// Where paths may be. What is not known counts as everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    start: String,
    extent: Extent,
    ignores_case: bool,
    /// How long the path is, for proxies that take the longest first.
    length: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Extent {
    /// The path begins so.
    #[default]
    Begun,
    /// The first segment is this one.
    Whole,
    /// The first segment is this one, and something stands below it.
    Below,
    /// The path is this segment alone, or `/`.
    Alone,
}

impl Reach {
    pub(crate) fn of_prefix(prefix: &str) -> Self {
        let path = prefix.strip_prefix('/').unwrap_or_default();
        let (start, extent) = match path.split_once('/') {
            Some((name, _)) => (name, Extent::Below),
            None => (path, Extent::Begun),
        };
        if is_plain(start) {
            Self {
                start: start.to_owned(),
                extent,
                ignores_case: false,
                length: usize::MAX,
            }
        } else {
            Self {
                length: usize::MAX,
                ..Self::default()
            }
        }
    }

    pub(crate) fn of_path(path: &str) -> Self {
        let mut reach = Self::of_prefix(path);
        let is_known = path == "/" || !reach.start.is_empty();
        if is_known && reach.extent == Extent::Begun {
            reach.extent = Extent::Alone;
        }
        reach
    }

    /// What an expression begins with, as far as it is plain.
    pub(crate) fn of_regex(regex: &str) -> Self {
        if has_branches(regex) {
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

    fn may_hold(&self, spot: Spot<'_>) -> bool {
        let is_start = |name: &str| {
            let begun = match self.extent {
                Extent::Begun => name.get(..self.start.len()).unwrap_or_default(),
                _ => name,
            };
            begun == self.start || self.ignores_case && begun.eq_ignore_ascii_case(&self.start)
        };
        match spot {
            Spot::Root => self.start.is_empty() && matches!(self.extent, Extent::Begun | Extent::Alone),
            // Of other spellings no route names any.
            Spot::Unnamed => self.extent == Extent::Begun || self.ignores_case,
            Spot::Segment(name) => self.extent != Extent::Below && is_start(name),
            Spot::Below(name) => self.extent != Extent::Alone && is_start(name),
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
                let name = name.to_owned();
                match rest {
                    _ if of_segments => Self::Bucket(name),
                    Some(_) => Self::Folder(name),
                    None => Self::Prefix(name),
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
        Self::Other(
            "rules belong to a bucket, and this route asks for more than a host and a path",
            self.reach(),
        )
    }

    /// These, where upper and lower case are alike.
    pub(crate) fn ignoring_case(self) -> Vec<Self> {
        let reach = Reach {
            ignores_case: true,
            ..self.clone().reach()
        };
        match self {
            Self::All => vec![self],
            Self::Other(why, _) => vec![Self::Other(why, reach)],
            _ => vec![self, Self::AnyCase(reach)],
        }
    }

    fn reach(self) -> Reach {
        let length = self.length();
        let (start, extent) = match self {
            Self::All => (String::new(), Extent::Begun),
            Self::Bucket(start) => (start, Extent::Whole),
            Self::Folder(start) => (start, Extent::Below),
            Self::Prefix(start) => (start, Extent::Begun),
            Self::AnyCase(reach) | Self::Other(_, reach) => return reach,
        };
        Reach {
            start,
            extent,
            ignores_case: false,
            length,
        }
    }

    /// How long the path is, for proxies that take the longest first. What asks for more comes first among equals.
    pub(crate) fn length(&self) -> usize {
        match self {
            Self::All => 0,
            Self::Bucket(name) | Self::Prefix(name) => name.len().saturating_add(1),
            Self::Folder(name) => name.len().saturating_add(2),
            Self::AnyCase(reach) | Self::Other(_, reach) => reach.length,
        }
    }

    /// The first segment that it is about.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Bucket(name) | Self::Folder(name) | Self::Prefix(name) => Some(name),
            Self::AnyCase(reach) | Self::Other(_, reach) => {
                Some(reach.start.as_str()).filter(|start| !start.is_empty())
            }
        }
    }

    /// How many of the requests of a spot it takes.
    pub(crate) fn share(&self, spot: Spot<'_>) -> Share {
        let is_all = match (self, spot) {
            (Self::All, _) => true,
            (Self::Bucket(own), Spot::Segment(name) | Spot::Below(name))
            | (Self::Folder(own), Spot::Below(name)) => own == name,
            (Self::Prefix(own), Spot::Segment(name) | Spot::Below(name)) => name.starts_with(own),
            _ => false,
        };
        let is_some = match self {
            Self::Prefix(_) => spot == Spot::Unnamed,
            Self::AnyCase(reach) | Self::Other(_, reach) => reach.may_hold(spot),
            _ => false,
        };
        match (is_all, is_some) {
            (true, _) => Share::All,
            (false, true) => Share::Some,
            (false, false) => Share::None,
        }
    }

    pub(crate) fn no_prefix(reach: Reach) -> Self {
        Self::Other("rules belong to a bucket, and its path is no prefix", reach)
    }
}

/// What a bucket's name in a path stands for byte for byte.
fn is_plain(name: &str) -> bool {
    name != "." && name != ".." && !name.contains(['%', '?', '#', '*', ' ', '(', '[', '|', '$', '\\'])
}

/// Whether an expression may begin in several ways. What is not plain is not counted out.
fn has_branches(regex: &str) -> bool {
    let mut depth = 0_usize;
    let is_plain = !regex.contains(['\\', '[']);
    regex.contains('|')
        && !(is_plain
            && regex.chars().all(|character| {
                match character {
                    '(' => depth = depth.saturating_add(1),
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                character != '|' || depth > 0
            }))
}
