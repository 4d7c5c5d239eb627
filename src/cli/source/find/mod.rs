//! Where in a document of Envoy, Istio, Envoy Gateway or Higress the plugin configuration stands.

mod envoy;
mod kubernetes;
mod search;

use super::kind::{is_around, is_configuration};
use super::tree::{NodeId, Tree};
use search::Search;
pub(super) use search::{Delivery, PluginConfig, is_our_name};

/// The plugin configurations in a file's documents.
pub(super) fn search(tree: &mut Tree, documents: &[NodeId]) -> Vec<PluginConfig> {
    let mut places = Vec::new();
    for document in documents {
        if is_around(tree, *document) {
            let mut search = Search {
                tree: &mut *tree,
                document: *document,
                places,
            };
            search.resource(*document, "");
            places = search.places;
        } else if is_configuration(tree, *document) {
            places.push(PluginConfig {
                label: String::new(),
                pointer: String::new(),
                value: *document,
                document: *document,
                delivery: Delivery::Itself,
                is_ours: true,
            });
        }
    }
    places
}
