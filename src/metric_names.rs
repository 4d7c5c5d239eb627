//! The names of statistics, which are the same in both shells but for the host's own prefix.

use crate::config::Mode;
use crate::loading::Loaded;
use crate::matcher::{CompiledBucket, Interner, Matcher};
use crate::stats::BUCKET_COUNTERS;

/// What every name begins with.
pub(crate) const PREFIX: &str = "bucket_cors";

/// The gauges that say what was loaded: `set` gets name and value; `None`: it stays as it is.
pub(crate) fn set_loaded(loaded: &Loaded, microseconds: u64, mut set: impl FnMut(String, Option<u64>)) {
    let matcher = loaded.edge.matcher();
    let count = |number: usize| Some(u64::try_from(number).unwrap_or(u64::MAX));
    let gauges = [
        ("loaded.buckets", count(matcher.bucket_count())),
        ("loaded.rules", count(matcher.rule_count())),
        ("loaded.warnings", count(loaded.warnings)),
        ("loaded.microseconds", Some(microseconds)),
        ("refused_rules", loaded.refused),
    ];
    for (name, value) in gauges {
        set(format!("{PREFIX}.{name}"), value);
    }
}

/// The counters of each bucket that is counted by itself: `define` gets their names. In the order of the buckets'
/// indices, which is that of the document: every worker gives the same names.
pub(crate) fn define_of_buckets<T: Clone + Default>(
    matcher: &Matcher,
    mut define: impl FnMut(String) -> T,
) -> Vec<[T; BUCKET_COUNTERS.len()]> {
    let mut rows = vec![<[T; BUCKET_COUNTERS.len()]>::default(); matcher.counted_buckets()];
    let mut counted = vec![None; matcher.counted_buckets()];
    for (name, bucket) in matcher.bucket_names() {
        if let Some(place) = counted.get_mut(bucket.index()) {
            *place = Some((name, bucket));
        }
    }
    let mut taken = Interner::default();
    for ((name, bucket), row) in counted.into_iter().flatten().zip(&mut rows) {
        let mut name = name_of_bucket(name);
        while !taken.intern(name_for_prometheus(&name).as_bytes()).1 {
            name = format!("{name}_{}", bucket.index());
        }
        let shadow = match matcher.bucket(bucket).map(CompiledBucket::mode) {
            Some(Mode::Shadow) => "shadow.",
            _ => "",
        };
        *row = BUCKET_COUNTERS.map(|what| define(format!("{PREFIX}.bucket.{name}.{shadow}{what}")));
    }
    rows
}

/// What a bucket is called in the statistics: without the dot, which would begin a new level of the name.
fn name_of_bucket(name: &[u8]) -> String {
    let name = std::str::from_utf8(name).unwrap_or_default();
    with_underscores(name, |letter| letter != '.' && letter != '*')
}

/// The same as Prometheus gets it: Envoy makes every other byte a `_` there.
fn name_for_prometheus(name: &str) -> String {
    with_underscores(name, |letter| letter.is_ascii_alphanumeric())
}

#[inline(never)]
fn with_underscores(name: &str, is_kept: fn(char) -> bool) -> String {
    let letters = name.chars();
    letters
        .map(|letter| if is_kept(letter) { letter } else { '_' })
        .collect()
}
