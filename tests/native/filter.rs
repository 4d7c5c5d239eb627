//! The real filter and the stock SDK on a native host: what becomes of a configuration and of the streams under it, and
//! what a host may do that no client can bring about.

use crate::native_host::{Answer, Headers, Import, Line, Response, Vm};

/// `InternalFailure`: what Envoy says to a call that its capability restrictions do not allow.
const DENIED: u32 = 10;

pub(crate) const PAGE: &str = "https://app.example.com";

/// A bucket `b` whose one rule admits [`PAGE`].
pub(crate) const ONE_BUCKET: &str = r#"{"buckets": [{"name": "b", "cors": {"CORSRules": [{
    "AllowedOrigins": ["https://*.example.com"], "AllowedMethods": ["GET", "PUT"], "AllowedHeaders": ["x-*"],
    "ExposeHeaders": ["ETag"], "MaxAgeSeconds": 60}]}}]}"#;

pub(crate) fn get(path: &str, origin: Option<&str>) -> Headers {
    Headers::request(
        "GET",
        "edge.example",
        path,
        origin.map(|origin| header("origin", origin)),
    )
}

pub(crate) fn preflight(path: &str, origin: &str, method: &str) -> Headers {
    let headers = [
        header("origin", origin),
        header("access-control-request-method", method),
    ];
    Headers::request("OPTIONS", "edge.example", path, headers)
}

fn header<'a>(name: &'a str, value: &'a str) -> (&'a [u8], &'a [u8]) {
    (name.as_bytes(), value.as_bytes())
}

/// A store that has CORS headers of its own, some of them under names that no standard knows.
pub(crate) fn store() -> Response {
    let headers = [
        ("etag", "\"1\""),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "5"),
        ("access-control-allow-origin", "https://second.example"),
        ("vary", "Accept-Encoding"),
    ];
    Response::new(200, headers.map(|(name, value)| header(name, value)))
}

/// The headers of a response that the filter is about, as text.
pub(crate) fn cors(response: &Response) -> Vec<String> {
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

pub(crate) fn lines(log: &[Line], level: u32) -> Vec<&str> {
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
    let vm = Vm::start();
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
    let vm = Vm::start();
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
    let vm = Vm::start();
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
    let vm = Vm::start();
    let old = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let mut waiting = old.open(preflight("/b/o", PAGE, "PUT"));
    let _new = vm.configure(br#"{"buckets": []}"#).unwrap();
    let reply = waiting.request_headers().expect("the old rules answer");
    assert_eq!(reply.status, 200);
}

#[test]
fn two_plugins_in_one_vm_do_not_see_each_other_s_rules() {
    let vm = Vm::start();
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
    let vm = Vm::start();
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
    let vm = Vm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let log = vm.take_log();
    let told = lines(&log, Line::INFO);
    assert_eq!(told.len(), 1, "{log:#?}");
    assert!(told[0].contains("buckets: 1, rules: 1, patterns: 2"), "{told:?}");
    assert!(
        log.iter()
            .all(|line| [Line::INFO, Line::WARN].contains(&line.level)),
        "{log:#?}"
    );

    for request in [
        get("/b/o", Some(PAGE)),
        get("/b/o", None),
        get("/other/o", None),
        preflight("/b/o", PAGE, "PUT"),
        preflight("/b/o", PAGE, "DELETE"),
        Headers::request("OPTIONS", "edge.example", "/b/o", []),
        Headers::default(),
    ] {
        plugin.exchange(request, &store());
    }
    assert_eq!(vm.take_log(), []);
}

#[test]
fn a_bad_configuration_is_refused_with_every_error_in_the_log() {
    let vm = Vm::start();
    let bad = r#"{"buckets": [{"name": "", "cors": null}, {"name": "b", "cors": {"CORSRules": [
        {"AllowedOrigins": [], "AllowedMethods": ["GET"]}]}}]}"#;
    vm.configure(bad.as_bytes()).unwrap_err();
    let log = vm.take_log();
    let errors = lines(&log, Line::ERROR);
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
    assert_eq!(lines(&log, Line::INFO), [""; 0]);
}

