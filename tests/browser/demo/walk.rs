//! The walk-through: what a person sees who clicks, and that it is the rules that make it so.

use std::net::{Ipv4Addr, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::page::{AttemptOutcome, Demo};

/// What should become of an attempt, said without the page.
pub(crate) struct Expected {
    attempt: &'static str,
    /// For each request the status that a page can read, or `refused`.
    answers: &'static str,
    /// The methods that the edge logs.
    edge: &'static str,
    /// What the console says of a refusal, where the driver sees it: not in a frame of another site, which Chromium
    /// gives a process of its own.
    console: Option<&'static str>,
    /// With which rules it comes out otherwise.
    contrary: Contrary,
}

#[derive(Clone, Copy)]
enum Contrary {
    /// There is no rule to change.
    None,
    /// The bucket has no rules.
    Closed,
    /// Every origin of the page, with everything.
    Open,
    /// Another `Cross-Origin-Resource-Policy`.
    Policy(&'static str),
    /// Preflights that are kept for another time.
    MaxAge(u32),
    /// Rules in the store for the page in another place.
    StoredFor(&'static str),
}

const NO_HEADER: &str = "No 'Access-Control-Allow-Origin' header is present on the requested resource";
const NOT_FOR_PREFLIGHT: &str = "Response to preflight request doesn't pass access control check";

pub(crate) const WALK: &[Expected] = &[
    expect("around-the-edge", "200", "", None, Contrary::None),
    expect("no-rules", "refused", "GET", Some(NO_HEADER), Contrary::Open),
    expect("read", "200", "GET", None, Contrary::Closed),
    expect("read-as-stranger", "refused", "GET", None, Contrary::Open),
    expect(
        "form-header-not-listed",
        "refused",
        "OPTIONS",
        Some(NOT_FOR_PREFLIGHT),
        Contrary::Open,
    ),
    expect("form", "201", "OPTIONS POST", None, Contrary::Closed),
    expect(
        "put-not-listed",
        "refused",
        "OPTIONS",
        Some(NOT_FOR_PREFLIGHT),
        Contrary::Open,
    ),
    expect("put", "200", "OPTIONS PUT", None, Contrary::Closed),
    expect(
        "multipart-hidden",
        "200 200",
        "POST OPTIONS PUT",
        None,
        Contrary::Open,
    ),
    expect(
        "multipart",
        "200 200 200 200",
        "POST OPTIONS PUT OPTIONS PUT POST",
        None,
        Contrary::Closed,
    ),
    expect(
        "cache-trap",
        "200 refused",
        "GET",
        Some("that is not equal to the supplied origin"),
        Contrary::Open,
    ),
    expect("cache", "200 200", "GET GET", None, Contrary::Closed),
    expect("image-trap", "0 refused", "GET", Some(NO_HEADER), Contrary::Open),
    expect("image", "0 200", "GET GET", None, Contrary::Closed),
    expect(
        "credentials-any-origin",
        "refused",
        "GET",
        Some("must not be the wildcard '*' when the request's credentials mode is 'include'"),
        Contrary::Open,
    ),
    expect(
        "credentials-not-allowed",
        "refused",
        "GET",
        Some(
            "The value of the 'Access-Control-Allow-Credentials' header in the response is '' which must be 'true'",
        ),
        Contrary::Open,
    ),
    expect("credentials", "200", "GET", None, Contrary::Closed),
    expect("null-not-listed", "refused", "GET", None, Contrary::Open),
    expect("null", "200", "GET", None, Contrary::Closed),
    expect("null-any-origin", "200", "GET", None, Contrary::Closed),
    expect(
        "isolated-no-policy",
        "refused",
        "GET",
        None,
        Contrary::Policy("cross-origin"),
    ),
    expect("isolated", "0", "GET", None, Contrary::Policy("same-origin")),
    expect(
        "error-no-rules",
        "refused",
        "GET",
        Some(NO_HEADER),
        Contrary::Open,
    ),
    expect("error", "403", "GET", None, Contrary::Closed),
    expect(
        "preflight-kept",
        "200 200",
        "OPTIONS PUT PUT",
        None,
        Contrary::MaxAge(0),
    ),
    expect(
        "preflight-expired",
        "200 200",
        "OPTIONS PUT OPTIONS PUT",
        None,
        Contrary::MaxAge(600),
    ),
    expect(
        "preflight-not-kept",
        "200 200",
        "OPTIONS PUT OPTIONS PUT",
        None,
        Contrary::MaxAge(600),
    ),
    expect("stored", "200", "GET", None, Contrary::StoredFor("stranger")),
    expect(
        "stored-anew",
        "refused",
        "GET",
        Some(NO_HEADER),
        Contrary::StoredFor("page"),
    ),
];

const fn expect(
    attempt: &'static str,
    answers: &'static str,
    edge: &'static str,
    console: Option<&'static str>,
    contrary: Contrary,
) -> Expected {
    Expected {
        attempt,
        answers,
        edge,
        console,
        contrary,
    }
}

impl Expected {
    pub(crate) fn name(&self) -> String {
        format!(
            "{}: as a person sees it, and otherwise with other rules",
            self.attempt
        )
    }

    /// Runs the attempt as it is, and then with rules with which it has to come out otherwise.
    pub(crate) fn check(&self, demo: &Demo) {
        demo.reload();
        let outcome = demo.run(self.attempt);
        self.assert_seen(&outcome);
        self.assert_stored(demo, &outcome);

        let Some(rules) = self.contrary_rules(demo) else {
            return;
        };
        demo.change_rules(self.attempt, &rules.to_string());
        let outcome = demo.run(self.attempt);
        assert!(!outcome.is_as_expected, "with {rules}: {outcome:#?}");
        assert!(
            outcome.answers != self.answers
                || edge(&outcome) != self.edge
                || self.attempt == "multipart-hidden",
            "with {rules}: {outcome:#?}"
        );
    }

    pub(crate) fn assert_seen(&self, outcome: &AttemptOutcome) {
        assert_eq!(outcome.answers, self.answers, "{outcome:#?}");
        assert_eq!(edge(outcome), self.edge, "{outcome:#?}");
        assert!(outcome.is_as_expected, "{outcome:#?}");
        let blocked = "has been blocked by CORS policy";
        match self.console {
            Some(text) => assert!(
                outcome.console.contains(blocked) && outcome.console.contains(text),
                "{}",
                outcome.console
            ),
            None => assert!(
                self.answers.contains("refused") || !outcome.console.contains(blocked),
                "{}",
                outcome.console
            ),
        }
    }

    /// What was uploaded is in the store, and what was refused is not.
    fn assert_stored(&self, demo: &Demo, outcome: &AttemptOutcome) {
        let stored = |end: &str| demo.stored(&format!("/photos/uploads/{}.{end}", outcome.run));
        match self.attempt {
            "form" => assert_eq!(stored("txt").body, b"posted from a form"),
            "form-header-not-listed" | "put-not-listed" => assert_eq!(stored("txt").status, 404),
            "put" => {
                let object = stored("txt");
                assert_eq!(object.body, b"put with a presigned URL");
                let author = ("x-amz-meta-author".to_owned(), b"demo".to_vec());
                assert!(object.headers.contains(&author), "{:?}", object.headers);
            }
            "multipart-hidden" => assert_eq!(stored("bin").status, 404),
            "multipart" => {
                let body = stored("bin").body;
                assert_eq!(body.len(), 5 * 1024 * 1024 + "the last part".len());
                assert!(body.ends_with(b"aathe last part"));
            }
            "credentials" => assert!(
                outcome
                    .logged
                    .iter()
                    .any(|line| line.ends_with("with visitor=demo")),
                "{outcome:#?}"
            ),
            _ => {}
        }
    }

    fn contrary_rules(&self, demo: &Demo) -> Option<Value> {
        let mut rules = demo.rules(self.attempt)?;
        if let Contrary::StoredFor(place) = self.contrary {
            rules["CORSConfiguration"]["CORSRules"][0]["AllowedOrigins"] = json!([demo.origin(place)]);
            return Some(rules);
        }
        let bucket = &mut rules["buckets"][0];
        match self.contrary {
            Contrary::None | Contrary::StoredFor(_) => return None,
            Contrary::Closed => bucket["cors"] = Value::Null,
            Contrary::Open => {
                let origins = ["page", "sibling", "stranger"].map(|place| demo.origin(place));
                bucket["allow_credentials"] = json!(true);
                bucket["cors"] = json!({
                    "CORSRules": [
                        {
                            "AllowedOrigins": origins,
                            "AllowedMethods": ["GET", "HEAD", "PUT", "POST"],
                            "AllowedHeaders": ["*"],
                            "ExposeHeaders": ["ETag"],
                        },
                        { "AllowedOrigins": ["null"], "AllowedMethods": ["GET"] },
                    ],
                    "ResponseVary": true,
                });
            }
            Contrary::Policy(policy) => bucket["cross_origin_resource_policy"] = json!(policy),
            Contrary::MaxAge(seconds) => bucket["cors"]["CORSRules"][0]["MaxAgeSeconds"] = json!(seconds),
        }
        Some(rules)
    }
}

/// The methods in the edge's log.
fn edge(outcome: &AttemptOutcome) -> String {
    let lines = outcome.logged.iter();
    let methods: Vec<_> = lines.filter_map(|line| line.split(' ').next()).collect();
    methods.join(" ")
}

/// Every attempt of the page is one that is expected here.
pub(crate) fn is_whole(demo: &Demo) {
    let expected: Vec<_> = WALK.iter().map(|expected| expected.attempt).collect();
    assert_eq!(demo.attempts(), expected);
}

/// One button runs it all. So is the README's picture made.
pub(crate) fn in_one_go(demo: &Demo) {
    demo.reload();
    demo.browser().click("#all");
    for expected in WALK {
        let outcome = demo.outcome(expected.attempt);
        assert_eq!(
            outcome.answers, expected.answers,
            "{}: {outcome:#?}",
            expected.attempt
        );
        assert!(outcome.is_as_expected, "{}: {outcome:#?}", expected.attempt);
    }
    picture(demo);
    fits_a_phone(demo);
    // No line of the edge's log came late.
    thread::sleep(Duration::from_millis(500));
    for expected in WALK {
        assert!(
            demo.outcome(expected.attempt).is_as_expected,
            "{}",
            expected.attempt
        );
    }
}

fn picture(demo: &Demo) {
    let browser = demo.browser();
    browser.resize(1000, 900, false);
    let script = "document.getElementById('form').closest('li').scrollIntoView(); scrollBy(0, -20)";
    browser.run(script, &[]).unwrap();
    browser.keep_picture("envoy/demo/demo.png", 1000, 900);
}

/// On a phone, nothing of it is wider than the screen.
fn fits_a_phone(demo: &Demo) {
    let browser = demo.browser();
    browser.resize(360, 780, true);
    let width = browser.run("return document.documentElement.scrollWidth", &[]);
    assert_eq!(width, Ok(json!(360)));
    browser.resize(1280, 800, false);
}

/// Rules with a mistake change nothing, and the page shows what the edge says of them.
pub(crate) fn refused_rules(demo: &Demo) {
    demo.reload();
    demo.change_rules(
        "read",
        r#"{"buckets": [{"name": "photos", "cors": [{"AllowedOrigins": "https://*.*.example"}]}]}"#,
    );
    let outcome = demo.run("read");
    assert!(
        !outcome.is_as_expected && outcome.answers.is_empty(),
        "{outcome:#?}"
    );
    let text = outcome.lines.join("\n");
    for part in [
        "rules refused",
        "/buckets/0/cors/0/AllowedOrigins",
        "[two-wildcards]",
        "[missing-method]",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

/// Nothing is left of it.
pub(crate) fn ends(demo: Demo) {
    for port in demo.stop() {
        assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err(), "{port}");
    }
}
