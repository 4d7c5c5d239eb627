//! Which controller an Ingress is for, by its class.

use super::kubernetes;
use super::node::Node;

/// Words in the classes of controllers, and in the names that their IngressClasses give them. Anything else may be the name that
/// somebody has given to a class.
const OTHERS: [&str; 27] = [
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
    "higress",
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

/// The class of an Ingress, and where it is said, if it is one that another controller has.
pub(crate) fn of_another<'t>(
    ingress: &Node<'t>,
    resources: &[Node<'_>],
    own: &[&str],
) -> Option<(String, Node<'t>)> {
    let class = ingress
        .path(&["spec", "ingressClassName"])
        .or_else(|| ingress.path(&["metadata", "annotations", "kubernetes.io/ingress.class"]))?;
    let name = class.text()?;
    let is_said = |resource: &&Node<'_>| {
        kubernetes::kind(resource) == "IngressClass"
            && resource.path(&["metadata", "name"]).and_then(|own| own.text()) == Some(name.clone())
    };
    let controller = resources
        .iter()
        .find(is_said)
        .and_then(|resource| resource.path(&["spec", "controller"])?.text());
    // The other controller that has nginx in its name knows none of these annotations.
    let is_other = match controller {
        Some(controller) => controller.starts_with("nginx.org/") || is_another_s(&controller, own),
        None => is_another_s(&name, own),
    };
    is_other.then_some((name, class))
}

fn is_another_s(name: &str, own: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    let mut words = name.split(|character: char| !character.is_ascii_alphanumeric());
    !own.iter().any(|own| name.contains(own)) && words.any(|word| OTHERS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_another_s_only_by_a_word_of_its_own() {
        for other in [
            "traefik",
            "traefik-internal",
            "public.haproxy",
            "ingress.k8s.aws/alb",
            "Kong",
        ] {
            assert!(is_another_s(other, &["nginx"]), "{other}");
        }
        for mine in [
            "nginx",
            "public",
            "albatross",
            "azure-nginx",
            "webapprouting.kubernetes.azure.com",
            "kong-nginx",
        ] {
            assert!(!is_another_s(mine, &["nginx"]), "{mine}");
        }
        assert!(!is_another_s("higress", &["higress", "nginx"]));
    }
}
