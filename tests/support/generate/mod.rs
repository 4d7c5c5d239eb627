//! Configurations and requests at the edges: patterns made of few fragments, so that they overlap, contain one another
//! and share what stands before and after the `*`; and requests made from the configuration's own patterns, then
//! spoilt.

mod configuration;
mod patterns;
mod request;
mod spoil;
mod target;

use std::fmt;

use bucket_cors::config::{Bucket, Settings};
use bucket_cors::wildcard::Pattern;

use super::choices::Choices;
use super::requests::CorsRequest;
pub use configuration::configuration;
pub use patterns::pattern;
pub use request::request;

/// A configuration and what is asked of it.
#[derive(Clone)]
pub struct GeneratedCase {
    pub settings: Settings,
    pub buckets: Vec<Bucket<'static>>,
    pub requests: Vec<CorsRequest>,
}

pub fn case(choices: &mut Choices<'_>, requests: usize) -> GeneratedCase {
    let (settings, buckets) = configuration(choices);
    let requests = (0..requests)
        .map(|_| request(choices, &settings, &buckets))
        .collect();
    GeneratedCase {
        settings,
        buckets,
        requests,
    }
}

impl fmt::Display for GeneratedCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Settings {
            profile,
            endpoints,
            unmanaged,
            explain,
            access_log: _,
            metrics: _,
            route_prepares: _,
            on_refused_rules: _,
        } = &self.settings;
        writeln!(
            f,
            "profile {}, endpoints {endpoints:?}, unmanaged {unmanaged:?}, explain {explain}",
            profile.name
        )?;
        for bucket in &self.buckets {
            writeln!(
                f,
                "bucket {:?}, hosts {:?}, profile {}, credentials {}, private network {}, mode {:?}, vary {:?}, \
                 resource policy {:?}, timing {:?}",
                bucket.name,
                bucket.hosts,
                bucket.profile.name,
                bucket.allow_credentials,
                bucket.allow_private_network,
                bucket.mode,
                bucket.response_vary,
                bucket.resource_policy,
                bucket.timing_allow_origin,
            )?;
            for rule in &bucket.rules {
                let texts = |patterns: &[Pattern<'_>]| {
                    patterns.iter().map(|p| p.as_str().to_owned()).collect::<Vec<_>>()
                };
                writeln!(
                    f,
                    "    rule {:?}: origins {:?}, methods {:?}, headers {:?}, expose {:?}, max age {:?}",
                    rule.id,
                    texts(&rule.allowed_origins),
                    rule.allowed_methods,
                    texts(&rule.allowed_headers),
                    rule.expose_headers,
                    rule.max_age_seconds,
                )?;
            }
        }
        for request in &self.requests {
            write!(f, "request {}", request.method.escape_ascii())?;
            for (name, value) in [
                ("path", &request.path),
                ("authority", &request.authority),
                ("origin", &request.origin),
                ("request-method", &request.request_method),
                ("request-headers", &request.request_headers),
                ("private-network", &request.private_network),
            ] {
                if let Some(value) = value {
                    write!(f, "\n    {name}: {}", value.escape_ascii())?;
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
