//! How a page gets an answer with credentials.

use bucket_cors::config::Bucket;
use bucket_cors::profile::Credentials;
use bucket_cors::wildcard::Pattern;

/// How a page gets credentials by a rule, `own`. A bucket that allows them lists no `*` in any rule. `name`: the
/// bucket's.
pub(crate) fn way_out(bucket: &Bucket<'_>, origin: &str, own: usize, name: &str) -> String {
    if origin == "null" {
        return "null gets no credentials: serve the page from an origin of its own, or send no credentials"
            .to_owned();
    }
    let sends = bucket.allow_credentials || bucket.profile.credentials == Credentials::Always;
    let rules = bucket.rules.iter().enumerate();
    let stars = rules.filter(|(index, rule)| {
        (*index == own || !sends) && rule.allowed_origins.iter().any(Pattern::is_any)
    });
    let stars: Vec<String> = stars
        .map(|(index, rule)| rule_name(index, rule.id.as_deref()))
        .collect();
    let has_no_star = stars.is_empty();
    let mut ways = Vec::new();
    if !has_no_star {
        let stars = stars.join(" and ");
        ways.push(format!("{stars}: write {origin:?} for \"*\" in AllowedOrigins"));
    }
    if !sends {
        ways.push(format!("\"allow_credentials\": true in the bucket {name}"));
    }
    let (write, or) = if has_no_star { ("write ", ",") } else { ("", ";") };
    format!("{write}{}{or} or send no credentials", ways.join(", and "))
}

/// A rule, as messages call it.
pub(super) fn rule_name(index: usize, id: Option<&str>) -> String {
    let id = id.map(|id| format!(" {id:?}"));
    format!("rule {index}{}", id.unwrap_or_default())
}
