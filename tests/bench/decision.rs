//! What the decision costs by itself, natively: no host, no proxy, no answer. `cargo bench --bench decision` prints the
//! lower quartile of many rounds for each case, since neighbours on a machine only ever add.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Instant;

use bucket_cors::config::{Bucket, Mode, Rule, Settings, UpstreamCors};
use bucket_cors::decision::{self, Decision};
use bucket_cors::http::head::RequestHead;
use bucket_cors::matcher::{Matcher, MatcherBuilder, Owner};
use bucket_cors::profile::OSS;
use bucket_cors::verdict::NoRule;
use bucket_cors::wildcard::Pattern;

const ROUNDS: usize = 101;
const DECISIONS_PER_ROUND: usize = 20_000;

fn main() {
    println!("{:<58} {:>9}", "decision", "ns");
    for (spread, rules) in [("one rule", 1), ("100 rules", 100)] {
        for count in [1, 10, 1_000, 10_000] {
            if rules > count {
                continue;
            }
            let star = |n: usize| format!("https://*.tenant-{n:05}.example.com");
            let site = site(count, rules, star);
            let last = format!("https://app.tenant-{:05}.example.com", count - 1);
            let first = "https://app.tenant-00000.example.com";
            let miss = format!("https://app.tenant-{:05}.example.org", count - 1);
            let near_miss = format!("https://app.tenant-{count:05}.example.com");
            let prefix = format!("{count} single-star patterns, {spread}");
            site.measure(&format!("{prefix}: hit on the last"), &actual(&last), true);
            site.measure(&format!("{prefix}: hit on the first"), &actual(first), true);
            site.measure(&format!("{prefix}: miss"), &actual(&miss), false);
            site.measure(&format!("{prefix}: near miss"), &actual(&near_miss), false);
            let preflight = preflight(&last);
            site.measure(&format!("{prefix}: preflight, 5 headers"), &preflight, true);
        }
    }
    for count in [1, 1_000, 10_000] {
        let exact = |n: usize| format!("https://app.tenant-{n:05}.example.com");
        let site = site(count, 1, exact);
        let last = exact(count - 1);
        site.measure(
            &format!("{count} exact origins: hit on the last"),
            &actual(&last),
            true,
        );
        site.measure(
            &format!("{count} exact origins: miss"),
            &actual("https://app.example.org"),
            false,
        );
    }
    let any = site(1, 1, |_| "*".to_owned());
    any.measure("the lone *", &actual("https://app.example.com"), true);
    let origin = "https://app.tenant-00000.example.com";
    for count in [1, 100, 10_000] {
        let site = sites(count);
        site.measure_located(&format!("{count} buckets, path-style"), &actual(origin));
    }
}

struct BenchSite {
    matcher: Matcher,
    path: String,
}

/// One bucket with `count` origin patterns, dealt out to its rules in turn.
fn site(count: usize, rules: usize, pattern: impl Fn(usize) -> String) -> BenchSite {
    let mut builder = MatcherBuilder::default();
    let mut dealt: Vec<Vec<String>> = vec![Vec::new(); rules];
    for number in 0..count {
        dealt[number % rules].push(pattern(number));
    }
    builder.add(&bucket("b".to_owned(), dealt.into_iter().map(rule).collect()));
    BenchSite {
        matcher: builder.finish(Settings::default()),
        path: "/b/object".to_owned(),
    }
}

fn sites(count: usize) -> BenchSite {
    let mut builder = MatcherBuilder::default();
    for number in 0..count {
        let origin = format!("https://*.tenant-{:05}.example.com", number % 7);
        builder.add(&bucket(format!("bucket-{number:05}"), vec![rule(vec![origin])]));
    }
    let middle = count / 2 - (count / 2) % 7;
    BenchSite {
        matcher: builder.finish(Settings::default()),
        path: format!("/bucket-{middle:05}/object"),
    }
}

fn bucket(name: String, rules: Vec<Rule<'static>>) -> Bucket<'static> {
    Bucket {
        name: name.into(),
        hosts: Vec::new(),
        profile: &OSS,
        allow_credentials: false,
        allow_private_network: false,
        upstream_cors: UpstreamCors::Replace,
        resource_policy: "",
        timing_allow_origin: String::new(),
        mode: Mode::Enforce,
        rules,
        response_vary: None,
    }
}

fn rule(origins: Vec<String>) -> Rule<'static> {
    let pattern = |text: String| Pattern::new(Cow::Owned(text)).expect("one star at most");
    Rule {
        allowed_origins: origins.into_iter().map(pattern).collect(),
        allowed_methods: vec!["GET".into(), "PUT".into()],
        allowed_headers: ["content-type", "content-md5", "authorization", "x-oss-*"]
            .map(|name| pattern(name.to_owned()))
            .into(),
        expose_headers: vec!["ETag".into()],
        max_age_seconds: Some(600),
        ..Rule::default()
    }
}

fn actual(origin: &str) -> RequestHead<'_> {
    RequestHead {
        method: b"GET",
        origin: Some(origin.as_bytes()),
        ..RequestHead::default()
    }
}

fn preflight(origin: &str) -> RequestHead<'_> {
    RequestHead {
        method: b"OPTIONS",
        origin: Some(origin.as_bytes()),
        request_method: Some(b"PUT"),
        request_headers: Some(b"authorization,content-md5,content-type,x-oss-date,x-oss-meta-author"),
        ..RequestHead::default()
    }
}

impl BenchSite {
    fn measure(&self, what: &str, request: &RequestHead<'_>, matches: bool) {
        let Owner::Bucket(id, _) = self.matcher.locate(None, Some(self.path.as_bytes())) else {
            unlisted(what);
        };
        let decide = || decision::decide(&self.matcher, id, black_box(request));
        let expected = match decide() {
            Decision::Actual(Ok(_)) | Decision::Preflight(Ok(_)) => true,
            Decision::Actual(Err(NoRule::Origin)) => false,
            other => unexpected(what, other),
        };
        assert_eq!(expected, matches, "{what}");
        report(what, decide);
    }

    fn measure_located(&self, what: &str, request: &RequestHead<'_>) {
        let path = self.path.as_bytes();
        let locate = || self.matcher.locate(None, Some(black_box(path)));
        report(&format!("{what}: find the bucket"), locate);
        report(&format!("{what}: find the bucket and decide"), || {
            let Owner::Bucket(id, _) = locate() else {
                unlisted(what);
            };
            decision::decide(&self.matcher, id, black_box(request))
        });
    }
}

#[allow(clippy::panic)]
fn unlisted(what: &str) -> ! {
    panic!("{what}: the bucket is not found")
}

#[allow(clippy::panic)]
fn unexpected(what: &str, decision: Decision<'_>) -> ! {
    panic!("{what}: {decision:?}")
}

fn report<T>(what: &str, run: impl Fn() -> T) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..DECISIONS_PER_ROUND {
                black_box(run());
            }
            start.elapsed().as_nanos() as f64 / DECISIONS_PER_ROUND as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{what:<58} {:>9.1}", rounds[ROUNDS / 4]);
}
