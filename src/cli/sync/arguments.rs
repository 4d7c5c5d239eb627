//! What the command is told.

use bucket_cors::profile;
use clap::ValueHint;
use serde::Deserialize;

use super::serve::AccessArguments;
use crate::duration::duration;
use crate::import::store::Dialect;
use crate::output::Format;

const EXAMPLES: &str = "\
Examples:
  bucket-cors sync --from s3 --bucket photos --output cors.json --once
  bucket-cors sync --from oss --region cn-hangzhou --all --into filter-ecds.yaml --output live/filter.yaml
  bucket-cors sync --stores stores.yaml --base base.json --output cors.json --check
  bucket-cors sync --from s3 --all --into wasmplugin.yaml --output - | kubectl apply --server-side -f -
  bucket-cors sync --from s3 --all --into filter-ecds.yaml --output filter.yaml --listen 0.0.0.0:8910

Exit status, with --once and with a printed result:
  0  the edge has the rules of the stores
  1  something is kept as it was, or held back, which standard error names
  2  wrong usage, a file that cannot be read or written, or a base that the filter would not take

Exit status with --check:
  0  the edge has the rules of the stores
  1  it has others
  2  that could not be told

Environment:
  the credentials that each store's own tools take, and BUCKET_CORS_SYNC_TOKEN";

/// Lets the edge follow the stores' CORS rules
///
/// Asks stores for the CORS rules of their buckets, and writes them into what Envoy reads, again and again. Only a
/// store's own word that a bucket has no rules takes its rules away: whatever else goes wrong, its last good rules
/// stay, and standard error says so, with their age. Nothing is written that the filter would not take: what it
/// refuses of some buckets stops no other one.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = EXAMPLES)]
pub(crate) struct SyncArguments {
    /// Whose protocol the store speaks
    #[arg(
        long,
        value_enum,
        required_unless_present = "stores",
        conflicts_with = "stores"
    )]
    pub(super) from: Option<StoreKind>,
    /// Where the store is. Default: Amazon's or Alibaba Cloud's own, of the region
    #[arg(long, value_name = "URL", requires = "from")]
    pub(super) endpoint: Option<String>,
    /// Its region. Default: what the environment says
    #[arg(long, requires = "from")]
    pub(super) region: Option<String>,
    /// Buckets stand in the path of its URLs, and not in the host
    #[arg(long, requires = "from")]
    pub(super) path_style: bool,
    /// A bucket to follow, once for each
    #[arg(long, value_name = "NAME", requires = "from", conflicts_with = "all")]
    pub(super) bucket: Vec<String>,
    /// Follow every bucket that the store lists
    #[arg(long, requires = "from")]
    pub(super) all: bool,
    /// Follow several stores: a list, in JSON or YAML, with from, endpoint, region, path_style, and buckets or all for
    /// each
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with_all = ["endpoint", "region", "path_style", "bucket", "all"]
    )]
    pub(super) stores: Option<String>,
    /// A plugin configuration, in JSON or YAML, with what a store does not know: hosts, endpoints, modes, the profile,
    /// metrics. Default: what stands in --into already
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) base: Option<String>,
    /// A document that the configuration is put into, and whose other lines stay as they are: an ECDS file, a
    /// bootstrap, a manifest. Default: the plugin configuration alone
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) into: Option<String>,
    /// The file that is written, whole or not at all; `-` prints once
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) output: String,
    /// Ask once, and end
    #[arg(long)]
    pub(super) once: bool,
    /// How long after the stores were asked they are asked again
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = interval)]
    pub(super) interval: u64,
    /// Write nothing, and say what differs
    #[arg(long, conflicts_with_all = ["listen", "interval"])]
    pub(super) check: bool,
    /// How --check says what differs
    #[arg(long, value_enum, default_value_t = Format::Human, requires = "check")]
    pub(super) format: Format,
    /// How many buckets may lose all their rules at once. Default: one, or a tenth of those that have rules; none where
    /// another hand has written the output: a person, or a process with other stores, buckets, base or into
    #[arg(long, value_name = "N")]
    pub(super) max_loss: Option<usize>,
    /// A bucket that is gone from its store, and whose last rules are to go as well, once. A line says where it has no
    /// effect
    #[arg(long, value_name = "NAME")]
    pub(super) forget: Vec<String>,
    /// Serve Envoy's discovery over REST, /metrics and /healthz on this address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "once")]
    pub(super) listen: Option<String>,
    #[command(flatten)]
    pub(super) access: AccessArguments,
}

/// A time of at least a second, such as `60s` or `5m`.
fn interval(text: &str) -> Result<u64, String> {
    let seconds = duration(text).and_then(|seconds| u64::try_from(seconds).ok());
    seconds
        .filter(|seconds| *seconds > 0)
        .ok_or_else(|| "write a time such as 60s, 5m or 1h".to_owned())
}

/// Whose protocol a store speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(super) enum StoreKind {
    /// Amazon S3, and what speaks its protocol: SeaweedFS, Ceph, R2, COS, B2
    S3,
    /// Alibaba Cloud OSS
    Oss,
}

impl StoreKind {
    pub(super) fn dialect(self) -> Dialect {
        match self {
            Self::S3 => Dialect::S3,
            Self::Oss => Dialect::Oss,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Oss => "oss",
        }
    }

    pub(super) fn profile(self) -> &'static str {
        match self {
            Self::S3 => profile::S3.name,
            Self::Oss => profile::OSS.name,
        }
    }
}
