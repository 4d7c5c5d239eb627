//! The names of hosts, each with the hosts whose routes its requests come to.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::bindable;
use super::code;
use super::imported_document::Sourced;
use super::remarks::Remarks;
use super::routes::Host;

/// A name, and the hosts that may take its requests.
#[derive(Debug)]
pub(super) struct OwnedName<'r> {
    /// As the edge compares it.
    pub(super) name: String,
    /// Where they stand among the hosts.
    pub(super) owners: Vec<usize>,
    pub(super) place: &'r str,
    /// Whether a bucket can be bound to it.
    pub(super) is_bindable: bool,
}

/// A host that has a name.
#[derive(Debug, Clone, Copy)]
struct NameOwner<'r> {
    index: usize,
    listener: Option<&'r str>,
    /// Of its name. Nothing: it has the name on every port that no other names.
    port: &'r str,
}

impl NameOwner<'_> {
    /// Whether requests for its own name with this port come to it.
    fn has(&self, port: &str) -> bool {
        self.port == port || self.port == ANY_PORT && !port.is_empty()
    }

    /// Whether those of a host that a wildcard of its stands for do. The end of a host is behind the port.
    fn takes(&self, wildcard: &str, port: &str) -> bool {
        self.has(port) || self.port.is_empty() && wildcard.ends_with('*')
    }
}

const ANY_PORT: &str = "*";

/// More hosts than any proxy has for its names.
const MOST_OWNERS: usize = 2_000_000;

/// The names of all hosts, in the order in which they stand.
pub(super) fn of<'r>(hosts: &'r [Host], wildcards: &Wildcards, remarks: &mut Remarks) -> Vec<OwnedName<'r>> {
    let mut at: HashMap<String, usize> = HashMap::new();
    let mut names: Vec<(OwnedName<'r>, Vec<NameOwner<'r>>)> = Vec::new();
    for (index, host) in hosts.iter().enumerate() {
        let policy = host.routes.iter().find_map(|route| route.bucket.as_ref());
        if let (Some(policy), []) = (policy, host.domains.as_slice()) {
            remarks.say(
                code::OTHER_HOSTS,
                &policy.place,
                "the policies of a host without a name: say in buckets what they are for",
            );
        }
        for Sourced { value, place } in &host.domains {
            let (written, port) = without_port(value);
            let (name, _) = compared(value);
            let problem = bindable::problem(written);
            if policy.is_some() && name.contains('*') && name != "*" {
                remarks.say(code::OTHER_HOSTS, place,
                    format!(
                        "the hosts {value:?}: a bucket's hosts hold no wildcard: list them in hosts, or the domain in \
                         endpoints"
                    ),
                );
            }
            let is_bindable = problem.is_none() && !name.contains('*');
            if let (Some(problem), true) = (problem, policy.is_some()) {
                remarks.say(problem.code, place, problem.why);
            }
            let owner = NameOwner {
                index,
                listener: host.stand.listener.as_deref(),
                port,
            };
            let next = names.len();
            match names.get_mut(*at.entry(name.clone()).or_insert(next)) {
                Some((_, owners)) => owners.push(owner),
                None => {
                    let place = policy.map_or(place, |policy| &policy.place);
                    let name = OwnedName {
                        name,
                        owners: Vec::new(),
                        place,
                        is_bindable,
                    };
                    names.push((name, vec![owner]));
                }
            }
        }
    }
    let mut listeners: HashSet<_> = hosts.iter().map(|host| host.stand.listener.as_deref()).collect();
    listeners.insert(None);
    let mut most = MOST_OWNERS;
    let mut all = Vec::new();
    for (known, own) in &names {
        let above: Vec<_> = wildcards
            .above(&known.name)
            .filter(|above| *above != known.name)
            .filter_map(|above| Some((names.get(*at.get(&above)?)?.1.as_slice(), above)))
            .collect();
        let around = above.iter().flat_map(|(others, _)| others.iter());
        let named = own.iter().chain(around).map(|owner| owner.port);
        let ports: BTreeSet<&str> = named.chain([""]).collect();
        let pairs = above
            .iter()
            .fold(own.len(), |sum, (others, _)| sum.saturating_add(others.len()));
        let Some(left) = most.checked_sub(pairs.saturating_mul(ports.len())) else {
            say_too_many(known.place, remarks);
            return Vec::new();
        };
        most = left;
        let mut owners = own.clone();
        let mut served: HashSet<(Option<&str>, &str)> = HashSet::new();
        for owner in own {
            served.extend(
                ports
                    .iter()
                    .filter(|port| owner.has(port))
                    .map(|port| (owner.listener, *port)),
            );
        }
        if own.iter().any(|owner| owner.listener.is_some()) {
            served.extend(ports.iter().map(|port| (None, *port)));
        }
        // A listener that does not have the name has it under a wildcard, and so does another port.
        for (others, above) in &above {
            if served.len() == listeners.len().saturating_mul(ports.len()) {
                break;
            }
            let taken = |owner: &NameOwner<'r>| {
                let listener = owner.listener;
                let taken = ports.iter().filter(|port| owner.takes(above, port));
                taken.map(move |port| (listener, *port)).collect::<Vec<_>>()
            };
            let is_missing = |owner: &&NameOwner<'r>| taken(owner).iter().any(|both| !served.contains(both));
            let missing: Vec<_> = others.iter().filter(is_missing).copied().collect();
            served.extend(missing.iter().flat_map(taken));
            owners.extend(missing);
        }
        let mut owners: Vec<usize> = owners.iter().map(|owner| owner.index).collect();
        owners.dedup();
        all.push(OwnedName {
            name: known.name.clone(),
            owners,
            place: known.place,
            is_bindable: known.is_bindable,
        });
    }
    all
}

