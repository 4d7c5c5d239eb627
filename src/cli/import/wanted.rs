//! The buckets that `--bucket` asks for, of those that routes come to.

use super::imported_document::ImportedBucket;

/// The buckets that are asked for by their names, all where none is. `names_whole`: the one bucket of a whole host is
/// called as it is asked for, where no path has the name.
pub(super) fn of_routes(
    mut buckets: Vec<ImportedBucket>,
    names: &[String],
    names_whole: bool,
) -> Vec<ImportedBucket> {
    if names.is_empty() {
        return buckets;
    }
    let is_wanted = |bucket: &ImportedBucket| {
        names
            .iter()
            .any(|name| *name == bucket.name.trim_end_matches('/'))
    };
    if let ([name], true) = (names, names_whole && !buckets.iter().any(is_wanted)) {
        let mut whole = buckets.iter_mut().filter(|bucket| !bucket.hosts.is_empty());
        if let (Some(bucket), None) = (whole.next(), whole.next()) {
            bucket.name.clone_from(name);
        }
    }
    let is_for_all =
        |bucket: &ImportedBucket| bucket.name == "*" || bucket.hosts.iter().any(|host| host == "*");
    // Without the others, it would have their requests too.
    if !buckets
        .iter()
        .any(|bucket| is_wanted(bucket) && is_for_all(bucket))
    {
        buckets.retain(is_wanted);
    }
    buckets
}

/// Whether a bucket is asked for by this name, which a slash may stand behind in paths.
pub(super) fn is_called(bucket: &ImportedBucket, name: &str) -> bool {
    bucket.name == name || bucket.name.strip_suffix('/') == Some(name)
}
