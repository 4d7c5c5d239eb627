//! Where a store is asked for a bucket.

use reqsign_core::Env;
use url::{Host, Url};

use super::failure::{Failure, FailureKind};
use crate::import::store::Dialect;

/// Where a store is, as the operator says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct StoreLocation {
    /// Whose protocol it speaks.
    pub(crate) from: Dialect,
    /// `None`: Amazon's or Alibaba Cloud's own, of the region.
    pub(crate) endpoint: Option<Url>,
    /// `None`: what the environment or the endpoint says.
    pub(crate) region: Option<String>,
    /// Whether the bucket stands in the path, and not in the host.
    pub(crate) path_style: bool,
}

/// A location that is complete.
#[derive(Debug)]
pub(super) struct Address {
    from: Dialect,
    endpoint: Option<Url>,
    pub(super) region: String,
    path_style: bool,
}

impl Address {
    /// Completes a location.
    ///
    /// # Errors
    /// What is missing or wrong, for a person.
    pub(super) fn new(location: &StoreLocation, environment: &impl Env) -> Result<Self, String> {
        let variables: &[&str] = match location.from {
            Dialect::S3 => &["AWS_REGION", "AWS_DEFAULT_REGION"],
            Dialect::Oss => &["OSS_REGION", "ALIBABA_CLOUD_REGION_ID"],
        };
        let said = location
            .region
            .clone()
            .or_else(|| region_of(location.from, location.endpoint.as_ref()?))
            .or_else(|| variables.iter().find_map(|name| environment.var(name)))
            .filter(|region| !region.is_empty());
        let region = match (said, location.from) {
            (Some(region), _) => region,
            // What stores that have no regions take.
            (None, Dialect::S3) => "us-east-1".to_owned(),
            (None, Dialect::Oss) => {
                return Err(
                    "--from oss needs --region, such as cn-hangzhou: a signature for OSS names the region"
                        .to_owned(),
                );
            }
        };
        if !is_region(&region) {
            return Err(format!(
                "{region:?} is no region: letters, digits, - and _ make one"
            ));
        }
        Ok(Self {
            from: location.from,
            endpoint: location.endpoint.clone(),
            region,
            path_style: location.path_style,
        })
    }

    /// Where its buckets are listed.
    pub(super) fn service(&self, region: &str) -> Result<Url, Failure> {
        if let Some(endpoint) = &self.endpoint {
            return Ok(endpoint.clone());
        }
        let host = match self.from {
            Dialect::S3 if region.starts_with("cn-") => format!("s3.{region}.amazonaws.com.cn"),
            Dialect::S3 => format!("s3.{region}.amazonaws.com"),
            Dialect::Oss => format!("oss-{region}.aliyuncs.com"),
        };
        Url::parse(&format!("https://{host}/"))
            .map_err(|_| Failure::new(FailureKind::Elsewhere, format!("there is no region {region:?}")))
    }

    /// Whether the store is Amazon's or Alibaba Cloud's own.
    pub(super) fn is_of_the_cloud(&self) -> bool {
        self.endpoint.is_none()
    }

    /// Where a bucket is asked for.
    pub(super) fn bucket(&self, bucket: &str, region: &str) -> Result<Url, Failure> {
        let is_character = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        // A name of dots alone would be a step in the path.
        if bucket.len() > 255 || !bucket.bytes().all(is_character) || bucket.trim_matches('.').is_empty() {
            return Err(Failure::new(
                FailureKind::NoBucket,
                format!("{bucket:?} is no name that a bucket has"),
            ));
        }
        let mut url = self.service(region)?;
        if !self.in_path(bucket, &url)
            && let Some(host) = url.host_str()
        {
            let host = format!("{bucket}.{host}");
            if url.set_host(Some(&host)).is_ok() && url.host_str() == Some(&host) {
                return Ok(url);
            }
            return Err(Failure::new(
                FailureKind::NoBucket,
                format!("{bucket:?} cannot stand in a host's name: ask with --path-style"),
            ));
        }
        // A signature for OSS is one for the bucket's folder.
        let end = match self.from {
            Dialect::Oss => "/",
            Dialect::S3 => "",
        };
        let path = format!("{}/{bucket}{end}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }

    /// Whether a bucket's name stands in the path: as told, and where it cannot stand in the host.
    fn in_path(&self, bucket: &str, url: &Url) -> bool {
        let is_name = matches!(url.host(), Some(Host::Domain(domain)) if domain.contains('.'));
        // A certificate for *.HOST is none for a name with a dot in it.
        let parts = bucket.contains('.') && url.scheme() == "https";
        let is_old = bucket
            .bytes()
            .any(|byte| byte.is_ascii_uppercase() || byte == b'_');
        self.path_style || !is_name || parts || is_old
    }
}

/// Whether a region can stand in a host's name and in a signature.
pub(super) fn is_region(region: &str) -> bool {
    let is_character = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=63).contains(&region.len()) && region.bytes().all(is_character)
}

/// The region that the host of a store of Alibaba Cloud's names, or of one of Amazon's.
pub(super) fn region_of(from: Dialect, endpoint: &Url) -> Option<String> {
    let host = endpoint.host_str()?;
    match from {
        Dialect::Oss => region_of_oss(host),
        Dialect::S3 => {
            let service = host
                .strip_suffix(".amazonaws.com")
                .or_else(|| host.strip_suffix(".amazonaws.com.cn"))?;
            let region = service.strip_prefix("s3.")?;
            Some(region.strip_prefix("dualstack.").unwrap_or(region).to_owned())
        }
    }
}

/// The region in `oss-cn-hangzhou.aliyuncs.com`, or in `oss-cn-hangzhou-internal.aliyuncs.com`.
pub(super) fn region_of_oss(host: &str) -> Option<String> {
    let service = host.strip_suffix(".aliyuncs.com")?.strip_prefix("oss-")?;
    let region = service.strip_suffix("-internal").unwrap_or(service);
    Some(region.to_owned()).filter(|region| is_region(region))
}

/// Reads an endpoint.
///
/// # Errors
/// What no endpoint has. It is not repeated, since there may be a password anywhere in it.
pub(crate) fn endpoint(text: &str) -> Result<Url, String> {
    let endpoint = Url::parse(text).map_err(|error| format!("the endpoint is no URL: {error}"))?;
    let problem = if !matches!(endpoint.scheme(), "http" | "https") || !endpoint.has_host() {
        "an endpoint is an http or https URL"
    } else if !endpoint.username().is_empty() || endpoint.password().is_some() {
        "an endpoint has no user name and no password: credentials come from the environment"
    } else if endpoint.query().is_some() || endpoint.fragment().is_some() {
        "an endpoint has no query and no fragment"
    } else {
        return Ok(endpoint);
    };
    Err(problem.to_owned())
}
