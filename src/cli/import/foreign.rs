//! What has CORS in it and is not read: what it is, and how to get at something that is.

use std::path::Path;

use super::cors_headers;
use super::file::File;
use super::foreign_forms::{FOREIGN, Foreign};
use super::kube;
use super::node::Node;
use super::remarks::as_written;
use crate::source::{Position, Trouble, placeholder};

/// How the names of files in Terraform's own language end.
pub(crate) const HCL: [&str; 4] = ["tf", "tofu", "tfvars", "hcl"];

/// What a value is, if it is of a known form, and what to do.
pub(crate) fn value(node: &Node<'_>) -> Option<String> {
    let foreign = FOREIGN.iter().find(|foreign| (foreign.is_it)(node))?;
    Some(foreign.words())
}

/// The same of a whole file, one that is neither JSON nor YAML included.
pub(crate) fn file(file: &File<'_>) -> Option<Trouble> {
    let text = file.text;
    if is_hcl(file) {
        return named("Terraform's own").map(|foreign| Trouble::new(foreign.words()));
    }
    if text.starts_with("NAME: ") && text.contains("\nMANIFEST:") && file.documents().is_err() {
        let said = "it is what `helm get all` prints: import what `helm get manifest NAME` prints";
        return Some(Trouble::new(said));
    }
    if let Some((before, _)) = text.split_once("{{")
        && placeholder::bracketed(text).is_some()
        && !file.is_xml()
        && file.documents().is_err()
    {
        let said =
            "it is a template, of Helm or the like: render it (`helm template`) and import what that prints";
        return Some(Trouble::at(Position::behind(before), said));
    }
    // In a language of their own.
    let others = [
        (
            file.is_xml() && text.contains("<CorsConfig"),
            "Google Cloud Storage's XML",
        ),
        (file.is_xml() && text.contains("<Cors"), "Azure"),
        (text.contains("[[r2_buckets]]"), "wrangler"),
    ];
    if let Some((_, name)) = others.iter().find(|(is_it, _)| *is_it) {
        return named(name).map(|foreign| Trouble::new(foreign.words()));
    }
    file.values().iter().find_map(value).map(Trouble::new)
}

/// What to do about a file that is nothing that is known.
pub(crate) fn unknown(file: &File<'_>) -> String {
    let values = file.values();
    let kind = values.iter().map(kube::kind).find(|kind| !kind.is_empty());
    let of_settings = || values.iter().any(|value| !value.fields().is_empty());
    match kind {
        Some(kind) => format!(
            "no source reads a {kind}: import what is made of it, as the cluster or the proxy has it, or write a rule by hand"
        ),
        None if of_settings() && cors_headers::mentions_cors(file.text) => {
            "no source is known for it: where it is a chart's values, render the chart (`helm template`) and import what that \
             prints; where it is a list of rules, say whose with --from; otherwise write a rule by hand"
                .to_owned()
        }
        None => "no source is known for it: say it with --from".to_owned(),
    }
}

/// Whether a file is in Terraform's own language, by its name or by how its blocks begin.
fn is_hcl(file: &File<'_>) -> bool {
    let end = Path::new(file.name).extension().and_then(|end| end.to_str());
    let is_called_so = end.is_some_and(|end| HCL.contains(&end));
    let opens_block = |line: &str| {
        let mut words = line.split_whitespace();
        let is_kind = matches!(
            words.next(),
            Some(
                "resource" | "module" | "provider" | "terraform" | "data" | "locals" | "variable" | "output"
            )
        );
        is_kind
            && words
                .next()
                .is_some_and(|word| word.starts_with('"') || word == "{")
    };
    let is_text = || {
        file.documents().map_or(true, |documents| {
            documents.roots().all(|root| root.text().is_some())
        })
    };
    is_called_so || file.text.lines().any(opens_block) && is_text()
}

/// What to do with a value that is filled in later.
pub(crate) fn to_be_filled(value: &str) -> String {
    format!(
        "{} is filled in by a template: render it first, and import what that prints",
        as_written(value)
    )
}

/// What to do in the place of a resource of Terraform.
pub(crate) fn resource(kind: &str) -> Option<&'static str> {
    const PROVIDERS: [(&str, &str); 5] = [
        ("azurerm_", "Azure"),
        ("azapi_", "Azure"),
        ("b2_", "Backblaze"),
        ("aws_api", "an API"),
        ("aws_lambda_", "an API"),
    ];
    let (_, name) = PROVIDERS.iter().find(|(prefix, _)| kind.starts_with(prefix))?;
    named(name).map(|foreign| foreign.way_out)
}

fn named(start: &str) -> Option<&'static Foreign> {
    FOREIGN.iter().find(|foreign| foreign.name.starts_with(start))
}
