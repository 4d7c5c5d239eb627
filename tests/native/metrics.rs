//! What the edge counts reaches the host on a tick, and costs a request no host call.

use crate::filter::{ONE_BUCKET, PAGE, get, preflight, store};
use crate::native_host::NativeVm;

#[test]
fn sums_are_handed_over_on_a_tick_and_not_before() {
    let vm = NativeVm::start();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let changes = vm.metric_changes();
    for _ in 0..3 {
        plugin.exchange(get("/b/o", Some(PAGE)), &store());
    }
    plugin.exchange(get("/b/o", Some("https://evil.example")), &store());
    plugin.exchange(get("/b/o", None), &store());
    plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store());
    plugin.exchange(preflight("/b/o", PAGE, "DELETE"), &store());
    assert_eq!(vm.metric_changes(), changes, "no request changes a metric");
    assert_eq!(vm.tick_period(), Some(1_000));
    plugin.tick();
    for (name, sum) in [
        ("actual.matched", 3),
        ("actual.unmatched", 1),
        ("actual.unmatched.origin", 1),
        ("preflight.allowed", 1),
        ("preflight.refused", 1),
        ("preflight.refused.method", 1),
        ("preflight.refused.header", 0),
        ("loaded.buckets", 1),
        ("loaded.rules", 1),
    ] {
        assert_eq!(vm.metric(&format!("bucket_cors.{name}")), Some(sum), "{name}");
    }
    let changes = vm.metric_changes();
    plugin.tick();
    assert_eq!(vm.metric_changes(), changes, "nothing new, nothing said");
}

#[test]
fn what_the_last_streams_of_a_replaced_configuration_counted_is_not_lost() {
    let vm = NativeVm::start();
    let old = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let _new = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    old.exchange(get("/b/o", Some(PAGE)), &store());
    drop(old);
    assert_eq!(vm.metric("bucket_cors.actual.matched"), Some(1));
}

#[test]
fn buckets_are_counted_one_by_one_where_that_is_asked_for() {
    let vm = NativeVm::start();
    let text = ONE_BUCKET.replacen('{', r#"{"metrics": "bucket", "#, 1);
    let plugin = vm.configure(text.as_bytes()).unwrap();
    plugin.exchange(get("/b/o", Some(PAGE)), &store());
    plugin.exchange(get("/b/o", Some("https://evil.example")), &store());
    plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store());
    plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store());
    plugin.exchange(preflight("/b/o", PAGE, "DELETE"), &store());
    plugin.exchange(get("/other/o", Some(PAGE)), &store());
    plugin.tick();
    for (name, sum) in [
        ("bucket.b.actual.matched", 1),
        ("bucket.b.actual.unmatched", 1),
        ("bucket.b.actual.unmatched.origin", 1),
        ("bucket.b.actual.unmatched.method", 0),
        ("bucket.b.preflight.allowed", 2),
        ("bucket.b.preflight.refused", 1),
        ("bucket.b.preflight.refused.method", 1),
        ("bucket.b.preflight.refused.no_rules", 0),
        ("actual.matched", 1),
        ("preflight.allowed", 2),
    ] {
        assert_eq!(vm.metric(&format!("bucket_cors.{name}")), Some(sum), "{name}");
    }
}

