//! From hosts and routes, which a proxy's policies belong to, to buckets, which rules belong to.

use super::document::{Bucket, Sourced};
use super::report::Report;

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
    /// Something that is no bucket's, with the reason.
    Other(&'static str),
}

impl Paths {
    /// A prefix: of characters, or of whole segments.
    pub(crate) fn prefix(prefix: &str, of_segments: bool) -> Self {
        let Some(path) = prefix.strip_prefix('/') else {
            return if prefix.is_empty() {
                Self::All
            } else {
                Self::Other("its path does not start with a slash")
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
            (_, Some(rest)) if !rest.is_empty() => {
                Self::Other("rules belong to a bucket, and its path is of a part of one")
            }
            _ => Self::Other("its path names no bucket"),
        }
    }

    pub(crate) const CONDITIONS: Self =
        Self::Other("rules belong to a bucket, and this route asks for more than a host and a path");
    pub(crate) const NO_PREFIX: Self = Self::Other("rules belong to a bucket, and its path is no prefix");
}

/// What a bucket's name in a path stands for byte for byte.
fn is_plain(name: &str) -> bool {
    name != "." && name != ".." && !name.contains(['%', '?', '#', '*', ' ', '(', '[', '|', '$', '\\'])
}

/// Buckets, and the hosts that path-style names are under.
#[derive(Debug, Default)]
pub(crate) struct Mapped {
    pub(crate) buckets: Vec<Bucket>,
    pub(crate) endpoints: Vec<String>,
    /// Hosts with path-style names, each with the names.
    path_style: Vec<(Vec<String>, Vec<String>)>,
    /// A route is for path-style names on every host.
    on_every_host: bool,
}

/// Maps every host.
pub(crate) fn map(hosts: Vec<Host>, report: &mut Report) -> Mapped {
    let mut mapped = Mapped::default();
    for host in hosts {
        mapped.add(host, report);
    }
    mapped.finish(report);
    mapped
}

impl Mapped {
    fn add(&mut self, host: Host, report: &mut Report) {
        let (mut paths, whole) = tried(host.routes, report);
        if paths.is_empty() && whole.as_ref().is_none_or(|route| route.bucket.is_none()) {
            return;
        }
        // What the whole host gets anyway needs no entry.
        if let Some(Route {
            bucket: Some(whole), ..
        }) = &whole
        {
            let differs = |route: &Route| route.bucket.as_ref().is_none_or(|own| !own.answers_like(whole));
            if !paths.iter().any(|(_, route)| differs(route)) {
                paths.clear();
            }
        } else {
            paths.retain(|(_, route)| route.bucket.is_some());
        }
        let (is_any, names) = domains(&host.domains, report);
        if !is_any && names.is_empty() {
            return;
        }
        if paths.is_empty() {
            if let Some(bucket) = whole.and_then(|route| route.bucket) {
                self.add_whole(bucket, is_any, names, report);
            }
            return;
        }
        let mut of_host = Vec::new();
        for (name, route) in paths {
            match route.bucket {
                Some(bucket) => {
                    of_host.push(name.clone());
                    self.push(Bucket { name, ..bucket }, report);
                }
                None => report.lost(
                    &route.place,
                    format!(
                        "the bucket {name:?} has no policy, but the rest of its host has one, which the edge gives to \
                         every bucket that is not listed: list it in buckets as it is to be"
                    ),
                ),
            }
        }
        if let Some(bucket) = whole.and_then(|route| route.bucket) {
            of_host.push("*".to_owned());
            let hosts = if is_any { vec!["*".to_owned()] } else { Vec::new() };
            self.push(
                Bucket {
                    name: "*".to_owned(),
                    hosts,
                    ..bucket
                },
                report,
            );
        }
        self.on_every_host |= is_any;
        if !is_any {
            self.path_style.push((names, of_host));
        }
    }

