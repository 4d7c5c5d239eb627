//! The source that reads a file, and why none does.

use super::code;
use super::cors_named;
use super::file::{File, FileContent};
use super::foreign;
use super::kube;
use super::remarks::Remarks;
use super::routes::Host;
use super::sources::{self, Source};
use crate::source::Trouble;

/// Where and why a source cannot read a file, with what it looks like.
pub(super) fn why_not(file: &File<'_>, source: &Source, problem: &Trouble) -> (String, String) {
    let foreign = foreign::file(file);
    // OSS's and S3's documents are read alike.
    let other = sources::of(file).filter(|other| !std::ptr::fn_addr_eq(other.read, source.read));
    let advice = match (foreign, other) {
        (_, Some(other)) => format!("; it looks like what --from {} reads", other.name),
        // Where a template begins is where it stops being a document.
        (Some(template), None) if template.position.is_some() => {
            return (template.place(file.name), template.message);
        }
        (Some(foreign), None) => format!("; {}", foreign.message),
        (None, None) => String::new(),
    };
    (problem.place(file.name), format!("{}{advice}", problem.message))
}

/// Reads a file. One that has nothing for the source, and looks like another's, is none of it.
///
/// # Errors
/// Why it is none, for a person.
pub(super) fn read(file: &File<'_>, source: &Source, remarks: &mut Remarks) -> Result<FileContent, Trouble> {
    let found = (source.read)(file, remarks)?;
    let is_nothing = match &found {
        FileContent::Buckets(buckets) => buckets.is_empty(),
        FileContent::Hosts(hosts) => !hosts.iter().any(Host::has_policy),
    };
    let is_wrong = || !(source.recognises)(file) && !kube::has_kind(file, source.kinds);
    if is_nothing && is_wrong() && sources::of(file).is_some() {
        return Err(Trouble::new(format!(
            "it has no policy that --from {} reads",
            source.name
        )));
    }
    Ok(found)
}

/// The source of a file. `None`: one that was met in a folder and is left out.
///
/// # Errors
/// That no source reads it.
pub(super) fn source(
    from: Option<&'static Source>,
    file: &File<'_>,
    is_met: bool,
    remarks: &mut Remarks,
) -> Result<Option<&'static Source>, Vec<String>> {
    let told = sources::of(file);
    let fits = |source: &&Source| !is_met || (source.recognises)(file);
    if let Some(source) = from.or(told).filter(fits) {
        if from.is_none() {
            for name in file.names() {
                remarks.took(name, source.name);
            }
        }
        return Ok(Some(source));
    }
    let why = match (told, foreign::file(file), file.documents()) {
        (Some(other), ..) => Trouble::new(format!("--from {} reads it", other.name)),
        (None, Some(foreign), _) => foreign,
        (None, None, Err(problem)) if !file.is_xml() => problem,
        _ => Trouble::new(foreign::unknown(file)),
    };
    let whole = why.place(file.name);
    let named = cors_named::in_file(file, &whole);
    let place = named.as_deref().unwrap_or(&whole);
    if !is_met {
        return Err(vec![format!("{place}: {}", why.message)]);
    }
    if named.is_some() {
        remarks.say(code::NOT_READ, place, format!("this file: {}", why.message));
    }
    Ok(None)
}
