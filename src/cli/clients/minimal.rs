//! The smallest rule for what clients send.

use std::collections::BTreeMap;

use super::{Client, ClientRequest};

/// The lists of a rule, each name with the operations that ask for it. Names in order, without case.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) methods: Needed,
    pub(super) headers: Needed,
    pub(super) exposed: Needed,
}

/// A name and the operations, each as `client: operation, operation`.
pub(super) type Needed = BTreeMap<String, BTreeMap<String, Vec<String>>>;

impl Lists {
    /// What the clients send and read in all.
    pub(super) fn of(clients: &[Client]) -> Self {
        let mut lists = Self::default();
        for client in clients {
            for operation in &client.operations {
                for sent in operation.requests.iter().filter(|sent| !sent.no_cors) {
                    let by = (client.name.as_str(), operation.name.as_str());
                    lists.add(sent, by);
                }
            }
        }
        lists
    }

    fn add(&mut self, sent: &ClientRequest, by: (&str, &str)) {
        note(&mut self.methods, &sent.method, by);
        for name in sent.preflight.iter().flatten() {
            note(&mut self.headers, &listed(name), by);
        }
        for name in sent.needs.iter().chain(&sent.wants) {
            note(&mut self.exposed, name, by);
        }
    }
}

fn note(list: &mut Needed, name: &str, (client, operation): (&str, &str)) {
    let operations = list.entry(name.to_owned()).or_default();
    let operations = operations.entry(client.to_owned()).or_default();
    if !operations.iter().any(|known| known == operation) {
        operations.push(operation.to_owned());
    }
}

/// A requested header as a rule lists it: the names of metadata are the page's own.
pub(super) fn listed(name: &str) -> String {
    match name.split_once("-meta-") {
        Some((store, _)) if store.starts_with("x-") => format!("{store}-meta-*"),
        _ => name.to_owned(),
    }
}

/// Whether a page can read a response header, where scripts may read these. A `*` in the name: one that begins so.
pub(super) fn is_exposed(name: &str, readable: &[String]) -> bool {
    let begins = name.strip_suffix('*');
    readable.iter().any(|there| match begins {
        _ if there == "*" => true,
        Some(begins) => there
            .get(..begins.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(begins)),
        None => there.eq_ignore_ascii_case(name),
    })
}
