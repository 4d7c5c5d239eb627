//! What a proxy's routes say of each path of a host: the policy of the requests there, if they have one and all the
//! same.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::imported_document::ImportedBucket;
use super::reach::Spot;
use super::routes::{Host, Joining, Paths, Share, Stand};

/// A route's policy. `None`: none.
pub(super) type RoutePolicy<'r> = Option<Given<'r>>;

/// The rules of a route's policy, as they stand there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'r> {
    /// Policies that answer alike have one number.
    number: usize,
    pub(super) bucket: &'r ImportedBucket,
}

impl PartialEq for Given<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Given<'_> {}

/// The policies of each host's routes.
pub(super) fn policies(hosts: &[Host]) -> Vec<Vec<RoutePolicy<'_>>> {
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut of = |bucket: &ImportedBucket| {
        let next = known.len();
        // It holds all that answers depend on, and is still without a name.
        let text = serde_json::to_string(bucket).unwrap_or_else(|_| bucket.place.clone());
        *known.entry(text).or_insert(next)
    };
    let mut all = Vec::new();
    for host in hosts {
        let of_routes = host.routes.iter().map(|route| {
            let bucket = route.bucket.as_ref()?;
            let number = of(bucket);
            Some(Given { number, bucket })
        });
        all.push(of_routes.collect());
    }
    all
}

/// What a route says of some paths.
#[derive(Debug, Clone, Copy)]
pub(super) struct RouteStep<'r> {
    pub(super) paths: &'r Paths,
    pub(super) policy: RoutePolicy<'r>,
    pub(super) place: &'r str,
    /// No object is behind it, and no policy: whatever the edge says there gives nothing away.
    pub(super) is_void: bool,
    length: usize,
    /// In which of the places it stands that have routes for the host.
    owner: usize,
    /// One before it in its place takes every path.
    pub(super) is_behind: bool,
}

/// The routes of a host, from wherever they stand.
#[derive(Debug)]
pub(super) struct HostRoutes<'r> {
    parts: Vec<(Joining, Vec<RouteStep<'r>>)>,
    /// The first segments that routes are about, as they stand.
    pub(super) names: Vec<&'r str>,
}

/// The policies that requests of a spot may get, each once.
#[derive(Debug, Default)]
pub(super) struct SpotAnswer<'r> {
    pub(super) found: Vec<Found<'r>>,
    /// Some route takes each of the requests.
    is_sure: bool,
}

/// A policy, with the place of the first route that gives it, of those that are a bucket's if there are any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'r> {
    pub(super) policy: RoutePolicy<'r>,
    pub(super) place: &'r str,
    /// That route is no bucket's, which is said of it.
    pub(super) is_part: bool,
    /// It takes names in other spellings, with upper and lower case alike.
    pub(super) is_any_case: bool,
}

/// What requests of a spot get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpotVerdict<'r> {
    /// All of them get this.
    Each(RoutePolicy<'r>),
    /// No route takes any of them, or one that has no object.
    NoRoute,
    /// Not all get the same.
    Mixed,
}

impl<'r> SpotAnswer<'r> {
    fn add(&mut self, new: Found<'r>) {
        match self.found.iter_mut().find(|known| known.policy == new.policy) {
            Some(known) if known.is_part && !new.is_part => *known = new,
            Some(_) => {}
            None => self.found.push(new),
        }
    }

    /// Takes up what requests get that the edge cannot tell from these.
    fn join(&mut self, other: Self) {
        if other.found.is_empty() {
            return;
        }
        self.is_sure = other.is_sure && (self.is_sure || self.found.is_empty());
        for found in other.found {
            self.add(found);
        }
    }

    pub(super) fn verdict(&self) -> SpotVerdict<'r> {
        match self.found.as_slice() {
            [] => SpotVerdict::NoRoute,
            [only] if self.is_sure => SpotVerdict::Each(only.policy),
            _ => SpotVerdict::Mixed,
        }
    }
}

impl SpotVerdict<'_> {
    /// Whether the edge may give this policy there. Who comes where no route is gets an error, and who comes to one
    /// that has no object gets none, whatever the headers say.
    pub(super) fn admits(self, policy: RoutePolicy<'_>) -> bool {
        match self {
            Self::Each(own) => policy.is_none() || policy == own,
            Self::NoRoute => true,
            Self::Mixed => policy.is_none(),
        }
    }
}

