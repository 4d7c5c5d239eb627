//! Which of a dump's configurations answer: Envoy shows some twice, and a `default_config` waits until rules come by
//! ECDS.

use bucket_cors::config;

use super::around::SourceFile;
use super::found::FoundConfiguration;
use super::position::Region;
use super::tree::NodeId;
use super::warning::{DEFAULT_STANDS_IN, Warning};

/// Takes those that answer nothing out of force, and says of a default that it stands in for others.
pub(super) fn settle(file: &SourceFile, all: &mut [FoundConfiguration]) {
    let dump = Dump {
        file,
        all,
        with_listeners: documents(file, ".ListenersConfigDump"),
        with_extensions: documents(file, ".EcdsConfigDump"),
    };
    let settled: Vec<_> = all.iter().map(|it| dump.settle(it)).collect();
    for (it, (answers, warning)) in all.iter_mut().zip(settled) {
        it.is_in_force &= answers;
        it.around.extend(warning);
    }
}

/// The documents that have a part of this type.
fn documents(file: &SourceFile, kind: &str) -> Vec<NodeId> {
    let tree = &file.tree;
    let is_part = |id| tree.text_of(id, "@type").is_some_and(|it| it.ends_with(kind));
    let documents = file.documents.iter().copied();
    documents.filter(|it| tree.any(*it, &is_part)).collect()
}

struct Dump<'f> {
    file: &'f SourceFile,
    all: &'f [FoundConfiguration],
    with_listeners: Vec<NodeId>,
    with_extensions: Vec<NodeId>,
}

impl Dump<'_> {
    /// Whether it answers, and what there is to say of that.
    fn settle(&self, it: &FoundConfiguration) -> (bool, Option<Warning>) {
        let is_in = |parts: &[NodeId]| it.document.is_some_and(|document| parts.contains(&document));
        if it.place.is_copy() && is_in(&self.with_listeners) {
            return (false, None);
        }
        let beside = self.all.iter().filter(|other| other.document == it.document);
        let mut beside = beside.filter(|other| other.place.filter == it.place.filter);
        if it.place.is_discovered() {
            return (is_loaded(it) || !beside.any(|other| other.place.is_default), None);
        }
        if !it.place.is_default {
            return (true, None);
        }
        let came: Vec<_> = beside.filter(|other| other.place.is_discovered()).collect();
        let is_replaced = came
            .iter()
            .any(|other| other.place.is_in_force() && is_loaded(other));
        let is_told = !is_replaced && it.place.is_in_force() && is_in(&self.with_extensions);
        (!is_replaced, is_told.then(|| self.warning(it, came.is_empty())))
    }

    fn warning(&self, it: &FoundConfiguration, nothing_came: bool) -> Warning {
        let filter = &it.place.filter;
        let message = if nothing_came {
            format!("no rules have come by ECDS for {filter}: this default_config stands in for them")
        } else {
            format!(
                "the newest rules that came by ECDS for {filter} are refused: this default_config stands in for them, unless Envoy \
                 had good ones before, which it does not show. The statistic version_text says which version is in force, and is \
                 empty where none is"
            )
        };
        Warning {
            code: &DEFAULT_STANDS_IN,
            file: self.file.name.clone(),
            pointer: it.pointer.clone(),
            region: Region::at(it.start),
            message,
        }
    }
}

/// Whether Envoy takes it, as far as the rules go.
fn is_loaded(it: &FoundConfiguration) -> bool {
    let (_, report) = config::read(&it.text, &mut Vec::new());
    report.errors.is_empty() || it.instead().is_some()
}