/// How long the names with a `*` are that hosts have, without it.
#[derive(Debug, Default)]
pub(super) struct Wildcards {
    /// Those with the `*` in front.
    ends: BTreeSet<usize>,
    /// Those with the `*` behind.
    starts: BTreeSet<usize>,
}

impl Wildcards {
    pub(super) fn of(hosts: &[Host]) -> Self {
        let mut known = Self::default();
        for domain in hosts.iter().flat_map(|host| &host.domains) {
            let (name, _) = compared(&domain.value);
            if let Some(end) = name.strip_prefix('*') {
                known.ends.insert(end.len());
            } else if let Some(start) = name.strip_suffix('*') {
                known.starts.insert(start.len());
            }
        }
        known
    }

    /// The names with a `*` that a host may have, in the order in which proxies look for them: the longest end, the
    /// longest start, and then every host's. A `*` takes a character at least.
    pub(super) fn above(&self, host: &str) -> impl Iterator<Item = String> {
        let ends = self.ends.iter().rev().filter_map(|length| {
            let at = host
                .len()
                .checked_sub(*length)
                .filter(|at| *at > 0 && *length > 0)?;
            Some(format!("*{}", host.get(at..)?))
        });
        let starts = self.starts.iter().rev().filter_map(|length| {
            let start = host.get(..*length).filter(|start| start.len() < host.len())?;
            Some(format!("{start}*"))
        });
        ends.chain(starts).chain(["*".to_owned()])
    }
}

/// A name as the edge compares it, without dots at its end, in lower case; and its port.
pub(super) fn compared(name: &str) -> (String, &str) {
    let (host, port) = without_port(name);
    (host.trim_end_matches('.').to_ascii_lowercase(), port)
}

/// A name as it is written, and its port. One with a `*` is any.
fn without_port(name: &str) -> (&str, &str) {
    let is_port = |port: &str| {
        let digits = port.strip_suffix(ANY_PORT).unwrap_or(port);
        !port.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (host, port) = match name.rsplit_once(':') {
        Some((host, port)) if is_port(port) => (host, port),
        _ => (name, ""),
    };
    let port = if port.ends_with(ANY_PORT) { ANY_PORT } else { port };
    (host, port)
}

/// More than can be held against their routes.
pub(super) fn say_too_many(place: &str, remarks: &mut Remarks) {
    remarks.say(
        code::OTHER_HOSTS,
        place,
        "all policies: there are too many hosts and paths to hold each against its routes: import them in parts",
    );
}
