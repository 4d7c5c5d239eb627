//! The files that a configuration is made from, and the one that Envoy reads.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bucket_cors::config;
use serde_json::Value;

use super::base::BaseConfiguration;
use super::kept::{self, AgeFile, Remembered};
use super::moment;
use super::round::SyncRound;
use super::rules::digest;
use crate::source::{self, Holder, NamedResource, Trouble};
use crate::{input, output};

/// The most that etcd takes, in which Kubernetes keeps its objects.
const OBJECT_BYTES: usize = 1_572_864;

/// The most that an annotation has, in which `kubectl apply` keeps the last object that it was given.
const ANNOTATION_BYTES: usize = 262_144;

/// Which files there are.
#[derive(Debug)]
pub(super) struct EdgeFiles {
    base: Option<String>,
    into: Option<String>,
    /// `None`: standard output.
    pub(super) output: Option<PathBuf>,
    ages: Option<AgeFile>,
    /// The digest of the output as it was read or written last. `None`: there was none.
    seen: Option<String>,
    /// Of the last document that was made, what it was made of and what it is.
    made: Option<(MadeOf, String, EdgeDocument)>,
}

/// The texts of the base and of what the configuration is put into. With them stands the digest of the configuration.
type MadeOf = (Option<String>, Option<String>);

/// What was read of the files.
#[derive(Debug)]
pub(super) struct EdgeInputs {
    pub(super) base: BaseConfiguration,
    texts: MadeOf,
    /// The configuration that stands in the document already.
    present: Option<Value>,
}

/// A document with a configuration in it.
#[derive(Debug, Clone)]
pub(super) struct EdgeDocument {
    pub(super) text: String,
    /// Of the configuration.
    pub(super) bytes: usize,
    pub(super) version: String,
    /// What Envoy's discovery asks for.
    pub(super) resources: Vec<NamedResource>,
    /// What to know before it is applied.
    pub(super) advice: Option<String>,
}

impl EdgeFiles {
    /// `output`: `-` is standard output. `order`: the stores that are followed.
    pub(super) fn new(base: Option<String>, into: Option<String>, output: &str, order: Vec<String>) -> Self {
        let output = Some(PathBuf::from(output)).filter(|path| path.as_os_str() != "-");
        Self {
            base,
            into,
            ages: output.as_deref().map(|output| AgeFile::new(output, order)),
            output,
            seen: None,
            made: None,
        }
    }

    /// What the files say now. `profile`: where they say none.
    ///
    /// # Errors
    /// What is wrong with them, for a person.
    pub(super) fn inputs(&self, profile: &str) -> Result<EdgeInputs, String> {
        let read = |file: &Option<String>| {
            let input = file.as_deref().map(input::read).transpose()?;
            Ok::<_, String>(input.map(|input| input.text))
        };
        let texts = (read(&self.base)?, read(&self.into)?);
        let present = match (&self.into, &texts.1) {
            (Some(file), Some(text)) => present(file, text)?,
            _ => None,
        };
        let base = match (&self.base, &texts.0) {
            (Some(file), Some(text)) => {
                let json = source::as_json(text).map_err(|trouble| said(file, &trouble))?;
                let configuration =
                    serde_json::from_str(&json).map_err(|error| format!("{file}: {error}"))?;
                BaseConfiguration::new(configuration, profile).map_err(|why| format!("{file}: {why}"))?
            }
            _ => {
                let configuration = present
                    .clone()
                    .unwrap_or_else(|| Value::Object(serde_json::Map::new()));
                let file = self.into.as_deref().unwrap_or_default();
                BaseConfiguration::new(configuration, profile).map_err(|why| format!("{file}: {why}"))?
            }
        };
        Ok(EdgeInputs { base, texts, present })
    }

    /// The last good rules: those of what was written, or else of what the configuration is put into. With them stands what
    /// to say of how they are remembered.
    ///
    /// # Errors
    /// Why what was written cannot be read, for a person. To write over it might lose rules.
    pub(super) fn kept(&mut self, inputs: &EdgeInputs) -> Result<(Remembered, Vec<String>), String> {
        let mut configuration = inputs.present.clone();
        let mut written = None;
        let mut seen = self.seen.clone();
        if let Some(path) = &self.output
            && let Some((text, time)) = read_written(path)?
        {
            let name = path.display().to_string();
            let found = present(&name, &text).map_err(|why| {
                format!(
                    "{why}: the rules that are in force cannot be told from it; move it away to begin anew"
                )
            })?;
            seen = Some(digest(&text));
            written = Some(moment::seconds(time));
            if found.is_some() {
                configuration = found;
            }
        }
        let configuration = configuration.unwrap_or_default();
        let file = self.output.as_ref().map(|path| path.display().to_string());
        let file = file.or_else(|| self.into.clone()).unwrap_or_default();
        let kept = kept::from_configuration(&configuration, self.ages.as_ref(), written)
            .map_err(|why| format!("{file}: {why}"))?;
        // Not before: an output whose rules cannot be told would pass for this process's own in the next round.
        self.seen = seen;
        Ok(kept)
    }

