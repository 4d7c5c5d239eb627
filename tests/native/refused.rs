//! Rules that are refused while `on_refused_rules` says what is to stand in for them.

use crate::filter::{ALLOWED, NOT_ALLOWED, ONE_BUCKET, PAGE, cors, get, lines, preflight, store};
use crate::native_host::{HostLogLine, NativeVm, Plugin};

/// [`ONE_BUCKET`], which takes its place where it has errors.
fn good() -> String {
    ONE_BUCKET.replacen('{', r#"{"on_refused_rules": "last_good", "#, 1)
}

/// The same with an error, for all sorts of other buckets and settings.
fn bad() -> String {
    let fields = r#"{"on_refused_rules": "last_good", "endpoints": ["s3.example"], "route_prepares": true, "explain": true, "#;
    let bad = ONE_BUCKET.replace("https://*.example.com", "https://*.*.example.com");
    bad.replacen('{', fields, 1)
}

fn load(vm: &NativeVm, text: &str) -> Plugin {
    vm.configure(text.as_bytes()).unwrap()
}

/// What a page gets, under the host name of an endpoint and another one.
fn read(plugin: &Plugin) -> Vec<String> {
    let answer = plugin.exchange(get("/b/o", Some(PAGE)), &store());
    assert!(!answer.is_edge && answer.response.status == 200);
    cors(&answer.response)
}

fn refused_rules(vm: &NativeVm) -> Option<u64> {
    vm.metric("bucket_cors.refused_rules")
}

fn assert_without_rules(plugin: &Plugin) {
    assert_eq!(
        read(plugin),
        [NOT_ALLOWED[0], "x-bucket-cors: no-match; reason=unlisted-bucket"]
    );
    for path in ["/b/o", "/", "/other/..;/o"] {
        let answer = plugin.exchange(preflight(path, PAGE, "GET"), &store());
        assert_eq!((answer.is_edge, answer.response.status), (true, 403), "{path}");
    }
}

#[test]
fn before_there_are_good_rules_objects_are_served_and_no_bucket_has_cors() {
    let vm = NativeVm::start();
    let plugin = load(&vm, &bad());
    assert_without_rules(&plugin);
    assert_eq!(refused_rules(&vm), Some(1));
    let log = vm.take_log();
    let errors = lines(&log, HostLogLine::ERROR);
    assert!(errors[0].contains("[two-wildcards]"), "{errors:?}");
    assert!(errors[1].ends_with("errors: 1; no configuration was good yet, so no bucket has CORS"));

    let plugin = load(&vm, &good());
    assert_eq!(read(&plugin), ALLOWED);
    assert_eq!(refused_rules(&vm), Some(0));
}

#[test]
fn refused_rules_leave_the_last_good_ones_in_force_whatever_becomes_of_the_code() {
    let vm = NativeVm::start();
    // What was good counts, also where it did not ask for this.
    drop(load(&vm, ONE_BUCKET));
    assert_eq!(refused_rules(&vm), Some(0));
    for code in ["the same", "other"] {
        if code == "other" {
            vm.restart();
        }
        let plugin = load(&vm, &bad());
        assert_eq!(read(&plugin), ALLOWED, "{code}");
        assert_eq!(refused_rules(&vm), Some(1), "{code}");
        let log = vm.take_log();
        assert!(lines(&log, HostLogLine::ERROR)[1].ends_with("errors: 1; the last good one stays in force"));
    }
    let newer = good().replace("https://*.example.com", "https://newer.example");
    assert_eq!(read(&load(&vm, &newer)), NOT_ALLOWED);
    assert_eq!(refused_rules(&vm), Some(0));
    assert_eq!(read(&load(&vm, &bad())), NOT_ALLOWED);
}

#[test]
fn what_is_no_json_or_asks_for_something_else_is_rejected() {
    let vm = NativeVm::start();
    drop(load(&vm, &good()));
    let bad = bad();
    let with = |value: &str| bad.replacen("\"last_good\"", value, 1);
    for text in [
        "",
        &bad[..bad.len() - 1],
        &bad.replace("GET", "G\u{0}T"),
        &with("\"reject\""),
        &with("\"Last_Good\""),
        &with("true"),
        &with("[\"last_good\"]"),
    ] {
        assert!(vm.configure(text.as_bytes()).is_err(), "{text}");
    }
    let no_text = [bad.as_bytes(), b"\xff"].concat();
    assert!(vm.configure(&no_text).is_err());
    // Wherever it stands, and with whatever errors around it.
    let last = bad.replacen("\"on_refused_rules\": \"last_good\", ", "", 1);
    let last = last.trim_end().strip_suffix('}').unwrap().to_owned();
    for text in [
        last + ", \"profile\": \"s4\", \"on_refused_rules\": \"last_good\"}",
        r#"{"on_refused_rules": "last_good"}"#.to_owned(),
        r#"{"bukets": [], "on_refused_rules": "last_good"}"#.to_owned(),
    ] {
        assert_eq!(read(&load(&vm, &text)), ALLOWED, "{text}");
    }
}

#[test]
fn plugins_do_not_get_each_other_s_rules_and_the_gauge_is_of_all_of_them() {
    let vm = NativeVm::start();
    let names = [("a", "b"), ("a", ""), ("", "a"), ("", ""), ("ab", "")];
    for (at, (name, root_id)) in names.into_iter().enumerate() {
        vm.name_plugin(name, root_id);
        assert_without_rules(&load(&vm, &bad()));
        assert_eq!(refused_rules(&vm), Some(1));
        drop(load(
            &vm,
            &good().replace("*.example.com", &format!("{at}.example.com")),
        ));
        assert_eq!(refused_rules(&vm), Some(0));
    }
    for (at, (name, root_id)) in names.into_iter().enumerate() {
        vm.name_plugin(name, root_id);
        let plugin = load(&vm, &bad());
        let page = format!("https://{at}.example.com");
        let answer = plugin.exchange(get("/b/o", Some(&page)), &store());
        assert_eq!(
            cors(&answer.response)[0],
            format!("access-control-allow-origin: {page}")
        );
    }
    // Good rules of one say nothing of the others.
    vm.name_plugin("another", "");
    drop(load(&vm, ONE_BUCKET));
    assert_eq!(refused_rules(&vm), Some(5));
    drop(load(&vm, &bad()));
    assert_eq!(refused_rules(&vm), Some(6));
    vm.restart();
    for (at, (name, root_id)) in [("another", "")].iter().chain(&names).enumerate() {
        vm.name_plugin(name, root_id);
        for _worker in 0..2 {
            drop(load(&vm, ONE_BUCKET));
            assert_eq!(refused_rules(&vm), u64::try_from(5 - at).ok(), "{name} {root_id}");
        }
    }
}

#[test]
fn what_another_version_found_good_is_read_as_strictly_as_anything() {
    let vm = NativeVm::start();
    drop(load(&vm, &good()));
    vm.change_what_is_kept(|text| text.truncate(text.len() / 2));
    assert_without_rules(&load(&vm, &bad()));
}

#[test]
fn a_host_that_keeps_nothing_is_told_of() {
    for import in [
        "proxy_get_property",
        "proxy_get_shared_data",
        "proxy_set_shared_data",
    ] {
        let vm = NativeVm::start();
        vm.deny(Some(import));
        for text in [good(), bad()] {
            assert!(vm.configure(text.as_bytes()).is_err(), "{import}");
            let log = vm.take_log();
            let said = lines(&log, HostLogLine::ERROR).pop().unwrap();
            assert!(
                said.contains(import) && said.contains("on_refused_rules"),
                "{said}"
            );
        }
        assert_eq!(read(&load(&vm, ONE_BUCKET)), ALLOWED);
    }
}
