//! `bucket-cors check`.

mod human;
mod json;
mod sarif;

use std::io::{self, Write};
use std::process::ExitCode;

use bucket_cors::config::{self, Findings, Severity};
use clap::ValueHint;

use crate::source::{self, Configuration, Located, Position, Trouble};

/// Says what the filter would say of a configuration
///
/// Every error and every warning that loading finds, with its place in the file, the value and the way out. FILE is the
/// plugin configuration, as JSON or YAML, or what it stands in: an Envoy bootstrap, an ECDS resource or a config dump; Istio's
/// WasmPlugin, TrafficExtension or EnvoyFilter; Envoy Gateway's EnvoyExtensionPolicy; Higress's WasmPlugin. Each configuration
/// of bucket-cors in it is checked as the proxy would hand it over.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Files to check; `-` is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<String>,

    /// What to print: `sarif` is SARIF 2.1.0, which code scanning takes
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,

    /// Exit with 1 for warnings too
    #[arg(long)]
    deny_warnings: bool,
}

const EXAMPLES: &str = "\
Examples:
  bucket-cors check cors.json
  bucket-cors check --deny-warnings envoy.yaml istio/*.yaml
  kubectl get wasmplugins -A -o yaml | bucket-cors check -
  bucket-cors check --format sarif deploy/*.yaml >bucket-cors.sarif

Exit status:
  0  the filter would load every configuration
  1  there are errors, or warnings with --deny-warnings
  2  a file cannot be read or has no configuration of bucket-cors in it, or an argument is wrong

A file whose name ends with .json is read as JSON, one that ends with .yaml or .yml as YAML, any other by what it begins with.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Human,
    Json,
    Sarif,
}

/// A file and what there is to say of it.
struct Checked<'a> {
    file: &'a str,
    configurations: Vec<CheckedConfiguration>,
    /// Configurations of other plugins.
    others: Vec<Trouble>,
    trouble: Option<Trouble>,
}

struct CheckedConfiguration {
    label: String,
    pointer: String,
    start: Position,
    findings: Vec<Finding>,
    errors: usize,
    warnings: usize,
}

struct Finding {
    severity: Severity,
    finding: config::Finding,
    place: Located,
}

impl Finding {
    fn severity(&self) -> &'static str {
        match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let files: Vec<Checked> = arguments.files.iter().map(|file| check(file)).collect();
    let mut out = io::stdout().lock();
    let written = match arguments.format {
        Format::Human => human::write(&files, &mut out),
        Format::Json => writeln!(out, "{:#}", json::of(&files)),
        Format::Sarif => writeln!(out, "{:#}", sarif::of(&files)),
    };
    // Nobody is left to be told where the reader of a pipe has gone.
    let _ = written.and_then(|()| out.flush());
    let configurations = || files.iter().flat_map(|file| &file.configurations);
    if files.iter().any(|file| file.trouble.is_some()) {
        ExitCode::from(2)
    } else if configurations().any(|it| it.errors > 0 || arguments.deny_warnings && it.warnings > 0) {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    }
}

fn check(file: &str) -> Checked<'_> {
    let mut checked = Checked {
        file,
        configurations: Vec::new(),
        others: Vec::new(),
        trouble: None,
    };
    match source::read(file) {
        Err(trouble) => checked.trouble = Some(trouble),
        Ok(found) => {
            checked.configurations = found.configurations.iter().map(check_one).collect();
            checked.others = found.others;
        }
    }
    checked
}

fn check_one(configuration: &Configuration) -> CheckedConfiguration {
    let (_, report) = config::parse(&configuration.text);
    let mut findings = Vec::new();
    let mut add = |severity, found: &Findings| {
        findings.extend(found.kept().iter().map(|finding| Finding {
            severity,
            place: configuration.locate(finding),
            finding: config::Finding {
                message: without_place(finding),
                ..finding.clone()
            },
        }));
    };
    add(Severity::Error, &report.errors);
    add(Severity::Warning, &report.warnings);
    CheckedConfiguration {
        label: configuration.label.clone(),
        pointer: configuration.pointer.clone(),
        start: configuration.start,
        findings,
        errors: report.errors.total(),
        warnings: report.warnings.total(),
    }
}

/// The message without the place in the text that the filter gets: the finding has the one in the file.
fn without_place(finding: &config::Finding) -> String {
    let message = &finding.message;
    if finding.code != "not-json" {
        return message.clone();
    }
    let cut = || {
        let (before, rest) = message.rsplit_once(" at line ")?;
        let (line, rest) = rest.split_once(" column ")?;
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let after = rest.get(digits(rest)..)?;
        (digits(line) == line.len()).then(|| format!("{before}{after}"))
    };
    cut().unwrap_or_else(|| message.clone())
}

impl CheckedConfiguration {
    /// How many findings are not shown.
    fn left_out(&self) -> usize {
        let total = self.errors.saturating_add(self.warnings);
        total.saturating_sub(self.findings.len())
    }
}