    /// The last good rules, where another hand has written the output since it was read or written here. `None`: nobody has.
    ///
    /// # Errors
    /// As where it is read at first.
    pub(super) fn written_over(
        &mut self,
        inputs: &EdgeInputs,
    ) -> Result<Option<(Remembered, Vec<String>)>, String> {
        let Some(path) = self.output.as_deref().filter(|path| path.is_file()) else {
            return Ok(None);
        };
        match read_written(path)? {
            Some((text, _)) if self.seen.as_ref() != Some(&digest(&text)) => self.kept(inputs).map(Some),
            _ => Ok(None),
        }
    }

    /// Whether there is an output, from which Envoys may have their rules.
    pub(super) fn has_written(&self) -> bool {
        self.seen.is_some()
    }

    /// Whether something that was in force is remembered: without it, what is printed may lack what is in force.
    pub(super) fn has_memory(&self, inputs: &EdgeInputs) -> bool {
        self.output.is_some() || inputs.present.is_some()
    }

    /// The document for what is known.
    ///
    /// # Errors
    /// Why it is none that the edge takes, each in a line.
    pub(super) fn document(
        &mut self,
        inputs: &EdgeInputs,
        round: &SyncRound,
    ) -> Result<EdgeDocument, Vec<String>> {
        let configuration = inputs
            .base
            .filled(&round.kept.buckets, |name| round.unread.contains_key(name));
        let made_of = digest(&configuration.to_string());
        if let Some((texts, known, document)) = &self.made
            && *texts == inputs.texts
            && *known == made_of
        {
            return Ok(document.clone());
        }
        let document = self.make(inputs, &configuration)?;
        self.made = Some((inputs.texts.clone(), made_of, document.clone()));
        Ok(document)
    }

    fn make(&self, inputs: &EdgeInputs, configuration: &Value) -> Result<EdgeDocument, Vec<String>> {
        let pretty = format!("{configuration:#}\n");
        let (_, report) = config::parse(pretty.as_bytes());
        if !report.errors.is_empty() {
            let mut lines: Vec<String> = report.errors.kept().iter().map(ToString::to_string).collect();
            if report.errors.left_out() > 0 {
                lines.push(format!("and {} more errors", report.errors.left_out()));
            }
            return Err(lines);
        }
        let into = self.into.as_deref().zip(inputs.texts.1.as_deref());
        let Some((file, text)) = into else {
            return Ok(EdgeDocument::plain(pretty));
        };
        let holder = Holder::read(file, text).map_err(|trouble| vec![said(file, &trouble)])?;
        if holder.is_configuration() {
            return Ok(EdgeDocument::plain(pretty));
        }
        let put = |version: &str| {
            let put = holder.with(configuration, version);
            put.map_err(|why| vec![format!("{file}: {why}")])
        };
        let compact = configuration.to_string();
        let version = digest(&put("")?);
        let text = put(&version)?;
        let made = Holder::read(file, &text).map_err(|trouble| {
            vec![format!(
                "{file}: the configuration cannot be put into it: an anchor (&) on the value that it takes the place of cannot \
                 be kept, nor what points to it (*): {}",
                trouble.message
            )]
        })?;
        let is_whole = |found: Option<Cow<'_, str>>| {
            // What goes through another form on its way is the same value, and seldom the same text.
            found.is_some_and(|found| {
                *found == *compact
                    || serde_json::from_str::<Value>(&found).is_ok_and(|value| value == *configuration)
            })
        };
        let found = made.configurations();
        if found.is_empty() || !found.into_iter().all(is_whole) {
            return Err(vec![format!(
                "{file}: the configuration cannot be put into it so that the filter gets it whole: write the place as an empty \
                 string in double quotes"
            )]);
        }
        let advice = fits(made.largest_object()).map_err(|why| vec![format!("{file}: {why}")])?;
        let resources = made.resources();
        Ok(EdgeDocument {
            bytes: compact.len(),
            version,
            resources,
            advice,
            text,
        })
    }

    /// Whether the file that Envoy reads is another than this.
    pub(super) fn differs(&self, document: &EdgeDocument) -> bool {
        let written = match &self.output {
            Some(path) => fs::read(path).ok(),
            None => self
                .made
                .as_ref()
                .and_then(|((_, into), ..)| into.clone().map(String::into_bytes)),
        };
        written.as_deref() != Some(document.text.as_bytes())
    }

    /// Puts the document in the file's place.
    ///
    /// # Errors
    /// That it cannot be written, for a person.
    pub(super) fn write(&mut self, document: &EdgeDocument) -> Result<(), String> {
        let Some(path) = &self.output else {
            return Ok(());
        };
        output::write_whole(path, document.text.as_bytes())
            .map_err(|error| format!("{}: {error}", path.display()))?;
        self.seen = Some(digest(&document.text));
        Ok(())
    }

    /// Removes what a process that was killed left of writing.
    pub(super) fn clean(&self) {
        if let Some((path, ages)) = self.output.as_deref().zip(self.ages.as_ref()) {
            output::remove_parts(path);
            ages.clean();
        }
    }

    /// Says since when each is known.
    ///
    /// # Errors
    /// That it cannot be written, for a person.
    pub(super) fn write_ages(&self, round: &SyncRound) -> Result<(), String> {
        match &self.ages {
            Some(ages) => ages.write(round.at, &round.kept),
            None => Ok(()),
        }
    }

    /// What Envoys were given before this process began. `None`: nothing, or what somebody has changed since. By its
    /// version they would take that for what they have.
    pub(super) fn written(&self) -> Option<EdgeDocument> {
        let path = self.output.as_deref()?;
        let (text, _) = read_written(path).ok()??;
        let holder = Holder::read(&path.display().to_string(), &text).ok()?;
        let version = holder.version()?;
        if digest(&holder.with_version("").ok()?) != version {
            return None;
        }
        Some(EdgeDocument {
            bytes: text.len(),
            version,
            resources: holder.resources(),
            advice: None,
            text,
        })
    }
}