#[test]
fn any_bytes_for_a_configuration_are_refused_without_harm() {
    let vm = Vm::start();
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
        assert!(!lines(&log, Line::ERROR).is_empty(), "{}", text.escape_ascii());
    }
    let cut = ONE_BUCKET.as_bytes();
    for end in 0..cut.len() {
        vm.configure(&cut[..end]).unwrap_err();
    }
}

#[test]
fn a_refused_update_changes_nothing() {
    let vm = Vm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    drop(vm.configure(b"{").unwrap_err());
    let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
    assert_eq!(cors(&answer.response), ALLOWED);
}

#[test]
fn a_plugin_without_a_configuration_answers_503_and_lets_no_cors_header_of_the_store_pass() {
    let vm = Vm::start();
    let refused = vm.configure(b"{").unwrap_err();
    let requests = || {
        [
            preflight("/b/o", PAGE, "PUT"),
            get("/b/o", Some(PAGE)),
            get("/b/o", None),
        ]
    };
    for request in requests() {
        let answer = refused.plugin.exchange(request, &store());
        assert!(answer.is_edge);
        assert_eq!(answer.response.status, 503);
        assert_eq!(cors(&answer.response), [""; 0]);
    }
    // Another stream may come before the headers of one do.
    let mut first = refused.plugin.open(get("/b/o", Some(PAGE)));
    let second = refused.plugin.open(get("/b/o", Some(PAGE)));
    assert_eq!(first.request_headers().unwrap().status, 503);
    drop((first, second));

    vm.overrule(Import::SendLocalResponse, Some(DENIED));
    for request in requests() {
        let answer = refused.plugin.exchange(request, &store());
        assert!(!answer.is_edge);
        assert_eq!(cors(&answer.response), NOT_ALLOWED);
    }
}

#[test]
fn a_response_whose_request_was_never_seen_has_no_cors_header() {
    let vm = Vm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let mut first = plugin.open(get("/b/o", Some(PAGE)));
    let mut newest = plugin.open(get("/elsewhere/o", Some(PAGE)));
    for stream in [&mut first, &mut newest] {
        assert_eq!(cors(&stream.response_headers(store())), NOT_ALLOWED);
    }
}

#[test]
fn a_request_whose_headers_the_host_does_not_show_is_not_served() {
    let vm = Vm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    vm.overrule(Import::GetHeaders, Some(DENIED));
    vm.overrule(Import::GetHeader, Some(DENIED));
    let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
    assert_eq!((answer.is_edge, answer.response.status), (true, 503));

    vm.overrule(Import::SendLocalResponse, Some(DENIED));
    // Nor can the store's own Vary be seen there.
    let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
    assert_eq!(cors(&answer.response), ["vary: Origin"]);
}

#[test]
fn a_header_that_the_host_does_not_change_is_removed_and_one_that_it_does_not_remove_is_emptied() {
    let vm = Vm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let value = |name: &[u8]| {
        let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
        answer.response.headers.get(name).map(<[u8]>::to_vec)
    };
    vm.overrule(Import::ReplaceHeader, Some(DENIED));
    assert_eq!(value(b"access-control-allow-origin"), None);
    vm.overrule(Import::ReplaceHeader, None);
    vm.overrule(Import::RemoveHeader, Some(DENIED));
    assert_eq!(
        value(b"access-control-allow-origin"),
        Some(PAGE.as_bytes().to_vec())
    );
    assert_eq!(value(b"access-control-allow-credentials"), Some(Vec::new()));
}

