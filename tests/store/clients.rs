//! Clients of Debian's packages in Chromium, through the edge before SeaweedFS, with URLs that boto3 signed.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::Browser;
use crate::chain;
use crate::server;
use crate::support::clients::{recorded, smallest_rule};
use crate::support::envoy::{Listener, bucket_cors, cluster};
use crate::support::ports;

/// Where Debian has the clients' files for browsers.
const AXIOS: &str = "/usr/share/nodejs/axios/dist/axios.min.js";
const PDF: [&str; 2] = [
    "/usr/share/javascript/pdf/build/pdf.js",
    "/usr/share/javascript/pdf/build/pdf.worker.js",
];

const BUCKETS: [&str; 3] = ["axios", "pdf", "hidden"];

const RUN: &str = "const script = document.createElement('script');
    script.textContent = arguments[0];
    document.head.append(script);";

/// Puts, gets, and uploads in parts.
const WITH_AXIOS: &str = "const { put, get, parts, complete } = arguments[0];
    const headers = { 'content-type': 'image/png' };
    await axios.put(put, 'an object', { headers });
    const { data } = await axios.get(get);
    const tags = [];
    for (const url of parts) tags.push((await axios.put(url, 'x'.repeat(5 << 20), { headers })).headers.etag);
    if (tags.includes(undefined)) return [data, tags.length, 'no ETag'];
    const list = tags.map((tag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
    const body = `<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`;
    const { status } = await axios.post(complete, body, { headers: { 'content-type': 'application/xml' } });
    return [data, tags.length, status];";

/// Opens a document, and counts the requests for it.
const WITH_PDF: &str = "const [url, worker] = arguments;
    const blob = new Blob([worker], { type: 'text/javascript' });
    pdfjsLib.GlobalWorkerOptions.workerSrc = URL.createObjectURL(blob);
    const options = { url, disableAutoFetch: true, disableStream: true, rangeChunkSize: 65536 };
    const { numPages } = await pdfjsLib.getDocument(options).promise;
    return [numPages, performance.getEntriesByName(url).length > 1];";

fn recipe(name: &str) -> Value {
    let all = recorded();
    let client = all.iter().find(|client| client["name"] == name).unwrap();
    smallest_rule(client)
}

/// The rules of the buckets for a page.
fn rules(page: &str) -> Value {
    let mut rules = [recipe("axios"), recipe("pdf"), recipe("pdf")];
    // Uploads in parts by hand, as Uppy makes them.
    rules[0]["AllowedMethods"] = json!(["GET", "PUT", "POST"]);
    rules[0]["ExposeHeaders"] = json!(["ETag"]);
    rules[2]["ExposeHeaders"] = json!([]);
    for rule in &mut rules {
        rule["AllowedOrigins"] = json!([page]);
    }
    let buckets = BUCKETS.iter().zip(rules);
    let buckets: Vec<Value> = buckets
        .map(|(name, rule)| json!({ "name": name, "cors": [rule] }))
        .collect();
    json!({ "profile": "s3", "buckets": buckets })
}

/// What boto3 makes of the store's side.
fn signed(store: u16, edge: u16) -> Value {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(checkout.join("target/venv/bin/python"))
        .args(["tests/store/clients.py", &store.to_string(), &edge.to_string()])
        .current_dir(checkout)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

pub(crate) fn of_debian_s() {
    let [store] = ports::free();
    let _weed = server::weed(store, &BUCKETS);
    let page = json!([{
        "match": { "prefix": "/" },
        "direct_response": { "status": 200, "body": { "inline_string": "<!doctype html><title>A page</title>" } },
        "response_headers_to_add": [{ "header": { "key": "content-type", "value": "text/html" } }],
    }]);
    let pages = chain::start(&[Listener::new("page", Vec::new()).with_routes(page)], &[]);
    let origin = format!("http://page.example:{}", pages.port("page"));
    let to_store = json!([{ "match": { "prefix": "/" }, "route": { "cluster": "store" } }]);
    let filter = bucket_cors(&rules(&origin).to_string());
    let address = SocketAddr::from(([127, 0, 0, 1], store));
    let edge = chain::start(
        &[Listener::new("edge", vec![filter]).with_routes(to_store)],
        &[cluster("store", address)],
    );
    let urls = signed(store, edge.port("edge"));
    let browser = Browser::start();
    browser.open(&origin);
    let text = |path: &str| fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));

    browser.run(RUN, &[json!(text(AXIOS))]).unwrap();
    let uploaded = browser.run(WITH_AXIOS, std::slice::from_ref(&urls["axios"]));
    assert_eq!(uploaded, Ok(json!(["an object", 2, 200])));

    browser.run(RUN, &[json!(text(PDF[0]))]).unwrap();
    let worker = json!(text(PDF[1]));
    for (bucket, by_ranges) in [("pdf", true), ("hidden", false)] {
        let opened = browser.run(WITH_PDF, &[urls[bucket].clone(), worker.clone()]);
        assert_eq!(opened, Ok(json!([1, by_ranges])), "{bucket}");
    }
}
