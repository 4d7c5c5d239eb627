//! `bucket-cors import`.

mod bindable;
mod choice;
pub(crate) mod code;
mod cors_headers;
mod cors_named;
mod documents;
pub(crate) mod file;
pub(crate) mod foreign;
mod foreign_forms;
mod gateway_api;
mod gateway_hosts;
mod gateway_origins;
mod gcs_entry;
mod grouped;
mod held;
mod host_group;
mod host_names;
mod host_routes;
mod imported;
pub(crate) mod imported_document;
mod ingress;
mod ingress_aliases;
mod ingress_applied;
mod ingress_class;
mod ingress_hosts;
mod ingress_order;
mod ingress_rules;
mod inputs;
mod json_path;
mod kube;
mod line_numbers;
mod listeners;
mod mapping;
mod mounted_texts;
mod namespaces;
mod nginx_paths;
mod node;
mod owned_names;
mod patches;
mod path_names;
mod policy;
mod reach;
mod regex;
pub(crate) mod remarks;
mod routes;
mod rule_fields;
mod settle;
pub(crate) mod sources;
pub(crate) mod store;
mod string_match;
mod together;
mod twice;
mod unread;
mod wanted;
pub(crate) mod xml;

use std::path::PathBuf;
use std::process::ExitCode;

use bucket_cors::profile::{self, Profile};

use self::code::Weight;
use self::file::{File, FileContent};
use self::imported::Imported;
use self::imported_document::{Document, ImportedBucket};
use self::remarks::Remarks;
use self::sources::{BucketNames, Source};
use crate::output::Format;
use crate::terminal::complain;
use crate::{folder, shared_arguments};

const EXAMPLES: &str = "\
Examples:
  aws s3api get-bucket-cors --bucket photos | bucket-cors import --from s3 --bucket photos -
  ossutil cors --method get oss://photos | bucket-cors import --from oss --bucket photos -
  bucket-cors import photos.xml videos.xml -o cors.json
  terraform show -json | bucket-cors import --from terraform - >cors.json
  kubectl get virtualservices -A -o yaml | bucket-cors import --from istio -

Exit status:
  0  everything was carried over; with --strict, without losing meaning
  1  something was not, or nothing was found
  2  wrong usage, or a file that cannot be read";

/// Turns a store's or a proxy's CORS rules into a plugin configuration
///
/// Prints the configuration, which the filter loads as it is, on standard output. On standard error it says, with file,
/// line and column, what is not carried over, so that the edge would answer otherwise than the source did, and what
/// loses meaning, and what to do about it. What is left out because no answer depends on it is named too. Nothing is
/// widened without saying so.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{}{}{EXAMPLES}", sources::about(), code::about()))]
pub(crate) struct Arguments {
    /// Whose rules the files hold. Default: what each file looks like
    #[arg(long, value_parser = sources::parser())]
    from: Option<&'static Source>,
    /// The bucket whose rules a file holds: once for each file, in their order. Where the source names its buckets
    /// itself, only these are imported
    #[arg(long, value_name = "NAME")]
    bucket: Vec<String>,
    /// Whose answers the edge gives. Default: those of the source's store, and `fetch` for the others
    #[arg(long, value_parser = shared_arguments::profile())]
    profile: Option<&'static Profile>,
    /// Write the configuration to a file, whole or not at all, and not to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// How what there is to say is printed: in lines on standard error, or, with the configuration, as JSON on standard
    /// output
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Exit with 1 also where something only loses meaning
    #[arg(long)]
    strict: bool,
    /// Files to read, folders whose files are read, or `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments, is_quiet: bool) -> ExitCode {
    let mut remarks = Remarks::default();
    match imported(arguments, is_quiet, &mut remarks) {
        Ok(code) => code,
        Err(lines) => {
            complain(&lines);
            ExitCode::from(2)
        }
    }
}

