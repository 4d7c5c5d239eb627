//! What the routes of a host come to, as far as buckets can say it.

use super::code;
use super::host_routes::{HostRoutes, RoutePolicy, SpotAnswer, SpotVerdict};
use super::reach::Spot;
use super::remarks::Remarks;
use super::routes::Paths;

/// A host, or several that have the same policies.
#[derive(Debug, Default)]
pub(super) struct HostGroup<'r> {
    /// Every host that no other group names.
    pub(super) is_any: bool,
    pub(super) names: Vec<String>,
    /// Names that no bucket can be bound to: with a `*`, of a template, of another alphabet.
    pub(super) unbindable: Vec<String>,
    /// The policies of first segments.
    pub(super) paths: Vec<NamedPath<'r>>,
    /// The policy of the rest.
    pub(super) whole: RoutePolicy<'r>,
    /// The place of the route that gives the path `/` a policy, where paths have names.
    pub(super) root: Option<String>,
    /// No object is behind any of its routes.
    pub(super) is_void: bool,
    pub(super) place: String,
}

/// What requests of a first segment get.
#[derive(Debug)]
pub(super) struct NamedPath<'r> {
    /// The name of the bucket.
    pub(super) name: String,
    pub(super) policy: RoutePolicy<'r>,
    /// Why that is none, where routes give one.
    pub(super) lost: Option<Lost>,
}

/// A policy that no bucket can have.
#[derive(Debug)]
pub(super) struct Lost {
    pub(super) place: String,
    /// What is not said, and why.
    pub(super) why: String,
    /// What becomes of it where no bucket is written for it.
    left_out: &'static str,
}

impl HostGroup<'_> {
    pub(super) fn has_policy(&self) -> bool {
        self.whole.is_some() || self.paths.iter().any(|path| path.policy.is_some())
    }

    /// Whether its requests get the same answers as another's.
    pub(super) fn answers_like(&self, other: &Self) -> bool {
        let of_path = |(own, other): (&NamedPath<'_>, &NamedPath<'_>)| {
            own.name == other.name && own.policy == other.policy
        };
        self.whole == other.whole
            && self.is_void == other.is_void
            && self.paths.len() == other.paths.len()
            && self.paths.iter().zip(&other.paths).all(of_path)
    }

    /// What messages call it.
    pub(super) fn called(&self) -> String {
        match self.names.first() {
            Some(name) => format!("{name:?}"),
            None => "\"*\"".to_owned(),
        }
    }
}

/// What the routes of a host come to.
pub(super) fn of<'r>(table: &HostRoutes<'r>, remarks: &mut Remarks) -> HostGroup<'r> {
    say_parts(table, remarks);
    let rest = table.answer(Spot::Unnamed);
    let mut whole = given(&rest, "the rest of its host").unwrap_or_else(|lost| {
        say_lost(lost, remarks);
        None
    });
    let mut paths = Vec::new();
    for &name in &table.names {
        let mut path = named(table, name, whole);
        if whole.is_none()
            && let Some(lost) = path.lost.take()
        {
            say_lost(Some(lost), remarks);
        }
        paths.push(path);
    }
    // A bucket of a whole host has all of its paths.
    if paths.iter().all(|path| path.policy == whole) {
        paths.clear();
        let root = table.answer(Spot::Root);
        if !root.verdict().admits(whole) {
            say_lost(not_alike(&root, whole, "/", "the rest of its host"), remarks);
            whole = None;
        }
    } else if whole.is_none() {
        paths.retain(|path| path.policy.is_some());
    } else {
        paths.retain(|path| path.policy != whole);
    }
    let root = table.answer(Spot::Root);
    let has_root =
        !paths.is_empty() && whole.is_some() && matches!(root.verdict(), SpotVerdict::Each(Some(_)));
    let group = HostGroup {
        paths,
        whole,
        root: root
            .found
            .first()
            .filter(|_| has_root)
            .map(|found| found.place.to_owned()),
        is_void: table.steps().all(|step| step.is_void),
        ..HostGroup::default()
    };
    say_void(table, &group, remarks);
    group
}

/// What requests of a first segment get, where the rest of its host has this policy.
fn named<'r>(table: &HostRoutes<'r>, name: &str, whole: RoutePolicy<'r>) -> NamedPath<'r> {
    let below = table.answer(Spot::Below(name));
    let (policy, lost) = match below.verdict() {
        // Nothing is given away.
        SpotVerdict::NoRoute => (whole, None),
        _ => match given(&below, &format!("the bucket {name:?}")) {
            Ok(policy) => (policy, None),
            Err(lost) => (None, lost),
        },
    };
    let alone = table.answer(Spot::Segment(name));
    let verdict = alone.verdict();
    if verdict == SpotVerdict::NoRoute || verdict == SpotVerdict::Each(policy) {
        let name = name.to_owned();
        NamedPath { name, policy, lost }
    } else if verdict.admits(whole) {
        let name = format!("{name}/");
        NamedPath { name, policy, lost }
    } else {
        let of = match policy {
            _ if policy == whole => "the rest of its host",
            _ => "what is below it",
        };
        let alone = policy.and_then(|_| not_alike(&alone, policy, &format!("/{name}"), of));
        NamedPath {
            name: name.to_owned(),
            policy: None,
            lost: lost.or(alone),
        }
    }
}