    /// A policy that a whole host has: the bucket that the host is bound to.
    fn add_whole(&mut self, bucket: Bucket, is_any: bool, names: Vec<String>, report: &mut Report) {
        let (name, hosts) = match names.first() {
            Some(first) if !is_any => (first.clone(), names),
            _ => ("*".to_owned(), vec!["*".to_owned()]),
        };
        self.push(
            Bucket {
                name,
                hosts,
                ..bucket
            },
            report,
        );
    }

    fn push(&mut self, bucket: Bucket, report: &mut Report) {
        let Some(known) = self.buckets.iter_mut().find(|known| known.name == bucket.name) else {
            self.buckets.push(bucket);
            return;
        };
        if known.answers_like(&bucket) {
            for host in bucket.hosts {
                if !known.hosts.contains(&host) {
                    known.hosts.push(host);
                }
            }
        } else {
            report.lost(
                &bucket.place,
                format!(
                    "a second policy for the bucket {:?}: a bucket has one list of rules on every host; the first policy \
                     stands",
                    bucket.name
                ),
            );
        }
    }

    fn finish(&mut self, report: &mut Report) {
        let Some((_, first)) = self.path_style.first() else {
            return;
        };
        let alike = self.path_style.iter().all(|(_, names)| names == first);
        if self.on_every_host || !alike {
            report.note(
                "endpoints",
                "the rules of a bucket apply on every host that it is addressed on: the source has other buckets on some \
                 hosts than on others",
            );
        }
        if !self.on_every_host {
            for (hosts, _) in &self.path_style {
                for host in hosts {
                    if !self.endpoints.contains(host) {
                        self.endpoints.push(host.clone());
                    }
                }
            }
        }
    }
}

/// The routes by first segment, and the one that takes every path. The first that matches is the one.
fn tried(routes: Vec<Route>, report: &mut Report) -> (Vec<(String, Route)>, Option<Route>) {
    let mut by_name: Vec<(String, Route)> = Vec::new();
    let mut whole: Option<Route> = None;
    for route in routes {
        for Sourced { value: paths, place } in &route.paths {
            let own = || Route {
                paths: Vec::new(),
                bucket: route.bucket.clone(),
                place: route.place.clone(),
            };
            if let Some(whole) = &whole {
                let alike = match (&whole.bucket, &route.bucket) {
                    (Some(some), Some(other)) => some.answers_like(other),
                    (None, None) => true,
                    _ => route.bucket.is_none(),
                };
                if !alike {
                    report.note(
                        place,
                        "no request comes to this route: an earlier one takes every path",
                    );
                }
                continue;
            }
            match paths {
                Paths::All => whole = Some(own()),
                Paths::Bucket(name) | Paths::Prefix(name) => {
                    if matches!(paths, Paths::Prefix(_)) && route.bucket.is_some() {
                        report.note(
                            place,
                            format!("the prefix is taken for the bucket {name:?}, and not for others whose name begins so"),
                        );
                    }
                    if !by_name.iter().any(|(known, _)| known == name) {
                        by_name.push((name.clone(), own()));
                    }
                }
                Paths::Other(why) => {
                    if route.bucket.is_some() {
                        report.lost(place, format!("the policy of this route: {why}"));
                    }
                }
            }
        }
    }
    (by_name, whole)
}

/// Whether the host is every host, and the names it has, as requests are compared: without port, in lower case.
fn domains(domains: &[Sourced<String>], report: &mut Report) -> (bool, Vec<String>) {
    let mut is_any = false;
    let mut names = Vec::new();
    for Sourced { value, place } in domains {
        let name = value.to_ascii_lowercase();
        let name = match name.rsplit_once(':') {
            Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => {
                host.to_owned()
            }
            _ => name,
        };
        if name == "*" {
            is_any = true;
        } else if name.contains('*') {
            report.lost(
                place,
                format!("the hosts {value:?}: a bucket's hosts hold no wildcard: list them in hosts, or the domain in endpoints"),
            );
        } else if !names.contains(&name) {
            names.push(name);
        }
    }
    (is_any, names)
}
