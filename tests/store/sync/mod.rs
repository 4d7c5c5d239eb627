//! The tool's `sync` before stores: what it reads, what it keeps, and what an edge does with it.

mod faulty;
mod following;
mod process;

use serde_json::{Value, json};

use self::faulty::{Fault, FaultyProxy};
use self::process::{Ended, SyncPlace};
use crate::server;
use crate::support::{http, ports};

pub(crate) use self::following::an_edge_follows;
use self::following::wait_until;

/// The key of the SeaweedFS that tests start.
const KEY: [(&str, &str); 2] = [
    ("AWS_ACCESS_KEY_ID", "demo"),
    ("AWS_SECRET_ACCESS_KEY", "demo-secret"),
];

/// How `sync` is told of a store of S3's calls on this port, and of its buckets.
fn from_s3(port: u16, buckets: &[&str]) -> Vec<String> {
    let endpoint = format!("http://127.0.0.1:{port}");
    let store = ["--from", "s3", "--endpoint", &endpoint];
    store
        .iter()
        .chain(buckets)
        .map(|&argument| argument.to_owned())
        .collect()
}

/// With an age: SeaweedFS prints one of 0 for a rule without.
fn rule(origin: &str) -> Value {
    json!({ "AllowedOrigins": [origin], "AllowedMethods": ["GET", "PUT"], "MaxAgeSeconds": 600 })
}

/// The rules of the buckets in a configuration, by name.
fn rules_of(configuration: &str) -> Vec<(String, Value)> {
    let configuration: Value = serde_json::from_str(configuration).unwrap();
    let buckets = configuration["buckets"].as_array().unwrap();
    let rules = buckets.iter().map(|bucket| {
        let name = bucket["name"].as_str().unwrap().to_owned();
        (name, bucket["cors"]["CORSRules"].clone())
    });
    rules.collect()
}

pub(crate) fn reads_seaweedfs() {
    let [port] = ports::free();
    let mut store = server::weed(port, &["photos", "plain"]);
    let full = json!({
        "ID": "second", "AllowedOrigins": ["https://b.example", "https://*.b.example"], "AllowedMethods": ["PUT", "GET"],
        "AllowedHeaders": ["x-amz-*", "Content-Type"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600,
    });
    let rules = json!([rule("https://z.example"), full, rule("https://a.example")]);
    store.tell(&json!({ "bucket": "photos", "rules": rules }));
    let place = SyncPlace::new(&KEY);
    let store_arguments = |buckets: &[&str]| from_s3(port, buckets);
    // In the store's order. A bucket without rules is one that allows nothing.
    let read = place.once(&store_arguments(&["--all"]));
    assert_eq!(read.code, 0, "{read:?}");
    let known = rules_of(&place.output());
    let expected = [
        ("photos".to_owned(), rules.clone()),
        ("plain".to_owned(), json!([])),
    ];
    assert_eq!(known, expected, "{read:?}");
    // A bucket that is not there takes nothing from the others.
    let absent = place.once(&store_arguments(&[
        "--bucket", "photos", "--bucket", "plain", "--bucket", "absent",
    ]));
    assert_eq!(absent.code, 1, "{absent:?}");
    assert!(absent.stderr.contains("[no-bucket]"), "{absent:?}");
    assert_eq!(rules_of(&place.output()), known);
    // Nor does a key that the store does not take any more.
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "revoked"),
        ("AWS_SECRET_ACCESS_KEY", "another-secret"),
    ] {
        let mut key = KEY.to_vec();
        key.retain(|(known, _)| *known != name);
        key.push((name, value));
        for asked in [["--bucket", "photos", "--bucket", "plain"].as_slice(), &["--all"]] {
            let denied = place.once_with(&key, &store_arguments(asked));
            assert_eq!(denied.code, 1, "{denied:?}");
            assert!(denied.stderr.contains("[denied]"), "{denied:?}");
            denied.keeps_secret(&["demo-secret", "another-secret"]);
            assert_eq!(rules_of(&place.output()), known);
        }
    }
    // What the store says counts: other rules, and none.
    store.tell(&json!({ "bucket": "photos", "rules": [rule("https://new.example")] }));
    assert_eq!(place.once(&store_arguments(&["--all"])).code, 0);
    assert_eq!(
        rules_of(&place.output())[0].1,
        json!([rule("https://new.example")])
    );
    store.tell(&json!({ "bucket": "photos", "rules": null }));
    let emptied = place.once(&store_arguments(&["--all"]));
    assert_eq!(emptied.code, 0, "{emptied:?}");
    let left = rules_of(&place.output());
    assert!(
        left.iter()
            .all(|(_, rules)| rules.as_array().is_none_or(Vec::is_empty)),
        "{left:?}"
    );
}

