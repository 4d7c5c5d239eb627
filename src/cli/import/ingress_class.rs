//! Which controller an Ingress is for, by its class.

use super::kube;
use super::node::Node;

/// A controller whose Ingresses a source reads.
#[derive(Debug)]
pub(crate) struct KnownController {
    /// What `--from` calls the source.
    pub(crate) source: &'static str,
    /// A word in the names of its classes, and in the name that an IngressClass gives it.
    word: &'static str,
    /// What the annotations start with that it reads.
    pub(crate) prefixes: &'static [&'static str],
    /// It takes Ingresses that nothing says the class of.
    takes_any: bool,
}

/// What the annotations of each start with.
pub(crate) const OF_NGINX: &str = "nginx.ingress.kubernetes.io/";
pub(crate) const OF_HIGRESS: &str = "higress.io/";

pub(crate) static NGINX: KnownController = KnownController {
    source: "ingress-nginx",
    word: "nginx",
    prefixes: &[OF_NGINX],
    takes_any: true,
};

pub(crate) static HIGRESS: KnownController = KnownController {
    source: "higress",
    word: "higress",
    prefixes: &[OF_HIGRESS, OF_NGINX],
    takes_any: true,
};

/// Istio, which reads no annotation for CORS.
pub(crate) static ISTIO: KnownController = KnownController {
    source: "istio",
    word: "istio",
    prefixes: &[],
    takes_any: false,
};

/// Those that read annotations.
pub(crate) static KNOWN: [&KnownController; 2] = [&HIGRESS, &NGINX];

/// Words in the classes of controllers, and in the names that their IngressClasses give them. Anything else may be the
/// name that somebody has given to a class.
const OTHERS: [&str; 26] = [
    "agic",
    "alb",
    "ambassador",
    "apisix",
    "avi",
    "caddy",
    "cilium",
    "citrix",
    "contour",
    "emissary",
    "gce",
    "gloo",
    "haproxy",
    "istio",
    "kong",
    "konghq",
    "ngrok",
    "openshift",
    "projectcontour",
    "pomerium",
    "skipper",
    "tailscale",
    "traefik",
    "tyk",
    "voyager",
    "yarp",
];

/// Whose an Ingress is.
#[derive(Debug)]
pub(crate) enum IngressOwner {
    /// Its class says that it is the controller's.
    Own,
    /// Nothing says whose it is.
    Anyone,
    Another(OtherClass),
}

/// A class that is another controller's.
#[derive(Debug)]
pub(crate) struct OtherClass {
    pub(crate) name: String,
    /// Where the class is said.
    pub(crate) place: String,
    pub(crate) controller: ClassController,
}

/// The controller of a class.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ClassController {
    /// One that another source reads.
    Read(&'static KnownController),
    /// One that reads other annotations.
    Other,
    /// One that only its IngressClass names.
    Unknown,
}

/// The class of an Ingress.
struct Class {
    name: String,
    /// Where it is said.
    place: String,
    /// What its IngressClass calls the controller.
    controller: Option<String>,
}

/// The IngressClasses in the files.
pub(crate) fn classes<'t>(resources: &[Node<'t>]) -> Vec<Node<'t>> {
    let is_one = |resource: &&Node<'_>| kube::kind(resource) == "IngressClass";
    resources.iter().filter(is_one).cloned().collect()
}

/// The class that an Ingress says, or the default class where it says none.
fn class_of(ingress: &Node<'_>, classes: &[Node<'_>]) -> Option<Class> {
    let said = ingress
        .path(&["spec", "ingressClassName"])
        .or_else(|| old_annotation(ingress));
    let said = said.and_then(|class| Some((class.text()?, class.place)));
    let mut classes = classes.iter();
    let (name, place, class) = match said.filter(|(name, _)| !name.is_empty()) {
        Some((name, place)) => {
            let class = classes.find(|class| kube::name(class) == name);
            (name, place, class)
        }
        // Of several, Kubernetes takes the youngest.
        None => {
            let defaults = classes.filter(|class| is_default(class));
            let class = defaults.max_by_key(|class| kube::made(class))?;
            (kube::name(class), ingress.place.clone(), Some(class))
        }
    };
    Some(Class {
        name,
        place,
        controller: class.and_then(|class| class.path(&["spec", "controller"])?.text()),
    })
}

