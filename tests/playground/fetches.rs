//! What the page says a browser would do, and what this one does.

use serde_json::{Value, json};

use crate::support::envoy::{self, Envoy, Listener};
use crate::support::upstream::Upstream;
use crate::world::World;

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

pub(crate) fn as_predicted(world: &World) {
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
