//! What SecurityPolicies are for, and which of them is in force.

use std::cell::Cell;
use std::collections::HashMap;

use crate::import::code;
use crate::import::gateway_hosts::Attachment;
use crate::import::imported_document::ImportedBucket;
use crate::import::kube::Label;
use crate::import::listeners::{self, Key};
use crate::import::namespaces::Namespaces;
use crate::import::node::Node;
use crate::import::policy::{ListUse, Policy};
use crate::import::remarks::Remarks;
use crate::import::{gateway_api, gateway_origins, kube};

/// How the versions of its resources begin, and what GatewayClasses call it.
pub(super) const GROUP: &str = "gateway.envoyproxy.io/";

/// What a policy is for.
#[derive(Debug, Clone)]
pub(super) struct PolicyTarget {
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    /// A rule of a route, or a listener of a Gateway.
    pub(super) section: Option<String>,
    /// Without CORS it takes the CORS of those around it away.
    pub(super) bucket: Option<ImportedBucket>,
    /// It adds to the policy around it, and does not replace it.
    pub(super) merges: bool,
    /// When the policy was made, and what it is called: the first of them counts.
    age: (Option<String>, String, String),
    /// Why it cannot be told whether the policy is for this.
    pub(super) doubt: Option<&'static str>,
    /// Some route is attached where it is.
    pub(super) is_met: Cell<bool>,
    /// Some rule of a route has it, or it is said why none has.
    pub(super) is_told: Cell<bool>,
    pub(super) place: String,
}

const NAMESPACES: &str = "its targetSelectors choose among other namespaces, by what is not in the files: name what is meant in targetRefs";
const REFUSED: &str = "its status says that Envoy Gateway does not accept it: mend the policy, or give the file without its status";
const AGE: &str = "Envoy Gateway takes the older of two policies for one target, and metadata.creationTimestamp does not say \
                   which that is: give the files as the cluster has them, or one policy alone";

