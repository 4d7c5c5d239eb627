//! Whatever a file holds, the tool ends by itself and says something.

use crate::tool::Folder;

const SAMPLES: [(&str, &str); 6] = [
    ("cors.json", include_str!("../../envoy/cors.json")),
    ("envoy.yaml", include_str!("../../envoy/envoy.yaml")),
    ("gateway.yaml", include_str!("../../envoy/envoy-gateway.yaml")),
    ("higress.yaml", include_str!("../../envoy/higress.yaml")),
    ("a.har", include_str!("recordings/chromium.har")),
    (
        "tags.yaml",
        "%YAML 1.2\n---\na: !!str &a 1\nb: !<x> *a\nc: !!binary |\n  aGk=\n? d\n: >-\n  e\n\n  f\nbuckets: [*a]\n",
    ),
];

/// What makes the most of a syntax.
const PIECES: [&[u8]; 14] = [
    b"\"", b"'", b"\\u", b"{", b"]", b"\n", b"\t", b": ", b"- ", b"*a", b"&a", b"\xff", b"\0", b"|\n",
];

#[test]
fn no_file_makes_it_panic() {
    let folder = Folder::new("hostile").with("good.json", SAMPLES[0].1);
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % below
    };
    for round in 0..240 {
        let (name, text) = SAMPLES[round % SAMPLES.len()];
        let mut bytes = text.as_bytes().to_vec();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(3) {
                0 => bytes.truncate(at.max(1)),
                1 => bytes
                    .splice(at..at, PIECES[random(PIECES.len())].iter().copied())
                    .for_each(drop),
                _ => bytes.drain(at..(at + random(9)).min(bytes.len())).for_each(drop),
            }
            bytes.push(b'\n');
        }
        folder.write(name, &bytes);
        let asked: &[&str] = match (name, round % 2) {
            ("a.har", _) => &["explain", "good.json", "--har", "a.har"],
            (_, 0) => &["check", name],
            _ => &[
                "explain",
                name,
                "--url",
                "https://edge.example/oss-cors-test/x",
                "--origin",
                "null",
            ],
        };
        let output = folder.run(asked);
        assert!((0..=2).contains(&output.code), "{round}: {output:?}");
        assert!(!output.stderr.contains("panicked"), "{round}: {output:?}");
        assert!(
            !output.stdout.is_empty() || !output.stderr.is_empty(),
            "{round}: {output:?}"
        );
    }
}
