//! Where in Envoy's own documents a configuration stands: in which chain of which listener, in which part of a dump,
//! and whether it comes by ECDS.

use std::fmt;

use bucket_cors::config::pointer_token;

use super::tree::{NodeId, Tree};

/// A node on the way from a document to a configuration.
pub(super) struct Ancestor {
    pub(super) pointer: String,
    pub(super) node: NodeId,
}

/// What the pointer leads through, from the document on.
pub(super) fn ancestors(tree: &Tree, document: NodeId, pointer: &str) -> Vec<Ancestor> {
    let (mut node, mut way) = (document, String::new());
    let mut ancestors = vec![Ancestor {
        pointer: way.clone(),
        node,
    }];
    for token in pointer.split('/').skip(1) {
        let by_key = || {
            let mut pairs = tree.pairs(node).iter();
            pairs.find(|(key, _)| pointer_token(tree.text(*key).unwrap_or_default()) == token)
        };
        let by_index = || tree.items(node).get(token.parse::<usize>().ok()?);
        let Some(next) = by_key().map(|(_, value)| value).or_else(by_index) else {
            break;
        };
        node = *next;
        way = format!("{way}/{token}");
        ancestors.push(Ancestor {
            pointer: way.clone(),
            node,
        });
    }
    ancestors
}

/// The place of a configuration. Of a document of another kind it has nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct EnvoyPlace {
    /// The part of a bootstrap or a dump that it stands in.
    state: Option<&'static str>,
    /// Whether that is the dump's copy of the bootstrap.
    is_in_bootstrap: bool,
    listener: Option<String>,
    /// Where the listener has several.
    chain: Option<String>,
    /// Whether it is there until another comes by ECDS.
    pub(super) is_default: bool,
    /// Its version, where it has come by ECDS.
    discovered: Option<String>,
    /// The name by which ECDS knows the filter.
    pub(super) filter: String,
}

/// What the parts of a bootstrap and of a dump are called, by their keys.
const STATES: [(&str, &str); 6] = [
    ("static_listeners", "static"),
    ("static_resources", "static"),
    ("active_state", "active"),
    ("warming_state", "warming"),
    ("draining_state", "draining"),
    ("error_state", REFUSED),
];

const REFUSED: &str = "refused";

impl EnvoyPlace {
    pub(super) fn of(tree: &Tree, document: NodeId, pointer: &str) -> Self {
        let mut place = Self::default();
        let (mut before, mut version, mut has_chains) = (String::new(), "", false);
        for Ancestor { pointer, node } in ancestors(tree, document, pointer) {
            let token = without_humps(pointer.rsplit('/').next().unwrap_or_default());
            let name = tree.text_of(node, "name");
            let state = STATES.iter().find(|(key, _)| *key == token);
            place.state = state.map(|(_, state)| *state).or(place.state);
            place.is_in_bootstrap |= token == "bootstrap";
            place.is_default |= token == "default_config";
            let chains = tree.field(node, "filter_chains").map(|(_, chains)| chains);
            let default_chain = tree.field(node, "default_filter_chain");
            if chains.is_some() || default_chain.is_some() {
                place.listener = name.map(str::to_owned);
                let count = chains.map_or(0, |chains| tree.items(chains).len());
                has_chains = count > 1 || default_chain.is_some();
            }
            if has_chains && (before == "filter_chains" || token == "default_filter_chain") {
                let number = token
                    .parse::<usize>()
                    .ok()
                    .map(|index| index.saturating_add(1).to_string());
                place.chain = name
                    .map(str::to_owned)
                    .or(number)
                    .or(Some("by default".to_owned()));
            }
            version = tree.text_of(node, "version_info").unwrap_or(version);
            let kind = tree.text_of(node, "@type").unwrap_or_default();
            let is_discovered = kind.ends_with(".TypedExtensionConfig") || token == "ecds_filter";
            if is_discovered {
                place.discovered = Some(version.to_owned());
            }
            if is_discovered || tree.field(node, "config_discovery").is_some() {
                name.unwrap_or_default().clone_into(&mut place.filter);
            }
            before = token;
        }
        place
    }

    /// Whether it runs, as far as its part of a dump says.
    pub(super) fn is_in_force(&self) -> bool {
        !matches!(self.state, Some("warming" | "draining" | REFUSED))
    }

    pub(super) fn is_discovered(&self) -> bool {
        self.discovered.is_some()
    }

    /// Whether a dump has it a second time among its listeners, which run.
    pub(super) fn is_copy(&self) -> bool {
        self.is_in_bootstrap && self.listener.is_some()
    }
}

/// `static listener edge, filter chain 2, default_config`.
impl fmt::Display for EnvoyPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.unwrap_or_default();
        if let Some(version) = &self.discovered {
            formatter.write_str(", by ECDS")?;
            if !version.is_empty() {
                write!(formatter, ", version {version}")?;
            }
            if state == REFUSED {
                write!(formatter, ", {REFUSED}")?;
            }
        }
        if let Some(listener) = &self.listener {
            let space = if state.is_empty() { "" } else { " " };
            write!(formatter, ", {state}{space}listener {listener}")?;
        }
        if let Some(chain) = &self.chain {
            write!(formatter, ", filter chain {chain}")?;
        }
        if self.is_default {
            formatter.write_str(", default_config")?;
        }
        if self.is_in_bootstrap {
            formatter.write_str(", in the bootstrap")?;
        }
        Ok(())
    }
}

/// The name of a field as its definition has it.
fn without_humps(key: &str) -> String {
    let mut name = String::with_capacity(key.len());
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
