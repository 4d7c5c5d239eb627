//! `bucket-cors explain`.

mod browser;
mod explanation;
mod har;
mod human;
mod request;
mod site;

use std::io::{self, Write};
use std::process::ExitCode;

use bucket_cors::config::Findings;
use bucket_cors::http::names;
use clap::ValueHint;

use crate::input;
use crate::source::{self, Configuration};
use explanation::{Explanation, Question, StoreAnswer, Verdict};
use request::{Headers, Request, push_folded};
use site::Site;

/// Says what the edge does with a request, and what a browser makes of it
///
/// Which bucket the request is for and how that was found, which rule matches and what each other rule fails by, the answer of
/// the edge or what it changes on the store's, and whether a browser lets the page see the response: by the checks of the
/// Fetch standard, the preflight that it makes on its own included. Everything but the browser's part is asked of the code
/// that runs at the edge.
///
/// FILE is as for `check`; it must hold one configuration of bucket-cors that the filter would load.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The configuration, or what it stands in; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    file: String,

    /// Which of several configurations in FILE, from 1
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    configuration: Option<usize>,

    /// The URL that is requested
    #[arg(long, required_unless_present = "har", value_hint = ValueHint::Other)]
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

Exit status:
  0  a browser lets the page see every response, or that depends on the store
  1  a browser refuses one
  2  a file cannot be read, the configuration would be refused, or an argument is wrong

In a recording (\"Save all as HAR\" in a browser's developer tools) the recorded response stands for the store's.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    match explained(arguments) {
        Err(problem) => {
            let _ = writeln!(io::stderr(), "error: {problem}");
            ExitCode::from(2)
        }
        Ok(explanations) => {
            let mut out = io::stdout().lock();
            // Nobody is left to be told where the reader of a pipe has gone.
            let _ = write(arguments, &explanations, &mut out).and_then(|()| out.flush());
            ExitCode::from(u8::from(explanations.iter().any(Explanation::is_refused)))
        }
    }
}

fn explained(arguments: &Arguments) -> Result<Vec<Explanation>, String> {
    let configuration = configuration(arguments)?;
    let site =
        Site::new(&configuration.text).map_err(|errors| refused(&arguments.file, &configuration, &errors))?;
    let questions = match &arguments.har {
        Some(file) => {
            let bytes =
                input::bytes(file).map_err(|problem| format!("{file}: it cannot be read: {problem}"))?;
            let requests =
                har::read(&bytes, arguments.credentials).map_err(|problem| format!("{file}: {problem}"))?;
            for problem in &requests.problems {
                let _ = writeln!(io::stderr(), "warning: {file}: not explained: {problem}");
            }
            requests.questions
        }
        None => vec![question(arguments)?],
    };
    Ok(questions.iter().map(|question| site.explain(question)).collect())
}

fn configuration(arguments: &Arguments) -> Result<Configuration, String> {
    let file = &arguments.file;
    let mut found = source::read(file)
        .map_err(|trouble| match trouble.position {
            Some(at) => format!("{file}:{}:{}: {}", at.line, at.column, trouble.message),
            None => format!("{file}: {}", trouble.message),
        })?
        .configurations;
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

fn refused(file: &str, configuration: &Configuration, errors: &Findings) -> String {
    let lines = errors.kept().iter().take(5).map(|finding| {
        let at = configuration.locate(finding).region.start;
        format!("\n{file}:{}:{}: {finding}", at.line, at.column)
    });
    let lines: String = lines.collect();
    format!("the filter would refuse this configuration; `bucket-cors check` says all of it:{lines}")
}

fn question(arguments: &Arguments) -> Result<Question, String> {
    let url = arguments.url.as_deref().unwrap_or_default();
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
        store: (!headers.is_empty()).then_some(StoreAnswer { status: 200, headers }),
    })
}

fn write(arguments: &Arguments, explanations: &[Explanation], out: &mut impl Write) -> io::Result<()> {
    match (arguments.format, &arguments.har, explanations) {
        (Format::Human, None, all) => all.iter().try_for_each(|it| human::write(it, out)),
        (Format::Human, Some(_), all) => write_recording(all, out),
        (Format::Json, None, [it]) => write_json(it, out),
        (Format::Json, _, all) => write_json(all, out),
    }
}

fn write_json<T: serde::Serialize + ?Sized>(value: &T, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

/// A line for each request, then all there is to say of those that are refused.
fn write_recording(all: &[Explanation], out: &mut impl Write) -> io::Result<()> {
    let refused = all.iter().filter(|it| it.is_refused()).count();
    for it in all {
        let word = match it.verdict {
            Verdict::Allowed | Verdict::NotCors { .. } => "allowed",
            Verdict::Refused(_) => "refused",
            Verdict::Unknown { .. } => "unknown",
        };
        writeln!(out, "{word}  {}", human::printable(&human::title(it)))?;
    }
    for it in all.iter().filter(|it| it.is_refused()) {
        writeln!(out)?;
        human::write(it, out)?;
    }
    writeln!(out, "\ncross-origin requests: {}, refused: {refused}", all.len())
}
