//! The file that Envoy reads, with what is remembered beside it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::edge_document::EdgeDocument;
use super::in_force::{self, WrittenOutput};
use super::inputs::{self, EdgeInputs, InputFiles, InputTexts};
use super::memory::MemoryFile;
use super::moment;
use super::remembered::{OutputHand, Remembered};
use super::round::SyncRound;
use super::rules::digest;
use crate::{input, output};

/// Which files there are, and how the output stood.
#[derive(Debug)]
pub(super) struct EdgeFiles {
    pub(super) inputs: InputFiles,
    /// `None`: standard output.
    pub(super) output: Option<PathBuf>,
    memory: Option<MemoryFile>,
    /// The digest of the output as it was read or written last. `None`: there was none.
    seen: Option<String>,
    /// That of the output as this process wrote it last, or found it as it would have written it.
    own: Option<String>,
    /// Of the last document that was made, what it was made of and what it is.
    made: Option<(MadeOf, EdgeDocument)>,
}

/// With the texts stands the digest of the configuration.
type MadeOf = (InputTexts, String);

/// What was in the file before, and what could not be done beside it.
pub(super) struct PutInForce {
    /// Whether that was another document.
    pub(super) differs: bool,
    /// Why nothing is remembered of whose the rules are.
    pub(super) unremembered: Option<String>,
}

impl EdgeFiles {
    /// `output`: `-` is standard output. `memory`: what is remembered beside a file.
    pub(super) fn new(inputs: InputFiles, output: &str, memory: impl FnOnce(&Path) -> MemoryFile) -> Self {
        let output = Some(PathBuf::from(output)).filter(|path| path.as_os_str() != "-");
        Self {
            inputs,
            memory: output.as_deref().map(memory),
            output,
            seen: None,
            own: None,
            made: None,
        }
    }

    /// The last good rules: those of what was written, or else of what the configuration is put into. With them stands
    /// what to say of how they are remembered.
    ///
    /// # Errors
    /// Why what was written cannot be read, for a person. To write over it might lose rules.
    pub(super) fn kept(&mut self, inputs: &EdgeInputs) -> Result<(Remembered, Vec<String>), String> {
        let mut configuration = inputs.present.clone();
        let mut written = None;
        if let Some(path) = &self.output
            && let Some((text, time)) = read_written(path)?
        {
            let name = path.display().to_string();
            let found = inputs::present(&name, &text).map_err(|why| {
                format!(
                    "{why}: the rules that are in force cannot be told from it; move it away to begin anew"
                )
            })?;
            written = Some(WrittenOutput {
                at: moment::seconds(time),
                digest: digest(&text),
            });
            if found.is_some() {
                configuration = found;
            }
        }
        let configuration = configuration.unwrap_or_default();
        let file = self.output.as_ref().map(|path| path.display().to_string());
        let file = file.or_else(|| self.inputs.into.clone()).unwrap_or_default();
        let kept = in_force::of_configuration(&configuration, self.memory.as_ref(), written.as_ref())
            .map_err(|why| format!("{file}: {why}"))?;
        // Not before: an output whose rules cannot be told would pass for this process's own in the next round.
        self.seen = written.map(|written| written.digest).or_else(|| self.seen.take());
        Ok(kept)
    }

    /// The last good rules, where the output is another than it was when it was read or written here last. `None`: it
    /// is not.
    ///
    /// # Errors
    /// As where it is read at first.
    pub(super) fn look(&mut self, inputs: &EdgeInputs) -> Result<Option<(Remembered, Vec<String>)>, String> {
        let Some(path) = self.output.as_deref().filter(|path| path.is_file()) else {
            return Ok(None);
        };
        match read_written(path)? {
            Some((text, _)) if self.seen.as_ref() != Some(&digest(&text)) => {}
            _ => return Ok(None),
        }
        let (mut kept, remarks) = self.kept(inputs)?;
        if self.is_as_put() {
            kept.hand = OutputHand::Own;
            kept.lost.clear();
        }
        Ok(Some((kept, remarks)))
    }

