//! Configurations and requests at the edges: patterns made of few fragments, so that they overlap, contain one another
//! and share what stands before and after the `*`; and requests made from the configuration's own patterns, then
//! spoilt.

use std::borrow::Cow;
use std::fmt;

use bucket_cors::config::{
    Bucket, Endpoint, Metering, Mode, OnRefused, Rule, Settings, Unmanaged, UpstreamCors,
};
use bucket_cors::http::{list, origin};
use bucket_cors::profile::{MAX_RULES, PROFILES, STORE_METHODS};
use bucket_cors::wildcard::Pattern;

use super::choices::Choices;
use super::requests::Request;

/// A configuration and what is asked of it.
#[derive(Clone)]
pub struct Case {
    pub settings: Settings,
    pub buckets: Vec<Bucket<'static>>,
    pub requests: Vec<Request>,
}

pub fn case(choices: &mut Choices<'_>, requests: usize) -> Case {
    let (settings, buckets) = configuration(choices);
    let requests = (0..requests)
        .map(|_| request(choices, &settings, &buckets))
        .collect();
    Case {
        settings,
        buckets,
        requests,
    }
}

const NAMES: [&str; 8] = ["b", "a.b", "bucket", "x", "b2f", "a", "..x", "oss"];
const HOSTS: [&str; 6] = [
    "cdn.example",
    "b.oss.example",
    "oss.example",
    "example",
    "[::1]",
    "a.cdn.example",
];
const ENDPOINTS: [&str; 5] = [
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

fn bucket(choices: &mut Choices<'_>, default: &'static bucket_cors::profile::Profile) -> Bucket<'static> {
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

fn rule(
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

type Make = fn(&mut Choices<'_>) -> String;

pub fn pattern(text: String) -> Pattern<'static> {
    Pattern::new(text.into()).expect("the generator writes one star at most")
}

/// Fragments whose ends repeat, so that what stands before and after a `*` can overlap in a value.
const FRONTS: [&str; 12] = [
    "https://",
    "http://",
    "",
    "https://a",
    "https://ab",
    "https://aba",
    "https://b.",
    "h",
    "nul",
    "chrome-extension://",
    "https://example.com:",
    "a",
];
const MIDDLES: [&str; 8] = ["a", "", "ab", "b", "x.y", "A", ".", "localhost"];
const BACKS: [&str; 12] = [
    ".example",
    "",
    "a.example",
    "ba.example",
    "aba.example",
    "example",
    ".b.example",
    "e",
    "l",
    ":8080",
    "a",
    ".example:8080",
];

fn origin_pattern(choices: &mut Choices<'_>) -> String {
    match choices.below(16) {
        0..=6 => format!("{}*{}", choices.pick(&FRONTS), choices.pick(&BACKS)),
        7..=10 => {
            let (front, middle, back) = (
                choices.pick(&FRONTS),
                choices.pick(&MIDDLES),
                choices.pick(&BACKS),
            );
            format!("{front}{middle}{back}")
        }
        11 => "*".to_owned(),
        12 => "null".to_owned(),
        // Two letters only: every other pattern is a part of every other.
        13..=14 => {
            let (front, back) = (letters(choices), letters(choices));
            format!("{front}*{back}")
        }
        _ => match choices.below(4) {
            0 => "a".repeat(origin::MAX_BYTES),
            1 => format!("{}*", "a".repeat(origin::MAX_BYTES)),
            2 => format!("a*{}", "a".repeat(origin::MAX_BYTES)),
            _ => letters(choices),
        },
    }
}

fn letters(choices: &mut Choices<'_>) -> String {
    let count = choices.below(7);
    (0..count)
        .map(|_| if choices.once_in(2) { 'b' } else { 'a' })
        .collect()
}

fn header_pattern(choices: &mut Choices<'_>) -> String {
    const NAMES: [&str; 8] = [
        "content-type",
        "X-Amz-Date",
        "authorization",
        "x-oss-",
        "x-",
        "x-aba",
        "-md5",
        "ba",
    ];
    match choices.below(8) {
        0..=2 => (choices.pick(&NAMES)).to_owned(),
        3..=4 => format!("{}*", choices.pick(&NAMES)),
        5 => format!("{}*{}", choices.pick(&NAMES), choices.pick(&NAMES)),
        6 => format!("*{}", choices.pick(&NAMES)),
        _ => "*".to_owned(),
    }
}

/// A pattern that differs in one place: longer, shorter, or with its `*` gone or moved.
fn neighbour(choices: &mut Choices<'_>, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = choices.below(chars.len() + 1);
    match choices.below(4) {
        0 => chars.insert(at, choices.pick(&['a', 'b', '.', 'A'])),
        1 if at < chars.len() && chars.len() > 1 => {
            chars.remove(at);
        }
        2 => {
            chars.retain(|&c| c != '*');
            chars.insert(at.min(chars.len()), '*');
        }
        _ if chars.len() > 1 => chars.retain(|&c| c != '*'),
        _ => {}
    }
    if chars.is_empty() {
        chars.push('a');
    }
    chars.into_iter().collect()
}

/// A request that has a good chance to be for one of the buckets and near one of its patterns.
pub fn request(choices: &mut Choices<'_>, settings: &Settings, buckets: &[Bucket<'_>]) -> Request {
    let bucket = choices.pick_any(buckets);
    let rule = bucket.and_then(|bucket| choices.pick_any(&bucket.rules));
    let method = match choices.below(16) {
        0..=7 => b"OPTIONS".to_vec(),
        _ => a_method(choices, rule),
    };
    let origin = match choices.below(24) {
        0 => None,
        1 => Some(Vec::new()),
        _ => Some(an_origin(choices, rule)),
    };
    let request_method = match choices.below(16) {
        0 => None,
        1 => Some(Vec::new()),
        _ => Some(a_method(choices, rule)),
    };
    let request_headers = match choices.below(4) {
        0 => None,
        _ => Some(a_header_list(choices, rule)),
    };
    let private_network = match choices.below(6) {
        0..=2 => None,
        3..=4 => Some(b"true".to_vec()),
        _ => Some(b"True".to_vec()),
    };
    let (authority, path) = match bucket {
        Some(bucket) if !choices.once_in(3) => address(choices, settings, bucket),
        _ => (an_authority(choices, settings, bucket), a_path(choices, bucket)),
    };
    Request {
        authority,
        path,
        method,
        origin,
        request_method,
        request_headers,
        private_network,
        request_id: choices.pick(&[&b"id-1"[..], b"", b"<&>\xff"]).to_vec(),
    }
}

/// How a client that means the bucket asks for it.
fn address(
    choices: &mut Choices<'_>,
    settings: &Settings,
    bucket: &Bucket<'_>,
) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let name = bucket.name.trim_end_matches('/');
    let host = bucket.hosts.iter().find(|host| *host != "*");
    match (host, choices.pick_any(&settings.endpoints)) {
        (Some(host), _) if choices.once_in(2) => (Some(host.as_bytes().to_vec()), Some(b"/o".to_vec())),
        (_, Some(endpoint)) => (
            Some(format!("{name}.{}", endpoint.host).into_bytes()),
            Some(b"/o".to_vec()),
        ),
        (_, None) => (
            Some(b"other.example".to_vec()),
            Some(format!("/{name}/o").into_bytes()),
        ),
    }
}

