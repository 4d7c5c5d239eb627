//! The files that are named, and those in the folders that are.

use super::foreign;
use crate::folder;
use crate::input::{self, Input};

/// How the files in a folder are called that can hold rules.
const EXTENSIONS: [&str; 6] = ["json", "yaml", "yml", "xml", "tfstate", "template"];

/// A file that was read.
pub(crate) struct GivenFile {
    pub(crate) input: Input,
    /// It was met in a folder, and not named.
    pub(crate) is_met: bool,
}

/// Reads all of them.
///
/// # Errors
/// What cannot be read.
pub(crate) fn read(paths: &[String]) -> Result<Vec<GivenFile>, Vec<String>> {
    // What is not read is named.
    let extensions = [&EXTENSIONS[..], &foreign::HCL].concat();
    let mut given = Vec::new();
    let mut errors = Vec::new();
    for path in paths {
        let is_folder = folder::is_one(path);
        let met = match folder::files(path, &extensions) {
            Ok(met) => met,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        for path in met {
            match input::read(&path) {
                Ok(input) => given.push(GivenFile {
                    input,
                    is_met: is_folder,
                }),
                Err(problem) => errors.push(problem),
            }
        }
    }
    if errors.is_empty() { Ok(given) } else { Err(errors) }
}
