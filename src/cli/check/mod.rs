//! `bucket-cors check`.

mod checked;
mod human;
mod json;
mod sarif;
mod timing;

use std::io;
use std::process::ExitCode;

use checked::Checked;
use clap::ValueHint;

use crate::bare::Asked;
use crate::clients;
use crate::clients::to_try::OperationLine;
use crate::output;
use crate::source;
use crate::terminal::{Lines, complain_of};

/// Says what the filter would say of a configuration
///
/// Every error and every warning that loading finds, with its place in the file, the value and the way out. FILE is the
/// plugin configuration, which is JSON, or what it stands in, as JSON or YAML: an Envoy bootstrap, an ECDS resource or
/// a config dump; Istio's WasmPlugin, TrafficExtension or EnvoyFilter; Envoy Gateway's EnvoyExtensionPolicy; Higress's
/// WasmPlugin; a ConfigMap, or a Secret with stringData, that has one of these as a text. Each configuration of
/// bucket-cors in it is checked as the proxy would hand it over, and so is what stands around it, in the same file or
/// in another that is named. A folder stands for all its files. `check` then also says what a gateway in front of a
/// store needs and the folder does not have. A store's own CORS document is checked as the rules of the bucket that the
/// file is called after.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct CheckArguments {
    /// Files to check, or folders of them; `-` is standard input
    #[arg(required_unless_present = "names", value_name = "FILE", value_hint = ValueHint::FilePath)]
    files: Vec<String>,

    /// What to print: `sarif` is SARIF 2.1.0, which code scanning takes; `configuration` is what the filter would get,
    /// with the findings on standard error
    #[arg(long, value_enum, default_value_t = FindingsFormat::Human)]
    format: FindingsFormat,

    /// Exit with 1 for warnings too
    #[arg(long)]
    deny_warnings: bool,

    #[command(flatten)]
    clients: clients::to_try::ClientsToTry,
}

const EXAMPLES: &str = "\
Examples:
  bucket-cors check cors.json
  bucket-cors check --deny-warnings envoy.yaml istio/*.yaml
  bucket-cors check cors.json --client ali-oss --origin https://app.example.com
  bucket-cors check manifests/
  kubectl get wasmplugins -A -o yaml | bucket-cors check -
  curl -s http://127.0.0.1:9901/config_dump | bucket-cors check -
  bucket-cors check --format sarif deploy/*.yaml >bucket-cors.sarif
  bucket-cors check --format configuration photos.xml >cors.json

Exit status:
  0  the filter would load every configuration
  1  there are errors, or warnings with --deny-warnings, or a client with which something fails
  2  a file cannot be read or has no configuration of bucket-cors in it, or an argument is wrong

A file whose name ends with .json is read as JSON, one that ends with .yaml or .yml as YAML, any other by what it begins with.";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FindingsFormat {
    Human,
    Json,
    Sarif,
    Configuration,
}

pub(crate) fn run(mut arguments: CheckArguments, is_quiet: bool) -> ExitCode {
    arguments.clients.give_back_files(&mut arguments.files);
    match checked(&arguments) {
        Ok(files) => report(&arguments, &files, is_quiet),
        Err(problem) => {
            complain_of(&problem);
            ExitCode::from(2)
        }
    }
}

/// # Errors
/// What is wrong with the arguments.
fn checked(arguments: &CheckArguments) -> Result<Vec<Checked>, String> {
    if arguments.files.is_empty() {
        return Err("name the FILE to check".to_owned());
    }
    if arguments.clients.is_given() && arguments.format == FindingsFormat::Sarif {
        return Err("--client has no form in SARIF: take --format json".to_owned());
    }
    let clients = arguments.clients.clients()?;
    let files = source::read_all(&arguments.files).into_iter();
    let asked = match arguments.format {
        FindingsFormat::Configuration => Asked::Called,
        FindingsFormat::Human | FindingsFormat::Json | FindingsFormat::Sarif => Asked::File,
    };
    let mut files: Vec<Checked> = files
        .map(|(file, found)| checked::check(file, found, asked))
        .collect();
    for file in &mut files {
        for configuration in &file.configurations {
            let lines = arguments
                .clients
                .check(&file.file, &configuration.text, &clients)?;
            file.clients.extend(lines);
        }
    }
    if arguments.format == FindingsFormat::Configuration {
        let count: usize = files.iter().map(|file| file.configurations.len()).sum();
        let is_read = files.iter().all(|file| file.trouble.is_none());
        if is_read && count != 1 {
            return Err(format!(
                "--format configuration is for one configuration: there are {count}"
            ));
        }
    }
    Ok(files)
}

fn report(arguments: &CheckArguments, files: &[Checked], is_quiet: bool) -> ExitCode {
    let configurations = || files.iter().flat_map(|file| &file.configurations);
    let status = if files.iter().any(|file| file.trouble.is_some()) {
        ExitCode::from(2)
    } else if configurations().any(|it| it.errors > 0 || arguments.deny_warnings && it.warnings > 0)
        || files
            .iter()
            .flat_map(|file| &file.clients)
            .any(OperationLine::fails)
    {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    };
    match arguments.format {
        FindingsFormat::Human => {
            output::finish_for_people(status, |mut out| human::write(files, is_quiet, &mut out))
        }
        FindingsFormat::Json => {
            let of_clients = arguments.clients.is_given();
            output::finish(status, |out| writeln!(out, "{:#}", json::of(files, of_clients)))
        }
        FindingsFormat::Sarif => output::finish(status, |out| writeln!(out, "{:#}", sarif::of(files))),
        FindingsFormat::Configuration => {
            let mut lines = Lines::on_stderr(io::stderr().lock());
            // There is nobody to tell where this fails.
            let _ = human::write(files, is_quiet, &mut lines);
            let is_good = status == ExitCode::SUCCESS;
            let mut good = configurations().filter(|_| is_good);
            output::finish(status, |out| good.try_for_each(|it| out.write_all(&it.text)))
        }
    }
}
