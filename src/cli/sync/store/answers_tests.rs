//! What the asker makes of the answers of stores that answer as a script says.

use std::thread;

use serde_json::json;

use super::scripted::{Act, RULES, SECRET, Store, TOKEN, error, kind, wait};
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
            "the store's document: 2:3: ",
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
