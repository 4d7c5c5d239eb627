//! The routes of a VirtualService, with those of the VirtualServices that it delegates to, as Istio merges them.

use super::exports::Exported;
use super::mesh::MeshDefault;
use crate::import::code;
use crate::import::kube;
use crate::import::node::Node;
use crate::import::remarks::Remarks;

/// A route.
pub(super) struct MergedRoute<'t> {
    /// What it asks for; nothing: every path.
    pub(super) matches: Vec<MergedMatch<'t>>,
    pub(super) policy: Option<Node<'t>>,
    /// It redirects, or answers by itself.
    pub(super) is_empty: bool,
    /// It stands for routes that are not in the files, which take some of its requests.
    pub(super) is_open: bool,
    pub(super) place: String,
}

/// What a route asks for: the match of a delegate's route, and that of the route that names it.
#[derive(Clone)]
pub(super) struct MergedMatch<'t>(pub(super) Vec<Node<'t>>);

/// The routes of a VirtualService. `used`: which of the services it delegates to. `default`: where those without
/// exportTo are exported to.
pub(super) fn routes<'t>(
    service: &Node<'t>,
    services: &[Node<'t>],
    used: &mut [bool],
    default: Option<&MeshDefault>,
    remarks: &mut Remarks,
) -> Vec<MergedRoute<'t>> {
    let own = kube::namespace(service);
    let mut routes = Vec::new();
    for http in kube::items(service, &["spec", "http"]) {
        let root = MergedRoute {
            matches: http
                .list("match")
                .into_iter()
                .map(|it| MergedMatch(vec![it]))
                .collect(),
            policy: http.get("corsPolicy"),
            is_empty: http.has_any(&["redirect", "directResponse"]),
            is_open: false,
            place: http.place.clone(),
        };
        let Some(delegate) = http.get("delegate") else {
            routes.push(root);
            continue;
        };
        let namespace = delegate
            .text_of("namespace")
            .filter(|namespace| !namespace.is_empty());
        let namespace = namespace.unwrap_or_else(|| own.clone());
        let name = delegate.text_of("name").unwrap_or_default();
        let is_it = |service: &Node<'_>| {
            is_delegate(service) && kube::name(service) == name && kube::namespace(service) == namespace
        };
        let mut found = services.iter().zip(used.iter_mut());
        let Some((found, used)) = found.find(|(service, _)| is_it(service)) else {
            remarks.say(code::NO_TARGET, &delegate.place,
                format!(
                    "the policies of the VirtualService {name:?} in the namespace {namespace:?}, to which this route delegates: \
                     it is not in the files: give them too"
                ),
            );
            routes.push(MergedRoute {
                policy: None,
                is_open: true,
                ..root
            });
            continue;
        };
        *used = true;
        for leaf in kube::items(found, &["spec", "http"]) {
            let policy = leaf.get("corsPolicy").or_else(|| root.policy.clone());
            let matches = if Exported::of(found, default).reaches(&own) {
                merged(&root.matches, &leaf.list("match"))
            } else {
                None
            };
            match (matches, &policy) {
                (Some(matches), _) => routes.push(MergedRoute {
                    matches,
                    policy,
                    is_empty: leaf.has_any(&["redirect", "directResponse"]),
                    is_open: false,
                    place: leaf.place.clone(),
                }),
                (None, Some(policy)) => remarks.say(code::NOT_APPLIED, &policy.place,
                    format!(
                        "the policy of the route at {}: Istio leaves the route out, since the one that delegates to it, at {}, \
                         does not take all that it asks for, or may not see it",
                        leaf.place, root.place
                    ),
                ),
                (None, None) => {}
            }
        }
    }
    routes
}

/// Whether it has routes for others to delegate to, and no hosts of its own.
pub(super) fn is_delegate(service: &Node<'_>) -> bool {
    kube::items(service, &["spec", "hosts"]).is_empty()
}