#[test]
fn a_configuration_is_refused_where_the_host_does_not_give_a_call_that_it_needs() {
    let vm = Vm::start();
    let logging = ONE_BUCKET.replacen('{', r#"{"access_log": true, "#, 1);
    let refused = |imports: &[Import], text: &str| {
        imports
            .iter()
            .for_each(|import| vm.overrule(*import, Some(DENIED)));
        let plugin = vm.configure(text.as_bytes());
        imports.iter().for_each(|import| vm.overrule(*import, None));
        let lines = vm.take_log();
        let errors = lines.iter().filter(|line| line.level == Line::ERROR);
        assert_eq!(plugin.is_err(), errors.clone().count() > 0);
        errors.map(|line| line.text.clone()).collect::<Vec<_>>()
    };
    for (import, name) in [
        (Import::ReplaceHeader, "proxy_replace_header_map_value"),
        (Import::RemoveHeader, "proxy_remove_header_map_value"),
        (Import::SendLocalResponse, "proxy_send_local_response"),
        (Import::SetProperty, "proxy_set_property"),
    ] {
        let errors = refused(&[import], &logging);
        assert!(errors.len() == 1 && errors[0].contains(name), "{errors:?}");
    }
    assert_eq!(refused(&[Import::SetProperty], ONE_BUCKET), [""; 0]);
    // Either is enough to read headers.
    let readers = [Import::GetHeader, Import::GetHeaders];
    for reader in readers {
        assert_eq!(refused(&[reader], ONE_BUCKET), [""; 0]);
    }
    assert_eq!(refused(&readers, ONE_BUCKET).len(), 1);
    assert_eq!(refused(&Import::ALL, &logging).len(), 5);
}

#[test]
fn a_preflight_that_the_host_does_not_let_us_answer_goes_on() {
    let vm = Vm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    vm.overrule(Import::SendLocalResponse, Some(DENIED));
    for method in ["PUT", "DELETE"] {
        let answer = plugin.exchange(preflight("/b/o", PAGE, method), &store());
        assert!(!answer.is_edge);
        assert_eq!(cors(&answer.response), NOT_ALLOWED, "{method}");
    }
    let answer = plugin.exchange(Headers::request("OPTIONS", "edge.example", "/b/o", []), &store());
    assert_eq!(cors(&answer.response), NOT_ALLOWED);

    vm.overrule(Import::SendLocalResponse, None);
    assert!(plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store()).is_edge);
}

#[test]
fn where_the_response_headers_cannot_be_listed_they_are_removed_by_name() {
    let vm = Vm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    vm.overrule(Import::GetHeaders, Some(DENIED));
    let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
    assert_eq!(cors(&answer.response), ALLOWED);
    let answer = plugin.exchange(get("/b/o", None), &store());
    assert_eq!(cors(&answer.response), NOT_ALLOWED);
}

#[test]
fn where_the_response_headers_cannot_be_listed_those_of_the_store_are_still_kept() {
    let vm = Vm::start();
    let keeps = ONE_BUCKET.replace(r#""name": "b""#, r#""name": "b", "upstream_cors": "keep""#);
    let plugin = vm.configure(keeps.as_bytes()).unwrap();
    vm.overrule(Import::GetHeaders, Some(DENIED));
    let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
    let mut kept = store();
    kept.headers.replace(b"vary", b"Accept-Encoding, Origin");
    assert_eq!(cors(&answer.response), cors(&kept));
}

#[test]
fn a_status_that_no_one_expects_harms_nothing() {
    let vm = Vm::start();
    let configuration = r#"{"explain": true, "unmanaged": "refuse", "endpoints": ["edge.example"], "buckets": [
        {"name": "b", "cors": {"CORSRules": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}},
        {"name": "s", "profile": "s3", "cors": null}]}"#;
    let plugin = vm.configure(configuration.as_bytes()).unwrap();
    let requests = || {
        ["/b/o", "/s/o", "/other/o", "/"].into_iter().flat_map(|path| {
            [
                get(path, None),
                get(path, Some(PAGE)),
                preflight(path, PAGE, "GET"),
                preflight(path, PAGE, "PUT"),
            ]
        })
    };
    for status in [1, 2, 10, 12, 99, u32::MAX] {
        for import in Import::ALL {
            vm.overrule(import, Some(status));
            for request in requests() {
                plugin.exchange(request, &store());
            }
            vm.overrule(import, None);
        }
        for import in Import::ALL {
            vm.overrule(import, Some(status));
        }
        for request in requests() {
            let Answer {
                is_edge, response, ..
            } = plugin.exchange(request, &store());
            assert!(!is_edge);
            assert_eq!(response, store());
        }
        for import in Import::ALL {
            vm.overrule(import, None);
        }
    }
    assert_eq!(
        vm.take_log()
            .iter()
            .filter(|line| line.level > Line::WARN)
            .count(),
        0
    );
}

