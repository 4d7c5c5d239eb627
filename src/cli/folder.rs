//! The files in a folder that is named in their place.

use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use crate::input;

/// More files than a folder of rules has.
const MOST_FILES: usize = 10_000;

/// Whether a path is that of a folder.
pub(crate) fn is_one(path: &str) -> bool {
    path != "-" && Path::new(path).is_dir()
}

/// What a path stands for.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// The files with the endings that were asked for; of anything but a folder, the path itself.
    pub(crate) files: Vec<String>,
    /// The folder's other files, and the hidden ones.
    pub(crate) others: Vec<String>,
}

/// The files below a folder, with these endings and with others.
///
/// # Errors
/// What cannot be read.
pub(crate) fn all(path: &str, extensions: &[&str]) -> Result<Files, String> {
    let mut found = Files::default();
    if is_one(path) {
        walk(Path::new(path), extensions, &mut found)?;
    } else {
        found.files.push(path.to_owned());
    }
    Ok(found)
}

/// Those with these endings alone.
///
/// # Errors
/// What cannot be read.
pub(crate) fn files(path: &str, extensions: &[&str]) -> Result<Vec<String>, String> {
    Ok(all(path, extensions)?.files)
}

/// How long a bucket's name is at the stores.
const NAME_BYTES: RangeInclusive<usize> = 3..=222;

/// The bucket that a file is called after: `photos` for `photos.xml` and `photos.cors.xml`. Bucket names may hold dots.
/// A name that no store takes is no bucket's.
pub(crate) fn called(file: &str) -> Option<String> {
    if file == input::STANDARD_INPUT || file == "-" {
        return None;
    }
    let stem = Path::new(file).file_stem()?.to_str()?;
    let stem = stem.strip_suffix(".cors").unwrap_or(stem);
    Some(stem.to_owned()).filter(|stem| is_bucket_name(stem))
}

fn is_bucket_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    NAME_BYTES.contains(&bytes.len())
        && bytes.iter().all(|byte| is_plain(*byte) || b"-._".contains(byte))
        && [bytes.first(), bytes.last()]
            .into_iter()
            .flatten()
            .all(|byte| is_plain(*byte))
}

/// The files below a folder, in the order of their names. Hidden folders and what links lead to are left out: a link
/// can lead back to where it stands.
fn walk(folder: &Path, extensions: &[&str], found: &mut Files) -> Result<(), String> {
    let error = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        entries.push(entry.map_err(error)?.path());
    }
    entries.sort();
    for path in entries {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let is_hidden = name.starts_with('.');
        if path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            if !is_hidden && name != "node_modules" {
                walk(&path, extensions, found)?;
            }
            continue;
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_asked = !is_hidden && extension.is_some_and(|extension| extensions.contains(&extension));
        let Some(path) = path.to_str().filter(|_| path.is_file()) else {
            continue;
        };
        if is_asked && found.files.len() >= MOST_FILES {
            return Err(format!(
                "{}: more than {MOST_FILES} files: name the folders that hold rules",
                folder.display()
            ));
        }
        let files = if is_asked {
            &mut found.files
        } else {
            &mut found.others
        };
        files.push(path.to_owned());
    }
    Ok(())
}
