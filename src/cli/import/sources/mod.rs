//! Where rules come from: one table, and a file for each source.

mod cloudformation;
mod envoy;
mod envoy_gateway;
mod gcs;
mod higress;
mod ingress_nginx;
mod istio;
mod oss;
mod r2;
mod s3;
mod source;
mod terraform;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

pub(crate) use source::{BucketNames, Source};

use super::file::File;

/// The sources. A file that several recognise is taken for one of the first of them.
pub(crate) static SOURCES: &[&Source] = &[
    &oss::SOURCE,
    &s3::SOURCE,
    &r2::SOURCE,
    &gcs::SOURCE,
    &terraform::SOURCE,
    &cloudformation::SOURCE,
    &envoy::SOURCE,
    &envoy_gateway::SOURCE,
    &istio::SOURCE,
    &higress::SOURCE,
    &ingress_nginx::SOURCE,
];

/// What `--from` takes.
pub(crate) fn parser() -> impl TypedValueParser<Value = &'static Source> {
    let values = SOURCES
        .iter()
        .map(|source| PossibleValue::new(source.name).help(source.holds));
    let unknown = |name: String| named(&name).ok_or("there is no such source");
    PossibleValuesParser::new(values).try_map(unknown)
}

/// What the long help says of them.
pub(crate) fn about() -> String {
    let about = |source: &&Source| format!("--from {}\n  {}\n\n", source.name, source.about);
    SOURCES.iter().map(about).collect()
}

/// The source of that name.
pub(crate) fn named(name: &str) -> Option<&'static Source> {
    SOURCES.iter().copied().find(|source| source.name == name)
}

/// The source that a file looks like.
pub(crate) fn of(file: &File<'_>) -> Option<&'static Source> {
    SOURCES.iter().copied().find(|source| (source.recognises)(file))
}