impl<'r> HostRoutes<'r> {
    /// Of hosts, each with the policies of its routes.
    pub(super) fn of(hosts: impl Iterator<Item = (&'r Host, &'r [RoutePolicy<'r>])>) -> Self {
        let mut parts: Vec<(Joining, Vec<RouteStep<'r>>)> = Vec::new();
        let mut stands: Vec<&Stand> = Vec::new();
        for (owner, (host, policies)) in hosts.enumerate() {
            let routes = host.routes.iter().zip(policies);
            let steps = routes.flat_map(|(route, policy)| {
                route.paths.iter().map(move |paths| RouteStep {
                    paths: &paths.value,
                    policy: *policy,
                    place: &paths.place,
                    is_void: route.is_empty && policy.is_none(),
                    length: route.length.unwrap_or_else(|| paths.value.length()),
                    owner,
                    is_behind: false,
                })
            });
            let mut is_behind = false;
            let steps = steps.map(|mut step| {
                step.is_behind = is_behind;
                is_behind |= host.joining == Joining::InTurn && *step.paths == Paths::All;
                step
            });
            let mut known = parts.iter_mut().zip(&stands);
            let is_same = |((joining, _), stand): &(&mut (Joining, _), &&Stand)| {
                *joining == host.joining && **stand == &host.stand
            };
            match known.find(is_same) {
                Some(((_, known), _)) if host.joining != Joining::Apart => known.extend(steps),
                _ => {
                    parts.push((host.joining, steps.collect()));
                    stands.push(&host.stand);
                }
            }
        }
        let steps = parts.iter().flat_map(|(_, steps)| steps);
        let mut seen = HashSet::new();
        let names = steps
            .filter_map(|step| step.paths.name())
            .filter(|name| seen.insert(*name));
        let names = names.collect();
        for (joining, steps) in &mut parts {
            match joining {
                Joining::Longest => {
                    steps.sort_by_key(|step| std::cmp::Reverse((step.length, step.is_part())))
                }
                // One place keeps its own order.
                Joining::InTurn if steps.iter().any(|step| step.owner != steps_owner(steps)) => {
                    steps.sort_by_key(|step| *step.paths == Paths::All);
                }
                Joining::InTurn | Joining::Apart => {}
            }
        }
        Self { parts, names }
    }

    /// Every route, in the order in which they are tried.
    pub(super) fn steps(&self) -> impl Iterator<Item = &RouteStep<'r>> {
        self.parts.iter().flat_map(|(_, steps)| steps)
    }

    /// What requests of a spot may get.
    pub(super) fn answer(&self, spot: Spot<'_>) -> SpotAnswer<'r> {
        let mut answer = SpotAnswer::default();
        for (joining, steps) in &self.parts {
            answer.join(first(*joining, steps, spot));
        }
        answer
    }

    /// What requests of a spot get.
    pub(super) fn verdict(&self, spot: Spot<'_>) -> SpotVerdict<'r> {
        self.answer(spot).verdict()
    }
}

impl RouteStep<'_> {
    fn is_part(&self) -> bool {
        matches!(self.paths, Paths::Other(..) | Paths::AnyCase(_))
    }
}

fn steps_owner(steps: &[RouteStep<'_>]) -> usize {
    steps.first().map_or(0, |step| step.owner)
}

/// What the first route that takes all requests of a spot says, with those before it that take some, and with those of
/// other places that the proxy could try before it.
fn first<'r>(joining: Joining, steps: &[RouteStep<'r>], spot: Spot<'_>) -> SpotAnswer<'r> {
    let mut answer = SpotAnswer::default();
    let mut taken: Option<&RouteStep<'r>> = None;
    let mut done = BTreeSet::new();
    for step in steps {
        let share = step.paths.share(spot);
        if share == Share::None || step.is_behind || done.contains(&step.owner) {
            continue;
        }
        if let Some(taken) = taken {
            let is_behind = match joining {
                Joining::Apart => true,
                Joining::Longest => step.length < taken.length,
                Joining::InTurn => (*step.paths == Paths::All) != (*taken.paths == Paths::All),
            };
            if is_behind {
                break;
            }
        }
        if !step.is_void {
            answer.add(Found {
                policy: step.policy,
                place: step.place,
                is_part: step.is_part(),
                is_any_case: matches!(step.paths, Paths::AnyCase(_)),
            });
        }
        if share == Share::All {
            answer.is_sure |= !step.is_void;
            taken = taken.or(Some(step));
            done.insert(step.owner);
        }
    }
    answer
}
