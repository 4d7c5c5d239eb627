//! The policy that Envoy applies to the requests of a route, and what became of every other.

use std::collections::HashMap;

use super::chain::Chain;
use super::filter_policy::combined;
use super::level::{Filter, is_wrapper, legacy, per_filter, policies, policy_in, within};
use crate::import::code::{self, RemarkCode};
use crate::import::imported_document::ImportedBucket;
use crate::import::node::Node;
use crate::import::policy::ListUse;
use crate::import::remarks::Remarks;

/// The policies of a file.
pub(super) struct Policies<'r> {
    /// Those that stand at a level of some route, by their places: whether they count for one, or it is said why not.
    met: HashMap<String, bool>,
    remarks: &'r mut Remarks,
}

/// What the levels of a route say of one filter.
struct FilterLevels<'t> {
    name: &'t str,
    /// By the innermost level that says anything.
    is_off: bool,
    /// The innermost first.
    policies: Vec<Node<'t>>,
}

impl<'r> Policies<'r> {
    pub(super) fn new(remarks: &'r mut Remarks) -> Self {
        Self {
            met: HashMap::new(),
            remarks,
        }
    }

    /// The rules of a policy without anything around it.
    pub(super) fn alone(&mut self, policy: &Node<'_>) -> Option<ImportedBucket> {
        self.met.insert(policy.place.clone(), true);
        self.bucket(std::slice::from_ref(policy))
    }

    /// The rules that Envoy applies, of the policies of a route and of what is around it, the innermost first: each
    /// field is of the first policy that has it, but whether it is on is said by the first alone. The older place
    /// counts only where the newer is empty.
    pub(super) fn effective(
        &mut self,
        levels: &[&Node<'_>],
        chain: Option<&Chain>,
    ) -> Option<ImportedBucket> {
        let filters = self.filters(levels, chain);
        let mut on = filters
            .iter()
            .filter(|filter| !filter.is_off && !filter.policies.is_empty());
        let first = on.next();
        for FilterLevels { name, policies, .. } in on {
            let why = format!(
                "the policy of {name:?}, a second CORS filter for the same requests: that of the first is written"
            );
            for policy in policies {
                self.left_out(policy, (code::SECOND_POLICY, why.clone()));
            }
        }
        let older: Vec<_> = levels.iter().filter_map(|level| legacy(level)).collect();
        for policy in &older {
            self.meet(policy);
        }
        let counting = match first {
            Some(filter) => &filter.policies,
            None if filters.iter().any(|filter| filter.is_off) => return None,
            None if chain.is_some_and(|chain| !chain.runs) => return None,
            None => &older,
        };
        self.met
            .extend(counting.iter().map(|policy| (policy.place.clone(), true)));
        self.bucket(counting)
    }

    /// Takes note of the policies of a route whose requests pass by the filter.
    pub(super) fn pass_over(&mut self, levels: &[&Node<'_>], chain: Option<&Chain>) {
        self.filters(levels, chain);
        for policy in levels.iter().filter_map(|level| legacy(level)) {
            self.meet(&policy);
        }
    }

    fn bucket(&mut self, policies: &[Node<'_>]) -> Option<ImportedBucket> {
        let policy = combined(policies, self.remarks)?;
        Some(policy.into_bucket(ListUse::Printed, self.remarks))
    }

    /// What the levels say of each filter.
    fn filters<'t>(&mut self, levels: &[&Node<'t>], chain: Option<&Chain>) -> Vec<FilterLevels<'t>> {
        let mut filters: Vec<FilterLevels<'t>> = Vec::new();
        for level in levels {
            if let Some(chain) = chain {
                self.say_not_applied(level, chain);
            }
            for (name, said) in per_filter(level, chain) {
                let known = filters.iter().position(|known| known.name == name);
                let at = known.unwrap_or(filters.len());
                if known.is_none() {
                    filters.push(FilterLevels {
                        name,
                        is_off: matches!(said, Filter::Off(_)),
                        policies: Vec::new(),
                    });
                }
                match said {
                    Filter::Policy(policy) => {
                        self.meet(&policy);
                        if let Some(filter) = filters.get_mut(at) {
                            filter.policies.push(policy);
                        }
                    }
                    Filter::Off(Some(policy)) => {
                        let why = "Envoy does not apply this policy, so it is left out: it stands beside disabled, which \
                                   switches the filter off here";
                        self.left_out(&policy, (code::NOT_APPLIED, why.to_owned()));
                    }
                    Filter::Off(None) | Filter::On => {}
                }
            }
        }
        filters
    }

