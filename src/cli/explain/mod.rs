//! `bucket-cors explain`.

mod access_log;
mod advice;
mod arguments;
mod browser;
mod chosen;
mod elsewhere;
mod exchanges;
mod explained;
pub(crate) mod explanation;
pub(crate) mod har;
mod human;
mod near;
mod ownership;
pub(crate) mod page_origin;
pub(crate) mod request;
mod served;
pub(crate) mod site;
mod tried;
mod warned;
pub(crate) mod way_to_credentials;

use std::process::ExitCode;

use crate::input;
use crate::output::{self, Format};
use crate::terminal::{complain, complain_of};
pub(crate) use arguments::ExplainArguments;
use explained::Explained;
use explanation::Question;
use site::Site;
use warned::Warned;

pub(crate) fn run(arguments: &ExplainArguments, is_quiet: bool) -> ExitCode {
    match explained(arguments) {
        Err(problem) => {
            complain_of(&problem);
            ExitCode::from(2)
        }
        Ok(explained) => {
            let status = ExitCode::from(u8::from(explained.is_bad()));
            match arguments.format {
                Format::Human => output::finish_for_people(status, |mut out| {
                    explained.write_for_people(arguments, is_quiet, &mut out)
                }),
                Format::Json => output::finish(status, |mut out| explained.write_json(arguments, &mut out)),
            }
        }
    }
}

/// # Errors
/// Why nothing can be explained.
fn explained(arguments: &ExplainArguments) -> Result<Explained, String> {
    let configuration = chosen::configuration(arguments)?;
    let site = Site::new(&configuration.text)
        .map_err(|errors| chosen::refused(&arguments.file, &configuration, &errors))?;
    let explain = |question: &Question| {
        let mut explanation = site.explain(question);
        explanation.advice = advice::of(&site, question, &explanation);
        explanation.warnings = Warned::all(&arguments.file, &configuration, &site, &question.request);
        explanation
    };
    if let Some(log) = &arguments.access_log {
        return access_log::read(log, arguments.credentials, &site, explain).map(Explained::Log);
    }
    let mut played = None;
    let given = arguments.url.as_deref().unwrap_or_default();
    let resolved = arguments.origin.as_ref().and_then(|_| request::resolved(given));
    let url = resolved.as_deref().unwrap_or(given);
    let questions = match &arguments.har {
        None if arguments.client.is_given() => {
            let origin = arguments.origin.as_deref().unwrap_or_default();
            let (questions, end) = arguments.client.play(&arguments.file, &site, url, origin)?;
            played = end;
            questions
        }
        Some(file) => {
            let bytes =
                input::bytes(file).map_err(|problem| format!("{file}: it cannot be read: {problem}"))?;
            let requests =
                har::read(&bytes, arguments.credentials).map_err(|problem| format!("{file}: {problem}"))?;
            for problem in &requests.problems {
                complain([&format!("warning: {file}: not explained: {problem}")]);
            }
            requests.questions
        }
        None => vec![arguments::question(arguments, url)?],
    };
    let mut all: Vec<_> = questions.iter().map(explain).collect();
    if let (Some(it), Some(sent)) = (all.first_mut(), &resolved) {
        let note = format!("a browser resolves the URL before it asks, and asks for {sent}");
        it.advice.notes.push(note);
    }
    if let (Some(it), None) = (all.first_mut(), &arguments.har) {
        it.advice.notes.extend(arguments::forbidden(arguments));
    }
    Ok(Explained::Requests(all, played))
}
