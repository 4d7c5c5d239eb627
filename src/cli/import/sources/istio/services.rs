//! VirtualServices, each with the places at the proxies that its Gateways give its hosts.

use super::delegates::{self, MergedMatch};
use super::exports::{self, Exported, Sight};
use super::fields::cors_policy;
use super::gateways::{self, IstioGateways, MESH, Taken};
use super::mesh::Mesh;
use super::paths::{paths_of, stays};
use crate::import::code;
use crate::import::host_names;
use crate::import::imported_document::{ImportedBucket, Sourced};
use crate::import::kube;
use crate::import::node::Node;
use crate::import::patches::{Patches, Side};
use crate::import::policy::{self, ListUse};
use crate::import::remarks::Remarks;
use crate::import::routes::{Host, Joining, Paths, Route, Stand};
use crate::source::placeholder;

/// All VirtualServices.
pub(super) struct Services<'t> {
    all: Vec<Node<'t>>,
    gateways: IstioGateways,
    mesh: Mesh,
    /// Those that another one delegates to.
    used: Vec<bool>,
    /// What sidecars have.
    of_mesh: Vec<Host>,
}

/// A route, before it is known which Gateway has it.
struct Prepared {
    matches: Vec<(Vec<Sourced<Paths>>, Vec<String>)>,
    bucket: Option<ImportedBucket>,
    is_empty: bool,
    /// Its routes are not in the files.
    is_open: bool,
    /// It takes every path, and Istio does not put it behind the routes of others.
    stays: bool,
}

