//! The paths that were seen to slip past rules, asked for by a page in Chromium, before SeaweedFS.

use std::net::SocketAddr;

use serde_json::json;

use crate::browser::Browser;
use crate::chain::{self, NO_FILTER};
use crate::rules::{RULES, origin_of};
use crate::server;
use crate::spellings::BUCKETS;
use crate::support::envoy::{Listener, bucket_cors, cluster};
use crate::support::http;
use crate::support::ports;

/// Paths to the object of `strict` that a browser sends as they stand, for some server behind the edge.
const DISGUISED: [&str; 10] = [
    "/lax/..;/strict/o",
    "/lax/..;x=1/strict/o",
    "/lax/..%5cstrict/o",
    "/lax/%2e%2e%5cstrict/o",
    "/lax/..%2fstrict/o",
    "/lax/..%252fstrict/o",
    "/lax/x/..%2f..%2fstrict/o",
    "//strict/o",
    "/strict%2fo",
    "/strict%5co",
];

const FETCH: &str = "const [url, method] = arguments;
    const body = method === 'PUT' ? 'overwritten' : undefined;
    const response = await fetch(url, { method, body });
    return `${response.status} ${await response.text()}`;";

pub(crate) fn cannot_read_or_write() {
    let [store] = ports::free();
    let _weed = server::weed(store, &BUCKETS);
    let address = SocketAddr::from(([127, 0, 0, 1], store));
    let page = json!([{
        "match": { "prefix": "/" },
        "direct_response": { "status": 200, "body": { "inline_string": "<!doctype html><title>A page</title>" } },
        "response_headers_to_add": [{ "header": { "key": "content-type", "value": "text/html" } }],
    }]);
    // Sends on what it has made of a path.
    let manners = chain::manners();
    let (_, all) = manners.last().unwrap();
    let behind = chain::start(
        &[
            Listener::new("page", Vec::new()).with_routes(page),
            Listener::new("hop", Vec::new()).with_manager(all.clone()),
        ],
        &[cluster("upstream", address)],
    );
    let origin = format!("http://page.example:{}", behind.port("page"));
    let origins = |bucket: &str| {
        if bucket == "lax" {
            origin.clone()
        } else {
            origin_of(bucket)
        }
    };
    let filter = bucket_cors(&RULES[0].with_origins(origins).to_string());
    let hop = SocketAddr::from(([127, 0, 0, 1], behind.port("hop")));
    let to_store = json!([{ "match": { "prefix": "/" }, "route": { "cluster": "store" } }]);
    let edge = chain::start(
        &[
            Listener::new("before a proxy", vec![filter.clone()]),
            Listener::new("before the store", vec![filter]).with_routes(to_store.clone()),
            Listener::new(NO_FILTER, Vec::new()),
            Listener::new("no filter before the store", Vec::new()).with_routes(to_store),
        ],
        &[cluster("upstream", hop), cluster("store", address)],
    );
    let browser = Browser::start();
    browser.open(&origin);
    let fetch = |listener: &str, method: &str, path: &str| {
        let url = format!("http://edge.example:{}{path}", edge.port(listener));
        browser.run(FETCH, &[json!(url), json!(method)])
    };

    let mut problems = Vec::new();
    let mut read_without = 0;
    for listener in ["before a proxy", "before the store"] {
        for bucket in ["lax", "free"] {
            let read = fetch(listener, "GET", &format!("/{bucket}/o"));
            assert_eq!(read, Ok(json!(format!("200 object of {bucket}"))), "{listener}");
        }
        for path in DISGUISED.into_iter().chain(["/strict/o"]) {
            for method in ["GET", "PUT"] {
                if let Ok(answer) = fetch(listener, method, path) {
                    problems.push(format!("{method} {path} {listener}: {answer}"));
                }
            }
        }
    }
    assert_eq!(
        http::get(store, "/strict/o").unwrap().body,
        b"object of strict",
        "{problems:#?}"
    );
    for listener in [NO_FILTER, "no filter before the store"] {
        for path in DISGUISED {
            let read = fetch(listener, "GET", path);
            read_without += usize::from(read == Ok(json!("200 object of strict")));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
    // Otherwise none of it shows anything.
    assert!(
        read_without > DISGUISED.len() / 2,
        "{read_without} are read without the filter"
    );
}
