//! What a `config_dump` says of trouble: an update that Envoy has refused, and what Istio puts in the place of a module
//! that it could not fetch.

use super::super::find::is_our_name;
use super::super::tree::{NodeId, Tree};
use super::super::warning::{IMAGE_NOT_FETCHED, REFUSED_UPDATE, Warning};
use super::subject::{SourceFile, Subject};
use bucket_cors::config::pointer_token;

/// What the document of a configuration says of it.
pub(super) fn warnings(file: &SourceFile, subject: &Subject<'_>, warnings: &mut Vec<Warning>) {
    warnings.extend(all(file, subject.document));
}

/// What a file says of the filter where it has no configuration of it.
pub(in super::super) fn instead(file: &SourceFile) -> Vec<Warning> {
    file.documents
        .iter()
        .flat_map(|document| all(file, *document))
        .collect()
}

fn all(file: &SourceFile, document: NodeId) -> Vec<Warning> {
    let mut search = DumpSearch {
        file,
        warnings: Vec::new(),
    };
    search.below(document, "", "");
    search.warnings
}

struct DumpSearch<'f> {
    file: &'f SourceFile,
    warnings: Vec<Warning>,
}

impl DumpSearch<'_> {
    /// `name`: of the extension around.
    fn below(&mut self, id: NodeId, pointer: &str, name: &str) {
        let tree = &*self.file.tree;
        let name = tree.text_of(id, "name").unwrap_or(name);
        if tree.text_of(id, "rules_stat_prefix") == Some("wasm-default-deny") && is_our_name(name) {
            let message = format!(
                "Istio could not fetch the module of {name}, and denies every request in its place: all of them get 403. The \
                 agent's log says why; see that the image is there, that its digest is the one in the resource, and that the proxy \
                 may pull it"
            );
            self.warnings.push(
                self.file
                    .warning(&IMAGE_NOT_FETCHED, pointer.to_owned(), id, message),
            );
        }
        for (index, item) in tree.items(id).iter().enumerate() {
            self.below(*item, &format!("{pointer}/{index}"), name);
        }
        for (key, value) in tree.pairs(id) {
            let key = tree.text(*key).unwrap_or_default();
            let pointer = format!("{pointer}/{}", pointer_token(key));
            if matches!(key, "error_state" | "errorState") {
                self.refused(*value, &pointer, name);
            }
            self.below(*value, &pointer, name);
        }
    }

    /// An UpdateFailureState of Envoy.
    fn refused(&mut self, id: NodeId, pointer: &str, name: &str) {
        let tree = &*self.file.tree;
        let details = tree.text_of(id, "details").unwrap_or_default();
        if !is_our_name(name) && !names_us(tree, id) {
            return;
        }
        let at = tree
            .text_of(id, "last_update_attempt")
            .map(|at| format!(" at {at}"))
            .unwrap_or_default();
        let why = if details.is_empty() {
            "it gives no reason"
        } else {
            details
        };
        let message = format!(
            "Envoy has refused this update{at}, and goes on with what it had, if it had anything. It says: {why}. The filter's own \
             errors are in Envoy's log"
        );
        self.warnings.push(
            self.file
                .warning(&REFUSED_UPDATE, pointer.to_owned(), id, message),
        );
    }
}

/// Whether any text of it names this filter.
fn names_us(tree: &Tree, id: NodeId) -> bool {
    tree.any(id, &|id| tree.text(id).is_some_and(is_our_name))
}