fn a_method(choices: &mut Choices<'_>, rule: Option<&Rule<'_>>) -> Vec<u8> {
    let listed = rule.and_then(|rule| choices.pick_any(&rule.allowed_methods));
    let mut method = match (choices.below(8), listed) {
        (0..=4, Some(listed)) => listed.as_bytes().to_vec(),
        (5, _) => choices
            .pick(&[&b"PATCH"[..], b"OPTIONS", b"CONNECT", b"<GET>&", b"G\xffT"])
            .to_vec(),
        _ => choices.pick(&STORE_METHODS).as_bytes().to_vec(),
    };
    match choices.below(24) {
        20 => method.make_ascii_lowercase(),
        21 => spoil(choices, &mut method),
        22 => method.push(b' '),
        23 if choices.once_in(8) => method = method.repeat(100),
        _ => {}
    }
    method
}

/// A value that the pattern admits, or that it would admit if what stands before and after the `*` could overlap.
fn near(choices: &mut Choices<'_>, pattern: &Pattern<'_>, fillings: &[&str]) -> Vec<u8> {
    let Some((prefix, suffix)) = pattern.parts() else {
        return pattern.as_str().as_bytes().to_vec();
    };
    if choices.once_in(4) {
        let longest = prefix.len().min(suffix.len());
        let overlaps: Vec<usize> = (1..=longest)
            .filter(|&n| prefix.as_bytes()[prefix.len() - n..] == suffix.as_bytes()[..n])
            .collect();
        if let Some(&overlap) = choices.pick_any(&overlaps) {
            return [prefix.as_bytes(), &suffix.as_bytes()[overlap..]].concat();
        }
    }
    format!("{prefix}{}{suffix}", choices.pick(fillings)).into_bytes()
}

