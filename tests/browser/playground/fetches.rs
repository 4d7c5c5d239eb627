//! What the page says a browser would do, and what this one does.

use serde_json::{Value, json};

use super::world::PlaygroundWorld;
use crate::support::envoy::{self, Envoy, Listener};
use crate::support::upstream::Upstream;

/// Objects of buckets that the rules do not list, with what the store itself says to everybody.
const LAX: [(&str, &[(&str, &str)]); 3] = [
    (
        "stars",
        &[
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "*"),
            ("access-control-allow-headers", "*"),
            ("access-control-allow-credentials", "true"),
        ],
    ),
    (
        "one-method",
        &[
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "DELETE"),
            ("access-control-allow-headers", "X-A, X-B"),
        ],
    ),
    (
        "no-list",
        &[
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "PUT, a b"),
        ],
    ),
];

fn rules(page: &str) -> String {
    let bucket = |name: &str, rule: Value| json!({ "name": name, "cors": [rule] });
    let mut credentials = bucket(
        "credentials",
        json!({ "AllowedOrigins": [page], "AllowedMethods": ["GET", "PUT"] }),
    );
    credentials["allow_credentials"] = json!(true);
    json!({ "buckets": [
        bucket("reads", json!({ "AllowedOrigins": [page], "AllowedMethods": ["GET"], "ExposeHeaders": ["ETag"] })),
        bucket("writes", json!({
            "AllowedOrigins": [page], "AllowedMethods": ["GET", "PUT", "DELETE"], "AllowedHeaders": ["x-a", "authorization"],
        })),
        bucket("any", json!({ "AllowedOrigins": ["*"], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["*"] })),
        bucket("another", json!({ "AllowedOrigins": ["https://another.example"], "AllowedMethods": ["GET"] })),
        json!({ "name": "none", "cors": null }),
        credentials,
    ] })
    .to_string()
}

/// Judges the cases of `tests/browser/fetch.json` with the page's own script.
const JUDGE: &str = "
    const [{ judge }, { HeaderMap, bytesOf }] =
        await Promise.all(['browser', 'header-map'].map((name) => import(`/playground/${name}.js`)));
    const map = (lines) => new HeaderMap(lines.map(([name, value]) => [name, bytesOf(value)]));
    return arguments[0].map(({ check, origin, credentials, method, names, status, headers }) => {
        const isPreflight = check === 'preflight';
        const page = {
            origin, method: method ?? 'GET', names: names ?? [], withCredentials: credentials, isAsked: isPreflight,
        };
        const good = map([['access-control-allow-origin', origin], ['access-control-allow-credentials', 'true']]);
        const answer = { status: status ?? 200, headers: map(headers) };
        return judge(page, answer, isPreflight ? { status: 200, headers: good } : answer).outcome;
    });";

/// The tool's checks are held to the same cases.
pub(crate) fn as_fetch_says(world: &PlaygroundWorld) {
    world.open();
    let cases: Value = serde_json::from_str(include_str!("../fetch.json")).unwrap();
    let found = world.run(JUDGE, std::slice::from_ref(&cases));
    let cases = cases.as_array().unwrap().iter();
    for (case, outcome) in cases.zip(found.as_array().unwrap()) {
        let expected = if case["refused"].is_null() {
            "allowed"
        } else {
            "refused"
        };
        assert_eq!(outcome, expected, "{case}");
    }
}

pub(crate) fn as_predicted(world: &PlaygroundWorld) {
    let upstream = Upstream::start();
    // The page comes from a listener without the filter, whose port stands in the rules of the other.
    let pages = Envoy::start(&[Listener::new("pages", vec![])], upstream.address()).unwrap();
    let page = format!("http://page.example:{}", pages.port("pages"));
    let rules = rules(&page);
    let mut routes: Vec<Value> = LAX
        .iter()
        .map(|(bucket, headers)| lax_route(bucket, headers))
        .collect();
    routes.push(json!({ "match": { "prefix": "/" }, "route": { "cluster": "upstream" } }));
    let listener = Listener::new("edge", vec![envoy::bucket_cors(&rules)]).with_routes(json!(routes));
    let edge = Envoy::start(&[listener], upstream.address()).unwrap();
    let edge = format!("http://edge.example:{}", edge.port("edge"));

    let listed = [
        "reads",
        "writes",
        "any",
        "another",
        "none",
        "credentials",
        "unlisted",
    ];
    let listed = listed.map(|bucket| (bucket, &[][..]));
    let requests = [
        ("GET", "", false),
        ("GET", "", true),
        ("POST", "", false),
        ("PUT", "", false),
        ("PUT", "x-a", false),
        ("PUT", "x-b", false),
        ("GET", "x-a", false),
        ("GET", "authorization", false),
        ("PUT", "x-a", true),
        ("DELETE", "", true),
        ("PATCH", "", false),
    ];
    let asked: Vec<(String, &str, &str, bool, String)> = listed
        .into_iter()
        .chain(LAX)
        .flat_map(|(bucket, headers)| {
            let edge = &edge;
            requests.map(move |(method, names, credentials)| {
                // A path of its own: the browser keeps answers to preflights by URL.
                let path = format!("{edge}/{bucket}/{method}-{names}-{credentials}");
                let lines: Vec<String> = headers
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}"))
                    .collect();
                (path, method, names, credentials, lines.join("\n"))
            })
        })
        .collect();

    world.browser.open(&page);
    let done = world.run(
        "const done = [];
        for (const [url, method, names, isIncluded] of arguments[0]) {
            const headers = names ? { [names]: '1' } : {};
            const credentials = isIncluded ? 'include' : 'omit';
            done.push(await fetch(url, { method, headers, credentials }).then(() => 'allowed', () => 'refused'));
        }
        return done;",
        &[json!(asked)],
    );
    world.browser.console();
    world.open();
    world.fill(&json!({ "rules": rules, "origin": page, "storeHeaders": "" }));
    let (mut counts, mut stars) = ([0, 0], 0);
    for ((url, method, names, credentials, store), done) in asked.iter().zip(done.as_array().unwrap()) {
        world.fill(&json!({ "url": url, "method": method, "names": names, "credentials": credentials, "storeHeaders": store }));
        let said = world.shown()["browser"].as_str().unwrap().to_owned();
        let is_allowed = done == "allowed";
        if said.contains("a star does not cover") {
            // To the standard. Chromium has only announced it so far, and the page says so.
            assert!(
                said.contains("Chromium") && is_allowed && *names == "authorization",
                "{said}"
            );
            stars += 1;
            continue;
        }
        let expected = if is_allowed {
            "Allowed by a browser"
        } else {
            "Refused by a browser"
        };
        assert!(
            said.starts_with(expected),
            "{method} {url} {names} {credentials}: {said}"
        );
        counts[usize::from(is_allowed)] += 1;
    }
    assert!(counts[0] > 50 && counts[1] > 15, "{counts:?}");
    assert_eq!(stars, 1);
}

