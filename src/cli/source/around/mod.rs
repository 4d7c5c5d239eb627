//! What stands around a configuration in a document of Envoy, Istio, Envoy Gateway or Higress, or beside it, and would
//! switch the filter off, leave it out, spoil its requests, or let others answer in its place.

mod ancestors;
mod beside;
mod connection_managers;
mod downloads;
mod dump;
mod filters;
mod gateway;
mod listeners;
mod manager;
mod patches;
mod resource;
mod routes;
mod subject;
mod switch;
mod time;

use super::warning::Warning;
pub(super) use dump::instead;
pub(super) use subject::{SourceFile, Subject};

/// What surrounds a configuration. `files`: all that were given; `is_whole`: they are all that there is, so that what
/// is not in them is missing.
pub(super) fn warnings(files: &[SourceFile], subject: &Subject<'_>, is_whole: bool) -> Vec<Warning> {
    let Some(file) = files.get(subject.file) else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    let ancestors = ancestors::warnings(file, subject, &mut warnings);
    manager::warnings(file, subject, &ancestors, &mut warnings);
    dump::warnings(file, subject, &mut warnings);
    let resources = resource::all(files);
    let own = resources.iter().find(|resource| resource.holds(subject));
    match own {
        Some(policy) if policy.kind == "EnvoyExtensionPolicy" => {
            gateway::warnings(&resources, policy, subject, is_whole, &mut warnings);
        }
        // Istio and Higress have it in the chain of every route.
        Some(plugin) => {
            patches::warnings(&resources, plugin, &mut warnings);
            beside::warnings(&resources, plugin, subject, &mut warnings);
        }
        None => {}
    }
    warnings
}
