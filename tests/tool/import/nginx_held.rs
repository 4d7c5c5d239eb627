//! Random Ingresses: the edge gives a request a policy only where ingress-nginx gives it the same one, in whatever
//! order it comes upon them.

use regex_lite::RegexBuilder;

use super::ingress_nginx::ingress;
use super::{import, imported};
use crate::choices::{Choices, Random};

const CASES: usize = 250;
const TAPE: usize = 96;

const HOSTS: [&str; 5] = ["a.example", "b.example", "photos.a.example", "*.a.example", ""];

/// Paths, as an Ingress has them.
const PATHS: [(&str, &str); 14] = [
    ("/", "Prefix"),
    ("/", "Prefix"),
    ("/photos", "Prefix"),
    ("/photos/", "Prefix"),
    ("/photos", "ImplementationSpecific"),
    ("/photos/", "ImplementationSpecific"),
    ("/photos", "Exact"),
    ("/photos/o", "Exact"),
    ("/photos(/|$)(.*)", "ImplementationSpecific"),
    ("/photos/.*", "ImplementationSpecific"),
    ("/docs", "Prefix"),
    ("/docs/(.*)", "Prefix"),
    ("/do[a-z]+", "ImplementationSpecific"),
    ("/(.*)", "ImplementationSpecific"),
];

const ORIGINS: [&str; 3] = ["", "https://p.example", "https://q.example"];

const MODES: [(&str, &str); 6] = [
    ("x/y", "z"),
    ("x/y", "z"),
    ("use-regex", "true"),
    ("rewrite-target", "/$2"),
    ("canary", "true"),
    ("kubernetes.io/ingress.class", "traefik"),
];

#[derive(Debug)]
struct Ingress {
    host: &'static str,
    paths: Vec<(&'static str, &'static str)>,
    mode: (&'static str, &'static str),
    has_default: bool,
    origin: &'static str,
    /// When it was made, where the file says it.
    made: Option<usize>,
}

/// A location of nginx's.
#[derive(Debug)]
struct Location {
    path: &'static str,
    kind: &'static str,
    is_expression: bool,
    origin: &'static str,
}

impl Ingress {
    fn text(&self) -> String {
        let mut annotations = vec![self.mode];
        if !self.origin.is_empty() {
            annotations.extend([("enable-cors", "true"), ("cors-allow-origin", self.origin)]);
        }
        let mut text = ingress(self.host, &annotations, &self.paths);
        if let Some(made) = self.made {
            text = text.replace(
                "  name: x",
                &format!("  name: x\n  creationTimestamp: '2025-01-0{made}T00:00:00Z'"),
            );
        }
        if self.has_default {
            text.replace("spec:\n", "spec:\n  defaultBackend: {service: {name: d}}\n")
        } else {
            text
        }
    }

    fn is_expression(&self, path: &str) -> bool {
        match self.mode {
            ("use-regex", _) => true,
            ("rewrite-target", target) => target != path,
            _ => false,
        }
    }
}

/// The locations of a host, as the controller collects them.
fn server<'i>(ingresses: impl Iterator<Item = &'i Ingress>, host: &str) -> Option<Vec<Location>> {
    let mut locations: Vec<Location> = Vec::new();
    let mut default = None;
    let mut is_known = false;
    for ingress in ingresses.filter(|ingress| ingress.host == host) {
        if matches!(ingress.mode.0, "canary" | "kubernetes.io/ingress.class") {
            continue;
        }
        // The location of `/` is made of the first Ingress.
        if !is_known && ingress.has_default {
            default = Some(ingress.origin);
        }
        is_known = true;
        for &(path, kind) in &ingress.paths {
            if !locations
                .iter()
                .any(|known| (known.path, known.kind) == (path, kind))
            {
                locations.push(Location {
                    path,
                    kind,
                    is_expression: ingress.is_expression(path),
                    origin: ingress.origin,
                });
            }
        }
    }
    if let Some(origin) = default
        && !locations
            .iter()
            .any(|known| (known.path, known.kind) == ("/", "Prefix"))
    {
        locations.push(Location {
            path: "/",
            kind: "Prefix",
            is_expression: false,
            origin,
        });
    }
    is_known.then_some(locations)
}

