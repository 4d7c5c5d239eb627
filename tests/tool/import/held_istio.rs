//! Random VirtualServices and Gateways: the edge gives a request a policy only where each proxy that has the host gives
//! it the same one, by a plain reading of what Istio builds from them.

use super::drawn_istio::{IstioGateway, IstioMatch, IstioRoute, Service, gateways, home, services, text};
use super::{import, imported};
use crate::choices::{Choices, Random};

const CASES: usize = 250;
const TAPE: usize = 224;

/// What a route of a delegate becomes below the route that names it, if Istio keeps it.
fn merged(root: &IstioRoute, leaf: &IstioRoute) -> Option<IstioRoute> {
    let origin = if leaf.origin.is_empty() {
        root.origin
    } else {
        leaf.origin
    };
    let mut matches = Vec::new();
    for own in &leaf.matches {
        let mut found = root.matches.is_empty();
        if found {
            matches.push(own.clone());
        }
        for around in &root.matches {
            let fits = match (around.uri, own.uri) {
                (Some(("exact", all)), Some(("exact", text))) => all == text,
                (Some(("prefix", all)), Some(("exact" | "prefix", text))) => text.starts_with(all),
                (None, _) | (_, None) => true,
                _ => false,
            };
            let is_within = around.gateways.is_empty()
                || own
                    .gateways
                    .iter()
                    .all(|gateway| around.gateways.contains(gateway));
            if fits && is_within {
                found = true;
                matches.push(IstioMatch {
                    uri: own.uri.or(around.uri),
                    method: own.method || around.method,
                    gateways: if own.gateways.is_empty() {
                        around.gateways.clone()
                    } else {
                        own.gateways.clone()
                    },
                });
            }
        }
        if !found {
            return None;
        }
    }
    if leaf.matches.is_empty() {
        matches = root.matches.clone();
    }
    Some(IstioRoute {
        matches,
        origin,
        delegate: None,
    })
}

fn matches_name(domain: &str, host: &str) -> bool {
    domain == host || domain == "*" || domain.strip_prefix('*').is_some_and(|end| host.ends_with(end))
}

/// The names that both lists have.
fn intersection(some: &[&'static str], others: &[&'static str]) -> Vec<&'static str> {
    let mut both = Vec::new();
    for one in some {
        for other in others {
            if matches_name(one, other) || one == other {
                both.push(*other);
            } else if matches_name(other, one) {
                both.push(*one);
            }
        }
    }
    both.sort_unstable();
    both.dedup();
    both
}

/// The virtual hosts of a listener, each with its routes.
type ServedHosts = Vec<(&'static str, Vec<(IstioMatch, &'static str)>)>;

/// What a listener answers. `None`: it has no route.
fn answer(listener: &ServedHosts, host: &str, path: &str, is_put: bool) -> Option<&'static str> {
    let mut fitting: Vec<_> = listener
        .iter()
        .filter(|(domain, _)| matches_name(domain, host))
        .collect();
    fitting.sort_by_key(|(domain, _)| (domain.starts_with('*'), std::cmp::Reverse(domain.len())));
    let (_, routes) = fitting.first()?;
    let last = routes.iter().filter(|(matched, _)| matched.is_last());
    let mut routes = routes
        .iter()
        .filter(|(matched, _)| !matched.is_last())
        .chain(last);
    routes
        .find(|(matched, _)| matched.takes(path, is_put))
        .map(|(_, origin)| *origin)
}

fn routes_for(service: &Service, gateway: &str, delegates: &[Service]) -> Vec<(IstioMatch, &'static str)> {
    let mut all = Vec::new();
    for http in &service.http {
        match http.delegate {
            None => all.push(http.clone()),
            Some(name) => {
                let delegate = delegates.iter().find(|delegate| delegate.name == name);
                let leaves = delegate.map(|delegate| &delegate.http[..]).unwrap_or_default();
                all.extend(leaves.iter().filter_map(|leaf| merged(http, leaf)));
            }
        }
    }
    let mut routes = Vec::new();
    for http in all {
        for matched in &http.matches {
            if matched.gateways.is_empty() || matched.gateways.contains(&gateway) {
                routes.push((matched.clone(), http.origin));
                // Of one service, nothing comes behind it.
                if matched.is_last() {
                    return routes;
                }
            }
        }
        if http.matches.is_empty() {
            routes.push((IstioMatch::default(), http.origin));
            return routes;
        }
    }
    routes
}

fn add(listener: &mut ServedHosts, names: &[&'static str], routes: &[(IstioMatch, &'static str)]) {
    for name in names {
        match listener.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => known.extend(routes.iter().cloned()),
            None => listener.push((name, routes.to_vec())),
        }
    }
}

/// The virtual hosts of each server that takes HTTP, with what it is told apart by: the proxy and, of HTTPS, the names
/// that a client asks for first. Servers of plain HTTP at one proxy are one.
type Listeners = Vec<(&'static str, Option<Vec<&'static str>>, ServedHosts)>;

