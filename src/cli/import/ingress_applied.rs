//! Which Ingresses a controller applies, and what is said of the others.

use super::code;
use super::ingress::{self, Controller};
use super::ingress_class::{self, IngressOwner, OtherClass};
use super::node::Node;
use super::remarks::Remarks;

/// Whether the controller applies an Ingress by itself: it is for another, or a canary, whose requests have the policy
/// of the main one.
pub(crate) fn is_applied(
    ingress: &Node<'_>,
    classes: &[Node<'_>],
    controller: &Controller,
    remarks: &mut Remarks,
) -> bool {
    let is_said = match ingress_class::owner(ingress, classes, controller.known) {
        IngressOwner::Another(class) => {
            say_another_s(ingress, &class, controller, remarks);
            return false;
        }
        IngressOwner::Own => true,
        IngressOwner::Anyone => false,
    };
    say_other_annotations(ingress, is_said, controller, remarks);
    let Some(canary) = controller.annotation(ingress, "canary") else {
        return true;
    };
    let is_canary = controller.is_on(ingress, "canary");
    if is_canary && controller.annotation(ingress, "enable-cors").is_some() {
        let message = "the policy of a canary, whose requests have the policy of the main Ingress";
        remarks.say(code::NOT_APPLIED, &canary.place, message);
    }
    !is_canary
}

/// What an Ingress of another controller's says of CORS.
fn say_another_s(ingress: &Node<'_>, class: &OtherClass, controller: &Controller, remarks: &mut Remarks) {
    let first = |prefixes: &[&str]| ingress::first_annotation(ingress, prefixes);
    let OtherClass {
        name,
        place,
        controller: other,
    } = class;
    let any = first(&[ingress_class::OF_HIGRESS, ingress_class::OF_NGINX]);
    match other {
        ingress_class::ClassController::Read(known) => {
            if let Some(annotation) = first(known.prefixes) {
                let source = known.source;
                let message = format!(
                    "the CORS of an Ingress of the class {name:?}, which --from {} does not read: import it with --from \
                     {source}; an IngressClass in the files can say that the class is another controller's",
                    controller.known.source
                );
                remarks.say(code::NOT_READ, &annotation.place, message);
                return;
            }
        }
        ingress_class::ClassController::Unknown => {
            if let Some(annotation) = &any {
                let message = format!(
                    "the CORS of an Ingress of the class {name:?}, whose IngressClass names a controller that is not known \
                     here: see what reads it, and write a rule for it"
                );
                remarks.say(code::NOT_READ, &annotation.place, message);
            }
            return;
        }
        ingress_class::ClassController::Other => {}
    }
    if any.is_some() {
        let message = format!(
            "the policy of an Ingress of the class {name:?}, which is another controller's: {} leaves it out",
            controller.name
        );
        remarks.say(code::NOT_APPLIED, place, message);
    }
}

/// Annotations that another controller reads. `is_said`: the class says that the Ingress is not that one's.
fn say_other_annotations(ingress: &Node<'_>, is_said: bool, controller: &Controller, remarks: &mut Remarks) {
    for other in ingress_class::KNOWN {
        let own = controller.known.prefixes;
        let prefixes: Vec<_> = other
            .prefixes
            .iter()
            .copied()
            .filter(|prefix| !own.contains(prefix))
            .collect();
        let Some(annotation) = ingress::first_annotation(ingress, &prefixes) else {
            continue;
        };
        let name = controller.name;
        if is_said {
            let message = format!(
                "annotations for CORS that {name} does not read: the class of the Ingress is its own"
            );
            remarks.say(code::NO_EFFECT, &annotation.place, message);
        } else {
            let message = format!(
                "annotations for CORS that {name} does not read: import them with --from {}, or give the Ingress its class",
                other.source
            );
            remarks.say(code::NOT_READ, &annotation.place, message);
        }
    }
}