fn an_origin(choices: &mut Choices<'_>, rule: Option<&Rule<'_>>) -> Vec<u8> {
    const FILLINGS: [&str; 10] = [
        "",
        "x",
        "a",
        "ab",
        ".",
        "a.b",
        "A",
        "x.example.evil",
        "b.a",
        "8080",
    ];
    let pattern = rule.and_then(|rule| choices.pick_any(&rule.allowed_origins));
    let mut origin = match pattern {
        Some(pattern) if !choices.once_in(8) => near(choices, pattern, &FILLINGS),
        _ => pattern_text_without_star(&origin_pattern(choices)),
    };
    match choices.below(8) {
        // Twice as often as not an origin stays as the pattern has it.
        0..=4 => {}
        5..=6 => spoil(choices, &mut origin),
        _ => match choices.below(8) {
            0 => origin.extend_from_slice(b","),
            1 => origin = [&origin[..], b",", &origin[..]].concat(),
            2 => origin.push(choices.pick(b" /@?#\\\x80\x7f\n\t%")),
            3 => origin.insert(0, choices.pick(b" /@\x00")),
            4 => fill_up(choices, &mut origin, origin::MAX_BYTES, b'a'),
            5 => origin.make_ascii_uppercase(),
            6 => origin.extend_from_slice(b".evil.example"),
            _ => {
                let at = choices.below(origin.len() + 1);
                origin.insert(at, choices.pick(b"/@,.:ab"));
            }
        },
    }
    origin
}

fn pattern_text_without_star(text: &str) -> Vec<u8> {
    text.replace('*', "").into_bytes()
}

/// Fills up to the limit, one byte less or one byte more, in the middle, where a `*` might stand.
fn fill_up(choices: &mut Choices<'_>, value: &mut Vec<u8>, limit: usize, byte: u8) {
    let wanted = limit - 1 + choices.below(3);
    let at = value.len() / 2;
    let missing = wanted.saturating_sub(value.len());
    value.splice(at..at, std::iter::repeat_n(byte, missing));
}

/// Changes one byte: another one, gone, doubled, in the other case.
fn spoil(choices: &mut Choices<'_>, value: &mut Vec<u8>) {
    if value.is_empty() {
        return value.push(b'a');
    }
    let at = choices.below(value.len());
    match choices.below(5) {
        0 => value[at] = choices.pick(b"abxX.:"),
        1 => {
            value.remove(at);
        }
        2 => value.insert(at, value[at]),
        3 => value[at] ^= 0x20,
        _ => {
            // Dots are where a regular expression would let any byte through.
            let dot = value.iter().rposition(|&byte| byte == b'.').unwrap_or(at);
            value[dot] = b'X';
        }
    }
}

fn a_header_list(choices: &mut Choices<'_>, rule: Option<&Rule<'_>>) -> Vec<u8> {
    const FILLINGS: [&str; 6] = ["", "a", "X", "meta-1", "*", "ab"];
    const SEPARATORS: [&[u8]; 6] = [b",", b", ", b" ,\t", b",,", b", ,", b",\t \t"];
    let mut field = Vec::new();
    if choices.once_in(6) {
        field.extend_from_slice(choices.pick(&SEPARATORS));
    }
    for number in 0..choices.below(6) {
        if number > 0 {
            field.extend_from_slice(choices.pick(&SEPARATORS));
        }
        let pattern = rule.and_then(|rule| choices.pick_any(&rule.allowed_headers));
        let mut name = match pattern {
            Some(pattern) if !choices.once_in(10) => near(choices, pattern, &FILLINGS),
            _ => pattern_text_without_star(&header_pattern(choices)),
        };
        match choices.below(40) {
            0..=6 => name.make_ascii_uppercase(),
            7..=8 => spoil(choices, &mut name),
            9 => name.push(choices.pick(b" (/\x00\xff\r\x0b")),
            10 => name.extend_from_slice(b" b"),
            11 if choices.once_in(4) => fill_up(choices, &mut name, list::MAX_NAME_BYTES, b'a'),
            _ => {}
        }
        field.extend_from_slice(&name);
    }
    match choices.below(96) {
        0 => {
            let at = field.len() / 2;
            let blank = choices.pick(b" \t,");
            let wanted = list::MAX_BYTES - 1 + choices.below(3);
            let missing = wanted.saturating_sub(field.len());
            field.splice(at..at, std::iter::repeat_n(blank, missing));
        }
        1..=2 => {
            let elements = field.iter().filter(|&&byte| byte == b',').count() + 1;
            let wanted = list::MAX_NAMES - 1 + choices.below(3);
            let element = choices.pick(&[&b","[..], b" ,", b"x-a,"]);
            for _ in elements..wanted {
                field.splice(0..0, element.iter().copied());
            }
        }
        3..=12 => field.push(b','),
        _ => {}
    }
    field
}

