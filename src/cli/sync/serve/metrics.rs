//! How it stands, in the text that Prometheus reads.

use std::fmt::{Display, Write as _};

use super::published::Standing;
use crate::sync::moment::Moment;
use crate::sync::store::FailureKind;

/// What is said, each with its type and what it means.
pub(super) const METRICS: [(&str, &str, &str); 15] = [
    ("rounds_total", "counter", "Times that the stores were asked."),
    (
        "last_round_timestamp_seconds",
        "gauge",
        "When the stores were asked last.",
    ),
    (
        "last_success_timestamp_seconds",
        "gauge",
        "When the stores were asked last, everything was told, and it is in force.",
    ),
    (
        "last_change_timestamp_seconds",
        "gauge",
        "When other rules were put in force last.",
    ),
    ("round_duration_seconds", "gauge", "How long the last round took."),
    (
        "buckets",
        "gauge",
        "Buckets whose rules are known, the base's own among them.",
    ),
    (
        "kept_buckets",
        "gauge",
        "Buckets that keep their last good rules, because the store does not tell them.",
    ),
    (
        "unread_buckets",
        "gauge",
        "Buckets that are followed, and whose rules were never told.",
    ),
    (
        "drift_buckets",
        "gauge",
        "Buckets whose rules in the store are others than those in force.",
    ),
    (
        "withheld",
        "gauge",
        "1 where the rules of the last round are held back.",
    ),
    (
        "oldest_rules_age_seconds",
        "gauge",
        "The age of the rules that were told longest ago.",
    ),
    (
        "rules_age_seconds",
        "gauge",
        "How long ago the store told the rules of a bucket: those in force, or else those that are held back.",
    ),
    (
        "errors_total",
        "counter",
        "Answers of the stores that told nothing, by kind.",
    ),
    ("configuration_bytes", "gauge", "The size of the configuration."),
    (
        "discovery_answers_total",
        "counter",
        "Answers to Envoys, by status.",
    ),
];

/// Before the name of each.
pub(super) const PREFIX: &str = "bucket_cors_sync_";

/// The text.
pub(super) fn text(standing: &Standing, now: Moment) -> String {
    let mut text = String::new();
    for (name, kind, help) in METRICS {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {PREFIX}{name} {help}\n# TYPE {PREFIX}{name} {kind}");
        let mut line = |labels: &str, value: &dyn Display| {
            let _ = writeln!(text, "{PREFIX}{name}{labels} {value}");
        };
        // 0: never.
        let time = |at: Option<Moment>| at.map(|at| at.on_clock(now)).unwrap_or_default();
        match name {
            "rounds_total" => line("", &standing.rounds),
            "last_round_timestamp_seconds" => line("", &time(standing.last_round)),
            "last_success_timestamp_seconds" => line("", &time(standing.last_success)),
            "last_change_timestamp_seconds" => line("", &time(standing.last_write)),
            "round_duration_seconds" => {
                let milliseconds = standing.round_milliseconds;
                let whole = milliseconds.checked_div(1_000).unwrap_or_default();
                let rest = milliseconds.checked_rem(1_000).unwrap_or_default();
                line("", &format_args!("{whole}.{rest:03}"));
            }
            "buckets" => line("", &standing.known),
            "kept_buckets" => line("", &standing.kept),
            "unread_buckets" => line("", &standing.unread),
            "drift_buckets" => line("", &standing.drift),
            "withheld" => line("", &u8::from(standing.is_withheld)),
            "oldest_rules_age_seconds" => {
                let oldest = standing.read.values().map(|read| read.age(now)).max();
                line("", &oldest.unwrap_or_default());
            }
            "rules_age_seconds" => {
                for (bucket, read) in &standing.read {
                    line(&format!("{{bucket=\"{}\"}}", escaped(bucket)), &read.age(now));
                }
            }
            "errors_total" => {
                for kind in FailureKind::ALL {
                    let count = standing.errors.get(kind.name()).copied().unwrap_or_default();
                    line(&format!("{{kind=\"{}\"}}", kind.name()), &count);
                }
            }
            "configuration_bytes" => line("", &standing.bytes),
            _ => {
                for (status, count) in &standing.answered {
                    line(&format!("{{status=\"{status}\"}}"), count);
                }
            }
        }
    }
    text
}

/// A label's value.
fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}
