//! `bucket-cors import`.

mod document;
mod envoy;
mod gcs;
mod higress;
mod ingress;
mod istio;
mod node;
mod oss;
mod policy;
mod regex;
mod report;
mod routes;
mod settle;
mod store;
mod string_match;
mod terraform;
mod xml;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use bucket_cors::profile::{self, Profile};
use clap::ValueEnum;

use self::document::{Bucket, Document};
use self::report::{Report, Weight};
use crate::input::{self, Input};

const EXAMPLES: &str = "\
Examples:
  aws s3api get-bucket-cors --bucket photos | bucket-cors import --from s3 --bucket photos -
  ossutil cors --method get oss://photos | bucket-cors import --from oss --bucket photos -
  bucket-cors import --from s3 photos.xml videos.xml >cors.json
  terraform show -json | bucket-cors import --from terraform - >cors.json
  kubectl get virtualservices -A -o yaml | bucket-cors import --from istio -

Exit status:
  0  everything was carried over; with --strict, without losing meaning
  1  something was not, or nothing was found
  2  wrong usage, or a file that cannot be read";

const SOURCES: &str = "\
--from oss
  What GetBucketCORS answers, as XML or JSON: `ossutil cors --method get oss://BUCKET`, or `ossutil api get-bucket-cors --bucket BUCKET`. It does not name the bucket: say --bucket, or give several files, which are taken for the buckets that they are called after (photos.xml is that of photos). Nothing is lost.

--from s3
  The same of S3 and its kin: the XML, what `aws s3api get-bucket-cors --bucket BUCKET` prints, or the list that the console shows. Methods beside GET, PUT, POST, DELETE and HEAD, which some stores take, are not carried over; --profile fetch takes them.

--from gcs
  What `gcloud storage buckets describe gs://BUCKET`, `gsutil cors get gs://BUCKET` or the JSON API prints. Its responseHeader is both the headers that may be sent and those that may be read, and is written as both. A * beside other characters is no wildcard there, and is not carried over. Every method (*) becomes seven.

--from terraform
  What `terraform show -json` prints of a state or a plan, with all its modules: aws_s3_bucket_cors_configuration, aws_s3_bucket, alicloud_oss_bucket_cors, alicloud_oss_bucket and google_storage_bucket. The rules of the first and of the third are sets, whose order is lost: where it matters, it is said, and the store has it. What a plan does not know yet is not carried over. --bucket chooses among the buckets.

--from envoy
  CorsPolicy in the routes of a bootstrap, a resource file or a config dump, in typed_per_filter_config or, as in older ones, in cors. A policy of the prefix /BUCKET/ is that bucket's. One of a whole virtual host is that of a bucket bound to its domains, called as the first of them, or as --bucket says. Other routes are no bucket's, and not carried over. A regular expression is carried over where patterns with one * admit the same origins: https://.*\\.example\\.com is, https://[^.]+\\.example\\.com is not, because a * takes dots too. Envoy does not check methods and headers, and the edge does. Credentials for every origin are not carried over.

--from istio
  corsPolicy of a VirtualService, and the CORS filter of the Gateway API's HTTPRoute: `kubectl get virtualservices -A -o yaml`. The same is lost as of Envoy's.

--from higress
  Its cors plugin, in a WasmPlugin or alone, and an Ingress with the annotations enable-cors and cors-*: `kubectl get wasmplugins.extensions.higress.io,ingresses -A -o yaml`. Patterns with several *, or with any port beside a *, are not carried over; what is not said has Higress's defaults.";

/// Remarks that are printed. Nobody reads more, and a document can be made to give one for every few bytes.
const PRINTED: usize = 1_000;

