//! What the edge allows by what an import has printed.

use bucket_cors::config;
use bucket_cors::matcher::{MatcherBuilder, Owner};

use super::{Printed, import};

/// Paths that tell apart what routes may say of names.
pub(super) const PATHS: [&str; 8] = [
    "/",
    "/photos",
    "/photos/o",
    "/photos/x/o",
    "/photosx/o",
    "/docs",
    "/docs/o",
    "/z/o",
];

/// Imports, and looks at the origin that the edge then allows for each of these hosts and paths; nothing: it adds no
/// header.
#[track_caller]
pub(super) fn asked(from: &str, text: &str, asked: &[(&str, &str, &str)]) -> Printed {
    let printed = import(&["--from", from, "-"], text.as_bytes());
    for (host, path, expected) in asked {
        let found = allows(&printed.stdout, host, path);
        assert_eq!(found, *expected, "{host}{path}\n{text}\n{}", printed.stderr);
    }
    printed
}

/// The same, with the exit status and something that is said.
#[track_caller]
pub(super) fn assert(from: &str, text: &str, hosts: &[(&str, &str, &str)], status: i32, said: &str) {
    let printed = asked(from, text, hosts);
    assert_eq!(printed.status, status, "{text}\n{}", printed.stderr);
    assert!(
        printed.stderr.contains(said),
        "{said}: {text}\n{}",
        printed.stderr
    );
}

/// The first origin of the rules that the core finds for a request.
pub(super) fn allows(configuration: &str, host: &str, path: &str) -> String {
    let (Some(parsed), _) = config::parse(configuration.as_bytes()) else {
        return String::new();
    };
    let mut builder = MatcherBuilder::default();
    parsed.buckets.iter().for_each(|bucket| builder.add(bucket));
    let matcher = builder.finish(parsed.settings.clone());
    match matcher.locate(Some(host.as_bytes()), Some(path.as_bytes())) {
        Owner::Bucket(id, _) => match parsed.buckets[id.index()].rules.first() {
            Some(rule) => rule.allowed_origins[0].as_str().to_owned(),
            None => String::new(),
        },
        Owner::Unlisted | Owner::Unclear => String::new(),
    }
}

/// Requests that were given what a proxy gives them.
#[derive(Default)]
pub(super) struct Tally {
    given: usize,
    whole: usize,
}

impl Tally {
    /// Holds what the edge allows against all that the proxy may answer. `is_whole`: nothing was lost in the import.
    pub(super) fn hold(
        &mut self,
        (edge, path): (&str, &str),
        answers: &[&str],
        is_whole: bool,
        report: impl Fn() -> String,
    ) {
        if !edge.is_empty() {
            self.given += 1;
            assert!(answers.iter().all(|answer| *answer == edge), "{}", report());
        }
        if let ([first, rest @ ..], true) = (answers, is_whole)
            && rest.iter().all(|answer| answer == first)
            && !first.is_empty()
            // On an endpoint, it is no bucket's.
            && path != "/"
        {
            self.whole += 1;
            assert_eq!(edge, *first, "{}", report());
        }
    }

    /// That there were enough of them.
    pub(super) fn assert_many(&self, cases: usize) {
        assert!(self.given > cases, "{} requests were given a policy", self.given);
        assert!(
            self.whole > cases / 5,
            "{} requests were given all of theirs",
            self.whole
        );
    }
}
