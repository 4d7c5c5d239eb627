//! When the asker asks again, elsewhere, or not at all, before stores that answer as a script says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::caller::REPETITIONS;
use super::scripted::{Act, PATIENT, RULES, Store, environment, error, good, kind, wait};
use super::*;

#[test]
fn what_passes_is_asked_for_again() {
    let trouble = [
        Act::Answer(500, String::new()),
        Act::Answer(503, error("SlowDown")),
        Act::Half(RULES.to_owned()),
        Act::Hangs,
    ];
    for act in trouble {
        let store = Store::start(vec![act.clone(), act.clone(), good()]);
        let answer = wait(store.asker().rules("photos"));
        assert!(matches!(answer, BucketAnswer::Rules(_)), "{act:?}: {answer:?}");
        assert_eq!(store.requests().len(), 3);
        let lasting = Store::start(vec![act.clone()]);
        let expected = match act {
            Act::Half(_) => FailureKind::CutShort,
            _ => FailureKind::Unavailable,
        };
        assert_eq!(kind(wait(lasting.asker().rules("photos"))), expected, "{act:?}");
        assert_eq!(lasting.requests().len(), REPETITIONS.saturating_add(1));
    }
    // What does not pass is not asked for again.
    let store = Store::start(vec![Act::Answer(403, error("AccessDenied"))]);
    kind(wait(store.asker().rules("photos")));
    assert_eq!(store.requests().len(), 1);
}

#[test]
fn no_redirect_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let other = Store::start(vec![good()]);
        let location = format!("location: {}", other.url("/photos?cors"));
        let store = Store::start(vec![Act::Header(status, location, error("TemporaryRedirect"))]);
        assert_eq!(
            kind(wait(store.asker().rules("photos"))),
            FailureKind::Elsewhere,
            "{status}"
        );
        assert!(other.requests().is_empty());
        // Amazon says with it which region the bucket is in.
        let region = "x-amz-bucket-region: eu-west-1".to_owned();
        let store = Store::start(vec![Act::Header(status, region, String::new()), good()]);
        assert!(matches!(
            wait(store.asker().rules("photos")),
            BucketAnswer::Rules(_)
        ));
        assert!(store.requests()[1].contains("/eu-west-1/s3/aws4_request"));
    }
}

/// A machine that stands still may hold up one of three, and not each.
fn assert_one_is_short(took: impl Fn() -> Duration) {
    let mut all = Vec::new();
    while !all.iter().any(|took| *took < Duration::from_secs(5)) {
        assert!(all.len() < 3, "{all:?}");
        all.push(took());
    }
}

#[test]
fn a_call_ends_in_time() {
    let store = Store::start(vec![Act::Sleeps(Duration::from_secs(60))]);
    let took = || {
        let start = Instant::now();
        assert_eq!(
            kind(wait(store.hasty_asker().rules("photos"))),
            FailureKind::Timeout
        );
        start.elapsed()
    };
    assert_one_is_short(took);
}

#[test]
fn a_store_that_sends_without_end_holds_nobody_up() {
    let endless = Store::start(vec![Act::Continues]);
    let other = Store::start(vec![good()]).asker();
    let took = || {
        let asker = Arc::new(endless.hasty_asker());
        let start = Instant::now();
        wait(async {
            let mut calls = tokio::task::JoinSet::new();
            // Fewer leave the clock some time.
            for _ in 0..AT_ONCE {
                let asker = asker.clone();
                calls.spawn(async move { asker.rules("photos").await });
            }
            assert!(matches!(other.rules("photos").await, BucketAnswer::Rules(_)));
            for answer in calls.join_all().await {
                assert_eq!(kind(answer), FailureKind::Timeout);
            }
        });
        start.elapsed()
    };
    // It takes 1 s, and 15 s where the clock has no thread of its own.
    assert_one_is_short(took);
}

#[test]
fn a_store_that_is_down_is_left_alone() {
    let store = Store::start(vec![Act::Answer(503, String::new())]);
    let asker = Arc::new(store.asker());
    let ask = async |count: usize| {
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..count {
            let asker = asker.clone();
            calls.spawn(async move { asker.rules("photos").await });
        }
        for answer in calls.join_all().await {
            assert_eq!(kind(answer), FailureKind::Unavailable);
        }
    };
    wait(ask(AT_ONCE));
    let before = store.requests().len();
    assert_eq!(before, AT_ONCE.saturating_mul(REPETITIONS.saturating_add(1)));
    wait(ask(1_000));
    assert_eq!(store.requests().len(), before);
}

#[test]
fn a_bucket_in_another_region_is_asked_for_there() {
    let moved = |region: &str| {
        let error = error("AuthorizationHeaderMalformed")
            .replace("</Error>", &format!("<Region>{region}</Region></Error>"));
        Act::Answer(400, error)
    };
    let header = Act::Header(
        301,
        "x-amz-bucket-region: eu-west-1".to_owned(),
        error("PermanentRedirect"),
    );
    for act in [moved("eu-west-1"), header] {
        let store = Store::start(vec![act, good()]);
        let asker = store.asker();
        assert!(matches!(wait(asker.rules("photos")), BucketAnswer::Rules(_)));
        assert!(matches!(wait(asker.rules("photos")), BucketAnswer::Rules(_)));
        let requests = store.requests();
        assert_eq!(requests.len(), 3);
        assert!(requests[0].contains("/us-east-1/s3/aws4_request"));
        assert!(requests[1].contains("/eu-west-1/s3/aws4_request"));
        // It is known from then on.
        assert!(requests[2].contains("/eu-west-1/s3/aws4_request"));
    }
    // One that is sent from one to the other, and one that is no region.
    for acts in [
        vec![moved("eu-west-1"), moved("us-east-1")],
        vec![moved("evil.example/")],
    ] {
        let store = Store::start(acts);
        let told = kind(wait(store.asker().rules("photos")));
        assert!(
            matches!(told, FailureKind::Elsewhere | FailureKind::Unreadable),
            "{told:?}"
        );
        assert!(store.requests().len() <= 2);
    }
}

#[test]
fn without_credentials_nothing_is_asked() {
    let store = Store::start(vec![good()]);
    for from in [Dialect::S3, Dialect::Oss] {
        let location = StoreLocation {
            from,
            region: Some("cn-hangzhou".to_owned()),
            ..store.location()
        };
        // The roles of a machine are asked for over the network, where there may be none.
        let off = [
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
        ];
        let asker = Asker::with(&location, environment(&off), PATIENT).unwrap();
        assert_eq!(kind(wait(asker.rules("photos"))), FailureKind::Credentials);
        kind(BucketAnswer::Unknown(wait(asker.buckets()).unwrap_err()));
    }
    assert!(store.requests().is_empty());
}
