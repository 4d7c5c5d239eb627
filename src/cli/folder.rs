//! The files in a folder that is named in their place.

use std::collections::HashSet;
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
    /// The folder's other files, the hidden ones, and those in hidden folders.
    pub(crate) others: Vec<String>,
    /// Links to folders outside of it, which are not followed.
    pub(crate) links: Vec<String>,
}

/// The files below a folder, with these endings and with others.
///
/// # Errors
/// What cannot be read.
pub(crate) fn all(path: &str, extensions: &[&str]) -> Result<Files, String> {
    let mut found = Files::default();
    if is_one(path) {
        let mut walk = Walk {
            extensions,
            root: fs::canonicalize(path).map_err(|error| format!("{path}: {error}"))?,
            aside: Vec::new(),
            linking: Vec::new(),
        };
        walk.through(Path::new(path), &mut found)?;
        walk.follow(&mut found)?;
        found
            .files
            .sort_by(|some, other| Path::new(some).cmp(Path::new(other)));
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

/// A way through a folder.
struct Walk<'e> {
    extensions: &'e [&'e str],
    /// The folder, without links.
    root: PathBuf,
    /// Hidden folders.
    aside: Vec<PathBuf>,
    linking: Vec<PathBuf>,
}

impl Walk<'_> {
    /// The files below a folder. What is hidden and what links lead to is for later.
    fn through(&mut self, folder: &Path, found: &mut Files) -> Result<(), String> {
        for path in entries(folder)? {
            let name = name(&path);
            if path.is_symlink() {
                self.linking.push(path);
            } else if !path.is_dir() {
                self.sort_in(&path, found)?;
            } else if name.starts_with('.') {
                self.aside.push(path);
            } else if !is_of_others(name) {
                self.through(&path, found)?;
            }
        }
        Ok(())
    }

    /// Puts a file where it belongs by its name.
    fn sort_in(&self, path: &Path, found: &mut Files) -> Result<(), String> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let is_asked = !name(path).starts_with('.')
            && extension.is_some_and(|extension| self.extensions.contains(&extension));
        let is_readable = path.is_file() || path.is_symlink();
        let Some(path) = path.to_str().filter(|_| is_readable) else {
            return Ok(());
        };
        if is_asked && found.files.len() >= MOST_FILES {
            return Err(format!(
                "{path}: more than {MOST_FILES} files: name the folders that hold rules"
            ));
        }
        let files = if is_asked {
            &mut found.files
        } else {
            &mut found.others
        };
        files.push(path.to_owned());
        Ok(())
    }

    /// What links lead to, each file once, as Kubernetes mounts a ConfigMap; and what hidden folders have beside.
    fn follow(mut self, found: &mut Files) -> Result<(), String> {
        let known = found.files.iter().chain(&found.others);
        let mut known: HashSet<PathBuf> = known.filter_map(|path| fs::canonicalize(path).ok()).collect();
        for path in std::mem::take(&mut self.linking) {
            match fs::canonicalize(&path) {
                // A link can lead back to where it stands.
                Ok(target) if target.is_dir() => {
                    let is_outside = !target.starts_with(&self.root) && !self.root.starts_with(&target);
                    found
                        .links
                        .extend(path.to_str().filter(|_| is_outside).map(str::to_owned));
                }
                Ok(target) if known.contains(&target) => {}
                Ok(target) => {
                    known.insert(target);
                    self.sort_in(&path, found)?;
                }
                Err(_) => self.sort_in(&path, found)?,
            }
        }
        while let Some(folder) = self.aside.pop() {
            if is_of_others(name(&folder)) {
                continue;
            }
            for path in entries(&folder).unwrap_or_default() {
                if path.is_symlink() {
                    continue;
                }
                if path.is_dir() {
                    self.aside.push(path);
                } else if fs::canonicalize(&path).is_ok_and(|target| known.insert(target)) {
                    found.others.extend(path.to_str().map(str::to_owned));
                }
            }
        }
        Ok(())
    }
}

/// What is in a folder, in the order of the names.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let error = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(error)? {
        entries.push(entry.map_err(error)?.path());
    }
    entries.sort();
    Ok(entries)
}

fn name(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default()
}

/// Whether a folder has only what tools have put there.
fn is_of_others(name: &str) -> bool {
    matches!(name, ".git" | "node_modules")
}
