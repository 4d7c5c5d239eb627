//! What a host may do that no client can bring about: refuse calls.

use crate::filter::{ALLOWED, NOT_ALLOWED, ONE_BUCKET, PAGE, cors, get, preflight, store};
use crate::native_host::{Exchanged, HostHeaders, HostLogLine, Import, NativeVm};

/// `InternalFailure`: what Envoy says to a call that its capability restrictions do not allow.
const DENIED: u32 = 10;

#[test]
fn a_plugin_without_a_configuration_answers_503_and_lets_no_cors_header_of_the_store_pass() {
    let vm = NativeVm::start();
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
    let vm = NativeVm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let mut first = plugin.open(get("/b/o", Some(PAGE)));
    let mut newest = plugin.open(get("/elsewhere/o", Some(PAGE)));
    for stream in [&mut first, &mut newest] {
        assert_eq!(cors(&stream.response_headers(store())), NOT_ALLOWED);
    }
}

#[test]
fn a_request_whose_headers_the_host_does_not_show_is_not_served() {
    let vm = NativeVm::start();
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
    let vm = NativeVm::start();
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
    let vm = NativeVm::start();
    let logging = ONE_BUCKET.replacen('{', r#"{"access_log": true, "#, 1);
    let refused = |imports: &[Import], text: &str| {
        imports
            .iter()
            .for_each(|import| vm.overrule(*import, Some(DENIED)));
        let plugin = vm.configure(text.as_bytes());
        imports.iter().for_each(|import| vm.overrule(*import, None));
        let lines = vm.take_log();
        let errors = lines.iter().filter(|line| line.level == HostLogLine::ERROR);
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
    let vm = NativeVm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    vm.overrule(Import::SendLocalResponse, Some(DENIED));
    for method in ["PUT", "DELETE"] {
        let answer = plugin.exchange(preflight("/b/o", PAGE, method), &store());
        assert!(!answer.is_edge);
        assert_eq!(cors(&answer.response), NOT_ALLOWED, "{method}");
    }
    let answer = plugin.exchange(
        HostHeaders::request("OPTIONS", "edge.example", "/b/o", []),
        &store(),
    );
    assert_eq!(cors(&answer.response), NOT_ALLOWED);

    vm.overrule(Import::SendLocalResponse, None);
    assert!(plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store()).is_edge);
}

#[test]
fn where_the_response_headers_cannot_be_listed_they_are_removed_by_name() {
    let vm = NativeVm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    vm.overrule(Import::GetHeaders, Some(DENIED));
    let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
    assert_eq!(cors(&answer.response), ALLOWED);
    let answer = plugin.exchange(get("/b/o", None), &store());
    assert_eq!(cors(&answer.response), NOT_ALLOWED);
}

#[test]
fn where_the_response_headers_cannot_be_listed_those_of_the_store_are_still_kept() {
    let vm = NativeVm::start();
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
    let vm = NativeVm::start();
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
            let Exchanged {
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
            .filter(|line| line.level > HostLogLine::WARN)
            .count(),
        0
    );
}
