//! `bucket-cors explain`.

mod access_log;
mod advice;
mod browser;
mod elsewhere;
pub(crate) mod explanation;
pub(crate) mod har;
mod human;
pub(crate) mod near;
pub(crate) mod request;
pub(crate) mod site;
mod unsent;
mod warned;

use std::io::{self, Write};
use std::process::ExitCode;

use bucket_cors::config::Findings;
use bucket_cors::http::names;
use clap::ValueHint;

use crate::bare::{self, Asked};
use crate::clients;
use crate::clients::checked::{self, OperationLine};
use crate::input;
use crate::output;
use crate::source::{self, FoundConfiguration, Trouble, Unread, Warning};
use crate::terminal::{complain, complain_of};
use explanation::{Explanation, Question, StoreAnswer};
use request::{Headers, Request, push_folded};
use site::Site;
use warned::Warned;

/// Says what the edge does with a request, and what a browser makes of it
///
/// Which bucket the request is for and how that was found, which rule matches and what each other rule fails by, the answer of
/// the edge or what it changes on the store's, and whether a browser lets the page see the response: by the checks of the
/// Fetch standard, the preflight that it makes on its own included. Everything but the browser's part is asked of the code
/// that runs at the edge.
///
/// FILE is as for `check`; it must hold one configuration of bucket-cors that the filter would load, or a store's own CORS
/// document, whose rules are taken for those of the bucket in the URL.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The configuration, or what it stands in; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: String,

    /// Which of several configurations in FILE, from 1
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    configuration: Option<usize>,

    /// The URL that is requested. With --origin it is resolved as a browser does; without, any client asks, and it stands as given
    #[arg(long, required_unless_present_any = ["har", "access_log"], value_hint = ValueHint::Other)]
    url: Option<String>,

    /// The request's method; OPTIONS with --request-method is a preflight by itself
    #[arg(long, default_value = "GET", value_hint = ValueHint::Other)]
    method: String,

    /// The page's origin, as browsers send it: https://www.example.com, or null
    #[arg(long, value_hint = ValueHint::Other)]
    origin: Option<String>,

    /// Access-Control-Request-Method
    #[arg(long, value_name = "METHOD", value_hint = ValueHint::Other)]
    request_method: Option<String>,

    /// Access-Control-Request-Headers
    #[arg(long, value_name = "NAMES", value_hint = ValueHint::Other)]
    request_headers: Option<String>,

    /// A header of the request
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_hint = ValueHint::Other, value_parser = request::header)]
    headers: Vec<(String, String)>,

    /// A header of the store's response
    #[arg(long = "response-header", value_name = "NAME: VALUE", value_hint = ValueHint::Other, value_parser = request::header)]
    response_headers: Vec<(String, String)>,

    /// The page asks with credentials: `credentials: "include"`, or `withCredentials`
    #[arg(long)]
    credentials: bool,

    /// Explain each cross-origin request of a browser's recording instead
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["url", "method", "origin", "request_method", "request_headers", "headers", "response_headers"]
    )]
    har: Option<String>,

    /// Explain each request of an access log that was refused or got no CORS headers instead; `-` is standard input
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["har", "url", "method", "origin", "request_method", "request_headers", "headers", "response_headers"]
    )]
    access_log: Option<String>,

    #[command(flatten)]
    client: clients::explained::ClientArguments,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  bucket-cors explain cors.json \\
      --url https://edge.example/bucket/a.txt --origin https://www.example.com
  bucket-cors explain cors.json --method PUT -H 'content-type: application/json' --credentials \\
      --url https://edge.example/bucket/a.txt --origin https://www.example.com
  bucket-cors explain envoy.yaml --method OPTIONS --request-method PUT --request-headers x-a,x-b \\
      --url https://edge.example/bucket/a.txt --origin https://www.example.com
  bucket-cors explain cors.json --har recording.har
  kubectl logs edge-0 | bucket-cors explain cors.json --access-log -
  bucket-cors explain cors.json --client ali-oss --operation put \\
      --url https://edge.example/bucket/a.txt --origin https://app.example.com

