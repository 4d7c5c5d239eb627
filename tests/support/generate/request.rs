//! Requests made of the configuration's own patterns, then spoilt.

use bucket_cors::config::{Bucket, Rule, Settings};
use bucket_cors::http::{origin, requested_headers};
use bucket_cors::profile::STORE_METHODS;
use bucket_cors::wildcard::Pattern;

use super::super::choices::Choices;
use super::super::requests::CorsRequest;
use super::patterns::{header_pattern, origin_pattern};
use super::spoil::{fill_up, spoil};
use super::target::{a_path, an_authority};

/// A request that has a good chance to be for one of the buckets and near one of its patterns.
pub fn request(choices: &mut Choices<'_>, settings: &Settings, buckets: &[Bucket<'_>]) -> CorsRequest {
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
    CorsRequest {
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
            11 if choices.once_in(4) => fill_up(choices, &mut name, requested_headers::MAX_NAME_BYTES, b'a'),
            _ => {}
        }
        field.extend_from_slice(&name);
    }
    match choices.below(96) {
        0 => {
            let at = field.len() / 2;
            let blank = choices.pick(b" \t,");
            let wanted = requested_headers::MAX_BYTES - 1 + choices.below(3);
            let missing = wanted.saturating_sub(field.len());
            field.splice(at..at, std::iter::repeat_n(blank, missing));
        }
        1..=2 => {
            let elements = field.iter().filter(|&&byte| byte == b',').count() + 1;
            let wanted = requested_headers::MAX_NAMES - 1 + choices.below(3);
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