fn an_authority(
    choices: &mut Choices<'_>,
    settings: &Settings,
    bucket: Option<&Bucket<'_>>,
) -> Option<Vec<u8>> {
    let name = bucket.map_or("b", |bucket| bucket.name.trim_end_matches('/'));
    let mut authority = match choices.below(16) {
        0 => return None,
        1..=5 => bucket
            .and_then(|bucket| choices.pick_any(&bucket.hosts))
            .map_or("other.example", |host| host)
            .to_owned(),
        6..=10 => match choices.pick_any(&settings.endpoints) {
            Some(endpoint) => format!("{name}.{}", endpoint.host),
            None => format!("{name}.oss.example"),
        },
        11..=12 => choices
            .pick_any(&settings.endpoints)
            .map_or("oss.example", |endpoint| &endpoint.host)
            .to_owned(),
        13 => format!("evil-{}", choices.pick(&ENDPOINTS)),
        14 => format!("{}.{}", choices.pick(&NAMES), choices.pick(&ENDPOINTS)),
        _ => (choices.pick(&[
            "",
            ".",
            ":80",
            "[",
            "[::1",
            "[::1]:1",
            ".oss.example",
            "a..oss.example",
        ]))
        .to_owned(),
    }
    .into_bytes();
    match choices.below(16) {
        0..=1 => authority.make_ascii_uppercase(),
        2 => authority.push(b'.'),
        3..=4 => authority.extend_from_slice(b":8080"),
        5 if choices.once_in(2) => authority.insert(0, b'@'),
        5 => authority.extend_from_slice(b".:80"),
        6 if choices.once_in(2) => spoil(choices, &mut authority),
        6 => fill_up(
            choices,
            &mut authority,
            bucket_cors::addressing::MAX_HOST_BYTES,
            b'a',
        ),
        _ => {}
    }
    Some(authority)
}

fn a_path(choices: &mut Choices<'_>, bucket: Option<&Bucket<'_>>) -> Option<Vec<u8>> {
    let name = bucket
        .map(|bucket| bucket.name.trim_end_matches('/'))
        .filter(|name| *name != "*" && !choices.once_in(6));
    let mut name = name.unwrap_or(choices.pick(&NAMES)).as_bytes().to_vec();
    match choices.below(16) {
        0 => spoil(choices, &mut name),
        1..=2 => {
            // Percent-encoded as a store decodes it, once, or twice as none does.
            let at = choices.below(name.len());
            let percent = if choices.once_in(3) { "%25" } else { "%" };
            let code = format!("{percent}{:02x}", name[at]);
            name.splice(at..=at, code.into_bytes());
        }
        3 => name.extend_from_slice(choices.pick(&[
            &b"%"[..],
            b"%2",
            b"%zz",
            b"%2e",
            b"%00",
            b"%2F",
            b"%5c",
            b"\\b",
            b";b",
            b"%3B",
            b"%25",
        ])),
        4 if choices.once_in(8) => {
            fill_up(
                choices,
                &mut name,
                bucket_cors::addressing::MAX_BUCKET_BYTES,
                b'a',
            );
        }
        _ => {}
    }
    let rest: &[u8] = match choices.below(24) {
        0..=9 => b"/o",
        10 => b"",
        11 => b"/",
        12 => b"//",
        13 => b"?x=/../",
        14 => b"/o?x=/./y",
        15 => b"/../b/o",
        16 => b"/o/%2E%2e/b",
        17 => b"/o/.%2e",
        18 => b"/%2e",
        19 => b"/...",
        20 => b"/.o/..o/%2e%2e%2e",
        21 => b"#/../x",
        22 => choices.pick(&[
            &b"/%"[..],
            b"/o%2fo",
            b"/%2e%2e%2Fb/o",
            b"/o%2F../b",
            b"/%2f.",
            b"/%zz%2f.%2e",
        ]),
        23 if choices.once_in(2) => return Some([b"/", &name[..], b"/", &odd_segments(choices)].concat()),
        _ => {
            return choices
                .pick(&[
                    None,
                    Some(&b""[..]),
                    Some(b"/"),
                    Some(b"*"),
                    Some(b"//b/o"),
                    Some(b"b/o"),
                ])
                .map(<[u8]>::to_vec);
        }
    };
    Some([b"/", &name[..], rest].concat())
}

/// What front ends resolve in different ways.
fn odd_segments(choices: &mut Choices<'_>) -> Vec<u8> {
    const PIECES: [&[u8]; 20] = [
        b".", b"..", b"/", b"\\", b";", b"%2e", b"%2F", b"%5C", b"%3b", b"%252e", b"%252f", b"%25", b"%2",
        b"%65", b"%", b"b", b"x=1", b"%00", b"//", b"..;",
    ];
    (0..1 + choices.below(7))
        .flat_map(|_| choices.pick(&PIECES).to_vec())
        .collect()
}

impl fmt::Display for Case {
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
