//! The host and the path of a request.

use bucket_cors::config::{Bucket, Settings};

use super::super::choices::Choices;
use super::configuration::{ENDPOINTS, NAMES};
use super::spoil::{fill_up, spoil};

pub(super) fn an_authority(
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

pub(super) fn a_path(choices: &mut Choices<'_>, bucket: Option<&Bucket<'_>>) -> Option<Vec<u8>> {
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
