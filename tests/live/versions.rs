//! Rules that say which version they are, in several headers of every response at once.

use serde_json::{Value, json};

use super::edge::header;
use crate::support::http::Response;

/// Who asks.
pub(crate) const PAGE: &str = "https://page.example";

/// The bucket of a version. In the `s3` profile an actual response has all of these headers.
pub(crate) fn bucket(version: u32) -> Value {
    json!({
        "name": "versioned",
        "hosts": ["versioned.example"],
        "profile": "s3",
        "cors": { "CORSRules": [{
            "ID": format!("v{version}"),
            "AllowedOrigins": [PAGE],
            "AllowedMethods": ["GET", "HEAD"],
            "ExposeHeaders": [format!("x-v{version}")],
            "MaxAgeSeconds": version,
        }] },
    })
}

/// A configuration that has that bucket, and others.
pub(crate) fn configuration(version: u32, others: impl IntoIterator<Item = Value>) -> String {
    let buckets: Vec<Value> = [bucket(version)].into_iter().chain(others).collect();
    json!({ "explain": true, "buckets": buckets }).to_string()
}

/// The version that explains a response; an error where none does, or several are mixed.
pub(crate) fn of(response: &Response) -> Result<u32, String> {
    let age = header(response, "access-control-max-age");
    let version: u32 = age.parse().map_err(|_| format!("no version: {response:?}"))?;
    for (name, wanted) in [
        ("access-control-allow-origin", PAGE.to_owned()),
        ("access-control-expose-headers", format!("x-v{version}")),
        ("x-bucket-cors", format!("match; rule=0; id=\"v{version}\"")),
    ] {
        if header(response, name) != wanted {
            return Err(format!("a mix: {response:?}"));
        }
    }
    Ok(version)
}