/// The annotation that said the class before there was a field for it.
pub(crate) fn old_annotation<'t>(ingress: &Node<'t>) -> Option<Node<'t>> {
    ingress.path(&["metadata", "annotations", "kubernetes.io/ingress.class"])
}

/// What tells a controller from others of its kind, each with Ingresses of its own: what IngressClasses call it, or the
/// name of the class.
pub(crate) fn instance(ingress: &Node<'_>, classes: &[Node<'_>]) -> Option<String> {
    let class = class_of(ingress, classes)?;
    Some(class.controller.unwrap_or(class.name))
}

/// Whose an Ingress is, as the controller that is asked sees it.
pub(crate) fn owner(ingress: &Node<'_>, classes: &[Node<'_>], own: &'static KnownController) -> IngressOwner {
    let Some(Class {
        name,
        place,
        controller,
    }) = class_of(ingress, classes)
    else {
        return IngressOwner::Anyone;
    };
    let controller = match controller {
        Some(text) => controller_of(&text, own, Some(ClassController::Unknown)),
        None => controller_of(&name, own, None),
    };
    match controller {
        Some(ClassController::Read(known)) if known.word == own.word => IngressOwner::Own,
        Some(controller) => IngressOwner::Another(OtherClass {
            name,
            place,
            controller,
        }),
        None => IngressOwner::Anyone,
    }
}

/// Whether an Ingress is for another controller.
pub(crate) fn is_of_another(ingress: &Node<'_>, classes: &[Node<'_>], own: &'static KnownController) -> bool {
    match owner(ingress, classes, own) {
        IngressOwner::Own => false,
        IngressOwner::Anyone => !own.takes_any,
        IngressOwner::Another(_) => true,
    }
}

/// Whether Ingresses without a class get this one.
fn is_default(class: &Node<'_>) -> bool {
    let annotation = [
        "metadata",
        "annotations",
        "ingressclass.kubernetes.io/is-default-class",
    ];
    class.path(&annotation).and_then(|flag| flag.flag()) == Some(true)
}

/// The controller that a name tells. `otherwise`: what a name without a known word says.
fn controller_of(
    name: &str,
    own: &'static KnownController,
    otherwise: Option<ClassController>,
) -> Option<ClassController> {
    let name = name.to_ascii_lowercase();
    // The other controller that has nginx in its name knows none of these annotations.
    if name.starts_with("nginx.org/") {
        return Some(ClassController::Other);
    }
    let mut read = std::iter::once(own).chain(KNOWN);
    if let Some(known) = read.find(|known| name.contains(known.word)) {
        return Some(ClassController::Read(known));
    }
    let mut words = name.split(|character: char| !character.is_ascii_alphanumeric());
    if words.any(|word| OTHERS.contains(&word)) {
        return Some(ClassController::Other);
    }
    otherwise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_another_s_only_by_a_word_of_its_own() {
        let of = |name: &str, own| controller_of(name, own, None);
        for other in [
            "traefik",
            "traefik-internal",
            "public.haproxy",
            "ingress.k8s.aws/alb",
            "Kong",
            "nginx.org/ingress-controller",
        ] {
            assert!(
                matches!(of(other, &NGINX), Some(ClassController::Other)),
                "{other}"
            );
        }
        for anyone in ["public", "albatross", "webapprouting.kubernetes.azure.com"] {
            assert!(of(anyone, &NGINX).is_none(), "{anyone}");
        }
        for (name, own, source) in [
            ("nginx", &NGINX, "ingress-nginx"),
            ("azure-nginx", &NGINX, "ingress-nginx"),
            ("kong-nginx", &NGINX, "ingress-nginx"),
            ("nginx", &HIGRESS, "ingress-nginx"),
            ("higress", &NGINX, "higress"),
            ("higress-nginx", &NGINX, "ingress-nginx"),
            ("higress-nginx", &HIGRESS, "higress"),
        ] {
            let Some(ClassController::Read(known)) = of(name, own) else {
                panic!("{name}")
            };
            assert_eq!(known.source, source, "{name}");
        }
    }
}
