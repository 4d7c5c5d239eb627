//! One file on its way.

use std::cell::OnceCell;

use super::documents::{Beside, Documents};
use super::imported_document::{ImportedBucket, ImportedCors};
use super::node::Node;
use super::routes::Host;
use crate::source::Trouble;

/// One file on its way.
pub(crate) struct File<'f> {
    /// As messages name it.
    pub(crate) name: &'f str,
    pub(crate) text: &'f str,
    /// The bucket that a file without a name in it holds the rules of.
    pub(crate) bucket: Option<String>,
    /// The buckets to import, of a source that names them; none: all.
    wanted: &'f [String],
    documents: OnceCell<Result<Documents<'f>, Trouble>>,
}

/// What a file holds: buckets, or what is still to be mapped to them.
pub(crate) enum FileContent {
    Buckets(Vec<ImportedBucket>),
    Hosts(Vec<Host>),
}

impl<'f> File<'f> {
    pub(crate) fn new(name: &'f str, text: &'f str, wanted: &'f [String]) -> Self {
        Self {
            name,
            text: without_timing(text),
            bucket: None,
            wanted,
            documents: OnceCell::new(),
        }
    }

    /// Whether it is XML, and neither JSON nor YAML.
    pub(crate) fn is_xml(&self) -> bool {
        self.text.trim_start().starts_with('<')
    }

    /// Its documents of JSON or YAML.
    ///
    /// # Errors
    /// What is wrong with it, for a person.
    pub(crate) fn documents(&self) -> Result<&Documents<'f>, Trouble> {
        let read = || Documents::read(self.name, self.text);
        self.documents.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Takes the documents of another file too.
    pub(crate) fn absorb(&mut self, other: Self) {
        if let (Some(Ok(own)), Some(Ok(others))) = (self.documents.get_mut(), other.documents.into_inner()) {
            own.absorb(others);
        }
    }

    /// Values of it for other files.
    pub(crate) fn for_others(&self, is_meant: impl Fn(&Node<'_>) -> bool) -> Vec<Beside<'f>> {
        let documents = self.documents();
        documents.map(|own| own.for_others(is_meant)).unwrap_or_default()
    }

    /// Takes values of other files beside its own.
    pub(crate) fn put_beside(&mut self, others: &[Beside<'f>]) {
        if let Some(Ok(own)) = self.documents.get_mut() {
            own.put_beside(others);
        }
    }

    /// The files whose documents it has.
    pub(crate) fn names(&self) -> Vec<&'f str> {
        let of_documents = self.documents().map(|documents| documents.files().collect());
        of_documents.unwrap_or_else(|_| vec![self.name])
    }

    /// The values that its documents hold: each document, or the elements of a list, as `kubectl get -o json` and
    /// others print one. Nothing, where it is neither JSON nor YAML.
    pub(crate) fn values(&self) -> Vec<Node<'_>> {
        self.documents().map(Documents::values).unwrap_or_default()
    }

    /// Whether a bucket that the source names is to be imported.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|wanted| wanted == name)
    }

    /// The bucket to import, where one alone was named.
    pub(crate) fn only_wanted(&self) -> Option<String> {
        match self.wanted {
            [name] => Some(name.clone()),
            _ => None,
        }
    }

    /// What it holds, where that is the rules of one bucket.
    ///
    /// # Errors
    /// That nothing names the bucket.
    pub(crate) fn of_one_bucket(&self, cors: ImportedCors) -> Result<FileContent, Trouble> {
        Ok(FileContent::Buckets(vec![ImportedBucket {
            name: self.bucket()?,
            cors,
            place: self.name.to_owned(),
            ..ImportedBucket::default()
        }]))
    }

    /// The bucket, for sources that do not name it.
    pub(crate) fn bucket(&self) -> Result<String, String> {
        self.bucket
            .clone()
            .ok_or_else(|| "it does not say whose rules it holds: name the bucket with --bucket".to_owned())
    }
}

/// ossutil prints how long it took behind the document: `0.203116(s) elapsed`.
fn without_timing(text: &str) -> &str {
    let text = text.trim_end();
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    let is_timing = last
        .trim()
        .strip_suffix("(s) elapsed")
        .is_some_and(|time| time.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    if is_timing { before } else { text }
}
