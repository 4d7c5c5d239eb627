//! Configurations.

use std::borrow::Cow;

use bucket_cors::config::{
    Bucket, Endpoint, Metering, Mode, OnRefused, Rule, Settings, Unmanaged, UpstreamCors,
};
use bucket_cors::profile::{MAX_RULES, PROFILES, STORE_METHODS};

use super::super::choices::Choices;
use super::patterns::{Make, header_pattern, neighbour, origin_pattern, pattern};

pub(super) const NAMES: [&str; 8] = ["b", "a.b", "bucket", "x", "b2f", "a", "..x", "oss"];
const HOSTS: [&str; 6] = [
    "cdn.example",
    "b.oss.example",
    "oss.example",
    "example",
    "[::1]",
    "a.cdn.example",
];
pub(super) const ENDPOINTS: [&str; 5] = [
    "oss.example",
    "example",
    "b.oss.example",
    "s3.oss.example",
    "localhost",
];

pub fn configuration(choices: &mut Choices<'_>) -> (Settings, Vec<Bucket<'static>>) {
    let mut settings = Settings {
        profile: choices.pick(&PROFILES),
        endpoints: Vec::new(),
        unmanaged: choices.pick(&[Unmanaged::Pass, Unmanaged::Refuse]),
        explain: choices.once_in(3),
        access_log: false,
        metrics: Metering::default(),
        route_prepares: false,
        on_refused_rules: OnRefused::default(),
    };
    // Seen by the proxy only, so that it takes no choice: those of the corpus would mean something else.
    settings.access_log = !settings.explain;
    if choices.once_in(3) {
        let count = 1 + choices.below(3);
        let start = choices.below(ENDPOINTS.len());
        settings.endpoints = ENDPOINTS
            .iter()
            .cycle()
            .skip(start)
            .take(count)
            .zip(start..)
            // It takes no choice either.
            .map(|(endpoint, number)| Endpoint {
                host: (*endpoint).to_owned(),
                is_path_only: number % 3 == 1,
            })
            .collect();
    }
    let count = 1 + choices.below(3);
    let mut buckets = Vec::<Bucket<'static>>::new();
    for _ in 0..count {
        let mut bucket = bucket(choices, settings.profile);
        // Names and hosts given twice are refused at load.
        if buckets.iter().any(|other| other.name == bucket.name) {
            continue;
        }
        bucket
            .hosts
            .retain(|host| !buckets.iter().any(|other| other.hosts.contains(host)));
        buckets.push(bucket);
    }
    // It takes no choice either.
    if let [_, folder, _] = buckets.as_mut_slice()
        && folder.name != "*"
    {
        folder.name = format!("{}/", folder.name).into();
    }
    (settings, buckets)
}

pub(super) fn bucket(
    choices: &mut Choices<'_>,
    default: &'static bucket_cors::profile::Profile,
) -> Bucket<'static> {
    let name = if choices.once_in(8) {
        "*"
    } else {
        choices.pick(&NAMES)
    };
    let mut hosts: Vec<Cow<'static, str>> = Vec::new();
    for _ in 0..choices.below(4).saturating_sub(1) {
        let host: &str = if choices.once_in(5) {
            "*"
        } else {
            choices.pick(&HOSTS)
        };
        if !hosts.iter().any(|other| other == host) {
            hosts.push(host.into());
        }
    }
    let profile = if choices.once_in(3) {
        choices.pick(&PROFILES)
    } else {
        default
    };
    let (rules, patterns) = match choices.below(16) {
        0..=9 => (1 + choices.below(3), 3),
        10 => (0, 0),
        11..=13 => (1 + choices.below(8), 6),
        14 => (1 + choices.below(MAX_RULES), 2),
        _ => (1 + choices.below(3), 100),
    };
    let mut origins = Vec::new();
    let mut headers = Vec::new();
    Bucket {
        name: name.into(),
        hosts,
        profile,
        allow_credentials: choices.once_in(2),
        allow_private_network: choices.once_in(3),
        upstream_cors: choices.pick(&[UpstreamCors::Replace, UpstreamCors::Keep]),
        resource_policy: choices.pick(&["", "", "cross-origin", "same-site"]),
        timing_allow_origin: choices.pick(&["", "", "*", "https://a.example, null"]).to_owned(),
        mode: if choices.once_in(12) {
            Mode::Shadow
        } else {
            Mode::Enforce
        },
        rules: (0..rules)
            .map(|_| rule(choices, profile.name, patterns, &mut origins, &mut headers))
            .collect(),
        response_vary: choices.pick(&[None, None, Some(true), Some(false)]),
    }
}

pub(super) fn rule(
    choices: &mut Choices<'_>,
    profile: &str,
    patterns: usize,
    origins: &mut Vec<String>,
    headers: &mut Vec<String>,
) -> Rule<'static> {
    let some = |choices: &mut Choices<'_>, least: usize, most: usize, pool: &mut Vec<String>, make: Make| {
        let count = least + choices.below(most + 1 - least);
        let texts: Vec<String> = (0..count)
            .map(|_| {
                let text = match choices.pick_any(pool).cloned() {
                    // The same pattern again, or a neighbour of one: what the compiled matcher merges and splits.
                    Some(text) if choices.once_in(4) => text,
                    Some(text) if choices.once_in(3) => neighbour(choices, &text),
                    _ => make(choices),
                };
                pool.push(text.clone());
                text
            })
            .collect();
        texts.into_iter().map(pattern).collect::<Vec<_>>()
    };
    let allowed_origins = some(choices, 1, patterns.max(1), origins, origin_pattern);
    let allowed_headers = some(choices, 0, patterns.min(12), headers, header_pattern);
    let mut allowed_methods = Vec::new();
    for _ in 0..=choices.below(3) {
        let method = if profile == "fetch" && choices.once_in(3) {
            choices.pick(&["PATCH", "get", "OPTIONS", "X-!", "GE", "GETT"])
        } else {
            choices.pick(&STORE_METHODS)
        };
        if !allowed_methods.iter().any(|other| other == method) {
            allowed_methods.push(Cow::Borrowed(method));
        }
    }
    Rule {
        id: choices
            .pick(&[None, None, Some("r\"1\\"), Some("b\u{fc}"), Some("")])
            .map(Cow::Borrowed),
        allowed_origins,
        allowed_methods,
        allowed_headers,
        expose_headers: [&[][..], &["ETag"], &["ETag", "x-oss-request-id"]][choices.below(3)]
            .iter()
            .map(|name| Cow::Borrowed(*name))
            .collect(),
        max_age_seconds: choices.pick(&[None, Some(0), Some(600), Some(999_999_999)]),
    }
}
