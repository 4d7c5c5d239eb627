//! Hosts and routes, which a proxy's policies belong to.

use super::imported_document::{ImportedBucket, Sourced};
use super::reach::{Extent, Reach, Spot, is_plain};

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
    pub(crate) bucket: Option<ImportedBucket>,
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

/// How many of the requests of a spot a route takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    None,
    Some,
    All,
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
