//! What the page says a browser would do, and what this one does.

use serde_json::{Value, json};

use crate::support::envoy::{self, Envoy, Listener};
use crate::support::upstream::Upstream;
use crate::world::World;

/// A store whose answers are as lax as the sample's.
const STAR: &str = "access-control-allow-origin: *";

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
    let edge = Envoy::start(
        &[Listener::new("edge", vec![envoy::bucket_cors(&rules)])],
        upstream.address(),
    )
    .unwrap();
    let edge = format!("http://edge.example:{}", edge.port("edge"));

    let buckets = [
        "reads",
        "writes",
        "any",
        "another",
        "none",
        "credentials",
        "unlisted",
    ];
    let requests = [
        ("GET", "", false),
        ("GET", "", true),
        ("POST", "", false),
        ("PUT", "", false),
        ("PUT", "x-a", false),
        ("PUT", "x-b", false),
        ("GET", "authorization", false),
        ("PUT", "x-a", true),
        ("DELETE", "", true),
        ("PATCH", "", false),
    ];
    let asked: Vec<(String, &str, &str, bool)> = buckets
        .iter()
        .flat_map(|bucket| {
            let edge = &edge;
            requests.map(move |(method, names, credentials)| {
                // A path of its own: the browser keeps answers to preflights by URL.
                let path = format!("{edge}/{bucket}/{method}-{names}-{credentials}");
                (path, method, names, credentials)
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
    let mut counts = [0, 0];
    for ((url, method, names, credentials), done) in asked.iter().zip(done.as_array().unwrap()) {
        world.fill(&json!({ "url": url, "method": method, "names": names, "credentials": credentials }));
        let said = world.shown()["browser"].as_str().unwrap().to_owned();
        let is_allowed = done == "allowed";
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
    assert!(counts[0] > 40 && counts[1] > 10, "{counts:?}");

    // A star that the store itself sends does for a request without credentials only.
    world.fill(&json!({ "url": format!("{edge}/unlisted/x"), "method": "GET", "names": "", "credentials": false, "storeHeaders": STAR }));
    assert!(world.shown()["browser"].as_str().unwrap().starts_with("Allowed"));
    world.fill(&json!({ "credentials": true }));
    let said = world.shown()["browser"].as_str().unwrap().to_owned();
    assert!(said.starts_with("Refused") && said.contains("is *"), "{said}");
}
