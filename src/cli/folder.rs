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

/// The files with these endings below a folder; of anything else, the path itself.
///
/// # Errors
/// What cannot be read.
pub(crate) fn files(path: &str, extensions: &[&str]) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    if is_one(path) {
        walk(Path::new(path), extensions, &mut files)?;
    } else {
        files.push(path.to_owned());
    }
    Ok(files)
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

/// The files below a folder, in the order of their names. Hidden ones and what links lead to are left out: a link can
/// lead back to where it stands.
fn walk(folder: &Path, extensions: &[&str], files: &mut Vec<String>) -> Result<(), String> {
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
        if name.starts_with('.') || name == "node_modules" || path.is_symlink() {
            continue;
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            walk(&path, extensions, files)?;
        } else if extension.is_some_and(|extension| extensions.contains(&extension))
            && let Some(path) = path.to_str()
        {
            if files.len() >= MOST_FILES {
                return Err(format!(
                    "{}: more than {MOST_FILES} files: name the folders that hold rules",
                    folder.display()
                ));
            }
            files.push(path.to_owned());
        }
    }
    Ok(())
}