/// Turns a store's or a proxy's CORS rules into a plugin configuration
///
/// Prints the configuration, which the filter loads as it is, on standard output. On standard error it says, with file, line
/// and column, what is not carried over, so that the edge would answer otherwise than the source did, and what loses meaning,
/// and what to do about it. What is left out because no answer depends on it is named too. Nothing is widened without saying
/// so.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{SOURCES}\n\n{EXAMPLES}"))]
pub(crate) struct Arguments {
    /// Whose rules the files hold
    #[arg(long, value_enum)]
    from: From,
    /// The bucket whose rules a file holds: once for each file, in their order. Where the source names its buckets
    /// itself, only these are imported
    #[arg(long, value_name = "NAME")]
    bucket: Vec<String>,
    /// Whose answers the edge gives. Default: those of the source's store, and `fetch` for the others
    #[arg(long, value_enum)]
    profile: Option<ProfileName>,
    /// Exit with 1 also where something only loses meaning
    #[arg(long)]
    strict: bool,
    /// Files to read; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// Alibaba Cloud OSS: XML or JSON of GetBucketCORS
    Oss,
    /// Amazon S3 and its kin: XML or JSON of GetBucketCors
    S3,
    /// Google Cloud Storage: JSON of `gcloud storage buckets describe`
    Gcs,
    /// `terraform show -json` of a state or a plan
    Terraform,
    /// Envoy's own filter: a bootstrap, a file of resources or a config dump
    Envoy,
    /// Istio's VirtualService, or the Gateway API's HTTPRoute
    Istio,
    /// Higress's `cors` plugin, or the annotations of an Ingress
    Higress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ProfileName {
    Oss,
    S3,
    Fetch,
}

impl ProfileName {
    fn profile(self) -> &'static Profile {
        match self {
            Self::Oss => &profile::OSS,
            Self::S3 => &profile::S3,
            Self::Fetch => &profile::FETCH,
        }
    }
}

/// What a file holds: buckets, or what is still to be mapped to them.
enum Found {
    Buckets(Vec<Bucket>),
    Hosts(Vec<routes::Host>),
}

/// One file on its way.
#[derive(Debug)]
pub(crate) struct Source<'s> {
    /// As messages name it.
    file: &'s str,
    text: &'s str,
    /// The bucket that a file without a name in it holds the rules of.
    bucket: Option<&'s str>,
    /// The buckets to import, of a source that names them; none: all.
    wanted: &'s [String],
}

impl Source<'_> {
    /// Whether a bucket that the source names is to be imported.
    fn wants(&self, name: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|wanted| wanted == name)
    }

    /// The bucket, for sources that do not name it.
    fn bucket(&self) -> Result<String, String> {
        self.bucket
            .map(str::to_owned)
            .ok_or_else(|| "it does not say whose rules it holds: name the bucket with --bucket".to_owned())
    }
}

pub(crate) fn run(arguments: &Arguments) -> ExitCode {
    let mut report = Report::default();
    match imported(arguments, &mut report) {
        Ok(code) => code,
        Err(lines) => {
            complain(&lines);
            ExitCode::from(2)
        }
    }
}

/// # Errors
/// Wrong usage, or what could not be read.
fn imported(arguments: &Arguments, report: &mut Report) -> Result<ExitCode, Vec<String>> {
    let inputs = read(&arguments.files)?;
    let names = names(arguments)?;
    let mut buckets = Vec::new();
    let mut hosts = Vec::new();
    for (input, bucket) in inputs.iter().zip(&names) {
        let source = Source {
            file: &input.name,
            text: &input.text,
            bucket: bucket.as_deref(),
            wanted: &arguments.bucket,
        };
        let found = match arguments.from {
            From::Oss | From::S3 => oss::read(&source, report).map(Found::Buckets),
            From::Gcs => gcs::read(&source, report).map(Found::Buckets),
            From::Terraform => terraform::read(&source, report).map(Found::Buckets),
            From::Envoy => envoy::read(&source, report).map(Found::Hosts),
            From::Istio => istio::read(&source, report).map(Found::Hosts),
            From::Higress => higress::read(&source, report).map(Found::Hosts),
        };
        match found.map_err(|problem| vec![format!("{}: {problem}", input.name)])? {
            Found::Buckets(found) => buckets.extend(found),
            Found::Hosts(found) => hosts.extend(found),
        }
    }
    let mapped = routes::map(hosts, report);
    buckets.extend(mapped.buckets);
    if let ([name], From::Envoy | From::Istio | From::Higress) = (arguments.bucket.as_slice(), arguments.from)
    {
        let mut whole = buckets.iter_mut().filter(|bucket| !bucket.hosts.is_empty());
        if let (Some(bucket), None) = (whole.next(), whole.next()) {
            bucket.name.clone_from(name);
        }
    }
    for name in &arguments.bucket {
        if !buckets.iter().any(|bucket| bucket.name == *name) {
            report.lost("--bucket", format!("no rules of a bucket {name:?} were found"));
        }
    }
    let mut document = document(arguments, buckets);
    document.endpoints = mapped.endpoints;
    let Some(first) = document.buckets.first() else {
        print_remarks(report);
        complain(&["nothing to import was found".to_owned()]);
        return Ok(ExitCode::from(1));
    };
    let nothing = document.buckets.iter().all(|bucket| bucket.cors.rules.is_empty());
    if nothing {
        let place = first.place.clone();
        report.lost(
            &place,
            "no rule was found: the preflights of a bucket without rules are refused",
        );
    }
    let text = match settle::settle(&mut document, report) {
        Ok(text) => text,
        Err(errors) => {
            print_remarks(report);
            complain(&errors);
            return Ok(ExitCode::from(1));
        }
    };
    print_remarks(report);
    // A closed pipe is the reader's decision.
    let _ = writeln!(io::stdout().lock(), "{text}");
    let weighed = report.count(Weight::NotCarriedOver) > 0
        || (arguments.strict && report.count(Weight::LosesMeaning) > 0);
    Ok(ExitCode::from(u8::from(weighed)))
}

