//! Generated configurations as text.

use bucket_cors::config::{Bucket, Endpoint, Mode, Settings, Unmanaged, UpstreamCors};
use serde_json::{Value, json};

/// Takes away the combinations that the model has and no text can give it.
pub(crate) fn make_writable(buckets: &mut [Bucket<'_>]) {
    for bucket in buckets {
        bucket.allow_credentials &= !bucket.rules.iter().any(|rule| rule.allows_any_origin());
        if !bucket.profile.obeys_response_vary {
            bucket.response_vary = None;
        }
    }
}

/// A configuration as an operator writes it.
pub(crate) fn text(settings: &Settings, buckets: &[Bucket<'_>]) -> String {
    let buckets: Vec<Value> = buckets.iter().map(bucket).collect();
    json!({
        "profile": settings.profile.name,
        "endpoints": settings.endpoints.iter().map(endpoint).collect::<Vec<_>>(),
        "unmanaged": match settings.unmanaged {
            Unmanaged::Pass => "pass",
            Unmanaged::Refuse => "refuse",
        },
        "explain": settings.explain,
        "access_log": settings.access_log,
        "route_prepares": settings.route_prepares,
        "buckets": buckets,
    })
    .to_string()
}

fn endpoint(endpoint: &Endpoint) -> String {
    let behind = if endpoint.is_path_only { "/" } else { "" };
    format!("{}{behind}", endpoint.host)
}

fn bucket(bucket: &Bucket<'_>) -> Value {
    let mut cors = json!({ "CORSRules": bucket.rules });
    if let Some(vary) = bucket.response_vary {
        cors["ResponseVary"] = json!(vary);
    }
    let mut text = json!({
        "name": bucket.name,
        "hosts": bucket.hosts,
        "profile": bucket.profile.name,
        "allow_credentials": bucket.allow_credentials,
        "allow_private_network": bucket.allow_private_network,
        "upstream_cors": match bucket.upstream_cors {
            UpstreamCors::Replace => "replace",
            UpstreamCors::Keep => "keep",
            UpstreamCors::None => "none",
        },
        "mode": match bucket.mode {
            Mode::Enforce => "enforce",
            Mode::Shadow => "shadow",
        },
        "cors": cors,
    });
    if !bucket.resource_policy.is_empty() {
        text["cross_origin_resource_policy"] = json!(bucket.resource_policy);
    }
    if !bucket.timing_allow_origin.is_empty() {
        let origins: Vec<&str> = bucket.timing_allow_origin.split(", ").collect();
        text["timing_allow_origin"] = json!(origins);
    }
    text
}