/// What ingress-nginx allows. `None`: nothing is there.
fn allows(ingresses: &[&Ingress], host: &str, path: &str) -> Option<&'static str> {
    let server = |name: &str| server(ingresses.iter().copied(), name);
    let above = host
        .split_once('.')
        .map_or(String::new(), |(_, rest)| format!("*.{rest}"));
    let mut locations = server(host).or_else(|| server(&above)).or_else(|| server(""))?;
    if locations.iter().any(|location| location.is_expression) {
        locations.sort_by(|some, other| (other.path.len(), other.path).cmp(&(some.path.len(), some.path)));
        let takes = |location: &&Location| {
            let of = |text: &str| {
                let regex = RegexBuilder::new(&format!("^{text}"))
                    .case_insensitive(true)
                    .build();
                regex.unwrap().is_match(path)
            };
            let has_exact = || {
                locations
                    .iter()
                    .any(|other| (other.path, other.kind) == (location.path, "Exact"))
            };
            match location.kind {
                "Prefix" if !location.is_expression && location.path != "/" => {
                    of(&format!("{}/", location.path.trim_end_matches('/')))
                        || !has_exact() && of(location.path)
                }
                _ => of(location.path),
            }
        };
        return locations.iter().find(takes).map(|location| location.origin);
    }
    let length = |location: &Location| match location.kind {
        "Exact" => (location.path == path).then_some(usize::MAX),
        "Prefix" if location.path != "/" => {
            let folder = format!("{}/", location.path.trim_end_matches('/'));
            let is_whole = location.path == path;
            match path.starts_with(&folder) {
                true => Some(folder.len()),
                false => is_whole.then_some(usize::MAX - 1),
            }
        }
        _ => path.starts_with(location.path).then_some(location.path.len()),
    };
    let taking = locations
        .iter()
        .filter_map(|location| Some((length(location)?, location)));
    taking
        .max_by_key(|(length, _)| *length)
        .map(|(_, location)| location.origin)
}

#[test]
fn the_edge_gives_no_request_another_policy_than_ingress_nginx() {
    let mut tape = vec![0; CASES * TAPE];
    Random(11).fill(&mut tape);
    let mut given = 0;
    for tape in tape.chunks(TAPE) {
        let mut random = Choices::new(tape);
        let is_dated = random.once_in(2);
        let made = (0..1 + random.below(4)).map(|at| Ingress {
            host: random.pick(&HOSTS),
            paths: (0..1 + random.below(3)).map(|_| random.pick(&PATHS)).collect(),
            mode: random.pick(&MODES),
            has_default: random.once_in(6),
            origin: random.pick(&ORIGINS),
            made: is_dated.then_some(at + 1),
        });
        let made: Vec<Ingress> = made.collect();
        let mut shown: Vec<String> = made.iter().map(Ingress::text).collect();
        if random.once_in(2) {
            shown.reverse();
        }
        let text = shown.concat();
        let printed = import(&["--from", "ingress-nginx", "-"], text.as_bytes());
        // The oldest comes first, which a file may not say.
        let in_turn: Vec<&Ingress> = made.iter().collect();
        let mut reversed: Vec<&Ingress> = made.iter().collect();
        if !is_dated {
            reversed.reverse();
        }
        for host in [
            "a.example",
            "b.example",
            "photos.a.example",
            "x.a.example",
            "x.y.a.example",
            "docs.b.example",
            "c.example",
        ] {
            for path in [
                "/",
                "/photos",
                "/photos/",
                "/photos/o",
                "/photosx/o",
                "/PHOTOS/o",
                "/docs",
                "/docs/o",
                "/dox/o",
                "/z/o",
            ] {
                let edge = imported::allows(&printed.stdout, host, path);
                if edge.is_empty() {
                    continue;
                }
                given += 1;
                for order in [&in_turn, &reversed] {
                    let nginx = allows(order, host, path);
                    assert!(
                        nginx.is_none_or(|nginx| nginx == edge),
                        "{host}{path}: {edge}, and {nginx:?} of\n{text}\n{}{}",
                        printed.stdout,
                        printed.stderr
                    );
                }
            }
        }
    }
    assert!(given > CASES, "{given} requests were given a policy");
}
