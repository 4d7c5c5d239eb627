//! The arguments of `explain`.

use bucket_cors::http::{header_names, token};
use clap::ValueHint;

use super::browser::sent;
use super::explanation::{Question, StoreAnswer};
use super::request::{self, Headers, Request, push_folded};
use crate::clients;
use crate::output::Format;

/// Says what the edge does with a request, and what a browser makes of it
///
/// It says which bucket the request is for, and how that was found; which rule matches, and what each other rule fails
/// by; what the edge answers, or what it changes on the store's answer; and whether a browser lets the page see the
/// response. For the browser's part it makes the checks of the Fetch standard, on the preflight that a browser makes on
/// its own too. The code that runs at the edge gives everything else.
///
/// FILE is as for `check`; it must hold one configuration of bucket-cors that the filter would load, or a store's own
/// CORS document, whose rules are taken for those of the bucket in the URL.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct ExplainArguments {
    /// The configuration, or what it stands in; `-` is standard input
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) file: String,

    /// Which of several configurations in FILE, from 1
    #[arg(long, value_name = "N", value_hint = ValueHint::Other)]
    pub(super) configuration: Option<usize>,

    /// The URL that is requested. With --origin it is resolved as a browser does it. Without, it stays as given, as any
    /// other client sends it
    #[arg(long, required_unless_present_any = ["har", "access_log"], value_hint = ValueHint::Other)]
    pub(super) url: Option<String>,

    /// The request's method; OPTIONS with --request-method is a preflight by itself
    #[arg(long, default_value = "GET", value_hint = ValueHint::Other)]
    pub(super) method: String,

    /// The page's origin, as browsers send it: https://www.example.com, or null
    #[arg(long, value_hint = ValueHint::Other)]
    pub(super) origin: Option<String>,

    /// Access-Control-Request-Method
    #[arg(long, value_name = "METHOD", value_hint = ValueHint::Other)]
    pub(super) request_method: Option<String>,

    /// Access-Control-Request-Headers
    #[arg(long, value_name = "NAMES", value_hint = ValueHint::Other)]
    pub(super) request_headers: Option<String>,

    /// A header of the request
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE", value_hint = ValueHint::Other, value_parser = request::header)]
    pub(super) headers: Vec<(String, String)>,

    /// A header of the store's response
    #[arg(long = "response-header", value_name = "NAME: VALUE", value_hint = ValueHint::Other, value_parser = request::header)]
    pub(super) response_headers: Vec<(String, String)>,

    /// The page asks with credentials: `credentials: "include"`, or `withCredentials`
    #[arg(long)]
    pub(super) credentials: bool,

    /// Explain each cross-origin request of a browser's recording instead
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["url", "method", "origin", "request_method", "request_headers", "headers", "response_headers"]
    )]
    pub(super) har: Option<String>,

    /// Explain each request of an access log that was refused or got no CORS headers instead; `-` is standard input
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["har", "url", "method", "origin", "request_method", "request_headers", "headers", "response_headers"]
    )]
    pub(super) access_log: Option<String>,

    #[command(flatten)]
    pub(super) client: clients::to_play::ClientToPlay,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub(super) format: Format,
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
is that of the samples, an object of JSON on each line. Requests that differ in the object alone are explained once.";

/// What the arguments ask about a URL.
///
/// # Errors
/// Why it is no request.
pub(super) fn question(arguments: &ExplainArguments, url: &str) -> Result<Question, String> {
    let has = |name: &str| arguments.headers.iter().any(|(there, _)| there == name);
    let is_preflight = arguments.request_method.is_some() || has(header_names::REQUEST_METHOD);
    // A browser sends an OPTIONS of a script's, and an upper-case form of the common methods.
    let method = if is_preflight {
        arguments.method.clone()
    } else {
        sent::normalised(&arguments.method)
    };
    if !token::is_token(method.as_bytes()) {
        return Err(format!("{method:?} is no method"));
    }
    let mut request = Request::new(&method, url)?;
    let given = [
        (header_names::ORIGIN, &arguments.origin),
        (header_names::REQUEST_METHOD, &arguments.request_method),
        (header_names::REQUEST_HEADERS, &arguments.request_headers),
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

/// What is asked for as a page's and no script can ask.
pub(super) fn forbidden(arguments: &ExplainArguments) -> Vec<String> {
    // Any client sends what is given with -H 'origin: …'.
    if arguments.origin.is_none() {
        return Vec::new();
    }
    let given = arguments.headers.iter();
    let given = given.map(|(name, value)| (name.to_ascii_lowercase(), value.as_str()));
    let asked = arguments
        .request_headers
        .iter()
        .flat_map(|names| names.split(','));
    let asked = asked.map(|name| (name.trim().to_ascii_lowercase(), ""));
    // Those of a preflight that is asked for by hand.
    let is_own = |name: &str| {
        [
            header_names::ORIGIN,
            header_names::REQUEST_METHOD,
            header_names::REQUEST_HEADERS,
        ]
        .contains(&name)
    };
    let forbidden = given
        .chain(asked)
        .filter(|(name, value)| !is_own(name) && sent::is_forbidden(name, value.as_bytes()));
    let notes = forbidden.map(|(name, _)| {
        let way_out = if name == "cookie" {
            "say --credentials for cookies"
        } else {
            "leave it out"
        };
        format!("no script can set the header {name}, so that no preflight asks for it: {way_out}")
    });
    notes.collect()
}