/// A small xorshift: what a test throws must be the same on every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    fn bytes(&mut self) -> Vec<u8> {
        // No NUL, CR or LF: Envoy's codec lets none of them in.
        const ALPHABET: &[u8] = b"\xff\xc3\x28\x80\xf0\x9f\x01\x7f \t,*/:;\"<&>%.-abOPTIONSGEThttps";
        let len = [0, 1, 2, 7, 40, 300][self.throw(6)];
        (0..len).map(|_| ALPHABET[self.throw(ALPHABET.len())]).collect()
    }

    fn pick(&mut self, sensible: &[&str]) -> Vec<u8> {
        match self.throw(sensible.len() + 2) {
            n if n < sensible.len() => sensible[n].as_bytes().to_vec(),
            n if n == sensible.len() => self.bytes(),
            _ => {
                let mut value = sensible[self.throw(sensible.len())].as_bytes().to_vec();
                let at = self.throw(value.len() + 1);
                value.splice(at..at, self.bytes());
                value
            }
        }
    }
}

#[test]
fn no_bytes_in_any_header_do_harm() {
    const REQUEST: [(&[u8], &[&str]); 8] = [
        (b":method", &["GET", "OPTIONS", "PUT"]),
        (b":authority", &["edge.example", "b.oss.example:80", "[::1]"]),
        (b":path", &["/b/o", "/s/o?x", "/f/../b", "/"]),
        (b"origin", &[PAGE, "null", "https://a.example,https://b.example"]),
        (b"access-control-request-method", &["GET", "PUT", "PATCH"]),
        (
            b"access-control-request-headers",
            &["x-a", "x-a, X-B ,,x-c", "range"],
        ),
        (b"access-control-request-private-network", &["true"]),
        (b"x-request-id", &[crate::native_host::REQUEST_ID]),
    ];
    const RESPONSE: [(&[u8], &[&str]); 5] = [
        (b"vary", &["Accept", "*", "origin"]),
        (b"access-control-allow-origin", &["*"]),
        (b"access-control-x\xff", &["1"]),
        (b"x\xff", &["1"]),
        (b"", &["1"]),
    ];
    let vm = Vm::start();
    let rules = r#"{"CORSRules": [{"AllowedOrigins": ["https://*.example.com", "null"], "AllowedMethods": ["GET", "PUT"],
        "AllowedHeaders": ["*"], "ID": "r", "MaxAgeSeconds": 1}]}"#;
    let buckets = [("b", "oss"), ("s", "s3"), ("f", "fetch")].map(|(name, profile)| {
        format!(
            r#"{{"name": "{name}", "profile": "{profile}", "allow_private_network": true, "cors": {rules}}}"#
        )
    });
    let configuration = |endpoints: &str| {
        format!(
            r#"{{"explain": true, "unmanaged": "refuse", "endpoints": {endpoints}, "buckets": [{}]}}"#,
            buckets.join(",")
        )
    };
    let plugins = ["[]", r#"["edge.example", "oss.example"]"#]
        .map(|endpoints| vm.configure(configuration(endpoints).as_bytes()).unwrap());
    vm.take_log();

    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut answered = [0, 0];
    for _ in 0..4_000 {
        let mut draw = |fields: &[(&[u8], &[&str])]| {
            let mut headers = Headers::default();
            for (name, sensible) in fields {
                if dice.throw(8) > 0 {
                    headers.add(name, &dice.pick(sensible));
                }
            }
            headers
        };
        let request = draw(&REQUEST);
        let headers = draw(&RESPONSE);
        let response = Response {
            status: 200,
            headers,
            body: Vec::new(),
        };
        let plugin = &plugins[dice.throw(2)];
        answered[usize::from(plugin.exchange(request, &response).is_edge)] += 1;
    }
    assert!(answered.iter().all(|&count| count > 200), "{answered:?}");
    assert_eq!(vm.take_log(), []);
}
