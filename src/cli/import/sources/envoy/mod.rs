//! `--from envoy`: the policies in an Envoy's routes, wherever in a bootstrap, a resource file or a config dump they
//! are.

mod chain;
mod effective;
mod filter_policy;
mod level;
mod matched;
mod ports;
mod states;
mod virtual_hosts;

use std::collections::HashSet;

use bucket_cors::profile;

use self::chain::Chains;
use self::effective::Policies;
use self::level::policy_in;
use self::virtual_hosts::{VirtualHosts, is_virtual_host};
use super::source::{BucketNames, Source};
use crate::import::code;
use crate::import::cors_headers;
use crate::import::documents::Documents;
use crate::import::file::{File, FileContent};
use crate::import::mounted_texts::{self, MountedText};
use crate::import::node::Node;
use crate::import::remarks::Remarks;
use crate::source::{Trouble, placeholder};

pub(super) static SOURCE: Source = Source {
    name: "envoy",
    holds: "Envoy's own filter: a bootstrap, a file of resources or a config dump",
    about: "\
CorsPolicy in the routes of a bootstrap, a resource file or a config dump, also inside a ConfigMap or a Secret, in typed_per_filter_config or, as in older ones, in cors. A policy of the prefix /BUCKET/ is that bucket's. One of a whole virtual host is that of a bucket bound to its domains, called as the first of them, with host: in front where a path could have that name, or as --bucket says. Other routes are no bucket's, and not carried over. One that only redirects, or answers with an error, takes no policy from those beside it: Envoy's filter passes over what Envoy answers by itself. A regular expression is carried over where patterns with one * admit the same origins: https://.*\\.example\\.com is, https://[^.]+\\.example\\.com is not, because a * takes dots too. Envoy does not check methods and headers, and the edge does. Credentials for every origin are not carried over.",
    profile: &profile::FETCH,
    names: BucketNames::Routes,
    kinds: &mounted_texts::KINDS,
    recognises: |file| file.values().iter().any(is_envoys) || !texts(file).is_empty(),
    read,
};

/// Reads the virtual hosts.
///
/// # Errors
/// That it is no YAML and no JSON, for a person.
fn read(file: &File<'_>, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let own = file.documents()?;
    let texts = texts(file);
    let mut inner = Vec::new();
    for (name, text) in &texts {
        match Documents::read(name, text) {
            Ok(documents) => inner.push(documents),
            Err(_) if placeholder::bracketed(text).is_some() => remarks.say(
                code::TEMPLATE,
                name,
                "the text here, which is a template, of Helm or the like: render it (`helm template`), or take it from the \
                 cluster (`kubectl get -o yaml`), and import that",
            ),
            Err(problem) => remarks.say(code::NOT_READ, name, format!("the text here: {problem}")),
        }
    }
    for document in inner.iter().flat_map(Documents::roots) {
        cors_headers::say(&document, remarks);
    }
    // Listeners and routes can stand in files of their own.
    let all: Vec<_> = std::iter::once(own).chain(&inner).collect();
    let chains = Chains::of(all.iter().flat_map(|documents| documents.roots()));
    let mut reading = VirtualHosts {
        hosts: Vec::new(),
        with_port: HashSet::new(),
        policies: Policies::new(remarks),
        chains: &chains,
    };
    for document in all.iter().flat_map(|documents| documents.roots()) {
        if let Some(policy) = policy_in(&document) {
            reading.alone(&policy);
        } else {
            reading.walk(&document, None);
            reading.policies.say_unknown(&document);
        }
    }
    let VirtualHosts {
        hosts,
        with_port,
        policies,
        ..
    } = reading;
    policies.say_unused();
    ports::say(&hosts, &with_port, remarks);
    Ok(FileContent::Hosts(hosts))
}

/// The texts for an Envoy in the ConfigMaps and Secrets of a file, each with what messages call it.
fn texts(file: &File<'_>) -> Vec<(String, String)> {
    let values = file.values();
    let texts = values.iter().flat_map(mounted_texts::of);
    texts
        .filter(MountedText::is_for_envoy)
        .map(|MountedText { key, text, place }| (format!("{place} ({key})"), text))
        .collect()
}

/// Whether it is a file for an Envoy, or a part of one that policies stand in.
fn is_envoys(node: &Node<'_>) -> bool {
    node.has_any(&["static_resources", "virtual_hosts", "configs", "virtualHosts"])
        || is_virtual_host(node)
        || node.text_of("@type").is_some_and(|kind| kind.contains("envoy."))
        || policy_in(node).is_some()
        || node.list("resources").iter().any(is_envoys)
}
