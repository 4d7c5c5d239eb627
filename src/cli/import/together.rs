//! What several files hold and speaks of each other: resources of Kubernetes, and an Envoy's listeners and routes.

use super::file::File;
use super::gateway_api;
use super::ingress_class;
use super::kube;
use super::node::Node;
use super::sources::{self, BucketNames, Source};

/// A file, and whether it was met in a folder.
type Met<'f> = (File<'f>, bool);

/// Joins the files that one source reads: the first has the resources of all.
pub(crate) fn join<'f>(files: Vec<Met<'f>>, from: Option<&'static Source>) -> Vec<Met<'f>> {
    let told = |(file, is_met): &Met<'f>| {
        let source = from.or_else(|| sources::of(file))?;
        let is_own = |file: &File<'_>| file.documents().is_ok() && (!is_met || (source.recognises)(file));
        let joins = source.names == BucketNames::Routes && (is_of_kubernetes(file) || is_own(file));
        joins.then_some(source)
    };
    let told: Vec<_> = files.iter().map(told).collect();
    let is_told = |source: &&Source| told.iter().flatten().any(|told| told.name == source.name);
    // Envoy Gateway's policies are for routes that by themselves are anyone's.
    let mut sources = sources::SOURCES.iter().copied().filter(is_told);
    let of_routes = sources.find(|source| gateway_api::KINDS.iter().all(|kind| source.kinds.contains(kind)));
    let mut joined: Vec<(Option<&str>, Met<'f>)> = Vec::new();
    for ((file, is_met), told) in files.into_iter().zip(&told) {
        let source = if is_of_gateway_api(&file) {
            of_routes
        } else {
            *told
        };
        let name = source.map(|source| source.name);
        match joined
            .iter_mut()
            .find(|(known, _)| name.is_some() && *known == name)
        {
            Some((_, (first, _))) => first.absorb(file),
            None => joined.push((name, (file, is_met))),
        }
    }
    put_beside(&mut joined);
    joined.into_iter().map(|(_, met)| met).collect()
}

/// What no source reads, as an IngressClass or an EnvoyFilter, says something of the resources in other files.
fn put_beside(joined: &mut [(Option<&str>, Met<'_>)]) {
    let mut names = joined.iter().filter_map(|(name, _)| *name);
    if !names.any(is_of_control_plane) {
        return;
    }
    let values: Vec<_> = joined.iter().flat_map(|(_, (file, _))| file.values()).collect();
    let classes = ingress_class::classes(&values);
    // Hosts that no other source gives its policies to, and that Istio's proxies have.
    let is_host = |value: &Node<'_>, source: Option<&str>| {
        kube::kind(value) == "Ingress"
            && (!source.is_some_and(|source| reads(source, "Ingress"))
                || !ingress_class::is_of_another(value, &classes, &ingress_class::ISTIO))
    };
    let shared = |with_ingresses: bool| -> Vec<_> {
        let shared = joined.iter().map(|(source, (file, _))| {
            let is_shared = is_of_kubernetes(file);
            let is_meant =
                |value: &Node<'_>| !is_read(&kube::kind(value)) || with_ingresses && is_host(value, *source);
            file.for_others(|value| is_shared && is_meant(value))
        });
        shared.collect()
    };
    let (shared, with_ingresses) = (shared(false), shared(true));
    for (at, (name, (file, is_met))) in joined.iter_mut().enumerate() {
        if let Some(name) = name.filter(|name| is_of_control_plane(name)) {
            let shared = if reads(name, "Ingress") {
                &shared
            } else {
                &with_ingresses
            };
            let others = shared.iter().enumerate().filter(|(other, _)| *other != at);
            others.for_each(|(_, others)| file.put_beside(others));
        } else if name.is_none() && is_of_kubernetes(file) {
            // It has its use, so that it is no fault that no source reads it.
            *is_met = true;
        }
    }
}

/// Whether a source reads the resources of a control plane, and not what a proxy has.
fn is_of_control_plane(source: &str) -> bool {
    reads(source, "Gateway") || reads(source, "Ingress")
}

/// Whether a source reads resources of a kind.
fn reads(source: &str, kind: &str) -> bool {
    sources::named(source).is_some_and(|source| source.kinds.contains(&kind))
}

/// Whether any source does.
fn is_read(kind: &str) -> bool {
    let mut sources = sources::SOURCES.iter();
    sources.any(|source| source.kinds.contains(&kind))
}

fn is_of_kubernetes(file: &File<'_>) -> bool {
    let values = file.values();
    !values.is_empty() && values.iter().all(|value| !kube::kind(value).is_empty())
}

/// Whether a file has routes or Gateways, and nothing else that a source reads.
fn is_of_gateway_api(file: &File<'_>) -> bool {
    let values = file.values();
    if values.iter().any(kube::is_istio_gateway) {
        return false;
    }
    let kinds = values.iter().map(kube::kind);
    let kinds: Vec<_> = kinds.filter(|kind| is_read(kind)).collect();
    let is_own = |kind: &String| gateway_api::KINDS.contains(&&**kind);
    is_of_kubernetes(file) && !kinds.is_empty() && kinds.iter().all(is_own)
}
