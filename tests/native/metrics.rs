//! What the edge counts reaches the host on a tick, and costs a request no host call.

use super::native_host::Vm;
use super::{ONE_BUCKET, PAGE, get, preflight, store};

#[test]
fn sums_are_handed_over_on_a_tick_and_not_before() {
    let vm = Vm::start();
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
    let vm = Vm::start();
    let old = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let _new = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    old.exchange(get("/b/o", Some(PAGE)), &store());
    drop(old);
    assert_eq!(vm.metric("bucket_cors.actual.matched"), Some(1));
}

#[test]
fn buckets_are_counted_one_by_one_where_that_is_asked_for() {
    let vm = Vm::start();
    let text = ONE_BUCKET.replacen('{', r#"{"metrics": "bucket", "#, 1);
    let plugin = vm.configure(text.as_bytes()).unwrap();
    plugin.exchange(get("/b/o", Some(PAGE)), &store());
    plugin.exchange(get("/b/o", Some("https://evil.example")), &store());
    plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store());
    plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store());
    plugin.exchange(get("/other/o", Some(PAGE)), &store());
    plugin.tick();
    for (name, sum) in [
        ("bucket.b.actual.matched", 1),
        ("bucket.b.actual.unmatched", 1),
        ("bucket.b.preflight.allowed", 2),
        ("bucket.b.preflight.refused", 0),
        ("actual.matched", 1),
        ("preflight.allowed", 2),
    ] {
        assert_eq!(vm.metric(&format!("bucket_cors.{name}")), Some(sum), "{name}");
    }
}

#[test]
fn buckets_are_not_counted_one_by_one_unasked() {
    let vm = Vm::start();
    let _plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    assert_eq!(vm.metric("bucket_cors.actual.matched"), Some(0));
    assert_eq!(vm.metric("bucket_cors.bucket.b.actual.matched"), None);
}

#[test]
fn where_nothing_is_counted_nothing_is_defined() {
    let vm = Vm::start();
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
    let vm = Vm::start();
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
    let vm = Vm::start();
    drop(vm.configure(ONE_BUCKET.as_bytes()).unwrap());
    assert_eq!(vm.tick_period(), Some(0));
}

#[test]
fn a_host_without_metrics_costs_nothing_but_the_metrics() {
    let vm = Vm::start();
    vm.deny_metrics();
    let plugin = vm.configure(ONE_BUCKET.as_bytes()).unwrap();
    let answer = plugin.exchange(preflight("/b/o", PAGE, "PUT"), &store());
    assert_eq!(answer.response.status, 200);
    plugin.tick();
    assert_eq!(vm.metric("bucket_cors.preflight.allowed"), None);
}
