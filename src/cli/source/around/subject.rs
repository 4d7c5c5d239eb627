//! What is looked at: the files, and a configuration in one of them.

use std::rc::Rc;

use bucket_cors::config::{Code, Settings};

use super::super::position::{Position, Region};
use super::super::tree::{NodeId, Tree};
use super::super::warning::Warning;

/// A file that was read.
pub(in super::super) struct SourceFile {
    pub(in super::super) name: Rc<str>,
    pub(in super::super) tree: Rc<Tree>,
    pub(in super::super) documents: Vec<NodeId>,
}

/// A configuration of this filter's, as far as its surroundings go.
pub(in super::super) struct Subject<'c> {
    /// The index of the file that holds it.
    pub(in super::super) file: usize,
    pub(in super::super) document: NodeId,
    pub(in super::super) pointer: &'c str,
    pub(in super::super) settings: &'c Settings,
    /// Those of its buckets.
    pub(in super::super) hosts: &'c [String],
    /// Whether a bucket has headers for every response, with `Origin` in the request or without.
    pub(in super::super) has_headers_for_all: bool,
}

impl Subject<'_> {
    /// Whether the rules may be for a host of a route, which may begin with `*.`.
    pub(super) fn may_serve(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let takes = |name: &str| match host.strip_prefix('*') {
            Some(end) => name.ends_with(end),
            None => name == host,
        };
        let endpoints = &self.settings.endpoints;
        endpoints.is_empty()
            || endpoints.iter().any(|it| {
                let below = format!(".{}", it.host);
                takes(&it.host) || !it.is_path_only && (takes(&below) || host.ends_with(&below))
            })
            || self.hosts.iter().any(|name| name == "*" || takes(name))
    }
}

impl SourceFile {
    /// A warning about a node of it.
    pub(super) fn warning(
        &self,
        code: &'static Code,
        pointer: String,
        node: NodeId,
        message: String,
    ) -> Warning {
        Warning {
            code,
            file: self.name.clone(),
            pointer,
            region: self.tree.region(node).unwrap_or(Region::at(Position::START)),
            message,
        }
    }
}