pub(crate) fn keeps_the_last_good_rules() {
    let [port] = ports::free();
    let mut store = server::weed(port, &["photos"]);
    store.tell(&json!({ "bucket": "photos", "rules": [rule("https://a.example")] }));
    let proxy = FaultyProxy::start(port);
    let place = SyncPlace::new(&KEY);
    let arguments = |buckets: &[&str]| from_s3(proxy.port(), buckets);
    let asked = arguments(&["--bucket", "photos"]);
    assert_eq!(place.once(&asked).code, 0);
    let known = rules_of(&place.output());
    // The store has other rules by now, and nobody can hear it say so.
    store.tell(&json!({ "bucket": "photos", "rules": [rule("https://b.example")] }));
    for (fault, kind) in [
        (Fault::Cut, "cut-short"),
        (Fault::Reset, "unavailable"),
        (Fault::Answer(503), "unavailable"),
        (Fault::Answer(404), "unreadable"),
        (Fault::Answer(200), "unreadable"),
        (Fault::Stall, "timeout"),
    ] {
        proxy.set(fault);
        let asked = if fault == Fault::Reset {
            arguments(&["--all"])
        } else {
            asked.clone()
        };
        let kept = place.once(&asked);
        assert_eq!(kept.code, 1, "{fault:?}: {kept:?}");
        assert!(kept.stderr.contains(&format!("[{kind}]")), "{fault:?}: {kept:?}");
        kept.keeps_secret(&["demo-secret"]);
        assert_eq!(rules_of(&place.output()), known, "{fault:?}");
    }
    // Slow is not wrong, and what passes is asked for again.
    for fault in [Fault::Slow, Fault::Twice] {
        proxy.set(fault);
        let read = place.once(&asked);
        assert_eq!(read.code, 0, "{fault:?}: {read:?}");
        assert_eq!(rules_of(&place.output())[0].1, json!([rule("https://b.example")]));
    }
}

pub(crate) fn outlives_a_key() {
    let [port, own] = ports::free();
    let mut store = server::weed(port, &["photos"]);
    store.tell(&json!({ "bucket": "photos", "rules": [rule("https://a.example")] }));
    let place = SyncPlace::new(&KEY);
    let address = format!("127.0.0.1:{own}");
    let _following = place.follow(&from_s3(port, &["--bucket", "photos", "--listen", &address]));
    let metric = |name: &str| {
        let response = http::get(own, "/metrics").ok()?;
        let text = String::from_utf8(response.body).unwrap();
        let value = text.lines().find_map(|line| line.strip_prefix(name))?;
        value.trim().parse::<u64>().ok()
    };
    let age = || metric("bucket_cors_sync_rules_age_seconds{bucket=\"photos\"}");
    wait_until("the first rules", || age().is_some());
    let known = rules_of(&place.output());
    assert_eq!(known[0].1, json!([rule("https://a.example")]));

    store.tell(&json!({ "secret": "another" }));
    wait_until("what is kept", || {
        metric("bucket_cors_sync_kept_buckets") == Some(1)
            && metric("bucket_cors_sync_errors_total{kind=\"denied\"}") >= Some(1)
    });
    wait_until("its age", || age() >= Some(3));
    assert_eq!(rules_of(&place.output()), known);

    store.tell(&json!({ "secret": KEY[1].1 }));
    store.tell(&json!({ "bucket": "photos", "rules": [rule("https://b.example")] }));
    wait_until("the new rules", || {
        rules_of(&place.output())[0].1 == json!([rule("https://b.example")])
    });
    wait_until("nothing is kept", || {
        metric("bucket_cors_sync_kept_buckets") == Some(0)
    });
}

