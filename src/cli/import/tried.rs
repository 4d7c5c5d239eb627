//! Which route takes the requests of which bucket: the first that matches.

use super::code;
use super::document::{Bucket, Sourced};
use super::remarks::Remarks;
use super::routes::{Paths, Reach, Route};

/// The routes by first segment, and the one that takes every path. The first that matches is the one.
pub(super) fn tried(routes: Vec<Route>, remarks: &mut Remarks) -> (Vec<(String, Route)>, Option<Route>) {
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
                    remarks.say(
                        code::UNREACHED_ROUTE,
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
                        remarks.say(code::PREFIX_IS_BUCKET, place,
                            format!("the prefix is taken for the bucket {name:?}, and not for others whose name begins so"),
                        );
                    }
                    if matches!(paths, Paths::Prefix(_)) {
                        parts.push(UnmatchedPaths {
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
                Paths::Other(why, reach) => parts.push(UnmatchedPaths {
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
        part.say(&by_name, whole.as_ref(), remarks);
    }
    (by_name, whole)
}

/// Paths that have no entry of their own, so that they get what others have.
struct UnmatchedPaths {
    /// Why they have none. `None`: one of the buckets has it.
    why: Option<&'static str>,
    reach: Reach,
    bucket: Option<Bucket>,
    place: String,
    /// How many buckets' routes take their requests before.
    after: usize,
}

impl UnmatchedPaths {
    fn say(&self, by_name: &[(String, Route)], whole: Option<&Route>, remarks: &mut Remarks) {
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
            remarks.say(
                code::OTHER_HOSTS,
                &self.place,
                format!("{own}; its objects get the policy of {}", getting.join(" and ")),
            );
        } else if self.bucket.is_some() && self.why.is_some() {
            remarks.say(code::OTHER_HOSTS, &self.place, own);
        }
    }
}
