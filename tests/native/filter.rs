//! The real filter and the stock SDK on a native host: what becomes of a configuration and of the streams under it.

use crate::native_host::{HostHeaders, HostLogLine, NativeResponse, NativeVm};

pub(crate) const PAGE: &str = "https://app.example.com";

/// A bucket `b` whose one rule admits [`PAGE`].
pub(crate) const ONE_BUCKET: &str = r#"{"buckets": [{"name": "b", "cors": {"CORSRules": [{
    "AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["x-*"],
    "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}]}}]}"#;

pub(crate) fn get(path: &str, origin: Option<&str>) -> HostHeaders {
    HostHeaders::request(
        "GET",
        "edge.example",
        path,
        origin.map(|origin| header("origin", origin)),
    )
}

pub(crate) fn preflight(path: &str, origin: &str, method: &str) -> HostHeaders {
    let headers = [
        header("origin", origin),
        header("access-control-request-method", method),
    ];
    HostHeaders::request("OPTIONS", "edge.example", path, headers)
}

fn header<'a>(name: &'a str, value: &'a str) -> (&'a [u8], &'a [u8]) {
    (name.as_bytes(), value.as_bytes())
}

/// A store that has CORS headers of its own, some of them under names that no standard knows.
pub(crate) fn store() -> NativeResponse {
    let headers = [
        ("etag", "\"1\""),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "5"),
        ("access-control-allow-origin", "https://second.example"),
        ("vary", "Accept-Encoding"),
    ];
    NativeResponse::new(200, headers.map(|(name, value)| header(name, value)))
}

/// The headers of a response that the filter is about, as text.
pub(crate) fn cors(response: &NativeResponse) -> Vec<String> {
    let is_ours = |name: &[u8]| {
        name.starts_with(b"access-control-") || [&b"vary"[..], b"x-bucket-cors"].contains(&name)
    };
    let mut headers: Vec<_> = response
        .headers
        .iter()
        .filter(|(name, _)| is_ours(name))
        .map(|(name, value)| format!("{}: {}", name.escape_ascii(), value.escape_ascii()))
        .collect();
    headers.sort();
    headers
}

pub(crate) fn lines(log: &[HostLogLine], level: u32) -> Vec<&str> {
    log.iter()
        .filter(|line| line.level == level)
        .map(|line| line.text.as_str())
        .collect()
}

pub(crate) const ALLOWED: [&str; 3] = [
    "access-control-allow-origin: https://app.example.com",
    "access-control-expose-headers: ETag",
    "vary: Accept-Encoding, Origin",
];

pub(crate) const NOT_ALLOWED: [&str; 1] = ["vary: Accept-Encoding, Origin"];

#[test]
fn the_store_s_cors_headers_are_replaced_by_those_of_the_rule() {
    let vm = NativeVm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
    assert!(!answer.is_edge);
    assert_eq!(cors(&answer.response), ALLOWED);
    assert_eq!(answer.response.headers.get(b"etag").unwrap(), b"\"1\"");

    let answer = plugin.exchange(get("/b/o", Some("https://example.net")), &store());
    assert_eq!(cors(&answer.response), NOT_ALLOWED);
    let answer = plugin.exchange(get("/b/o", None), &store());
    assert_eq!(cors(&answer.response), NOT_ALLOWED);

    let answer = plugin.exchange(get("/other/o", Some(PAGE)), &store());
    assert_eq!(answer.response, store());
}

#[test]
fn a_reply_of_the_filter_passes_its_own_response_callback_unchanged() {
    let vm = NativeVm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let answer = plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store());
    assert!(answer.is_edge);
    assert_eq!(answer.response.status, 200);
    assert_eq!(
        cors(&answer.response),
        [
            "access-control-allow-methods: GET, PUT",
            "access-control-allow-origin: https://app.example.com",
            "access-control-expose-headers: ETag",
            "access-control-max-age: 60",
            "vary: Origin",
        ]
    );

    let answer = plugin.exchange(preflight("/b/o", PAGE, "DELETE"), &store());
    assert!(answer.is_edge);
    assert_eq!(answer.response.status, 403);
    assert_eq!(cors(&answer.response), ["vary: Origin"]);
    let body = String::from_utf8(answer.response.body).unwrap();
    assert!(body.contains(crate::native_host::REQUEST_ID), "{body}");
}

#[test]
fn a_stream_in_flight_keeps_the_rules_it_began_with() {
    let vm = NativeVm::start();
    let old = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let mut in_flight = old.open(get("/b/o", Some(PAGE)));
    assert!(in_flight.request_headers().is_none());

    let new = vm
        .configure(ONE_BUCKET.replace("*.example.com", "example.net").as_bytes())
        .unwrap();
    let answer = new.exchange(get("/b/o", Some(PAGE)), &store());
    assert_eq!(cors(&answer.response), NOT_ALLOWED);
    // The host drops the old root context once nothing new can come to it.
    drop(old);
    assert_eq!(cors(&in_flight.response_headers(store())), ALLOWED);
}