impl<'t> Services<'t> {
    pub(super) fn of(all: Vec<Node<'t>>, resources: &[Node<'_>], mesh: Mesh) -> Self {
        Self {
            used: vec![false; all.len()],
            gateways: IstioGateways::of(resources),
            mesh,
            of_mesh: Vec::new(),
            all,
        }
    }

    /// The hosts of one, for each of its Gateways.
    pub(super) fn hosts_of(&mut self, service: &Node<'t>, remarks: &mut Remarks) -> Vec<Host> {
        if delegates::is_delegate(service) {
            return Vec::new();
        }
        let namespace = kube::namespace(service);
        let hosts = policy::texts(service.path(&["spec", "hosts"]), remarks);
        let routes = self.prepared(service, &namespace, remarks);
        let has_policy = routes.iter().any(|route| route.bucket.is_some());
        let default = self.mesh.export_to.as_ref();
        let exported = Exported::of(service, default);
        let exported_by = exports::called(service, default);
        let taken = self.taken(service, &namespace, &hosts);
        for host in hosts.iter().filter(|_| has_policy) {
            let names = [host.clone(), whole(host, &namespace)];
            let is_taken = |taken: &Taken| !host_names::common(&taken.hosts, &names).is_empty();
            if !taken.iter().any(is_taken) {
                remarks.say(
                    code::NOT_APPLIED,
                    &host.place,
                    format!(
                        "the policies of {:?}: no server of its Gateways takes HTTP for it",
                        host.value
                    ),
                );
            }
        }
        let is_met = |route: &Prepared| taken.iter().any(|taken| route.at(&taken.gateway).is_some());
        for route in routes.iter().filter(|route| !taken.is_empty() && !is_met(route)) {
            if let Some(policy) = &route.bucket {
                remarks.say(
                    code::NOT_APPLIED,
                    &policy.place,
                    "none of its Gateways has this route",
                );
            }
        }
        let mut found = Vec::new();
        for Taken {
            gateway,
            stand,
            hosts,
        } in taken
        {
            let is_of_mesh = gateway == MESH;
            // A sidecar takes the routes of one alone. Those that take every path come last, but for these.
            let joining = if is_of_mesh || routes.iter().any(|route| route.stays) {
                Joining::Apart
            } else {
                Joining::InTurn
            };
            let met: Vec<_> = routes
                .iter()
                .filter(|route| route.at(&gateway).is_some())
                .collect();
            let proxies = self.gateways.proxies(&gateway);
            let sight = exported.sight(&gateway, &proxies);
            for policy in met.iter().filter_map(|route| route.bucket.as_ref()) {
                sight.say(&policy.place, &gateway, &exported_by, remarks);
            }
            if sight == Sight::Never {
                continue;
            }
            // Where all that it has may be missing, others may have the host too.
            let is_open = sight == Sight::Unknown || met.iter().all(|route| route.is_open);
            let listener = stand
                .listener
                .map(|listener| format!("{listener}{}", if is_open { " or none" } else { "" }));
            let stand = Stand { listener, ..stand };
            let mut routes: Vec<_> = met.iter().filter_map(|route| route.at(&gateway)).collect();
            if sight == Sight::Unknown {
                routes.iter_mut().for_each(|route| route.bucket = None);
            }
            let host = Host {
                domains: hosts,
                routes,
                joining,
                stand,
            };
            // Istio leaves hosts without routes out.
            match host.routes.as_slice() {
                [] => {}
                _ if is_of_mesh => self.of_mesh.push(host),
                _ => found.push(host),
            }
        }
        found
    }

    /// Where its hosts are taken.
    fn taken(&self, service: &Node<'_>, namespace: &str, hosts: &[Sourced<String>]) -> Vec<Taken> {
        let named = kube::items(service, &["spec", "gateways"]);
        let mut named: Vec<_> = named.iter().filter_map(|name| name.text()).collect();
        if named.is_empty() {
            named.push(MESH.to_owned());
        }
        let whole: Vec<_> = hosts.iter().map(|host| whole(host, namespace)).collect();
        let mut all = Vec::new();
        for name in named {
            if name == MESH {
                all.push(Taken {
                    gateway: name,
                    stand: Stand::default(),
                    hosts: hosts.to_vec(),
                });
            } else {
                let gateway = gateways::resolved(&name, namespace);
                all.extend(self.gateways.take(&gateway, namespace, &whole));
            }
        }
        all
    }

    fn prepared(&mut self, service: &Node<'t>, namespace: &str, remarks: &mut Remarks) -> Vec<Prepared> {
        let routes = delegates::routes(
            service,
            &self.all,
            &mut self.used,
            self.mesh.export_to.as_ref(),
            remarks,
        );
        let prepared = routes.into_iter().map(|route| {
            let of_match = |matched: &MergedMatch<'_>| {
                let gateways = matched
                    .get("gateways")
                    .map(|list| list.items())
                    .unwrap_or_default();
                let gateways = gateways.iter().filter_map(|gateway| gateway.text());
                let gateways: Vec<_> = gateways
                    .map(|name| gateways::resolved(&name, namespace))
                    .collect();
                let paths = paths_of(matched, !gateways.is_empty(), route.is_open);
                let place = matched.0.first().map_or(&route.place, |part| &part.place);
                let paths = paths.into_iter().map(|paths| Sourced::new(paths, place));
                (paths.collect(), gateways)
            };
            let mut matches: Vec<_> = route.matches.iter().map(of_match).collect();
            if route.matches.is_empty() {
                matches.push(of_match(&MergedMatch(Vec::new())));
            }
            let bucket = route.policy.map(|policy| {
                let policy = cors_policy(&policy, remarks);
                policy.into_bucket(ListUse::Printed, remarks)
            });
            let stays = route.matches.iter().any(stays);
            Prepared {
                matches,
                bucket,
                is_empty: route.is_empty,
                is_open: route.is_open,
                stays,
            }
        });
        prepared.collect()
    }

    /// What sidecars have, and Gateways have not, and delegates that nobody delegates to.
    pub(super) fn finish(self, hosts: &mut Vec<Host>, patches: &Patches, remarks: &mut Remarks) {
        for (service, _) in self.all.iter().zip(&self.used).filter(|(_, used)| !**used) {
            let routes = kube::items(service, &["spec", "http"]);
            let policies = routes.iter().filter_map(|route| route.get("corsPolicy"));
            for policy in policies.filter(|_| delegates::is_delegate(service)) {
                remarks.say(code::NO_TARGET, &policy.place,
                    "the policy of a VirtualService without hosts: none in the files delegates to it: give that one too",
                );
            }
        }
        let of_gateways: Vec<Sourced<String>> = hosts.iter().flat_map(|host| host.domains.clone()).collect();
        let mut of_mesh = Vec::new();
        for mut host in self.of_mesh {
            let policy = host.routes.iter().find_map(|route| route.bucket.clone());
            host.domains.retain(|domain| {
                let name = domain.value.to_ascii_lowercase();
                let over = of_gateways
                    .iter()
                    .find(|other| host_names::covers(&other.value.to_ascii_lowercase(), &name));
                if let (Some(over), Some(policy)) = (over, &policy) {
                    remarks.say(
                        code::NOT_APPLIED,
                        &policy.place,
                        format!(
                            "the policies of {:?} for sidecars: at the edge the host is a Gateway's, by {}",
                            domain.value, over.place
                        ),
                    );
                }
                over.is_none()
            });
            if host.domains.is_empty() {
                continue;
            }
            if let (Some(policy), false) = (&policy, of_gateways.is_empty()) {
                remarks.say(code::MESH_ONLY, &policy.place,
                    "the policies of sidecars: no Gateway has these hosts, and those outside of the mesh do not come to them",
                );
            }
            of_mesh.push(host);
        }
        patches.take_out(&mut of_mesh, Side::Sidecars, remarks);
        hosts.extend(of_mesh);
    }
}

impl Prepared {
    /// The route, as a Gateway has it.
    fn at(&self, gateway: &str) -> Option<Route> {
        let is_there =
            |of: &&(Vec<Sourced<Paths>>, Vec<String>)| of.1.is_empty() || of.1.iter().any(|it| it == gateway);
        let matches = self.matches.iter().filter(is_there);
        let paths: Vec<_> = matches.flat_map(|(paths, _)| paths.clone()).collect();
        (!paths.is_empty()).then(|| Route {
            paths,
            bucket: self.bucket.clone(),
            is_empty: self.is_empty,
            ..Route::default()
        })
    }
}

/// The name that a Gateway has for a host: a bare one is that of a service.
fn whole(host: &Sourced<String>, namespace: &str) -> Sourced<String> {
    if host.value.contains(['.', '*']) || placeholder::within(&host.value).is_some() {
        return host.clone();
    }
    Sourced::new(
        format!("{}.{namespace}.svc.cluster.local", host.value),
        &host.place,
    )
}