/// # Errors
/// Wrong usage, or what could not be read.
fn imported(arguments: &Arguments, is_quiet: bool, remarks: &mut Remarks) -> Result<ExitCode, Vec<String>> {
    let inputs = inputs::read(&arguments.files, remarks)?;
    let given = inputs.iter().map(|given| {
        let file = File::new(&given.input.name, &given.input.text, &arguments.bucket);
        (file, given.is_met)
    });
    let met: Vec<&str> = inputs
        .iter()
        .filter(|given| given.is_met)
        .map(|given| given.input.name.as_str())
        .collect();
    let mut files = Vec::new();
    for (file, is_met) in together::join(given.collect(), arguments.from) {
        if let Some(source) = choice::source(arguments.from, &file, is_met, remarks)? {
            if arguments.from.is_none() && arguments.profile.is_none() && store::is_assumed(&file) {
                remarks.say(code::ASSUMED_STORE, file.name, store::ASSUMED);
            }
            files.push((file, source));
        }
    }
    name(&mut files, &arguments.bucket)?;
    let mut buckets = Vec::new();
    let mut hosts = Vec::new();
    for (file, source) in &files {
        let found = match choice::read(file, source, remarks) {
            Ok(found) => found,
            Err(problem) => {
                let (place, why) = choice::why_not(file, source, &problem);
                if !met.contains(&file.name) {
                    return Err(vec![format!("{place}: {why}")]);
                }
                // Another file of the folder may have the rules.
                remarks.say(code::NOT_READ, &place, format!("this file: {why}"));
                continue;
            }
        };
        unread::say(file, source, remarks);
        twice::say(file, source, remarks);
        match found {
            FileContent::Buckets(found) => buckets.extend(found.into_iter().map(|bucket| ImportedBucket {
                profile: bucket.profile.or(Some(source.profile.name)),
                ..bucket
            })),
            FileContent::Hosts(found) => hosts.extend(found),
        }
    }
    let mapped = mapping::map(&hosts, remarks);
    let are_routes = files
        .iter()
        .all(|(_, source)| source.names == BucketNames::Routes);
    let of_routes = wanted::of_routes(mapped.buckets, &arguments.bucket, are_routes);
    buckets.extend(of_routes.into_iter().map(|bucket| ImportedBucket {
        profile: Some(profile::FETCH.name),
        ..bucket
    }));
    for name in &arguments.bucket {
        if !buckets.iter().any(|bucket| wanted::is_called(bucket, name)) {
            remarks.say(
                code::NO_TARGET,
                "--bucket",
                format!("no rules of a bucket {name:?} were found"),
            );
        }
    }
    let buckets = told_apart(buckets, remarks);
    let mut document = document(arguments, buckets);
    document.endpoints = mapped.endpoints;
    let outcome = outcome(document, remarks);
    let weighed = outcome.text.is_none()
        || remarks.count(Weight::NotCarriedOver) > 0
        || (arguments.strict && remarks.count(Weight::LosesMeaning) > 0);
    let status = ExitCode::from(u8::from(weighed));
    outcome
        .deliver(
            status,
            arguments.output.as_deref(),
            arguments.format,
            is_quiet,
            remarks,
        )
        .map_err(|problem| vec![problem])
}

/// One list of rules for each bucket: the first of those that several files have.
fn told_apart(buckets: Vec<ImportedBucket>, remarks: &mut Remarks) -> Vec<ImportedBucket> {
    let mut kept: Vec<ImportedBucket> = Vec::new();
    for bucket in buckets {
        match kept.iter().find(|known| known.name == bucket.name) {
            None => kept.push(bucket),
            Some(known) if known.answers_like(&bucket) && known.hosts == bucket.hosts => {}
            Some(known) => remarks.say(
                code::SECOND_POLICY,
                &bucket.place,
                format!(
                    "other rules of the bucket {:?}: those at {} stand",
                    known.name, known.place
                ),
            ),
        }
    }
    kept
}

/// Makes the document one that the edge loads.
fn outcome(mut document: Document, remarks: &mut Remarks) -> Imported {
    let Some(first) = document.buckets.first() else {
        return Imported::nothing(vec!["nothing to import was found".to_owned()]);
    };
    if document.buckets.iter().all(|bucket| bucket.cors.rules.is_empty()) {
        let place = first.place.clone();
        remarks.say_outcome(
            code::NO_RULE,
            &place,
            "no rule was found: the preflights of a bucket without rules are refused",
        );
    }
    match settle::settle(&mut document, remarks) {
        Ok(text) => Imported {
            text: Some(text),
            buckets: document.buckets.len(),
            rules: document
                .buckets
                .iter()
                .map(|bucket| bucket.cors.rules.len())
                .sum(),
            errors: Vec::new(),
        },
        Err(errors) => Imported::nothing(errors),
    }
}

/// Names the bucket of each file that does not do so itself: as said, or as the file is called.
fn name(files: &mut [(File<'_>, &Source)], said: &[String]) -> Result<(), Vec<String>> {
    let nameless = files
        .iter_mut()
        .filter(|(_, source)| source.names == BucketNames::Outside);
    let mut nameless: Vec<_> = nameless.map(|(file, _)| file).collect();
    if !nameless.is_empty() && !said.is_empty() && said.len() != nameless.len() {
        return Err(vec![format!(
            "--bucket is given {} times for {} files: name the bucket of each file, in their order, or none",
            said.len(),
            nameless.len()
        )]);
    }
    for (index, file) in nameless.iter_mut().enumerate() {
        let own = || store::bucket_in(file).or_else(|| folder::called(file.name));
        file.bucket = said.get(index).cloned().or_else(own);
    }
    Ok(())
}

/// The buckets, with the profile that most of what is imported has said once.
fn document(arguments: &Arguments, mut buckets: Vec<ImportedBucket>) -> Document {
    let said = buckets.iter().find_map(|bucket| Profile::named(bucket.profile?));
    let own = said.unwrap_or(&profile::FETCH);
    let profile = arguments.profile.unwrap_or(own);
    for bucket in &mut buckets {
        if arguments.profile.is_some() || bucket.profile == Some(profile.name) {
            bucket.profile = None;
        }
    }
    Document {
        profile: profile.name,
        endpoints: Vec::new(),
        buckets,
    }
}