#[test]
fn a_stream_that_began_before_an_update_is_decided_by_the_rules_of_its_own_plugin() {
    let vm = NativeVm::start();
    let old = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let mut waiting = old.open(preflight("/b/o", PAGE, "PUT"));
    let _new = vm.configure(br#"{"buckets": []}"#).unwrap();
    let reply = waiting.request_headers().expect("the old rules answer");
    assert_eq!(reply.status, 200);
}

#[test]
fn two_plugins_in_one_vm_do_not_see_each_other_s_rules() {
    let vm = NativeVm::start();
    let one = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let other = vm
        .configure(ONE_BUCKET.replace(r#""name": "b""#, r#""name": "c""#).as_bytes())
        .unwrap();
    for _ in 0..2 {
        let answers = [&one, &other].map(|plugin| {
            ["/b/o", "/c/o"].map(|path| cors(&plugin.exchange(get(path, Some(PAGE)), &store()).response))
        });
        assert_eq!(answers[0][0], ALLOWED);
        assert_eq!(answers[1][1], ALLOWED);
        assert_eq!(answers[0][1], cors(&store()));
        assert_eq!(answers[1][0], cors(&store()));
    }
}

#[test]
fn streams_in_flight_side_by_side_do_not_mix() {
    let vm = NativeVm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let origin = |n: usize| match n % 3 {
        0 => Some(format!("https://app{n}.example.com")),
        1 => Some(format!("https://app{n}.example.net")),
        _ => None,
    };
    let mut streams: Vec<_> = (0..300)
        .map(|n| plugin.open(get("/b/o", origin(n).as_deref())))
        .collect();
    for stream in &mut streams {
        assert!(stream.request_headers().is_none());
    }
    for (n, stream) in streams.iter_mut().enumerate().rev() {
        let answered = cors(&stream.response_headers(store()));
        let expected = match origin(n) {
            Some(origin) if n % 3 == 0 => ALLOWED.map(|line| line.replace(PAGE, &origin)).to_vec(),
            _ => NOT_ALLOWED.map(str::to_owned).to_vec(),
        };
        assert_eq!(answered, expected, "{n}");
    }
}

#[test]
fn a_good_configuration_is_one_info_line_and_a_request_none() {
    let vm = NativeVm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let log = vm.take_log();
    let told = lines(&log, HostLogLine::INFO);
    assert_eq!(told.len(), 1, "{log:#?}");
    assert!(told[0].contains("buckets: 1, rules: 1, patterns: 2"), "{told:?}");
    assert!(
        log.iter()
            .all(|line| [HostLogLine::INFO, HostLogLine::WARN].contains(&line.level)),
        "{log:#?}"
    );

    for request in [
        get("/b/o", Some(PAGE)),
        get("/b/o", None),
        get("/other/o", None),
        preflight("/b/o", PAGE, "PUT"),
        preflight("/b/o", PAGE, "DELETE"),
        HostHeaders::request("OPTIONS", "edge.example", "/b/o", []),
        HostHeaders::default(),
    ] {
        plugin.exchange(request, &store());
    }
    assert_eq!(vm.take_log(), []);
}

#[test]
fn a_bad_configuration_is_refused_with_every_error_in_the_log() {
    let vm = NativeVm::start();
    let bad = r#"{"buckets": [{"name": "", "cors": null}, {"name": "b", "cors": {"CORSRules": [
        {"AllowedOrigins": [], "AllowedMethods": ["GET"]}]}}]}"#;
    vm.configure(bad.as_bytes()).unwrap_err();
    let log = vm.take_log();
    let errors = lines(&log, HostLogLine::ERROR);
    assert!(
        errors.iter().any(|line| line.contains("/buckets/0/name")),
        "{log:#?}"
    );
    assert!(
        errors
            .iter()
            .any(|line| line.contains("/buckets/1/cors/CORSRules/0")),
        "{log:#?}"
    );
    assert!(errors.last().unwrap().contains("refused, errors: 2"), "{log:#?}");
    assert_eq!(lines(&log, HostLogLine::INFO), [""; 0]);
}

#[test]
fn any_bytes_for_a_configuration_are_refused_without_harm() {
    let vm = NativeVm::start();
    for text in [
        &b""[..],
        b"\xff\xfe",
        b"\0",
        b"{",
        b"[]",
        b"null",
        b"\x0a\x05hello",
        b"{\"buckets\": \"\xff\"}",
    ] {
        vm.configure(text).unwrap_err();
        let log = vm.take_log();
        assert!(
            !lines(&log, HostLogLine::ERROR).is_empty(),
            "{}",
            text.escape_ascii()
        );
    }
    let cut = ONE_BUCKET.as_bytes();
    for end in 0..cut.len() {
        vm.configure(&cut[..end]).unwrap_err();
    }
}

#[test]
fn a_refused_update_changes_nothing() {
    let vm = NativeVm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    drop(vm.configure(b"{").unwrap_err());
    let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
    assert_eq!(cors(&answer.response), ALLOWED);
}
