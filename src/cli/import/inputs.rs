//! The files that are named, and those in the folders that are.

use super::cors_headers;
use super::file::File;
use super::remarks::Remarks;
use super::{code, foreign, sources};
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

/// Reads all of them. What a folder has beside its files of rules is named where it looks like rules.
///
/// # Errors
/// What was named and cannot be read.
pub(crate) fn read(paths: &[String], remarks: &mut Remarks) -> Result<Vec<GivenFile>, Vec<String>> {
    // What is not read is named.
    let extensions = [&EXTENSIONS[..], &foreign::HCL].concat();
    let mut given = Vec::new();
    let mut errors = Vec::new();
    for path in paths {
        let is_met = folder::is_one(path);
        let found = match folder::all(path, &extensions) {
            Ok(found) => found,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        for path in found.files {
            match input::read(&path) {
                Ok(input) => given.push(GivenFile { input, is_met }),
                // Another file of the folder may have the rules.
                Err(problem) if is_met => say_unreadable(&path, &problem, remarks),
                Err(problem) => errors.push(problem),
            }
        }
        for path in found.others {
            say_other(&path, remarks);
        }
        for path in found.links {
            let said = "a link to a folder outside, which is not followed: name that folder too, or leave the link out";
            remarks.say(code::NOT_READ, &path, said);
        }
    }
    if errors.is_empty() { Ok(given) } else { Err(errors) }
}

/// A file of a folder that is called like one of rules and cannot be read.
fn say_unreadable(path: &str, problem: &str, remarks: &mut Remarks) {
    let text = input::bytes(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if text.is_ok_and(|text| !cors_headers::mentions_cors(&text)) {
        return;
    }
    let problem = problem.strip_prefix(path).unwrap_or(problem);
    let problem = problem.strip_prefix(": ").unwrap_or(problem);
    remarks.say(code::NOT_READ, path, format!("this file: {problem}"));
}

/// A file of a folder that is called like none of rules, and looks like one.
fn say_other(path: &str, remarks: &mut Remarks) {
    let Ok(input) = input::read(path) else { return };
    if !cors_headers::mentions_cors(&input.text) {
        return;
    }
    let file = File::new(&input.name, &input.text, &[]);
    let said = if let Some(source) = sources::of(&file) {
        format!(
            "this file looks like what --from {} reads, and in a folder only files that are not hidden and whose names end in \
             .{} are read: name it itself, or leave it out of the folder",
            source.name,
            EXTENSIONS.join(", .")
        )
    } else if input.text.starts_with("CORSRULES") {
        "this file has rules as `aws --output text` prints them, without what is a list: print them with --output json".to_owned()
    } else {
        return;
    };
    remarks.say(code::NOT_READ, path, said);
}