    /// Whether the output is as this process itself put it there last.
    pub(super) fn is_as_put(&self) -> bool {
        self.own.is_some() && self.own == self.seen
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
        if let Some(((texts, known), document)) = &self.made
            && *texts == inputs.texts
            && *known == made_of
        {
            return Ok(document.clone());
        }
        let into = self.inputs.into.as_deref().zip(inputs.texts.1.as_deref());
        let whose = |bucket: Option<&str>| {
            let known = bucket.and_then(|bucket| round.kept.buckets.get(bucket));
            match known.map(|known| known.store.as_str()) {
                Some("") => "the output".to_owned(),
                Some(store) => store.to_owned(),
                None => self.inputs.name_of_base().to_owned(),
            }
        };
        let document = EdgeDocument::new(into, &configuration, whose)?;
        self.made = Some(((inputs.texts.clone(), made_of), document.clone()));
        Ok(document)
    }

    /// Whether the file that Envoy reads is another than this.
    pub(super) fn differs(&self, document: &EdgeDocument) -> bool {
        let written = match &self.output {
            Some(path) => fs::read(path).ok(),
            None => self
                .made
                .as_ref()
                .and_then(|(((_, into), _), _)| into.clone().map(String::into_bytes)),
        };
        written.as_deref() != Some(document.text.as_bytes())
    }

    /// Puts the document in the file's place where that has another one, and remembers whose the rules in it are.
    ///
    /// `before`: what is in force until then.
    ///
    /// # Errors
    /// That it cannot be written, for a person.
    pub(super) fn put(
        &mut self,
        before: &Remembered,
        round: &SyncRound,
        document: &EdgeDocument,
    ) -> Result<PutInForce, String> {
        let differs = self.differs(document);
        // First: of rules that stay the same while their owner is another one, nothing else could tell that it is. A
        // process that ends before the second one leaves its own output there, and no other.
        let there = self.seen.as_deref().filter(|_| before.hand == OutputHand::Own);
        let outputs: BTreeSet<&str> = there.into_iter().chain([document.digest.as_str()]).collect();
        let remembered = self
            .memory
            .as_ref()
            .map(|memory| memory.write(round.at, before, &round.kept, &outputs));
        if differs && let Some(path) = &self.output {
            let seen = self.seen.as_deref();
            output::replace(path, document.text.as_bytes(), || is_still(path, seen))
                .map_err(|error| format!("{}: {error}", path.display()))?;
        }
        self.seen = Some(document.digest.clone());
        self.own.clone_from(&self.seen);
        let unremembered = remembered.and_then(Result::err);
        Ok(PutInForce {
            differs,
            unremembered: unremembered.map(|why| {
                format!("{why}: whose these rules are, and since when they are known, is not remembered")
            }),
        })
    }

    /// Removes what a process that was killed left of writing.
    pub(super) fn clean(&self) {
        if let Some((path, memory)) = self.output.as_deref().zip(self.memory.as_ref()) {
            output::remove_parts(path);
            memory.clean();
        }
    }

    /// What the output has for Envoys before this process has written any, and whether it is as this program wrote it.
    pub(super) fn written(&self, kept: &Remembered) -> Option<(EdgeDocument, bool)> {
        let path = self.output.as_deref()?;
        let (text, _) = read_written(path).ok()??;
        EdgeDocument::written(&path.display().to_string(), text, kept.hand == OutputHand::Own)
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

/// Whether a file is as it was seen, or gone: the last look before it is written over.
fn is_still(path: &Path, seen: Option<&str>) -> io::Result<()> {
    let written = read_written(path).map_err(io::Error::other)?;
    match written {
        Some((text, _)) if Some(digest(&text).as_str()) != seen => Err(io::Error::other(
            "another hand has written it just now: nothing is written until that is looked at, in the next round",
        )),
        _ => Ok(()),
    }
}
