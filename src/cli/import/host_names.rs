//! Which hosts two names have in common.

use super::imported_document::Sourced;
use crate::source::placeholder;

/// The hosts that both have. Where a template fills one in, it may be any, and is named as it stands.
pub(crate) fn common(own: &[Sourced<String>], taken: &[Sourced<String>]) -> Vec<Sourced<String>> {
    let mut known: Vec<Sourced<String>> = Vec::new();
    for own in own {
        for taken in taken {
            let both = if covers(&taken.value, &own.value) {
                own
            } else if covers(&own.value, &taken.value) {
                taken
            } else if placeholder::within(&own.value).is_some() {
                own
            } else if placeholder::within(&taken.value).is_some() {
                taken
            } else {
                continue;
            };
            if !known.contains(both) {
                known.push(both.clone());
            }
        }
    }
    known
}

/// Whether each host that `inner` stands for is one of `outer`'s. Of the Gateway API, a `*` is one label or more.
pub(crate) fn covers(outer: &str, inner: &str) -> bool {
    let of_outer = outer.strip_prefix('*');
    outer == "*"
        || outer == inner
        || of_outer.is_some_and(|end| inner.ends_with(end) && inner.len() > end.len())
}
