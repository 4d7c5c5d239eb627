//! Rules that say which version they are, in several headers of every response at once.

use serde_json::{Value, json};

use super::live_edge::header;
use crate::support::http::Response;

/// Who asks.
pub(crate) const PAGE: &str = "https://page.example";

/// What `explain` adds, and what code that is told from the built one calls it.
pub(crate) const EXPLANATION: &str = "x-bucket-cors";
pub(crate) const OF_OTHER: &str = "x-bucket-next";

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
    // Either code may say it.
    let explanation = [EXPLANATION, OF_OTHER]
        .map(|name| header(response, name))
        .concat();
    for (given, wanted) in [
        (header(response, "access-control-allow-origin"), PAGE.to_owned()),
        (
            header(response, "access-control-expose-headers"),
            format!("x-v{version}"),
        ),
        (explanation, format!("match; rule=0; id=\"v{version}\"")),
    ] {
        if given != wanted {
            return Err(format!("a mix: {response:?}"));
        }
    }
    Ok(version)
}