/// What both ask for. `None`: a match of the delegate's goes beyond all of those around it, which takes the whole route
/// out.
fn merged<'t>(root: &[MergedMatch<'t>], leaf: &[Node<'t>]) -> Option<Vec<MergedMatch<'t>>> {
    if leaf.is_empty() {
        return Some(root.to_vec());
    }
    if root.is_empty() {
        return Some(leaf.iter().map(|leaf| MergedMatch(vec![leaf.clone()])).collect());
    }
    let mut both = Vec::new();
    for leaf in leaf {
        let fitting = root.iter().filter(|root| !root.conflicts_with(leaf));
        let fitting = fitting.map(|root| MergedMatch([std::slice::from_ref(leaf), &root.0].concat()));
        let before = both.len();
        both.extend(fitting);
        if both.len() == before {
            return None;
        }
    }
    Some(both)
}

impl<'t> MergedMatch<'t> {
    /// A field, of the delegate's match if it has it.
    pub(super) fn get(&self, field: &str) -> Option<Node<'t>> {
        self.0
            .iter()
            .find_map(|part| part.get(field).filter(|value| !value.is_empty()))
    }

    fn flag(&self, field: &str) -> bool {
        self.get(field).and_then(|flag| flag.flag()) == Some(true)
    }

    pub(super) fn ignores_case(&self) -> bool {
        self.flag("ignoreUriCase")
    }

    /// Whether a match asks for what this one does not take, by Istio's rules.
    fn conflicts_with(&self, leaf: &Node<'t>) -> bool {
        let leaf = Self(vec![leaf.clone()]);
        let texts = |of: &Self, field: &str| -> Vec<String> {
            let items = of.get(field).map(|list| list.items()).unwrap_or_default();
            items.iter().filter_map(|item| item.text()).collect()
        };
        let of_both = |field: &str| {
            let fields = leaf.get(field).map(|of| of.fields()).unwrap_or_default();
            let own = self.get(field);
            fields
                .into_iter()
                .map(move |(key, value)| (own.as_ref().and_then(|own| own.get(key)), value))
        };
        let text = |of: &Self, field: &str| {
            of.get(field)
                .and_then(|value| value.text())
                .filter(|text| text != "0")
        };
        let (ports, namespaces) = ("port", "sourceNamespace");
        let (gateways, leaf_gateways) = (texts(self, "gateways"), texts(&leaf, "gateways"));
        ["uri", "scheme", "method", "authority"]
            .iter()
            .any(|field| differ(self.get(field), leaf.get(field)))
            || ["headers", "withoutHeaders", "queryParams"]
                .iter()
                .any(|field| of_both(field).any(|(own, leaf)| differ(own, Some(leaf))))
            || self.ignores_case() != leaf.ignores_case()
            || text(self, ports)
                .zip(text(&leaf, ports))
                .is_some_and(|(own, leaf)| own != leaf)
            || text(self, namespaces).is_some_and(|own| text(&leaf, namespaces) != Some(own))
            || of_both("sourceLabels").any(|(own, leaf)| own.is_some_and(|own| own.text() != leaf.text()))
            || !gateways.is_empty()
                && (gateways.len() < leaf_gateways.len()
                    || leaf_gateways.iter().any(|gateway| !gateways.contains(gateway)))
    }
}

/// Whether what a delegate compares a text with goes beyond what is compared around it.
fn differ(root: Option<Node<'_>>, leaf: Option<Node<'_>>) -> bool {
    let (Some(root), Some(leaf)) = (root, leaf) else {
        return false;
    };
    let of = |node: &Node<'_>, kind: &str| node.text_of(kind).filter(|text| !text.is_empty());
    if of(&root, "regex").is_some() || of(&leaf, "regex").is_some() {
        return true;
    }
    let leaf = (of(&leaf, "exact"), of(&leaf, "prefix"));
    match (of(&root, "exact"), of(&root, "prefix"), leaf) {
        (Some(root), _, (Some(leaf), None)) => root != leaf,
        (None, Some(root), (Some(leaf), _) | (None, Some(leaf))) => !leaf.starts_with(&root),
        _ => true,
    }
}