    /// Says that nothing comes to a virtual host without routes, so that its policies do not count. Those around it may
    /// still be for its neighbours.
    pub(super) fn say_without_routes(&mut self, host: &Node<'_>, configuration: &Node<'_>) {
        let has_routes = |host: &Node<'_>| !host.list("routes").is_empty() || host.get("matcher").is_some();
        let hosts = configuration.proto("virtual_hosts");
        let hosts = hosts.map(|hosts| hosts.items()).unwrap_or_default();
        let around = Some(configuration).filter(|_| !hosts.iter().any(has_routes));
        let mut found = Vec::new();
        for level in std::iter::once(host).chain(around) {
            within(level, &mut found);
            found.extend(legacy(level));
        }
        for policy in found {
            let why = "Envoy does not apply this policy, so it is left out: the virtual host has no routes, and its requests \
                       get 404";
            self.left_out(&policy, (code::NOT_APPLIED, why.to_owned()));
        }
    }

    /// Says why the policies of something that answers no requests do not count.
    pub(super) fn say_over(&mut self, over: &Node<'_>, why: &str) {
        let mut found = Vec::new();
        within(over, &mut found);
        for policy in found {
            let why = format!("Envoy does not apply this policy, so it is left out: {why}");
            self.left_out(&policy, (code::NOT_APPLIED, why));
        }
    }

    /// Says that the routes of a virtual host are not read, if there are policies for them.
    pub(super) fn say_tree(&mut self, tree: &Node<'_>, around: &[&Node<'_>], chain: Option<&Chain>) {
        let mut found: Vec<_> = around.iter().flat_map(|level| policies(level, chain)).collect();
        within(tree, &mut found);
        if !found.is_empty() {
            self.remarks.say(
                code::OTHER_MATCHER,
                &tree.place,
                "the routes of this virtual host, which are in a tree of matchers: trees are not read, so its hosts are left \
                 out: write rules for them, or list its routes in routes",
            );
        }
        self.met
            .extend(found.into_iter().map(|policy| (policy.place, true)));
    }

    /// A policy that was met nowhere stands where its host or its path is not known.
    pub(super) fn say_unknown(&mut self, node: &Node<'_>) {
        let mut found = Vec::new();
        within(node, &mut found);
        for policy in found {
            if !self.met.contains_key(&policy.place) {
                self.remarks.say(code::NO_TARGET, &policy.place,
                    "a policy that is not of a route, a virtual host or a route configuration: say in buckets what it is \
                     for",
                );
            }
        }
    }

    /// Says of each policy that counts for no route, and of which nothing is said, that it does not.
    pub(super) fn say_unused(self) {
        for (place, _) in self.met.iter().filter(|(_, is_settled)| !**is_settled) {
            self.remarks.say(code::NOT_APPLIED, place,
                "Envoy does not apply this policy, so it is left out: each route that it is for has others, switches the filter \
                 off, or is answered by Envoy itself",
            );
        }
    }

    /// The policies that a level has and that Envoy does not apply.
    fn say_not_applied(&mut self, level: &Node<'_>, chain: &Chain) {
        let filters = level.proto("typed_per_filter_config");
        for (name, config) in filters.map(|filters| filters.fields()).unwrap_or_default() {
            let own = if is_wrapper(&config) {
                config.get("config").as_ref().and_then(policy_in)
            } else {
                policy_in(&config)
            };
            if let Some(policy) = own.filter(|_| !chain.filters.contains(name)) {
                self.left_out(&policy, chain.why_not(Some(name)));
            }
        }
        if let Some(policy) = legacy(level).filter(|_| !chain.runs) {
            self.left_out(&policy, chain.why_not(None));
        }
    }

    pub(super) fn left_out(&mut self, policy: &Node<'_>, (code, why): (RemarkCode, String)) {
        self.met.insert(policy.place.clone(), true);
        self.remarks.say(code, &policy.place, why);
    }

    fn meet(&mut self, policy: &Node<'_>) {
        self.met.entry(policy.place.clone()).or_insert(false);
    }
}
