//! The bootstrap that an Envoy runs, imported: the rules admit the origins that its own filter admits.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use bucket_cors::config;
use serde_json::{Value, json};

use super::origins::{OriginMatcher, generated, origins, remarked_lines};
use crate::support::envoy::{self, Envoy, Listener};
use crate::support::http::{PATIENCE, read_response};

const POLICIES: usize = 200;

#[test]
fn an_envoy_admits_what_its_imported_policies_admit() {
    let matchers = generated(20, POLICIES, true);
    let filter = envoy::http_filter("envoy.filters.http.cors", "cors.v3.Cors", json!({}));
    let listener = Listener::new("native", vec![filter]).with_routes(routes(&matchers));
    // Preflights are answered, or refused, without it.
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let bootstrap = envoy::bootstrap(&[listener], &[envoy::cluster("upstream", nowhere)]);
    let envoy = Envoy::start_with(&bootstrap, &[]).unwrap();
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, envoy.port("native"))).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();

    let file = serde_json::to_string_pretty(&bootstrap).unwrap();
    let printed = super::import(&["--from", "envoy", "-"], file.as_bytes());
    let configuration = config::parse(printed.stdout.as_bytes()).0.expect(&printed.stderr);
    let lines: Vec<_> = file.lines().collect();
    // A route's path stands before its policy.
    let policy_of = |line: usize| {
        lines.iter().take(line).rev().find_map(|line| {
            let name = line.trim().strip_prefix("\"prefix\": \"/b")?;
            name.strip_suffix("/\"")?.parse::<usize>().ok()
        })
    };
    let remarked: Vec<_> = remarked_lines(&printed.stderr)
        .into_iter()
        .filter_map(policy_of)
        .collect();

    let mut compared = 0;
    for (index, matcher) in matchers.iter().enumerate() {
        let bucket = configuration
            .buckets
            .iter()
            .find(|bucket| bucket.name == format!("b{index}"));
        for origin in origins().iter().step_by(4) {
            let admits = asked(&mut stream, index, origin);
            assert_eq!(
                admits,
                matcher.admits(origin),
                "the model of {matcher:?}: {origin}"
            );
            if !remarked.contains(&index) {
                let rule = &bucket.unwrap().rules[0];
                let imported = rule
                    .allowed_origins
                    .iter()
                    .any(|pattern| pattern.matches(origin.as_bytes()));
                assert_eq!(
                    admits, imported,
                    "{origin} by {matcher:?}: {:?}",
                    rule.allowed_origins
                );
                compared += 1;
            }
        }
    }
    assert!(compared > POLICIES * 10, "{compared} answers compared");
}

fn routes(matchers: &[OriginMatcher]) -> Value {
    let routes = matchers.iter().enumerate().map(|(index, matcher)| {
        json!({
            "match": { "prefix": format!("/b{index}/") },
            "route": { "cluster": "upstream" },
            "typed_per_filter_config": { "envoy.filters.http.cors": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.cors.v3.CorsPolicy",
                "allow_origin_string_match": [matcher.json(true)],
                "allow_methods": "GET",
                "forward_not_matching_preflights": false,
            } },
        })
    });
    routes.collect()
}

/// Whether the filter answers a preflight with the origin.
fn asked(stream: &mut TcpStream, index: usize, origin: &str) -> bool {
    use std::io::Write;

    let request = format!(
        "OPTIONS /b{index}/object HTTP/1.1\r\nhost: a.example\r\norigin: {origin}\r\naccess-control-request-method: \
         GET\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let response = read_response(stream, false).unwrap();
    assert_eq!(response.status, 200);
    response
        .headers
        .iter()
        .any(|(name, _)| name == "access-control-allow-origin")
}