/// The targets of all policies, for each the policy that Envoy Gateway attaches to it.
fn all(resources: &[Node<'_>], remarks: &mut Remarks) -> Vec<PolicyTarget> {
    let namespaces = Namespaces::of(resources);
    let labelled = Labelled::of(resources);
    let policies = resources
        .iter()
        .filter(|resource| kube::kind(resource) == "SecurityPolicy");
    let mut all: Vec<_> = policies
        .flat_map(|policy| of_policy(policy, &labelled, &namespaces, remarks))
        .collect();
    all.sort_by(|some, other| some.age.cmp(&other.age));
    let mut at = HashMap::new();
    let mut kept: Vec<PolicyTarget> = Vec::new();
    for target in all {
        let key = (
            target.kind.clone(),
            target.namespace.clone(),
            target.name.clone(),
            target.section.clone(),
        );
        let next = kept.len();
        match kept.get_mut(*at.entry(key).or_insert(next)) {
            None => kept.push(target),
            Some(first) => first.stands_before(&target, remarks),
        }
    }
    kept
}

fn of_policy(
    resource: &Node<'_>,
    labelled: &Labelled<'_, '_>,
    namespaces: &Namespaces<'_>,
    remarks: &mut Remarks,
) -> Vec<PolicyTarget> {
    let bucket = resource.path(&["spec", "cors"]).map(|cors| {
        cors.say_unknown(&gateway_api::FIELDS, "a SecurityPolicy's cors", remarks);
        let policy = Policy {
            origins: gateway_origins::of(&cors, remarks),
            max_age: gateway_api::max_age(&cors, remarks),
            ..gateway_api::lists(&cors, remarks)
        };
        policy.into_bucket(ListUse::Printed, remarks)
    });
    let merge = resource.path(&["spec", "mergeType"]);
    let made = resource.path(&["metadata", "creationTimestamp"]);
    let namespace = kube::namespace(resource);
    let target = PolicyTarget {
        kind: String::new(),
        namespace: namespace.clone(),
        name: String::new(),
        section: None,
        merges: merge.is_some_and(|merge| !merge.is_null()),
        age: (
            made.and_then(|made| made.text()),
            namespace.clone(),
            kube::name(resource),
        ),
        doubt: kube::refused(resource).map(|_| REFUSED),
        is_met: Cell::new(false),
        is_told: Cell::new(false),
        place: String::new(),
        bucket,
    };
    let mut references = kube::items(resource, &["spec", "targetRefs"]);
    references.extend(resource.path(&["spec", "targetRef"]));
    references.retain(|reference| {
        let other = reference.text_of("namespace").filter(|other| *other != namespace);
        if let (Some(other), Some(_)) = (&other, &target.bucket) {
            let message = format!(
                "the policy of a target in the namespace {other:?}: Envoy Gateway takes only targets in the policy's own, \
                 {namespace:?}: move the policy there if it is meant"
            );
            remarks.say(code::NO_TARGET, &reference.place, message);
        }
        other.is_none()
    });
    let named = references.into_iter().map(|reference| PolicyTarget {
        kind: reference.text_of("kind").unwrap_or_default(),
        name: reference.text_of("name").unwrap_or_default(),
        section: reference.text_of("sectionName"),
        place: reference.place,
        ..target.clone()
    });
    let mut targets: Vec<_> = named.collect();
    for selector in kube::items(resource, &["spec", "targetSelectors"]) {
        let chosen = labelled
            .candidates(&selector)
            .filter_map(|resource| target.chosen(&selector, resource, namespaces));
        let before = targets.len();
        targets.extend(chosen);
        if targets.len() == before && target.bucket.is_some() {
            remarks.say(code::NO_TARGET, &selector.place,
                "the policy of what targetSelectors choose: nothing in the files has these labels: give the files that have \
                 the routes and Gateways",
            );
        }
    }
    targets
}

/// The resources that selectors may choose: by their kinds, and by each of their labels.
struct Labelled<'r, 't> {
    kinds: HashMap<String, Vec<&'r Node<'t>>>,
    labels: HashMap<(String, String, String), Vec<&'r Node<'t>>>,
}

impl<'r, 't> Labelled<'r, 't> {
    fn of(resources: &'r [Node<'t>]) -> Self {
        let mut all = Self {
            kinds: HashMap::new(),
            labels: HashMap::new(),
        };
        for resource in resources {
            let kind = kube::kind(resource);
            let labels = resource.path(&["metadata", "labels"]);
            for (name, value) in labels.map(|labels| labels.fields()).unwrap_or_default() {
                let key = (kind.clone(), name.to_owned(), value.text().unwrap_or_default());
                all.labels.entry(key).or_default().push(resource);
            }
            all.kinds.entry(kind).or_default().push(resource);
        }
        all
    }

    /// Those among which is all that a selector chooses.
    fn candidates(&self, selector: &Node<'_>) -> impl Iterator<Item = &'r Node<'t>> {
        let kind = selector.text_of("kind").unwrap_or_default();
        let labels = selector.get("matchLabels").map(|labels| labels.fields());
        let first = labels.and_then(|labels| labels.into_iter().next());
        let found = match first.and_then(|(name, value)| Some((name, value.text()?))) {
            Some((name, value)) => self.labels.get(&(kind, name.to_owned(), value)),
            None => self.kinds.get(&kind),
        };
        found.into_iter().flatten().copied()
    }
}

/// All targets, by what they are of.
pub(super) struct Targets {
    all: Vec<PolicyTarget>,
    /// By kind, namespace and name.
    places: HashMap<(String, String, String), Vec<usize>>,
}