Exit status:
  0  a browser lets the page see every response, or that depends on the store
  1  a browser refuses one, or a client cannot read what it needs
  2  a file cannot be read, the configuration would be refused, or an argument is wrong

In a recording (\"Save all as HAR\" in a browser's developer tools) the recorded response stands for the store's. An access log
is that of the samples, an object of JSON on each line; requests that differ in the object alone are explained once.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(crate) fn run(arguments: &Arguments, is_quiet: bool) -> ExitCode {
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

/// What was asked for.
enum Explained {
    /// And how a client's operation ends, where one was asked for.
    Requests(Vec<Explanation>, Option<OperationLine>),
    Log(access_log::LogReport),
}

/// # Errors
/// Why nothing can be explained.
fn explained(arguments: &Arguments) -> Result<Explained, String> {
    let configuration = configuration(arguments)?;
    let site =
        Site::new(&configuration.text).map_err(|errors| refused(&arguments.file, &configuration, &errors))?;
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
        None => vec![question(arguments, url)?],
    };
    let mut all: Vec<_> = questions.iter().map(explain).collect();
    if let (Some(it), Some(sent)) = (all.first_mut(), &resolved) {
        let note = format!("a browser resolves the URL before it asks, and asks for {sent}");
        it.advice.notes.push(note);
    }
    Ok(Explained::Requests(all, played))
}

fn configuration(arguments: &Arguments) -> Result<FoundConfiguration, String> {
    let file = &arguments.file;
    let said = |trouble: Trouble| format!("{}: {}", trouble.place(file), trouble.message);
    let mut found = source::read(file).map_err(|trouble| said(bare::with_way_out(file, trouble)))?;
    let asked = arguments.url.as_deref().map_or(Asked::Any, Asked::Url);
    bare::take(file, &mut found, asked).map_err(said)?;
    let found = found.configurations;
    for unread in found.iter().flat_map(|it| &it.unread) {
        let Unread {
            position,
            code,
            message,
            ..
        } = unread;
        complain([&format!(
            "{file}:{}:{}: {message} [{code}]",
            position.line, position.column
        )]);
    }
    // What is refused or on its way out answers nothing, unless there is nothing else.
    let has_running = found.iter().any(|it| it.is_in_force);
    let is_asked = |it: &FoundConfiguration| it.is_in_force || !has_running;
    let mut troubles: Vec<_> = found.iter().flat_map(|it| &it.around).cloned().collect();
    troubles.retain(Warning::is_of_what_runs);
    for it in &troubles {
        let at = it.region.start;
        let line = format!(
            "{}:{}:{}: warning: {} [{}]",
            it.file, at.line, at.column, it.message, it.code.name
        );
        complain([&line]);
    }
    let mut found: Vec<_> = found.into_iter().filter(is_asked).collect();
    let count = found.len();
    // A dump of Envoy's has it in the bootstrap and in the listener.
    let is_one = found
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if a.text == b.text));
    let number = match arguments.configuration {
        None if !is_one => {
            let lines = found.iter().enumerate().map(|(index, it)| {
                format!(
                    "\n  {} {}, line {}",
                    index.saturating_add(1),
                    it.label,
                    it.start.line
                )
            });
            let lines: String = lines.collect();
            return Err(format!(
                "{file} has {count} configurations: choose one with --configuration N{lines}"
            ));
        }
        number => number.unwrap_or(1),
    };
    let index = number.checked_sub(1).filter(|index| *index < count);
    index
        .map(|index| found.swap_remove(index))
        .ok_or_else(|| format!("{file} has no configuration {number}: there are {count}"))
}

