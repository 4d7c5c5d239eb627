//! The files that are named and those in folders, each with what the others say of its configurations.

use std::collections::HashSet;
use std::rc::Rc;

use bucket_cors::config;

use super::around::{self, SourceFile, Subject};
use super::found::{FoundConfiguration, FoundConfigurations};
use super::kind;
use super::mounted::{self, Whole};
use super::opening;
use super::position::Position;
use super::stands_in;
use super::text::readable;
use super::trouble::Trouble;
use crate::{folder, input};

/// What stands for the rules in the samples under `envoy/`, each of which would need them in another form.
const PLACEHOLDER: &str = "@envoy/cors.json@";

/// A file's name, and what became of reading it.
pub(crate) type ReadFile = (String, Result<FoundConfigurations, Trouble>);

/// How the files in a folder are called that can hold configurations, or stand around them.
const EXTENSIONS: [&str; 4] = ["json", "yaml", "yml", "xml"];

/// Reads a file, or standard input for `-`.
///
/// # Errors
/// What keeps it from being read, or that nothing was found in it.
pub(crate) fn read(name: &str) -> Result<FoundConfigurations, Trouble> {
    let (file, mut found) = open(name)?;
    let files = [file];
    found.look_around(&files, 0, false, &mut HashSet::new());
    finish(&files, 0, found)
}

/// Reads a file as it stands.
///
/// # Errors
/// What keeps it from being read.
fn open(name: &str) -> Result<(SourceFile, FoundConfigurations), Trouble> {
    let bytes =
        input::bytes(name).map_err(|problem| Trouble::new(format!("it cannot be read: {problem}")))?;
    let text = bytes.clone();
    let (tree, documents, mut found) = opening::find(name, bytes)?;
    let whole = Whole {
        name,
        text: readable(&text),
        tree: &tree,
    };
    found.configurations.extend(mounted::find(&whole, &documents)?);
    let file = SourceFile {
        name: name.into(),
        tree,
        documents,
    };
    Ok((file, found))
}

/// Reads files and those in folders, each of which may stand around the configurations of all.
pub(crate) fn read_all(paths: &[String]) -> Vec<ReadFile> {
    let (mut files, mut all) = (Vec::new(), Vec::new());
    for path in paths {
        let before = all.len();
        let is_folder = folder::is_one(path);
        let names = folder::files(path, &EXTENSIONS).unwrap_or_else(|problem| {
            all.push((path.clone(), Err(Trouble::new(problem))));
            Vec::new()
        });
        for name in names {
            let opened = open(&name).map(|(file, mut found)| {
                found.configurations.retain(|it| !is_folder || is_meant(it));
                let is_beside = is_folder || paths.len() > 1 && holds_resources(&file);
                let is_silent =
                    is_beside && found.configurations.is_empty() && around::instead(&file).is_empty();
                files.push(file);
                (!is_silent).then_some((files.len().saturating_sub(1), found))
            });
            all.extend(opened.transpose().map(|opened| (name, opened)));
        }
        if is_folder && all.len() == before {
            let nothing = "there is no configuration of bucket-cors in any file of it";
            all.push((path.clone(), Err(Trouble::new(nothing))));
        }
    }
    if let (true, Some(path)) = (all.is_empty(), paths.first()) {
        let nothing = "there is no configuration of bucket-cors in it, nor in the other files";
        all.push((path.clone(), Err(Trouble::new(nothing))));
    }
    let is_whole = paths.iter().any(|path| folder::is_one(path));
    let mut said = HashSet::new();
    let finished = all.into_iter().map(|(name, opened)| {
        let found = opened.and_then(|(at, mut found)| {
            found.look_around(&files, at, is_whole, &mut said);
            finish(&files, at, found)
        });
        (name, found)
    });
    finished.collect()
}

/// Whether a file of a folder, where much else is JSON, is meant to be a configuration.
fn is_meant(it: &FoundConfiguration) -> bool {
    let text = String::from_utf8_lossy(&it.text);
    if text.trim_start().starts_with('<') {
        return text.contains("<CORSConfiguration");
    }
    let names = ["buckets", "AllowedOrigin", "origin"];
    it.document.is_some()
        || it.root.map_or_else(
            || names.iter().any(|name| text.contains(name)),
            |root| kind::is_configuration(&it.tree, root),
        )
}

/// Whether a file has resources of Kubernetes, which may stand around a configuration in another.
fn holds_resources(file: &SourceFile) -> bool {
    let mut documents = file.documents.iter();
    documents.any(|document| file.tree.get(*document, "kind").is_some())
}

/// # Errors
/// That nothing was found, or only what is not filled in yet.
fn finish(
    files: &[SourceFile],
    at: usize,
    found: FoundConfigurations,
) -> Result<FoundConfigurations, Trouble> {
    if found.configurations.is_empty() {
        if let Some(warning) = files
            .get(at)
            .and_then(|file| around::instead(file).into_iter().next())
        {
            return Err(Trouble::at(warning.region.start, warning.message));
        }
        let others = if found.others.is_empty() {
            ""
        } else {
            ": the Wasm plugins in it have other names and modules than bucket-cors, and no buckets"
        };
        return Err(Trouble::new(format!(
            "there is no configuration of bucket-cors in it{others}"
        )));
    }
    for configuration in &found.configurations {
        if let Some(placeholder) = configuration.placeholder() {
            let message = if placeholder == PLACEHOLDER {
                "this is the template of `make run`, or of `make artifacts` for a manifest, which put the rules of envoy/cors.json in \
                 the place of @envoy/cors.json@: check that file, or what runs (`curl -s http://127.0.0.1:9901/config_dump | \
                 bucket-cors check -`), or write rules here".to_owned()
            } else {
                format!(
                    "this is a template: {placeholder} stands where the rules are. Check the file that it becomes once it is filled"
                )
            };
            return Err(Trouble::at(configuration.start, message));
        }
    }
    Ok(found)
}

impl FoundConfigurations {
    /// Says what stands around the configurations. `said`: what was said of others already.
    pub(super) fn look_around(
        &mut self,
        files: &[SourceFile],
        at: usize,
        is_whole: bool,
        said: &mut HashSet<(Rc<str>, Position, String, &'static str, String)>,
    ) {
        for configuration in &mut self.configurations {
            let Some(document) = configuration.document else {
                continue;
            };
            let (parsed, _) = config::parse(&configuration.text);
            let mut buckets = parsed.iter().flat_map(|parsed| &parsed.buckets);
            let has_headers_for_all = buckets
                .any(|bucket| !bucket.resource_policy.is_empty() || !bucket.timing_allow_origin.is_empty());
            let hosts: Vec<String> = parsed
                .iter()
                .flat_map(|parsed| &parsed.buckets)
                .flat_map(|bucket| bucket.hosts.iter().map(|host| host.clone().into_owned()))
                .collect();
            let subject = Subject {
                file: at,
                document,
                pointer: &configuration.pointer,
                settings: &parsed.map(|parsed| parsed.settings).unwrap_or_default(),
                hosts: &hosts,
                has_headers_for_all,
            };
            let mut warnings = around::warnings(files, &subject, is_whole);
            warnings.retain(|it| {
                said.insert((
                    it.file.clone(),
                    // Documents of one file have the same pointers.
                    it.region.start,
                    it.pointer.clone(),
                    it.code.name,
                    it.message.clone(),
                ))
            });
            configuration.around = warnings;
        }
        if let Some(file) = files.get(at) {
            stands_in::settle(file, &mut self.configurations);
        }
    }
}