/// The listeners of all gateways, and that of a sidecar in the namespace of a client.
fn listeners(
    gateways: &[IstioGateway],
    services: &[&Service],
    delegates: &[Service],
    client: &str,
) -> (Listeners, ServedHosts) {
    let mut all = Listeners::new();
    for gateway in gateways {
        for server in &gateway.servers {
            if server.redirects || matches!(server.protocol, "TLS" | "TCP") {
                continue;
            }
            let name_of = |host: &&'static str| host.rsplit('/').next().unwrap();
            let asked = (server.protocol == "HTTPS").then(|| server.hosts.iter().map(name_of).collect());
            let plain = all
                .iter()
                .position(|(selector, asked, _)| *selector == gateway.selector && asked.is_none());
            let at = plain.filter(|_| asked.is_none()).unwrap_or_else(|| {
                all.push((gateway.selector, asked, ServedHosts::new()));
                all.len() - 1
            });
            for service in services
                .iter()
                .filter(|service| service.gateways.contains(&gateway.name))
                .filter(|service| service.is_seen(home(gateway.selector)))
            {
                let hosts = server.hosts.iter().filter_map(|host| match host.split_once('/') {
                    None | Some(("*", _)) => Some(name_of(host)),
                    Some((".", name)) => (service.namespace == "web").then_some(name),
                    Some((of, name)) => (service.namespace == of).then_some(name),
                });
                let names = intersection(&hosts.collect::<Vec<_>>(), &service.hosts);
                let routes = routes_for(service, gateway.name, delegates);
                if !routes.is_empty() {
                    add(&mut all[at].2, &names, &routes);
                }
            }
        }
    }
    let mut sidecar: ServedHosts = Vec::new();
    for service in services
        .iter()
        .filter(|service| service.gateways.contains(&"mesh") && service.is_seen(client))
    {
        let routes = routes_for(service, "mesh", delegates);
        for name in &service.hosts {
            if sidecar.iter().all(|(known, _)| known != name) {
                sidecar.push((name, routes.clone()));
            }
        }
    }
    (all, sidecar)
}

/// How long the longest of these names is that a host has, if it has one.
fn fit(names: &[&str], host: &str) -> Option<usize> {
    let fitting = names.iter().filter(|name| matches_name(name, host));
    fitting
        .map(|name| if *name == host { usize::MAX } else { name.len() })
        .max()
}

/// Whether clients that want a host over TLS come to another server.
fn is_elsewhere(all: &Listeners, at: usize, host: &str) -> bool {
    let (selector, Some(asked), _) = &all[at] else {
        return false;
    };
    let own = fit(asked, host);
    let others = all
        .iter()
        .filter(|(other, ..)| other == selector)
        .filter_map(|(_, asked, _)| asked.as_ref());
    own.is_none() || others.map(|other| fit(other, host)).max() > Some(own)
}

#[test]
fn the_edge_gives_no_request_another_policy_than_istio() {
    let mut tape = vec![0; CASES * TAPE];
    Random(11).fill(&mut tape);
    let mut tally = imported::Tally::default();
    for tape in tape.chunks(TAPE) {
        let mut random = Choices::new(tape);
        let gateways = gateways(&mut random);
        let all = services(&mut random);
        let text = text(&gateways, &all);
        let printed = import(&["--from", "istio", "-"], text.as_bytes());
        let is_whole = printed.status == 0 && !printed.stderr.contains("[prefix-is-bucket]");
        let mut in_order: Vec<_> = all.iter().filter(|service| !service.hosts.is_empty()).collect();
        let first = listeners(&gateways, &in_order, &all, "web");
        // Nothing in the files says which was made first.
        in_order.reverse();
        let second = listeners(&gateways, &in_order, &all, "other");
        for host in ["a.example", "b.example", "x.a.example", "z.a.example", "z"] {
            for path in imported::PATHS {
                let edge = imported::allows(&printed.stdout, host, path);
                let mut answers = Vec::new();
                for (listeners, sidecar) in [&first, &second] {
                    for is_put in [false, true] {
                        let here = (0..listeners.len()).filter(|at| !is_elsewhere(listeners, *at, host));
                        answers.extend(here.filter_map(|at| answer(&listeners[at].2, host, path, is_put)));
                        let has_host = |listener: &ServedHosts| {
                            listener.iter().any(|(name, _)| matches_name(name, host))
                        };
                        if !listeners.iter().any(|(_, _, listener)| has_host(listener)) {
                            answers.extend(answer(sidecar, host, path, is_put));
                        }
                    }
                }
                let report = || {
                    format!(
                        "{host}{path}: {edge:?} of {answers:?}\n{text}\n{}{}",
                        printed.stdout, printed.stderr
                    )
                };
                tally.hold((&edge, path), &answers, is_whole, report);
            }
        }
    }
    tally.assert_many(CASES);
}