/// Neither the answer of a store that was not asked, nor that to a request that is not sent, is an answer.
pub(crate) fn what_nobody_knows(world: &PlaygroundWorld) {
    world.open();
    let said = |fields: Value| {
        world.fill(&fields);
        world.shown()["browser"].as_str().unwrap().to_owned()
    };
    let unlisted = json!({ "url": "https://edge.example/nobody-s/x", "origin": "https://www.example.com" });
    assert!(said(unlisted).starts_with("Not known. The bucket is not listed"));
    assert!(
        said(json!({ "storeHeaders": "access-control-allow-origin: *" })).starts_with("Allowed by a browser")
    );
    assert!(said(json!({ "storeHeaders": "" })).starts_with("Refused by a browser"));
    for (url, origin, start) in [
        (
            "http://edge.example/oss-cors-test/x",
            "https://www.example.com",
            "Refused by a browser. It sends nothing: a page of https://",
        ),
        (
            "http://localhost:8080/oss-cors-test/x",
            "https://www.example.com",
            "Allowed by a browser",
        ),
        (
            "http://127.0.0.1/oss-cors-test/x",
            "https://www.example.com",
            "Allowed by a browser",
        ),
        (
            "http://[::1]/oss-cors-test/x",
            "https://www.example.com",
            "Allowed by a browser",
        ),
        (
            "https://edge.example/oss-cors-test/x",
            "https://www.example.com",
            "Allowed by a browser",
        ),
        (
            "https://edge.example:6667/oss-cors-test/x",
            "https://www.example.com",
            "Refused by a browser. It sends nothing: browsers send nothing to port 6667",
        ),
    ] {
        let said = said(json!({ "url": url, "origin": origin }));
        assert!(said.starts_with(start), "{url}: {said}");
    }
}

/// What a store prints, pasted as it is.
pub(crate) fn bare_documents(world: &PlaygroundWorld) {
    world.open();
    let rule = json!({ "AllowedOrigins": ["https://a.example", "https://b.example/"], "AllowedMethods": ["GET", "HEAD"] });
    let oss =
        json!({ "CORSRule": [{ "AllowedOrigin": ["https://a.example"], "AllowedMethod": ["GET", "HEAD"] }] });
    let xml = "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
               <AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>";
    for (rules, profile) in [
        (json!({ "CORSRules": [rule] }).to_string(), "s3"),
        (json!([rule]).to_string(), "s3"),
        (oss.to_string(), "oss"),
        (json!({ "CORSConfiguration": oss }).to_string(), "oss"),
        (xml.to_owned(), "oss"),
    ] {
        for url in [
            "https://edge.example/photos/x",
            "https://photos.s3.eu-west-1.amazonaws.com/2024/x",
        ] {
            world.fill(&json!({ "rules": rules, "url": url, "origin": "https://a.example" }));
            let shown = world.shown();
            assert_eq!(shown["title"], "Allowed by rule 0", "{rules}: {shown:#}");
            assert!(
                shown["text"].as_str().unwrap().contains("Bucket photos"),
                "{shown:#}"
            );
            let has_credentials = shown.to_string().contains("access-control-allow-credentials");
            assert_eq!(has_credentials, profile == "s3", "{shown:#}");
        }
        let has_place = world.shown()["findings"].to_string().contains("line 1");
        assert_eq!(has_place, rules.contains("b.example"), "{rules}");
    }
    world.fill(&json!({ "rules": "{\"CORSRules\": [{\"AllowedOrigins\": [\"https://*.*.example\"], \"AllowedMethods\": [\"GET\"]}]}" }));
    let shown = world.shown();
    assert_eq!(shown["title"], "These rules are refused");
    assert!(
        shown["findings"][0].as_str().unwrap().contains("two-wildcards"),
        "{shown:#}"
    );
}

fn lax_route(bucket: &str, headers: &[(&str, &str)]) -> Value {
    let lines = headers
        .iter()
        .map(|(name, value)| json!({ "header": { "key": name, "value": value } }));
    json!({
        "match": { "prefix": format!("/{bucket}/") },
        "direct_response": { "status": 200 },
        "response_headers_to_add": lines.collect::<Vec<_>>(),
    })
}
