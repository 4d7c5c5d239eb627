//! Whose request it is, and how that was found.

use bucket_cors::addressing::{HostName, InPath, Style};
use bucket_cors::config::{Bucket, Mode};
use bucket_cors::http::head::RequestHead;
use bucket_cors::matcher;
use serde::Serialize;

use super::request::Request;
use super::site::Site;

/// Whose request it is.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ownership {
    /// The bucket's name in the configuration.
    pub(crate) bucket: Option<String>,
    /// How it was found, or that it was not.
    pub(crate) how: String,
    /// Whose answers it gets.
    pub(crate) profile: Option<&'static str>,
    /// Whether its rules only are decided, and change nothing.
    pub(crate) is_shadow: bool,
}

impl Ownership {
    fn nobody(how: String) -> Self {
        Self {
            bucket: None,
            how,
            profile: None,
            is_shadow: false,
        }
    }
}

/// What names no bucket.
pub(super) const NOT_THE_STORE_S: &str =
    "none: it is for the service itself, or for a host that is not the store's";

impl Site<'_> {
    /// Whose request it is, and how that was found.
    pub(crate) fn owner(&self, request: &Request) -> Ownership {
        let head = request.head();
        let asked = self.asked_for(&head);
        let (bucket, style) = match self.located(&head) {
            matcher::Owner::Unclear => {
                let how = "none: servers read its path or host in different ways, so that it may be a listed bucket's";
                return Ownership::nobody(how.to_owned());
            }
            matcher::Owner::Unlisted => {
                return Ownership::nobody(match asked {
                    Ok(asked) => format!("{asked}, which is not listed"),
                    Err(why) => why.to_owned(),
                });
            }
            matcher::Owner::Bucket(id, style) => match self.bucket(id) {
                Some(bucket) => (bucket, style),
                None => return Ownership::nobody(asked.unwrap_or_default()),
            },
        };
        let (way, is_by_own_host) = self.way(bucket, style, &head);
        let how = if bucket.name == "*" && !is_by_own_host {
            match asked {
                Ok(asked) => format!("{way}, as \"*\" stands for {asked}, which is not listed"),
                Err(_) => format!("{way}, as \"*\" stands for whichever bucket its path is for"),
            }
        } else {
            way
        };
        Ownership {
            bucket: Some(bucket.name.clone().into_owned()),
            how,
            profile: Some(bucket.profile.name),
            is_shadow: bucket.mode == Mode::Shadow,
        }
    }

    /// How a request that the core gave to a bucket named it, and whether that was by a host of the bucket's own.
    fn way(&self, bucket: &Bucket<'_>, style: Style, head: &RequestHead<'_>) -> (String, bool) {
        if style == Style::Path {
            return ("path-style".to_owned(), false);
        }
        let host = head.authority.and_then(HostName::from_authority);
        let bytes = host.as_ref().map(HostName::as_bytes).unwrap_or_default();
        if let Some(own) = bucket.hosts.iter().find(|own| own.as_bytes() == bytes) {
            return (format!("custom domain {own}"), true);
        }
        match self.endpoint(head) {
            Some((_, endpoint)) => (
                format!("virtual-hosted-style under the endpoint {endpoint}"),
                false,
            ),
            None => (
                "by its host \"*\", which stands for every host that nothing else claims".to_owned(),
                true,
            ),
        }
    }

    /// The bucket and the endpoint that the host is read as, longest endpoint first.
    fn endpoint(&self, head: &RequestHead<'_>) -> Option<(String, &str)> {
        let host = head.authority.and_then(HostName::from_authority)?;
        host.splits().find_map(|(name, endpoint)| {
            let endpoints = &self.configuration().settings.endpoints;
            let endpoint = endpoints.iter().find(|known| known.has_buckets_below(endpoint))?;
            Some((String::from_utf8_lossy(name).into_owned(), endpoint.host.as_str()))
        })
    }

    /// The bucket that the request names, or why it names none.
    fn asked_for(&self, head: &RequestHead<'_>) -> Result<String, &'static str> {
        if let Some((name, _)) = self.endpoint(head) {
            return Ok(format!("{name:?}"));
        }
        let endpoints = &self.configuration().settings.endpoints;
        let host = head.authority.and_then(HostName::from_authority);
        let is_endpoint = host.is_some_and(|host| {
            endpoints
                .iter()
                .any(|known| known.host.as_bytes() == host.as_bytes())
        });
        if !endpoints.is_empty() && !is_endpoint {
            return Err(NOT_THE_STORE_S);
        }
        match InPath::read(head.path.unwrap_or_default()) {
            InPath::Bucket(name) => Ok(format!("{:?}", String::from_utf8_lossy(name.as_bytes()))),
            InPath::Unclear => Err("none: its path does not say clearly for which bucket it is"),
            InPath::Service => Err(NOT_THE_STORE_S),
        }
    }
}
