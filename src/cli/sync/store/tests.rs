//! The asker before stores that answer as a script says.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::scripted::{Act, RULES, SECRET, Store, TOKEN, environment, error, good, kind, wait};
use super::*;

#[test]
fn only_the_store_s_word_means_no_rules() {
    use FailureKind::*;
    let no_rules = error("NoSuchCORSConfiguration");
    let cases = [
        (403, error("AccessDenied"), Denied),
        (403, error("InvalidAccessKeyId"), Denied),
        (403, error("SignatureDoesNotMatch"), Denied),
        (400, error("ExpiredToken"), Denied),
        (401, String::new(), Denied),
        // The right word with another status is not the store's.
        (403, no_rules.clone(), Denied),
        (200, no_rules.clone(), Unreadable),
        (500, no_rules, Unavailable),
        (404, error("NoSuchBucket"), NoBucket),
        (200, error("NoSuchBucket"), Unreadable),
        (403, error("NoSuchBucket"), Denied),
        (404, error("NoSuchCORSConfigurations"), Unreadable),
        (404, "no such CORS configuration".to_owned(), Unreadable),
        (404, String::new(), Unreadable),
        (404, "NoSuchCORSConfiguration".to_owned(), Unreadable),
        (501, error("NotImplemented"), NotImplemented),
        (405, error("MethodNotAllowed"), NotImplemented),
        (301, error("PermanentRedirect"), Elsewhere),
        (408, error("RequestTimeout"), Timeout),
        (429, String::new(), Unavailable),
        (503, error("SlowDown"), Unavailable),
        (418, error(SECRET), Unreadable),
        (400, error(&format!("{SECRET}/{TOKEN}")), Unreadable),
        (204, String::new(), Unreadable),
        (200, String::new(), Unreadable),
        (200, "<html>sign in</html>".to_owned(), Unreadable),
        (200, RULES.replace("</CORSConfiguration>", ""), Unreadable),
        (200, "<CORSConfiguration/>".to_owned(), Unreadable),
        (200, format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{RULES}"), Unreadable),
        (
            200,
            RULES.replace("<CORSRule>", "<CORSRule><Unknown>1</Unknown>"),
            RefusedDocument,
        ),
        (200, format!("{RULES}{}", " ".repeat(RULES_BYTES)), Unreadable),
    ];
    for (status, body, expected) in cases {
        let store = Store::start(vec![Act::Answer(status, body.clone())]);
        let told = kind(wait(store.asker().rules("photos")));
        assert_eq!(told, expected, "{status} {}", body.get(..80).unwrap_or(&body));
    }
    let store = Store::start(vec![Act::Answer(404, error("NoSuchCORSConfiguration"))]);
    assert!(matches!(
        wait(store.asker().rules("photos")),
        BucketAnswer::NoRules
    ));
}

#[test]
fn a_place_in_the_store_s_document_stands_apart_and_its_words_are_not_repeated() {
    let unknown = RULES.replace("<CORSRule>", "<CORSRule>\n<Unknown>1</Unknown>");
    let in_namespace =
        format!("<s:Error xmlns:s='u'><Code>SlowDown</Code><Message>{SECRET}</Message></s:Error>");
    let at_its_end = RULES.replace("</CORSConfiguration>", "<Error/></CORSConfiguration>");
    for (body, said) in [
        (unknown, "the store's document: 2:1: not carried over: "),
        (
            "\n<html/>".to_owned(),
            "the store's document: 2:1: its root is <html>",
        ),
        (
            "<CORSConfiguration>\n<a".to_owned(),
            "the store's document: 1:1: bad XML: ",
        ),
        (in_namespace, "the store answered 200 SlowDown: "),
        (at_its_end, "the store answered 200: "),
        // A secret of letters alone is one too.
        (error(SECRET), "the store answered 200 and an unknown code: "),
        (error("Sesame"), "the store answered 200 and an unknown code: "),
    ] {
        let store = Store::start(vec![Act::Answer(200, body)]);
        match wait(store.asker().rules("photos")) {
            BucketAnswer::Unknown(failure) => {
                assert!(failure.message.starts_with(said), "{failure}");
                assert!(!failure.message.contains(SECRET), "{failure}");
            }
            other => panic!("{said}: {other:?}"),
        }
    }
}

#[test]
fn a_rule_that_names_errors_is_no_error() {
    for id in [
        "site:ErrorPages",
        "&lt;Error>",
        "<![CDATA[<Error>]]>",
        "<!-- <Error/> -->a",
    ] {
        let body = RULES.replace("<CORSRule>", &format!("<CORSRule><ID>{id}</ID>"));
        let store = Store::start(vec![Act::Answer(200, body)]);
        let answer = wait(store.asker().rules("photos"));
        assert!(matches!(answer, BucketAnswer::Rules(_)), "{id}: {answer:?}");
    }
}

#[test]
fn rules_come_in_the_store_s_order_and_in_the_configuration_s_shape() {
    let body = "<CORSConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
        <CORSRule><ID>b</ID><AllowedOrigin>https://b.example</AllowedOrigin><AllowedMethod>PUT</AllowedMethod>\
        <AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>600</MaxAgeSeconds></CORSRule>\
        <CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>\
        <ResponseVary>true</ResponseVary></CORSConfiguration>";
    let store = Store::start(vec![Act::Answer(200, body.to_owned())]);
    match wait(store.asker().rules("photos")) {
        BucketAnswer::Rules(rules) => assert_eq!(
            rules,
            json!({
                "CORSRules": [
                    { "ID": "b", "AllowedOrigins": ["https://b.example"], "AllowedMethods": ["PUT"],
                      "AllowedHeaders": ["*"], "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 600 },
                    { "AllowedOrigins": ["*"], "AllowedMethods": ["GET"] },
                ],
                "ResponseVary": true,
            })
        ),
        other => panic!("{other:?}"),
    }
    let request = store.requests().concat();
    assert!(request.starts_with("GET /photos?cors HTTP/1.1\r\n"), "{request}");
    assert!(!request.contains(SECRET), "{request}");
}

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
fn what_stands_between_makes_no_rules() {
    let compressed = |body: &[u8]| {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Act::Raw([head.as_bytes(), body].concat())
    };
    let with_length = |length: usize| {
        Act::Raw(format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{RULES}").into_bytes())
    };
    let chunks = |end: &str| {
        let length = RULES.len();
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        Act::Raw(format!("{head}{length:x}\r\n{RULES}{end}").into_bytes())
    };
    let cases = [
        (with_length(RULES.len() - 1), FailureKind::Unreadable),
        (with_length(RULES.len() + 1), FailureKind::CutShort),
        // The whole document, and nobody says that it is whole.
        (chunks("\r\n"), FailureKind::CutShort),
        (chunks("\r\nx\r\n"), FailureKind::CutShort),
        // Nobody asked for that.
        (
            compressed(b"\x1f\x8b\x08\0\0\0\0\0\0\x03"),
            FailureKind::Unreadable,
        ),
        (compressed(b"plainly none"), FailureKind::Unreadable),
        (
            Act::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
            FailureKind::Unavailable,
        ),
        (
            Act::Answer(
                200,
                "<ListBucketResult><Name>photos</Name></ListBucketResult>".to_owned(),
            ),
            FailureKind::Unreadable,
        ),
        (
            Act::Answer(200, format!("<Wrapped>{RULES}</Wrapped>")),
            FailureKind::Unreadable,
        ),
        (
            Act::Answer(200, format!("{RULES}{RULES}")),
            FailureKind::Unreadable,
        ),
        (
            Act::Answer(200, r#"{"CORSRules": []}"#.to_owned()),
            FailureKind::Unreadable,
        ),
        (
            Act::Answer(502, "<html><h1>502 Bad Gateway</h1></html>".to_owned()),
            FailureKind::Unavailable,
        ),
        (
            Act::Answer(404, "<html><h1>NoSuchCORSConfiguration</h1></html>".to_owned()),
            FailureKind::Unreadable,
        ),
        (
            Act::Answer(404, format!("<html>{}</html>", error("NoSuchCORSConfiguration"))),
            FailureKind::Unreadable,
        ),
    ];
    // At once: a half is asked for again, after a while.
    thread::scope(|scope| {
        for (act, expected) in cases {
            scope.spawn(move || {
                let store = Store::start(vec![act.clone()]);
                assert_eq!(kind(wait(store.asker().rules("photos"))), expected, "{act:?}");
            });
        }
    });
    let whole = Store::start(vec![chunks("\r\n0\r\n\r\n")]);
    assert!(matches!(
        wait(whole.asker().rules("photos")),
        BucketAnswer::Rules(_)
    ));
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

#[test]
fn a_call_ends_in_time() {
    let store = Store::start(vec![Act::Sleeps(Duration::from_secs(60))]);
    let asker = store.asker();
    let start = Instant::now();
    assert_eq!(kind(wait(asker.rules("photos"))), FailureKind::Timeout);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
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
    wait(ask(10_000));
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
fn without_credentials_nothing_is_asked() {
    let store = Store::start(vec![good()]);
    for from in [Dialect::S3, Dialect::Oss] {
        let location = Location {
            from,
            region: Some("cn-hangzhou".to_owned()),
            ..store.location()
        };
        // The roles of a machine are asked for over the network, where there may be none.
        let off = [
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true"),
        ];
        let asker = Asker::with(&location, environment(&off), Duration::from_secs(2)).unwrap();
        assert_eq!(kind(wait(asker.rules("photos"))), FailureKind::Credentials);
        kind(BucketAnswer::Unknown(wait(asker.buckets()).unwrap_err()));
    }
    assert!(store.requests().is_empty());
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