fn read(files: &[String]) -> Result<Vec<Input>, Vec<String>> {
    let mut inputs = Vec::new();
    let mut errors = Vec::new();
    for file in files {
        match input::read(file) {
            Ok(input) => inputs.push(input),
            Err(problem) => errors.push(problem),
        }
    }
    if errors.is_empty() {
        Ok(inputs)
    } else {
        Err(errors)
    }
}

/// The bucket of each file: as said, or, where there are several files, as the file is called.
fn names(arguments: &Arguments) -> Result<Vec<Option<String>>, Vec<String>> {
    let Arguments {
        from, bucket, files, ..
    } = arguments;
    if !matches!(from, From::Oss | From::S3 | From::Gcs) {
        return Ok(vec![None; files.len()]);
    }
    if !bucket.is_empty() && bucket.len() != files.len() {
        return Err(vec![format!(
            "--bucket is given {} times for {} files: name the bucket of each file, in their order, or none",
            bucket.len(),
            files.len()
        )]);
    }
    Ok(files
        .iter()
        .enumerate()
        .map(|(index, file)| match bucket.get(index) {
            Some(name) => Some(name.clone()),
            None if files.len() > 1 => named_by(file),
            None => None,
        })
        .collect())
}

/// `photos.xml` and `photos.cors.xml` are of the bucket `photos`. Bucket names may hold dots.
fn named_by(file: &str) -> Option<String> {
    if file == "-" {
        return None;
    }
    let stem = Path::new(file).file_stem()?.to_str()?;
    let stem = stem.strip_suffix(".cors").unwrap_or(stem);
    Some(stem.to_owned()).filter(|stem| !stem.is_empty())
}

/// The buckets, with the profile that most of what is imported has said once.
fn document(arguments: &Arguments, mut buckets: Vec<Bucket>) -> Document {
    let own = match arguments.from {
        From::Oss => &profile::OSS,
        From::S3 => &profile::S3,
        From::Gcs | From::Envoy | From::Istio | From::Higress => &profile::FETCH,
        From::Terraform => buckets
            .iter()
            .find_map(|bucket| Profile::named(bucket.profile?))
            .unwrap_or(&profile::FETCH),
    };
    let profile = arguments.profile.map_or(own, ProfileName::profile);
    for bucket in &mut buckets {
        if arguments.profile.is_some() || bucket.profile == Some(profile.name) {
            bucket.profile = None;
        }
    }
    Document {
        profile: profile.name,
        endpoints: Vec::new(),
        buckets,
    }
}

fn print_remarks(report: &Report) {
    let remarks = report.sorted();
    let mut lines: Vec<_> = remarks.iter().take(PRINTED).map(ToString::to_string).collect();
    if let Some(more) = remarks.len().checked_sub(PRINTED).filter(|&more| more > 0) {
        lines.push(format!("and {more} more"));
    }
    complain(&lines);
}

/// Prints lines for the person, on standard error. There is nobody to tell where that fails.
fn complain(lines: &[String]) {
    let mut stderr = io::stderr().lock();
    for line in lines {
        let _ = writeln!(stderr, "{line}");
    }
}
