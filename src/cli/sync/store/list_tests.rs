//! The list of buckets, before stores that answer as a script says.

use std::time::Duration;

use super::scripted::{Act, RULES, SECRET, Store, environment, error, kind, wait};
use super::*;

#[test]
fn the_list_of_buckets_is_whole_or_none() {
    let page = |names: &[&str], rest: &str| {
        let buckets = names
            .iter()
            .map(|name| format!("<Bucket><Name>{name}</Name></Bucket>"));
        let buckets = buckets.collect::<String>();
        Act::Answer(
            200,
            format!("<ListAllMyBucketsResult><Buckets>{buckets}</Buckets>{rest}</ListAllMyBucketsResult>"),
        )
    };
    let next = |token: &str| format!("<ContinuationToken>{token}</ContinuationToken>");
    let store = Store::start(vec![page(&["b", "a"], &next("t/2")), page(&["c"], "")]);
    assert_eq!(wait(store.asker().buckets()).unwrap(), ["b", "a", "c"]);
    assert!(
        store.requests()[1].contains("continuation-token=t%2F2"),
        "{:?}",
        store.requests()
    );
    assert_eq!(
        wait(Store::start(vec![page(&[], "")]).asker().buckets()).unwrap(),
        [""; 0]
    );
    for acts in [
        // The second page fails, or is the first again.
        vec![page(&["a"], &next("2")), Act::Answer(403, error("AccessDenied"))],
        vec![page(&["a"], &next("2"))],
        vec![page(&["a"], "<IsTruncated>true</IsTruncated>")],
        vec![Act::Answer(200, "<ListAllMyBucketsResult/>".to_owned())],
        vec![Act::Answer(
            200,
            "<ListAllMyBucketsResult><Buckets><Bucket/></Buckets></ListAllMyBucketsResult>".to_owned(),
        )],
        vec![Act::Answer(200, RULES.to_owned())],
        vec![Act::Answer(404, error("NoSuchCORSConfiguration"))],
    ] {
        let store = Store::start(acts.clone());
        kind(BucketAnswer::Unknown(
            wait(store.asker().buckets()).expect_err(&format!("{acts:?}")),
        ));
    }
}

#[test]
fn a_list_of_more_buckets_than_an_account_can_have_is_none() {
    let page = |number: usize| {
        let buckets = (0..100_000).map(|at| format!("<Bucket><Name>b{number}-{at}</Name></Bucket>"));
        let buckets: String = buckets.collect();
        let next = format!("<ContinuationToken>{number}</ContinuationToken>");
        let list = format!("<Buckets>{buckets}</Buckets>{next}");
        Act::Answer(
            200,
            format!("<ListAllMyBucketsResult>{list}</ListAllMyBucketsResult>"),
        )
    };
    let store = Store::start((0..12).map(page).collect());
    let environment = environment(&[
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
    ]);
    let asker = Asker::with(&store.location(), environment, Duration::from_secs(60)).unwrap();
    let failure = wait(asker.buckets()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unreadable);
    // The page that has one too many.
    assert_eq!(store.requests().len(), BUCKETS / 100_000 + 1);
}
