//! Buckets that a request may be meant for, and is not.

use bucket_cors::addressing::{HostName, InPath};

use super::request::Request;
use super::site::Site;

/// A listed bucket in the host whose rest is no endpoint, and one whose name differs by case alone.
pub(super) fn notes(site: &Site<'_>, request: &Request) -> Vec<String> {
    let head = request.head();
    let configuration = site.configuration();
    let listed = |matches: &dyn Fn(&str) -> bool| {
        let mut names = configuration.buckets.iter().map(|bucket| bucket.name.as_ref());
        names.find(|name| matches(name)).map(str::to_owned)
    };
    let endpoints = &configuration.settings.endpoints;
    let endpoint_of = |rest: &[u8]| endpoints.iter().find(|endpoint| endpoint.host.as_bytes() == rest);
    let mut notes = Vec::new();
    let other_case = |asked: &[u8]| {
        let bucket = listed(&|name| name.as_bytes().eq_ignore_ascii_case(asked) && name.as_bytes() != asked)?;
        let asked = String::from_utf8_lossy(asked).into_owned();
        Some(format!(
            "{asked} is not the listed bucket {bucket}: names compare byte for byte, case included"
        ))
    };
    let host = head.authority.and_then(HostName::from_authority);
    for (label, rest) in host.iter().flat_map(HostName::splits) {
        let endpoint = endpoint_of(rest);
        if endpoint.is_some_and(|endpoint| !endpoint.is_path_only) {
            notes.extend(other_case(label));
        } else if let Some(bucket) = listed(&|name| name.as_bytes() == label) {
            let rest = String::from_utf8_lossy(rest);
            let (is_not_one, way_out) = match endpoint {
                Some(_) => (
                    format!("the endpoint \"{rest}/\" is for paths alone"),
                    "take the slash off".to_owned(),
                ),
                None => (
                    format!("{rest} is no endpoint"),
                    format!("add {rest:?} to \"endpoints\""),
                ),
            };
            notes.push(format!(
                "the host begins with the name of the listed bucket {bucket}, but {is_not_one}: {way_out} if \
                 {bucket}.{rest} is that bucket"
            ));
        }
    }
    if let InPath::Bucket(name) = InPath::read(head.path.unwrap_or_default()) {
        notes.extend(other_case(name.as_bytes()));
    }
    notes
}
