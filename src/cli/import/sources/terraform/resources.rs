//! The resources of a state or a plan that have rules.

use super::types::{KIN, ResourceType, TYPES};
use crate::import::code;
use crate::import::foreign;
use crate::import::kube;
use crate::import::node::Node;
use crate::import::remarks::Remarks;

/// A resource that has rules.
pub(super) struct TerraformResource<'t> {
    pub(super) address: String,
    pub(super) kind: &'static ResourceType,
    pub(super) values: Node<'t>,
}

/// The values of a state or a plan, as `terraform show -json` prints them.
pub(super) fn shown<'t>(root: &Node<'t>) -> Option<Node<'t>> {
    let values = root.get("values").or_else(|| root.get("planned_values"));
    values.filter(|values| values.get("root_module").is_some() || root.get("terraform_version").is_some())
}

/// The file in which Terraform keeps its state, of the fourth version.
pub(super) fn is_raw_state(root: &Node<'_>) -> bool {
    root.get("resources").is_some() && root.get("version").is_some() && root.get("planned_values").is_none()
}

pub(super) fn collect<'t>(
    module: &Node<'t>,
    resources: &mut Vec<TerraformResource<'t>>,
    remarks: &mut Remarks,
) {
    for node in module.list("resources") {
        if let (Some(name), Some(values)) = (node.text_of("type"), node.get("values")) {
            let address = node.text_of("address").unwrap_or_default();
            if node.get("deposed_key").is_some() {
                say_deposed(&address, &values, remarks);
                continue;
            }
            resources.extend(resource(address, &name, values, remarks));
        }
    }
    for child in module.list("child_modules") {
        collect(&child, resources, remarks);
    }
}

pub(super) fn collect_raw<'t>(
    root: &Node<'t>,
    resources: &mut Vec<TerraformResource<'t>>,
    remarks: &mut Remarks,
) {
    for node in root.list("resources") {
        let text = |field| node.text_of(field).unwrap_or_default();
        let (module, name) = (text("module"), text("type"));
        let dot = if module.is_empty() { "" } else { "." };
        for instance in node.list("instances") {
            let index = match instance.get("index_key").and_then(|index| index.text()) {
                Some(index) if index.bytes().all(|byte| byte.is_ascii_digit()) => format!("[{index}]"),
                Some(index) => format!("[{index:?}]"),
                None => String::new(),
            };
            let address = format!("{module}{dot}{name}.{}{index}", text("name"));
            if let Some(flat) = instance.get("attributes_flat")
                && let Some(place) = kube::cors_in(&flat)
            {
                remarks.say(
                    code::NOT_READ,
                    &place,
                    format!(
                        "the CORS of {address}, in attributes_flat: a provider of before Terraform 0.12 wrote it: let \
                         Terraform write it anew (`terraform apply -refresh-only`), and import the state after it"
                    ),
                );
            }
            if let Some(values) = instance.get("attributes") {
                if instance.get("deposed").is_some() {
                    say_deposed(&address, &values, remarks);
                    continue;
                }
                resources.extend(resource(address, &name, values, remarks));
            }
        }
    }
}

/// What was replaced, and is still to be destroyed.
fn say_deposed(address: &str, values: &Node<'_>, remarks: &mut Remarks) {
    let of_cors = address.contains("cors").then(|| values.place.clone());
    if let Some(place) = kube::cors_in(values).or(of_cors) {
        remarks.say(
            code::NOT_READ,
            &place,
            format!(
                "the CORS of {address}, which is deposed: Terraform has replaced it, and destroys it with the next apply"
            ),
        );
    }
}

/// A resource that may have rules. Another that has CORS in it is named.
fn resource<'t>(
    address: String,
    name: &str,
    values: Node<'t>,
    remarks: &mut Remarks,
) -> Option<TerraformResource<'t>> {
    let is_kin =
        |kind: &&ResourceType| values.get(kind.bucket).is_some() && !values.list(kind.rules).is_empty();
    let known = TYPES.iter().find(|kind| kind.name == name);
    if let Some(kind) = known.or_else(|| KIN.iter().find(is_kin)) {
        return Some(TerraformResource {
            address,
            kind,
            values,
        });
    }
    if let Some(place) = kube::cors_in(&values) {
        remarks.say(
            code::NOT_READ,
            &place,
            format!(
                "the CORS of {address}: {name} is no bucket whose rules are read: {}",
                foreign::resource(name).unwrap_or("see what it says")
            ),
        );
    }
    None
}
