//! What real clients in a browser ask of a store, as recorded, and what rules make of it.

mod additions;
mod lack;
pub(crate) mod list;
mod minimal;
mod printed_bucket;
pub(crate) mod recipe;
mod recorded;
mod replay;
mod rule;
pub(crate) mod to_play;
pub(crate) mod to_try;
pub(crate) mod trial;
pub(crate) mod warnings;

use serde::Deserialize;

/// The recordings. The playground reads the same file.
const RECORDED: &str = include_str!("clients.json");

/// A library, an SDK or a part of the browser, and what it was seen to do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// As `--client` takes it.
    pub(crate) name: String,
    /// As its makers call it.
    pub(crate) title: String,
    /// The package and its version.
    pub(crate) version: String,
    /// The day of the recording, as 2026-11-29.
    pub(crate) recorded: String,
    pub(crate) operations: Vec<Operation>,
}

/// What a page does with a client, and every kind of request that the browser makes for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) remark: Option<String>,
    pub(crate) requests: Vec<ClientRequest>,
}

/// A kind of request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientRequest {
    pub(crate) method: String,
    /// The header names that its preflight asks for. None: it was sent without a preflight.
    #[serde(default)]
    pub(crate) preflight: Option<Vec<String>>,
    /// Response headers without which the client gives up.
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    /// Response headers without which something is missing or slower. `x-amz-meta-*`: one that the page has named.
    #[serde(default)]
    pub(crate) wants: Vec<String>,
    /// It has a `Range` header, which takes no preflight.
    #[serde(default)]
    pub(crate) range: bool,
    /// It is sent in mode "no-cors", so that no rule has a say in it.
    #[serde(default)]
    pub(crate) no_cors: bool,
}

/// Every client that was recorded.
pub(crate) fn all() -> Vec<Client> {
    // A test reads the file strictly.
    serde_json::from_str(RECORDED).unwrap_or_default()
}

/// The clients of these names, each once; `all` stands for every one.
///
/// # Errors
/// Which name is none.
pub(crate) fn named(names: &[String]) -> Result<Vec<Client>, String> {
    let all = all();
    if let Some(unknown) = names
        .iter()
        .find(|name| *name != "all" && !all.iter().any(|client| client.name == **name))
    {
        let known: Vec<&str> = all.iter().map(|client| client.name.as_str()).collect();
        return Err(format!(
            "no client {unknown:?} was recorded: take one of {}, or all",
            known.join(", ")
        ));
    }
    let is_wanted = |client: &Client| names.iter().any(|name| name == "all" || *name == client.name);
    Ok(all.into_iter().filter(is_wanted).collect())
}

/// Leaves the operations of these names; none: every one.
///
/// # Errors
/// Which name is none of theirs.
pub(crate) fn only(clients: &mut Vec<Client>, operations: &[String]) -> Result<(), String> {
    if operations.is_empty() {
        return Ok(());
    }
    let known: Vec<String> = clients
        .iter()
        .flat_map(|client| &client.operations)
        .map(|operation| operation.name.clone())
        .collect();
    if let Some(unknown) = operations.iter().find(|name| !known.contains(name)) {
        return Err(format!(
            "no operation {unknown:?}: there are {}",
            known.join(", ")
        ));
    }
    for client in clients.iter_mut() {
        client
            .operations
            .retain(|operation| operations.contains(&operation.name));
    }
    clients.retain(|client| !client.operations.is_empty());
    Ok(())
}