impl Targets {
    pub(super) fn of(resources: &[Node<'_>], remarks: &mut Remarks) -> Self {
        let all = all(resources, remarks);
        let mut places: HashMap<_, Vec<_>> = HashMap::new();
        for (at, target) in all.iter().enumerate() {
            places.entry(target.key()).or_default().push(at);
        }
        Self { all, places }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &PolicyTarget> {
        self.all.iter()
    }

    /// Those of a resource.
    fn called(&self, kind: &str, (namespace, name): &Key) -> Vec<&PolicyTarget> {
        let key = (kind.to_owned(), namespace.clone(), name.clone());
        let places = self.places.get(&key).into_iter().flatten();
        places.filter_map(|at| self.all.get(*at)).collect()
    }

    pub(super) fn of_route(&self, route: &Node<'_>) -> Vec<&PolicyTarget> {
        self.called(&kube::kind(route), &listeners::key(route))
    }

    pub(super) fn of_set(&self, at: &Attachment) -> Vec<&PolicyTarget> {
        let sets = at.set.iter();
        let sets = sets.flat_map(|set| listeners::SETS.map(|kind| self.called(kind, set)));
        sets.flatten().collect()
    }

    pub(super) fn of_gateway(&self, at: &Attachment) -> Vec<&PolicyTarget> {
        let gateway = at.gateway.iter();
        gateway
            .flat_map(|gateway| self.called("Gateway", gateway))
            .collect()
    }
}

impl PolicyTarget {
    fn key(&self) -> (String, String, String) {
        (self.kind.clone(), self.namespace.clone(), self.name.clone())
    }

    /// A resource that a selector chooses for this policy by its labels.
    fn chosen(&self, selector: &Node<'_>, resource: &Node<'_>, namespaces: &Namespaces<'_>) -> Option<Self> {
        let kind = kube::kind(resource);
        let namespace = kube::namespace(resource);
        let rule = selector.get("namespaces");
        let from = rule.as_ref().and_then(|rule| rule.text_of("from"));
        let is_own = namespace == self.namespace;
        let doubt = match namespaces.may_come(rule.as_ref(), &namespace, &self.namespace) {
            Some(false) => return None,
            None => Some(NAMESPACES),
            // Whether a target in another namespace lets the policy in is said elsewhere.
            Some(true) if !is_own && from.as_deref() == Some("All") => Some(NAMESPACES),
            Some(true) => None,
        };
        let label = |key: &str| {
            let label = resource.path(&["metadata", "labels", key]);
            Label::Is(label.and_then(|label| label.text()))
        };
        let is_chosen = selector.text_of("kind").as_deref() == Some(&*kind)
            && !kube::is_istio_gateway(resource)
            && kube::is_selected(selector, label) == Some(true);
        is_chosen.then(|| Self {
            kind,
            namespace,
            name: kube::name(resource),
            place: selector.place.clone(),
            doubt: self.doubt.or(doubt),
            ..self.clone()
        })
    }

    /// Another policy has the same target, and is younger, as far as that can be told.
    fn stands_before(&mut self, other: &Self, remarks: &mut Remarks) {
        let is_alike = ImportedBucket::are_alike(self.bucket.as_ref(), other.bucket.as_ref());
        // One policy may have a target by its name and by its labels.
        if self.age == other.age && is_alike || self.doubt.is_some() {
            return;
        }
        let is_said = other.bucket.is_some() && other.doubt.is_none();
        let is_older = self.age.0.is_some() && other.age.0.is_some();
        let called = format!(
            "a second policy of the {} {:?}, beside the one at {}",
            self.kind, self.name, self.place
        );
        if is_older {
            if is_said {
                let message = format!("{called}: Envoy Gateway takes the older one");
                remarks.say(code::NOT_APPLIED, &other.place, message);
            }
        } else if !is_alike || self.merges != other.merges {
            if is_said {
                remarks.say(code::SECOND_POLICY, &other.place, format!("{called}: {AGE}"));
            }
            self.doubt = Some(AGE);
        }
    }

    pub(super) fn is(&self, resource: &Node<'_>) -> bool {
        self.kind == kube::kind(resource)
            && self.name == kube::name(resource)
            && self.namespace == kube::namespace(resource)
    }

    /// Whether it is a Gateway, or a listener of one, or a ListenerSet, that a route names as its parent.
    pub(super) fn is_of_parent_of(&self, route: &Node<'_>) -> bool {
        let parents = kube::items(route, &["spec", "parentRefs"]);
        parents.iter().any(|parent| {
            let namespace = parent.text_of("namespace");
            let kind = parent.text_of("kind").unwrap_or_else(|| "Gateway".to_owned());
            self.kind == kind
                && parent.text_of("name").as_deref() == Some(&*self.name)
                && namespace.unwrap_or_else(|| kube::namespace(route)) == self.namespace
        })
    }
}
