//! What each source has.

use bucket_cors::profile::Profile;

use crate::import::file::{File, FileContent};
use crate::import::remarks::Remarks;
use crate::source::Trouble;

/// A source.
#[derive(Debug)]
pub(crate) struct Source {
    /// What `--from` calls it.
    pub(crate) name: &'static str,
    /// What its files are, in a line.
    pub(crate) holds: &'static str,
    /// What is read of them, what is lost, and the command that prints one.
    pub(crate) about: &'static str,
    /// Whose answers its buckets have. A bucket of another store says so itself.
    pub(crate) profile: &'static Profile,
    pub(crate) names: BucketNames,
    /// The kinds of Kubernetes' resources that it reads.
    pub(crate) kinds: &'static [&'static str],
    /// Whether a file looks like one of its own.
    pub(crate) recognises: fn(&File<'_>) -> bool,
    /// Reads a file.
    ///
    /// # Errors
    /// Why it is none of this source, for a person.
    pub(crate) read: fn(&File<'_>, &mut Remarks) -> Result<FileContent, Trouble>,
}

/// Who says what a bucket is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BucketNames {
    /// Nobody in the file: it holds the rules of one bucket.
    Outside,
    /// The file, for each bucket.
    Inside,
    /// The paths of routes. A bucket that has a whole host may be named from outside.
    Routes,
}