impl EdgeDocument {
    /// Nothing but the configuration.
    fn plain(text: String) -> Self {
        Self {
            bytes: text.len(),
            version: digest(&text),
            resources: Vec::new(),
            advice: None,
            text,
        }
    }
}

/// The text of a file and when it was written. `None`: there is nothing in it.
fn read_written(path: &Path) -> Result<Option<(String, SystemTime)>, String> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", path.display())),
        Ok(metadata) if !metadata.is_file() => Err(format!("{}: it is no file", path.display())),
        Ok(metadata) => {
            let text = input::read(&path.display().to_string())?.text;
            let time = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            Ok(Some((text, time)).filter(|(text, _)| !text.trim().is_empty()))
        }
    }
}

/// The configuration that a document has.
///
/// # Errors
/// That there is no place for one, or that it has several different ones.
fn present(file: &str, text: &str) -> Result<Option<Value>, String> {
    let holder = Holder::read(file, text).map_err(|trouble| said(file, &trouble))?;
    let mut found = holder.configurations().into_iter();
    let first = found
        .next()
        .ok_or_else(|| format!("{file}: there is no configuration of bucket-cors in it"))?;
    if found.any(|other| other != first) {
        return Err(format!(
            "{file}: the configurations in it differ, and each would be given the same: name what they have in common \
             with --base, and keep the others in another file"
        ));
    }
    let Some(text) = first else { return Ok(None) };
    let wrong = |why: String| format!("{file}: what stands where the configuration does is none: {why}");
    match serde_json::from_str(&text) {
        Ok(value @ Value::Object(_)) => Ok(Some(value)),
        Ok(_) => Err(wrong("it is no object".to_owned())),
        Err(error) => Err(wrong(error.to_string())),
    }
}

/// Whether an object of Kubernetes can be so large, and what to know where it is.
fn fits(largest: Option<usize>) -> Result<Option<String>, String> {
    match largest {
        Some(bytes) if bytes > OBJECT_BYTES => Err(format!(
            "the object would have {bytes} bytes, and Kubernetes keeps at most {OBJECT_BYTES}: serve the rules to Envoy with \
             --listen, or follow fewer buckets in one object"
        )),
        Some(bytes) if bytes > ANNOTATION_BYTES => Ok(Some(format!(
            "the object has {bytes} bytes, more than `kubectl apply` can keep in an annotation: apply it with --server-side"
        ))),
        _ => Ok(None),
    }
}

fn said(file: &str, trouble: &Trouble) -> String {
    format!("{}: {}", trouble.place(file), trouble.message)
}
