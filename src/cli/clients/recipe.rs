//! `bucket-cors recipe`.

use std::process::ExitCode;

use bucket_cors::config::{self, Finding};
use bucket_cors::profile::{Credentials, Methods, Profile, STORE_METHODS};
use clap::ValueHint;
use serde_json::{Value, json};

use super::Client;
use super::printed_bucket::PrintedBucket;
use super::recorded::{self, RecordedBucket};
use super::rule::PrintedRule;
use crate::explain::page_origin;
use crate::input;
use crate::output;
use crate::shared_arguments;
use crate::terminal::{complain, complain_of};

/// Prints the smallest rules for a client
///
/// It prints the one rule with which all that was recorded of the clients works: their methods, headers and exposures,
/// each by its name. The store takes the rule as it is printed, and so does the filter. With --bucket, it is a
/// configuration of the filter. In XML, comments say which operation needs which name; for JSON, standard error says
/// so.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct RecipeArguments {
    /// The clients: `bucket-cors clients` lists them, and `all` stands for every one
    #[arg(value_name = "NAME", required_unless_present = "har", value_hint = ValueHint::Other)]
    names: Vec<String>,

    /// The page's origin, as browsers send it; may be given again
    #[arg(long, value_name = "ORIGIN", required_unless_present = "har", value_parser = page_origin::of_a_website, value_hint = ValueHint::Other)]
    origin: Vec<String>,

    /// For these operations only
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    operation: Vec<String>,

    /// The cross-origin requests of a browser's recording, beside or instead of clients: a rule for each origin of a
    /// bucket
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    har: Option<String>,

    /// Whose rules they are
    #[arg(long, value_parser = shared_arguments::profile(), default_value = "oss")]
    profile: &'static Profile,

    /// Print a configuration of the filter with this bucket
    #[arg(long, value_name = "NAME", value_hint = ValueHint::Other)]
    bucket: Option<String>,

    /// What to print
    #[arg(long, value_enum, default_value_t = RecipeFormat::Json)]
    format: RecipeFormat,
}

const EXAMPLES: &str = "\
Examples:
  bucket-cors recipe ali-oss --origin https://app.example.com
  bucket-cors recipe aws-v3 uppy --profile s3 --origin https://app.example.com --bucket photos
  bucket-cors recipe ali-oss --operation 'multipart upload' --format xml \\
      --origin https://app.example.com
  bucket-cors recipe --har recording.har

Exit status:
  0  all of it works with the rules
  1  something does not, whatever the rules are
  2  wrong usage, or a file that cannot be read";

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum RecipeFormat {
    Json,
    /// What `ossutil cors --method put` and PutBucketCors take
    Xml,
}

pub(crate) fn run(arguments: &RecipeArguments) -> ExitCode {
    match printed(arguments) {
        Ok(code) => code,
        Err(problem) => {
            complain_of(&problem);
            ExitCode::from(2)
        }
    }
}

fn printed(arguments: &RecipeArguments) -> Result<ExitCode, String> {
    let mut clients = super::named(&arguments.names)?;
    super::only(&mut clients, &arguments.operation)?;
    let profile = arguments.profile;
    let mut said = Vec::new();
    let mut impossible = take_out_impossible(profile, &mut clients);
    let buckets = match &arguments.har {
        None => vec![PrintedBucket {
            bucket: arguments.bucket.clone().unwrap_or_else(|| "bucket".to_owned()),
            hosts: Vec::new(),
            with_credentials: false,
            rules: PrintedRule::of(&arguments.origin, &clients).into_iter().collect(),
        }],
        Some(file) => {
            let bytes =
                input::bytes(file).map_err(|problem| format!("{file}: it cannot be read: {problem}"))?;
            let mut recorded = recorded::read(&bytes, arguments.bucket.as_deref())
                .map_err(|problem| format!("{file}: {problem}"))?;
            said.append(&mut recorded.remarks);
            impossible.append(&mut recorded.impossible);
            let mut recipes = Vec::new();
            for (bucket, recorded) in recorded.buckets {
                recipes.push(arguments.recorded(bucket, recorded, &clients, &mut said, &mut impossible));
            }
            recipes
        }
    };
    let buckets: Vec<PrintedBucket> = buckets.into_iter().filter(|it| !it.rules.is_empty()).collect();
    said.extend(remarks(&clients));
    complain(&impossible);
    let status = ExitCode::from(u8::from(!impossible.is_empty()));
    if buckets.is_empty() {
        complain(&said);
        return Ok(status);
    }
    let text = arguments.document(&buckets, &mut said)?;
    complain(&said);
    Ok(output::finish(status, |out| out.write_all(text.as_bytes())))
}

