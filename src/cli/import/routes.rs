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
    /// Something that is no bucket's, with the reason, and where it can be.
    Other(&'static str, Reach),
}

/// The first segments that paths may have. What is not known counts as every one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    start: String,
    /// The segment is the start, and not only begins so.
    is_whole: bool,
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

    fn holds(&self, name: &str) -> bool {
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

/// Adds a host of a proxy that prefers the longest path, wherever it stands, in whatever resource.
pub(crate) fn join(hosts: &mut Vec<Host>, host: Host, report: &mut Report) {
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
            (Some(known), Some(own)) if !known.answers_like(own) => report.lost(
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
pub(crate) fn say_any_case(place: &str, report: &mut Report) {
    report.lost(
        place,
        "that upper and lower case are alike in the path: buckets' names compare byte for byte, so that only the name as \
         written gets this policy",
    );
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
        let Some(policy) = host.routes.iter().find_map(|route| route.bucket.as_ref()) else {
            return;
        };
        if host.domains.is_empty() {
            report.lost(
                &policy.place,
                "the policies of a host without a name: say in buckets what they are for",
            );
            return;
        }
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
    let mut parts = Vec::new();
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
                    if matches!(paths, Paths::Prefix(_)) {
                        parts.push(Part {
                            why: None,
                            reach: Reach {
                                start: name.clone(),
                                is_whole: false,
                            },
                            bucket: route.bucket.clone(),
                            place: place.clone(),
                            after: by_name.len().saturating_add(1),
                        });
                    }
                    if !by_name.iter().any(|(known, _)| known == name) {
                        by_name.push((name.clone(), own()));
                    }
                }
                Paths::Other(why, reach) => parts.push(Part {
                    why: Some(why),
                    reach: reach.clone(),
                    bucket: route.bucket.clone(),
                    place: place.clone(),
                    after: by_name.len(),
                }),
            }
        }
    }
    for part in parts {
        part.say(&by_name, whole.as_ref(), report);
    }
    (by_name, whole)
}

/// Paths that have no entry of their own, so that they get what others have.
struct Part {
    /// Why they have none. `None`: one of the buckets has it.
    why: Option<&'static str>,
    reach: Reach,
    bucket: Option<Bucket>,
    place: String,
    /// How many buckets' routes take their requests before.
    after: usize,
}

impl Part {
    fn say(&self, by_name: &[(String, Route)], whole: Option<&Route>, report: &mut Report) {
        let differs = |route: &Route| {
            route
                .bucket
                .as_ref()
                .is_some_and(|policy| self.bucket.as_ref().is_none_or(|own| !own.answers_like(policy)))
        };
        let mut getting: Vec<_> = by_name
            .iter()
            .skip(self.after)
            .filter(|(name, route)| self.reach.holds(name) && differs(route))
            .map(|(name, _)| format!("the bucket {name:?}"))
            .collect();
        let is_taken = self.reach.is_whole && by_name.iter().any(|(name, _)| *name == self.reach.start);
        // Of a prefix that names a bucket, the rest of the host is told where its bucket is.
        if self.why.is_some() && !is_taken && whole.is_some_and(differs) {
            getting.push("the rest of its host".to_owned());
        }
        let own = match (&self.bucket, self.why) {
            (Some(_), Some(why)) => format!("the policy of this route: {why}"),
            (None, Some(why)) => format!("that this route has no policy: {why}"),
            (Some(_), None) => "the policy of this route for every name that begins so".to_owned(),
            (None, None) => "that this route has no policy, for every name that begins so".to_owned(),
        };
        if !getting.is_empty() {
            report.lost(
                &self.place,
                format!("{own}; its objects get the policy of {}", getting.join(" and ")),
            );
        } else if self.bucket.is_some() && self.why.is_some() {
            report.lost(&self.place, own);
        }
    }
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