fn refused(file: &str, configuration: &FoundConfiguration, errors: &Findings) -> String {
    let lines = errors.kept().iter().take(5).map(|finding| {
        let at = configuration.locate(finding).region.start;
        format!("\n{file}:{}:{}: {finding}", at.line, at.column)
    });
    let lines: String = lines.collect();
    let instead = configuration.instead().map(|instead| format!(": {instead}"));
    let instead = instead.unwrap_or_default();
    format!("the filter would refuse this configuration{instead}; `bucket-cors check` says all of it:{lines}")
}

fn question(arguments: &Arguments, url: &str) -> Result<Question, String> {
    let has = |name: &str| arguments.headers.iter().any(|(there, _)| there == name);
    let is_preflight = arguments.request_method.is_some() || has(names::REQUEST_METHOD);
    // A browser sends an OPTIONS of a script's, and an upper-case form of the common methods.
    let method = if is_preflight {
        arguments.method.clone()
    } else {
        browser::normalised(&arguments.method)
    };
    if !bucket_cors::http::token::is_token(method.as_bytes()) {
        return Err(format!("{method:?} is no method"));
    }
    let mut request = Request::new(&method, url)?;
    let given = [
        (names::ORIGIN, &arguments.origin),
        (names::REQUEST_METHOD, &arguments.request_method),
        (names::REQUEST_HEADERS, &arguments.request_headers),
    ];
    for (name, value) in given {
        if let Some(value) = value {
            request.push(name, value.as_bytes());
        }
    }
    for (name, value) in &arguments.headers {
        request.push(name, value.as_bytes());
    }
    let mut headers = Headers::new();
    for (name, value) in &arguments.response_headers {
        push_folded(&mut headers, name, value.as_bytes());
    }
    Ok(Question {
        request,
        credentials: arguments.credentials,
        unsafe_names: None,
        use_preflight: false,
        store: (!headers.is_empty()).then_some(StoreAnswer { status: 200, headers }),
    })
}

impl Explained {
    fn is_bad(&self) -> bool {
        match self {
            Self::Requests(all, played) => {
                all.iter().any(Explanation::is_refused) || played.as_ref().is_some_and(OperationLine::fails)
            }
            Self::Log(report) => !report.groups.is_empty(),
        }
    }

    fn write_for_people(
        &self,
        arguments: &Arguments,
        is_quiet: bool,
        out: &mut impl Write,
    ) -> io::Result<()> {
        let (all, played) = match self {
            Self::Requests(all, played) => (all, played),
            Self::Log(report) => {
                let log = arguments.access_log.as_deref().unwrap_or_default();
                return report.write(log, is_quiet, out);
            }
        };
        if is_quiet {
            let mut refused = all.iter().filter(|it| it.is_refused());
            return refused.try_for_each(|it| human::write_end(it, out));
        }
        if arguments.har.is_some() {
            return write_recording(all, out);
        }
        for (index, it) in all.iter().enumerate() {
            if index > 0 {
                writeln!(out)?;
            }
            human::write(it, out)?;
        }
        checked::write(played.as_ref(), out)
    }

    fn write_json(&self, arguments: &Arguments, out: &mut impl Write) -> io::Result<()> {
        let value = match self {
            Self::Log(report) => serde_json::json!(report),
            Self::Requests(all, played) => match all.as_slice() {
                all if arguments.client.is_given() => {
                    serde_json::json!({ "client": played, "requests": all })
                }
                [it] if arguments.har.is_none() => serde_json::json!(it),
                all => serde_json::json!(all),
            },
        };
        writeln!(out, "{value:#}")
    }
}

/// A line for each request, then all there is to say of those that are refused.
fn write_recording(all: &[Explanation], out: &mut impl Write) -> io::Result<()> {
    let refused = all.iter().filter(|it| it.is_refused()).count();
    for it in all {
        human::write_line(it, out)?;
    }
    for it in all.iter().filter(|it| it.is_refused()) {
        writeln!(out)?;
        human::write(it, out)?;
    }
    writeln!(out, "\ncross-origin requests: {}, refused: {refused}", all.len())
}
