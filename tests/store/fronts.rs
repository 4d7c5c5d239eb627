//! The same through nginx to SeaweedFS: which bucket was read, the object itself says.

use std::collections::BTreeSet;

use crate::answer::ClientAnswer;
use crate::chain::{self, NO_FILTER, Target, ask};
use crate::choices::{Choices, Random};
use crate::rules::{ENDPOINT, RULES, origin_of};
use crate::server;
use crate::spellings::{self, BUCKETS};
use crate::support::ports;

/// How nginx may hand a path on, with `STORE` where it goes.
const FRONTS: [(&str, &str); 5] = [
    ("nginx as it came", "location / { proxy_pass http://STORE; }"),
    ("nginx normalized", "location / { proxy_pass http://STORE/; }"),
    (
        "nginx rewritten",
        "location / { rewrite ^/(.*)$ /$1 break; proxy_pass http://STORE; }",
    ),
    (
        "nginx decoded",
        "location / { proxy_pass http://STORE$uri$is_args$args; }",
    ),
    (
        "nginx unmerged",
        "merge_slashes off; location / { proxy_pass http://STORE/; }",
    ),
];

const PATHS: u64 = 300;

pub(crate) fn mean_one_bucket() {
    let [store, ports @ ..] = ports::free::<6>();
    let _weed = server::weed(store, &BUCKETS);
    let servers: String = FRONTS
        .iter()
        .zip(ports)
        .map(|((_, location), port)| {
            let location = location.replace("STORE", &format!("127.0.0.1:{store}"));
            format!("server {{ listen 127.0.0.1:{port}; {location} }}\n")
        })
        .collect();
    let _nginx = server::nginx(&servers, ports[4]);
    let names = FRONTS.map(|(name, _)| name);
    let mut hops: Vec<(&str, u16)> = names.into_iter().zip(ports).collect();
    hops.push(("the store", store));
    let edge = chain::edge(&hops);

    let (mut problems, mut found) = (Vec::new(), BTreeSet::new());
    for seed in 1..=PATHS {
        let mut tape = [0; 256];
        Random(seed).fill(&mut tape);
        let mut choices = Choices::new(&tape);
        let target = Target {
            authority: ENDPOINT.to_owned(),
            path: spellings::path(&mut choices),
        };
        let (hop, _) = hops[choices.below(hops.len())];
        let port = |rules: &str| edge.port(&format!("{rules} before {hop}"));
        let bare = ask(port(NO_FILTER), "GET", &target, "https://anyone.example", "").unwrap();
        let buckets = buckets(&bare);
        if buckets.is_empty() {
            // Of the proxy, or of the store itself.
            continue;
        }
        found.extend(buckets.clone());
        for rules in RULES {
            for bucket in rules.listed {
                for method in ["GET", "OPTIONS"] {
                    let origin = origin_of(bucket);
                    let mut answer = ask(port(rules.name), method, &target, &origin, "").unwrap();
                    answer.reached_upstream = method == "GET";
                    if let Some(problem) = rules.problem(&buckets, &origin, &answer) {
                        problems.push(format!(
                            "seed {seed}: {method} {} by {origin}, {} before {hop}: {problem}; of {buckets:?}",
 target.path, rules.name
                        ));
                    }
                }
            }
        }
    }
    assert!(
        problems.is_empty(),
        "{} are wrong:\n{}",
        problems.len(),
        problems[..problems.len().min(20)].join("\n")
    );
    assert_eq!(found.len(), BUCKETS.len(), "{found:?}");
}

/// Whose object, list of objects or error it is.
fn buckets(answer: &ClientAnswer) -> BTreeSet<String> {
    let body = String::from_utf8_lossy(&answer.body);
    let is_of = |bucket: &&str| {
        body.contains(&format!("object of {bucket}")) || body.contains(&format!("Name>{bucket}</"))
    };
    BUCKETS.into_iter().filter(is_of).map(str::to_owned).collect()
}
