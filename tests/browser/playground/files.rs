//! The files, and how Envoy serves them.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::world::{PlaygroundWorld, texts};
use crate::support::http;

fn checkout(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

pub(crate) fn types_and_policy(world: &PlaygroundWorld) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("envoy/playground");
    let mut files = vec![
        (String::new(), "envoy/playground/index.html".to_owned()),
        ("cors.json".to_owned(), "envoy/cors.json".to_owned()),
        (
            "clients.json".to_owned(),
            "src/cli/clients/clients.json".to_owned(),
        ),
        (
            "bucket_cors.wasm".to_owned(),
            "target/bucket_cors.wasm".to_owned(),
        ),
    ];
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        // Those are for the README.
        if !name.ends_with(".png") {
            files.push((name.clone(), format!("envoy/playground/{name}")));
        }
    }
    assert!(files.len() > 10, "{files:?}");
    for (name, file) in files {
        let answer = http::get(world.port(), &format!("/playground/{name}")).unwrap();
        assert_eq!(answer.status, 200, "{name}");
        assert!(answer.body == checkout(&file), "{name} is not {file}");
        let values = |wanted: &str| -> Vec<String> {
            let lines = answer.headers.iter().filter(|(line, _)| line == wanted);
            lines
                .map(|(_, value)| String::from_utf8(value.clone()).unwrap())
                .collect()
        };
        let extension = Path::new(&file).extension().unwrap().to_str().unwrap();
        let media = match extension {
            "html" => "text/html; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "json" => "application/json",
            "wasm" => "application/wasm",
            other => panic!("{other}"),
        };
        assert_eq!(values("content-type"), [media], "{name}");
        assert_eq!(values("x-content-type-options"), ["nosniff"], "{name}");
        let policy = values("content-security-policy");
        assert_eq!(policy.len(), 1, "{name}");
        assert!(policy[0].starts_with("default-src 'none'; "), "{policy:?}");
        for source in policy[0].split([';', ' ']).filter(|word| word.starts_with('\'')) {
            assert!(
                ["'none'", "'self'", "'wasm-unsafe-eval'"].contains(&source),
                "{policy:?}"
            );
        }
    }
    let moved = http::get(world.port(), "/playground").unwrap();
    assert_eq!(moved.status, 301);
    // Anything else below it is an object in a bucket of that name, as it is without the page.
    let object = http::get(world.port(), "/playground/test.txt").unwrap();
    assert_eq!(object.body, b"just for test");
}

/// The sample again, with rules that claim every host and refuse everybody.
pub(crate) fn rules_leave_the_page_alone(world: &PlaygroundWorld) {
    use crate::support::envoy::{self, Envoy, Listener};
    let configuration = json!({ "buckets": [{ "name": "all", "hosts": ["*"], "cors": null }] }).to_string();
    // The route as the launcher renders it, found in what it rendered.
    let rendered =
        String::from_utf8(checkout(&format!("target/run/{}.yaml", world.sample.ports[1]))).unwrap();
    let rendered: serde_json::Value = serde_norway::from_str(&rendered).unwrap();
    let config = rendered
        .pointer("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/route_config")
        .unwrap();
    let mut routes = config["virtual_hosts"][0]["routes"].clone();
    // Paths in it are from the top of the checkout, where this Envoy does not run.
    for route in routes.as_array_mut().unwrap() {
        if let Some(name) = route.pointer_mut("/direct_response/body/filename") {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name.as_str().unwrap());
            *name = json!(path);
        } else if let Some(cluster) = route.pointer_mut("/route/cluster") {
            *cluster = json!("upstream");
        }
    }
    let listener = Listener::new("edge", vec![envoy::bucket_cors(&configuration)]).with_manager(
        json!({ "route_config": {
            "max_direct_response_body_size_bytes": config["max_direct_response_body_size_bytes"],
            "virtual_hosts": [{ "name": "all", "domains": ["*"], "routes": routes }],
        } }),
    );
    let upstream = crate::support::upstream::Upstream::start();
    let envoy = Envoy::start(&[listener], upstream.address()).unwrap();
    let ask = |path: &str| {
        let request = format!(
            "OPTIONS {path} HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\norigin: https://a.example\r\n\
             access-control-request-method: PUT\r\n\r\n"
        );
        http::exchange(envoy.port("edge"), request.as_bytes())
            .unwrap()
            .status
    };
    assert_eq!(ask("/any"), 403);
    assert_eq!(ask("/playground/"), 200);
    assert_eq!(ask("/playground/bucket_cors.wasm"), 200);
}

pub(crate) fn asks_nobody_else(world: &PlaygroundWorld) {
    world.browser.console();
    world.open();
    for title in ["Preflight for PUT", "With mistakes", "Sample", "null origin"] {
        world.press(title);
    }
    let asked = texts(&world.run(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)",
        &[],
    ));
    assert!(asked.len() > 5, "{asked:?}");
    let elsewhere: Vec<_> = asked
        .iter()
        .filter(|url| !url.starts_with(&world.url()))
        .collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
    // A policy that stopped something would say so here.
    assert_eq!(world.browser.console(), [""; 0]);
    // And it would stop what is not the page's.
    for script in [
        "await fetch('http://elsewhere.example/')",
        "const script = document.createElement('script'); script.textContent = 'window.ran = true'; \
         document.head.append(script); if (!window.ran) throw new Error('it did not run')",
        "await new Promise((resolve, reject) => { const image = new Image(); image.onerror = reject; \
         image.onload = resolve; image.src = 'http://elsewhere.example/x.png'; })",
    ] {
        assert!(world.browser.run(script, &[]).is_err(), "{script}");
    }
    let console = world.browser.console().join("\n");
    assert!(console.contains("Content Security Policy"), "{console}");
}