impl RecipeArguments {
    /// A rule for the pages of each origin: what was recorded of them, and the clients.
    fn recorded(
        &self,
        bucket: String,
        recorded: RecordedBucket,
        clients: &[Client],
        said: &mut Vec<String>,
        impossible: &mut Vec<String>,
    ) -> PrintedBucket {
        let is_one = recorded.pages.len() == 1;
        let mut rules = Vec::new();
        for (origin, client) in recorded.pages {
            let origins = match self.origin.as_slice() {
                [] => vec![origin],
                given if given.contains(&origin) => vec![origin],
                // The page that was recorded stands for the one that is meant.
                given if is_one => given.to_vec(),
                _ => {
                    said.push(format!(
                        "what pages of {origin} asked of the bucket {bucket:?} is left out: --origin names others"
                    ));
                    continue;
                }
            };
            let mut recorded = vec![client];
            impossible.extend(take_out_impossible(self.profile, &mut recorded));
            let all: Vec<Client> = clients.iter().cloned().chain(recorded).collect();
            rules.extend(PrintedRule::of(&origins, &all));
        }
        if rules.len() > 1 {
            for (index, rule) in rules.iter_mut().enumerate() {
                // The rules of a store have different IDs.
                rule.id = format!("{} {}", rule.id, index.saturating_add(1));
            }
        }
        PrintedBucket {
            bucket,
            hosts: recorded.hosts,
            with_credentials: recorded.with_credentials
                && self.profile.credentials == Credentials::Configured,
            rules,
        }
    }

    /// What is printed of the rules.
    ///
    /// # Errors
    /// Why the filter would refuse them, or why one document cannot hold them.
    fn document(&self, buckets: &[PrintedBucket], said: &mut Vec<String>) -> Result<String, String> {
        let profile = self.profile;
        let listed: Vec<Value> = buckets.iter().map(PrintedBucket::listed).collect();
        let configuration = json!({ "profile": profile.name, "buckets": listed });
        let (_, report) = config::parse(configuration.to_string().as_bytes());
        if let Some(error) = report.errors.kept().first() {
            return Err(error.message.clone());
        }
        if self.har.is_none() {
            let of_scripts = |it: &&Finding| ["etag-not-exposed", "get-without-head"].contains(&it.code);
            let warned = report.warnings.kept().iter().filter(of_scripts);
            said.extend(warned.map(|it| {
                format!(
                    "`check` warns of {}: nothing that was recorded here needs what it advises",
                    it.code
                )
            }));
        }
        if self.format == RecipeFormat::Json {
            let rules = buckets
                .iter()
                .flat_map(|it| it.rules.iter().map(move |rule| (it, rule)));
            let is_one = rules.clone().count() == 1;
            let lines = rules.flat_map(|(of, rule)| {
                let place = format!("{}, pages of {}: ", of.bucket, rule.pages());
                let place = if is_one { String::new() } else { place };
                rule.remarks().into_iter().map(move |it| format!("{place}{it}"))
            });
            let lines: Vec<String> = lines.collect();
            said.splice(0..0, lines);
        }
        let names: Vec<&str> = buckets.iter().map(|it| it.bucket.as_str()).collect();
        let only = match buckets {
            [only] if self.format == RecipeFormat::Xml || self.bucket.is_none() => only,
            _ if self.format == RecipeFormat::Xml => {
                return Err(format!(
                    "XML holds the rules of one bucket, and the recording has {}: choose one with --bucket",
                    names.join(", ")
                ));
            }
            _ => return Ok(format!("{configuration:#}\n")),
        };
        if only.with_credentials {
            said.push(
                "it was recorded with credentials, which the store's document cannot say: print the configuration of the filter \
                 with --bucket, where allow_credentials is true"
                    .to_owned(),
            );
        }
        // As `check` and `import` take what does not say whose it is.
        if self.profile.methods == Methods::AnyToken {
            said.push(format!(
                "a document of rules alone does not carry the profile {0:?}, so that `check` takes it for a store's: print the \
                 configuration of the filter with --bucket, where the profile stands",
                profile.name
            ));
        }
        Ok(match self.format {
            RecipeFormat::Xml => only.xml(),
            RecipeFormat::Json => format!("{:#}\n", only.rules(profile.prints_rules_as_s3)),
        })
    }
}

/// Takes out the operations whose methods no store's rules can list, and says so.
fn take_out_impossible(profile: &Profile, clients: &mut Vec<Client>) -> Vec<String> {
    let mut said = Vec::new();
    if profile.methods == Methods::AnyToken {
        return said;
    }
    for client in clients.iter_mut() {
        let name = &client.name;
        client.operations.retain(|operation| {
            let mut methods = operation.requests.iter().map(|sent| sent.method.as_str());
            let Some(method) = methods.find(|method| !STORE_METHODS.contains(method)) else {
                return true;
            };
            said.push(format!(
                "{name} {}: no rules can let it work: the rules of a store cannot list {method}. A server that takes it can stand \
                 behind the edge with --profile fetch",
                operation.name
            ));
            false
        });
    }
    clients.retain(|client| !client.operations.is_empty());
    said
}

/// What is to be known of operations beside their names.
fn remarks(clients: &[Client]) -> Vec<String> {
    let mut lines = Vec::new();
    for client in clients {
        for operation in &client.operations {
            let needs_none = operation.requests.iter().all(|sent| sent.no_cors);
            let needs_none = needs_none.then_some("it needs no rule");
            for remark in needs_none.into_iter().chain(operation.remark.as_deref()) {
                lines.push(format!("{} {}: {remark}", client.name, operation.name));
            }
        }
    }
    lines
}