/// The policy that all requests of a spot have, or why there is none.
fn given<'r>(answer: &SpotAnswer<'r>, of: &str) -> Result<RoutePolicy<'r>, Option<Lost>> {
    match answer.verdict() {
        SpotVerdict::Each(policy) => return Ok(policy),
        SpotVerdict::NoRoute => return Ok(None),
        SpotVerdict::Mixed => {}
    }
    // What is no bucket's is said of its route.
    let own = answer
        .found
        .iter()
        .find(|found| found.policy.is_some() && !found.is_part);
    let other = own.and_then(|own| answer.found.iter().find(|found| found.policy != own.policy));
    let (Some(own), Some(other)) = (own, other) else {
        return Err(None);
    };
    Err(Some(Lost {
        place: own.place.to_owned(),
        why: format!(
            "the policy of {of}, which is left out: some of its requests, by the route at {}{}, have not this policy, and rules \
             belong to a whole bucket",
            other.place,
            if other.is_any_case {
                ", which takes upper and lower case alike"
            } else {
                ""
            }
        ),
        left_out: "",
    }))
}

/// That a path alone has not the policy that it would get.
fn not_alike(answer: &SpotAnswer<'_>, policy: RoutePolicy<'_>, path: &str, of: &str) -> Option<Lost> {
    let found = &answer.found;
    let other = found
        .iter()
        .find(|found| found.policy != policy)
        .or(found.first())?;
    Some(Lost {
        place: other.place.to_owned(),
        why: format!("that the path {path:?} has not the policy of {of}: rules belong to a whole bucket"),
        left_out: ", so that policy is left out",
    })
}

fn say_lost(lost: Option<Lost>, remarks: &mut Remarks) {
    if let Some(Lost { place, why, left_out }) = lost {
        remarks.say(code::OTHER_HOSTS, &place, format!("{why}{left_out}"));
    }
}

/// What is no bucket's, and routes that no request comes to.
fn say_parts(table: &HostRoutes<'_>, remarks: &mut Remarks) {
    let say_unreached = |place: &str, remarks: &mut Remarks| {
        remarks.say(
            code::UNREACHED_ROUTE,
            place,
            "no request comes to this route: an earlier one takes its paths",
        );
    };
    for step in table.steps().filter(|step| step.policy.is_some()) {
        if step.is_behind {
            say_unreached(step.place, remarks);
            continue;
        }
        let spots: &[Spot<'_>] = match step.paths {
            Paths::AnyCase(_) => {
                remarks.say(code::PATH_CASE, step.place,
                    "that upper and lower case are alike in the path: buckets' names compare byte for byte, so that only the \
                     name as written gets this policy",
                );
                continue;
            }
            Paths::Other(why, _) => {
                let message = format!("the policy of this route: {why}");
                remarks.say(code::OTHER_HOSTS, step.place, message);
                continue;
            }
            Paths::All => &[Spot::Unnamed],
            Paths::Prefix(name) => {
                remarks.say(
                    code::PREFIX_IS_BUCKET,
                    step.place,
                    format!(
                        "the prefix is taken for the bucket {name:?}, and not for others whose name begins so"
                    ),
                );
                &[Spot::Below(name), Spot::Segment(name), Spot::Unnamed]
            }
            Paths::Bucket(name) => &[Spot::Below(name), Spot::Segment(name)],
            Paths::Folder(name) => &[Spot::Below(name)],
        };
        let is_met = |spot: &Spot<'_>| {
            let found = table.answer(*spot).found;
            found.iter().any(|found| found.policy == step.policy)
        };
        if spots.first().is_some_and(is_met) {
            continue;
        }
        if spots.iter().any(is_met) {
            remarks.say(
                code::OTHER_HOSTS,
                step.place,
                "the policy of this route: an earlier one takes what stands below its path, and rules belong to a whole bucket",
            );
        } else {
            say_unreached(step.place, remarks);
        }
    }
}

/// Routes without an object that get the policy of what is around them.
fn say_void(table: &HostRoutes<'_>, group: &HostGroup<'_>, remarks: &mut Remarks) {
    for step in table.steps().filter(|step| step.is_void) {
        let own = step.paths.name().and_then(|name| {
            let mut paths = group.paths.iter();
            paths.find(|path| path.name.trim_end_matches('/') == name)
        });
        if own.map_or(group.whole, |path| path.policy).is_some() {
            remarks.say(
                code::NO_OBJECT,
                step.place,
                "a route that only redirects, or answers with an error: the edge answers its preflights, and marks its \
                 responses, as those of the routes around it",
            );
        }
    }
}