pub(crate) fn reads_oss() {
    const KEY: [(&str, &str); 2] = [
        ("OSS_ACCESS_KEY_ID", "LTAIEXAMPLE"),
        ("OSS_ACCESS_KEY_SECRET", "oss-secret-of-the-stand-in"),
    ];
    let [port] = ports::free();
    let mut store = server::oss(port);
    let full = json!({
        "AllowedOrigins": ["https://b.example"], "AllowedMethods": ["PUT", "GET"], "AllowedHeaders": ["x-oss-*"],
        "ExposeHeaders": ["ETag", "x-oss-request-id"], "MaxAgeSeconds": 600,
    });
    let rules = json!([rule("https://z.example"), full]);
    for name in ["photos", "videos", "sounds"] {
        store.tell(&json!({ "bucket": name, "rules": rules }));
    }
    store.tell(&json!({ "bucket": "plain", "rules": null }));
    let own = format!("http://127.0.0.1:{port}");
    let at = |endpoint: &str, region: &str| {
        [
            "--from",
            "oss",
            "--endpoint",
            endpoint,
            "--region",
            region,
            "--all",
        ]
        .map(str::to_owned)
    };
    // By path, and by host: the stand-in is asked as a proxy then.
    let by_host = [KEY[0], KEY[1], ("http_proxy", own.as_str())];
    for (key, endpoint) in [
        (KEY.as_slice(), own.as_str()),
        (&by_host, "http://oss-cn-hangzhou.aliyuncs.com"),
    ] {
        let place = SyncPlace::new(key);
        let read = place.once(&at(endpoint, "cn-hangzhou"));
        assert_eq!(read.code, 0, "{endpoint}: {read:?}");
        let names = ["photos", "sounds", "videos"];
        let mut expected = names.map(|name| (name.to_owned(), rules.clone())).to_vec();
        expected.insert(1, ("plain".to_owned(), json!([])));
        assert_eq!(rules_of(&place.output()), expected, "{endpoint}");
        let configuration: Value = serde_json::from_str(&place.output()).unwrap();
        assert_eq!(configuration["profile"], "oss");
        assert_eq!(configuration["buckets"][0]["cors"]["ResponseVary"], true);
        // A signature for another region, or with another secret, is none.
        let other = place.once(&at(endpoint, "cn-beijing"));
        let mut revoked = key.to_vec();
        revoked[1].1 = "another-secret";
        for refused in [other, place.once_with(&revoked, &at(endpoint, "cn-hangzhou"))] {
            assert_eq!(refused.code, 1, "{refused:?}");
            assert!(refused.stderr.contains("[denied]"), "{refused:?}");
            refused.keeps_secret(&["oss-secret-of-the-stand-in", "another-secret"]);
            assert_eq!(rules_of(&place.output()), expected);
        }
    }
}

pub(crate) fn reads_a_thousand_buckets() {
    let [port] = ports::free();
    let mut store = server::weed(port, &["last"]);
    let names: Vec<String> = (0..1_000).map(|number| format!("bucket-{number:04}")).collect();
    store.tell(&json!({ "create": names }));
    for name in &names {
        store.tell(&json!({ "bucket": name, "rules": [rule(&format!("https://{name}.example"))] }));
    }
    let place = SyncPlace::new(&KEY);
    let arguments = from_s3(port, &["--all"]);
    let read = place.once(&arguments);
    assert_eq!(read.code, 0, "{}", read.stderr);
    let mut known = rules_of(&place.output());
    known.retain(|(name, _)| name != "last");
    assert_eq!(known.len(), names.len());
    for ((name, rules), expected) in known.iter().zip(&names) {
        assert_eq!(name, expected);
        assert_eq!(*rules, json!([rule(&format!("https://{name}.example"))]));
    }
    // One line for the one that changes.
    store.tell(&json!({ "bucket": "bucket-0500", "rules": [rule("https://new.example")] }));
    let changed: Ended = place.once(&arguments);
    assert_eq!(changed.code, 0, "{changed:?}");
    let lines: Vec<&str> = changed
        .stderr
        .lines()
        .filter(|line| line.starts_with("bucket-"))
        .collect();
    assert_eq!(lines.len(), 1, "{changed:?}");
    assert!(lines[0].contains("https://new.example"), "{changed:?}");
}
