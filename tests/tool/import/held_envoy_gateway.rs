//! Random routes, Gateways and SecurityPolicies: the edge gives a request a policy only where each listener that takes
//! it gives it the same one, by a plain reading of the Gateway API and of what Envoy Gateway makes of it.

use super::drawn_envoy_gateway::{DrawnPolicy, DrawnRoute, DrawnRule, World};
use super::{import, imported};
use crate::choices::{Choices, Random};

const CASES: usize = 250;
const TAPE: usize = 192;

fn matches_name(domain: &str, host: &str) -> bool {
    domain.is_empty() || domain == host || domain.strip_prefix('*').is_some_and(|end| host.ends_with(end))
}

/// The more particular, the greater.
fn rank(domain: &str) -> (bool, usize) {
    (!domain.is_empty() && !domain.starts_with('*'), domain.len())
}

impl World {
    /// The oldest policy with this target.
    fn policy(&self, is_it: impl Fn(&DrawnPolicy) -> bool) -> Option<&'static str> {
        let found = self.policies.iter().filter(|policy| is_it(policy));
        found
            .min_by_key(|policy| (policy.made, policy.name))
            .map(|policy| policy.origin)
    }

    fn origin(&self, route: &DrawnRoute, rule: &DrawnRule, gateway: &str, listener: &str) -> &'static str {
        if !rule.filter.is_empty() {
            return rule.filter;
        }
        let of = |target: (&str, &str, &str)| self.policy(|policy| policy.target == target);
        of(("HTTPRoute", route.name, rule.name))
            .or_else(|| {
                self.policy(|policy| {
                    policy.target == ("HTTPRoute", route.name, "")
                        || policy.target == ("label", route.label, "")
                })
            })
            .or_else(|| of(("Gateway", gateway, listener)))
            .or_else(|| of(("Gateway", gateway, "")))
            .unwrap_or_default()
    }

    /// What each port of each Gateway answers, whichever of two equal routes comes first.
    fn answers(&self, host: &str, path: &str, is_put: bool) -> Vec<&'static str> {
        let mut answers = Vec::new();
        for gateway in &self.gateways {
            for port in 80..83 {
                let on_port = gateway.listeners.iter().filter(|listener| listener.port == port);
                let fitting = on_port
                    .filter(|listener| listener.protocol == "HTTP" && matches_name(listener.hostname, host));
                let Some(listener) = fitting.max_by_key(|listener| rank(listener.hostname)) else {
                    continue;
                };
                let is_attached = |route: &&DrawnRoute| {
                    let mut parents = route.parents.iter();
                    parents.any(|(name, section)| {
                        *name == gateway.name && (section.is_empty() || *section == listener.name)
                    })
                };
                let mut found = Vec::new();
                for route in self.routes.iter().filter(is_attached) {
                    let hosts = if route.hosts.is_empty() {
                        &[""][..]
                    } else {
                        &route.hosts
                    };
                    for own in hosts.iter().filter(|own| matches_name(own, host)) {
                        for rule in &route.rules {
                            let takes = rule.path == "/"
                                || path == rule.path
                                || path.starts_with(&format!("{}/", rule.path));
                            // The more particular of the two names is the one that its requests are asked by.
                            let name = std::cmp::max(rank(own), rank(listener.hostname));
                            let origin = self.origin(route, rule, gateway.name, listener.name);
                            if takes && (is_put || !rule.is_conditional) {
                                found.push((name, rule.path.len(), rule.is_conditional, route.name, origin));
                            } else {
                                found.push((name, usize::MAX, false, "", ""));
                            }
                        }
                    }
                }
                // The longest name has all requests of its hosts, whether its routes take them or not.
                let longest = found.iter().map(|found| found.0).max();
                found.retain(|(name, length, ..)| Some(*name) == longest && *length != usize::MAX);
                let of_most = |found: &(_, usize, bool, _, _)| (found.1, found.2);
                let most = found.iter().map(of_most).max();
                let mut equal: Vec<_> = found
                    .iter()
                    .filter(|found| Some(of_most(found)) == most)
                    .collect();
                // In one route, the first rule of two equal ones stands.
                equal.dedup_by_key(|found| found.3);
                answers.extend(equal.iter().map(|found| found.4));
            }
        }
        answers
    }
}

#[test]
fn the_edge_gives_no_request_another_policy_than_envoy_gateway() {
    let mut tape = vec![0; CASES * TAPE];
    Random(13).fill(&mut tape);
    let mut tally = imported::Tally::default();
    for tape in tape.chunks(TAPE) {
        let world = World::new(&mut Choices::new(tape));
        let text = world.text();
        let printed = import(&["--from", "envoy-gateway", "-"], text.as_bytes());
        for host in ["a.example", "b.example", "x.a.example", "z.a.example", "z"] {
            for path in imported::PATHS {
                let edge = imported::allows(&printed.stdout, host, path);
                let answers = [world.answers(host, path, false), world.answers(host, path, true)].concat();
                let report = || {
                    format!(
                        "{host}{path}: {edge:?} of {answers:?}\n{text}\n{}{}",
                        printed.stdout, printed.stderr
                    )
                };
                tally.hold((&edge, path), &answers, printed.status == 0, report);
            }
        }
    }
    tally.assert_many(CASES);
}