#[test]
fn names_of_buckets_differ_for_prometheus_too_and_shadow_has_rows_of_its_own() {
    let vm = NativeVm::start();
    let rules = r#"[{"AllowedOrigins": "https://app.example", "AllowedMethods": ["GET", "HEAD"]}]"#;
    let bucket =
        |name: &str, mode: &str| format!(r#"{{"name": "{name}", "mode": "{mode}", "cors": {rules}}}"#);
    let text = format!(
        r#"{{"metrics": "bucket", "buckets": [{}, {}, {}, {}]}}"#,
        bucket("a-b", "enforce"),
        bucket("a.b", "enforce"),
        bucket("a_b", "enforce"),
        bucket("q", "shadow")
    );
    let plugin = vm.configure(text.as_bytes()).unwrap();
    for path in ["/a-b/o", "/a.b/o", "/a.b/o", "/a_b/o", "/a_b/o", "/a_b/o", "/q/o"] {
        plugin.exchange(get(path, Some("https://app.example")), &store());
    }
    plugin.exchange(get("/q/o", Some("https://evil.example")), &store());
    plugin.tick();
    for (name, sum) in [("a-b", 1), ("a_b_1", 2), ("a_b_2", 3), ("q.shadow", 1)] {
        let name = format!("bucket_cors.bucket.{name}.actual.matched");
        assert_eq!(vm.metric(&name), Some(sum), "{name}");
    }
    assert_eq!(vm.metric("bucket_cors.bucket.q.actual.matched"), None);
    let refused = "bucket_cors.bucket.q.shadow.actual.unmatched.origin";
    assert_eq!(vm.metric(refused), Some(1));
}

#[test]
fn a_vm_defines_a_bounded_number_of_statistics_in_its_life() {
    let vm = NativeVm::start();
    let load = |change: usize| {
        let buckets: Vec<String> = (0..1_000)
            .map(|number| format!(r#"{{"name": "b{change}-{number}", "cors": null}}"#))
            .collect();
        let text = format!(r#"{{"metrics": "bucket", "buckets": [{}]}}"#, buckets.join(","));
        vm.configure(text.as_bytes()).unwrap()
    };
    for change in 0..6 {
        drop(load(change));
    }
    assert!((56_000..56_100).contains(&vm.metric_ids()), "{}", vm.metric_ids());
    let log = vm.take_log();
    assert!(
        log.iter()
            .any(|line| line.text.contains("not every bucket is counted"))
    );
    // Those that have theirs are counted on.
    let plugin = load(0);
    plugin.exchange(get("/b0-7/o", Some("https://app.example")), &store());
    plugin.tick();
    assert_eq!(vm.metric("bucket_cors.bucket.b0-7.actual.unmatched"), Some(1));
    assert_eq!(vm.metric("bucket_cors.bucket.b5-7.actual.unmatched"), None);
}

#[test]
fn buckets_are_not_counted_one_by_one_unasked() {
    let vm = NativeVm::start();
    let _plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    assert_eq!(vm.metric("bucket_cors.actual.matched"), Some(0));
    assert_eq!(vm.metric("bucket_cors.bucket.b.actual.matched"), None);
}

#[test]
fn where_nothing_is_counted_nothing_is_defined() {
    let vm = NativeVm::start();
    let text = ONE_BUCKET.replacen('{', r#"{"metrics": "off", "#, 1);
    let plugin = vm.configure(text.as_bytes()).unwrap();
    plugin.exchange(get("/b/o", Some(PAGE)), &store());
    plugin.tick();
    for name in ["actual.matched", "loaded.buckets", "bucket.b.actual.matched"] {
        assert_eq!(vm.metric(&format!("bucket_cors.{name}")), None, "{name}");
    }
    assert_eq!((vm.metric_changes(), vm.tick_period()), (0, None));
}

/// Envoy keeps each id that it gave until the VM ends.
#[test]
fn a_change_of_rules_asks_for_no_id_again() {
    let vm = NativeVm::start();
    let text = ONE_BUCKET.replacen('{', r#"{"metrics": "bucket", "#, 1);
    let old = vm.configure(text.as_bytes()).unwrap();
    let ids = vm.metric_ids();
    assert!(ids > 20, "{ids}");
    let new = vm.configure(text.as_bytes()).unwrap();
    assert_eq!(vm.metric_ids(), ids);
    for plugin in [&old, &new] {
        plugin.exchange(get("/b/o", Some(PAGE)), &store());
        plugin.tick();
    }
    assert_eq!(vm.metric("bucket_cors.actual.matched"), Some(2));
    assert_eq!(vm.metric("bucket_cors.bucket.b.actual.matched"), Some(2));
}

/// Envoy goes on ticking for a root context that is gone, for as long as its VM lives.
#[test]
fn a_configuration_that_is_replaced_ends_its_ticks() {
    let vm = NativeVm::start();
    drop(vm.configure(ONE_BUCKET.as_bytes()).unwrap());
    assert_eq!(vm.tick_period(), Some(0));
}

#[test]
fn statistics_that_the_host_does_not_keep_are_refused_unless_none_are_wanted() {
    let vm = NativeVm::start();
    vm.deny_metrics();
    vm.configure(ONE_BUCKET.as_bytes()).unwrap_err();
    let errors = vm.take_log();
    let says = |part: &str| errors.iter().any(|line| line.text.contains(part));
    assert!(
        says("proxy_define_metric") && says(r#""metrics": "off""#),
        "{errors:?}"
    );

    let off = ONE_BUCKET.replacen('{', r#"{"metrics": "off", "#, 1);
    let plugin = vm.configure(off.as_bytes()).unwrap();
    let answer = plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store());
    assert_eq!(answer.response.status, 200);
    assert_eq!(vm.metric_ids(), 0);
}
