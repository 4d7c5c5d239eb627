//! The origins that pages have.

use bucket_cors::config;
use serde_json::json;
use url::Url;

/// Schemes of documents that come from no host.
const OF_NO_HOST: [&str; 5] = ["about", "blob", "data", "file", "javascript"];

/// The origin as a browser sends it, where what was given is none.
pub(super) fn as_sent(origin: &str) -> Option<String> {
    if origin.eq_ignore_ascii_case("null") {
        return Some("null".to_owned()).filter(|null| null != origin);
    }
    // Fetch: what no host answers for has an opaque origin.
    if let Some(url) = of_no_host(origin) {
        return Some(url.origin().ascii_serialization());
    }
    if never_sent(origin).is_some() {
        return None;
    }
    let given = if origin.contains("://") {
        origin.to_owned()
    } else {
        format!("https://{origin}")
    };
    let sent = Url::parse(&given).ok()?.origin().ascii_serialization();
    // "null" of an app's own scheme, which the standard knows nothing of.
    (sent != "null" && sent != origin).then_some(sent)
}

/// The address of a document that comes from no host.
fn of_no_host(origin: &str) -> Option<Url> {
    let url = Url::parse(origin).ok();
    url.filter(|url| OF_NO_HOST.contains(&url.scheme()))
}

/// Why no page at all has an origin, nor one that can be told from it.
fn never_sent(origin: &str) -> Option<String> {
    let why = if of_no_host(origin).is_some() {
        return None;
    } else if origin.contains([',', ' ']) {
        "a browser sends one origin".to_owned()
    } else if origin.contains("://") {
        Url::parse(origin).err()?.to_string()
    } else {
        return None;
    };
    Some(format!(
        "no page has the origin {origin:?} ({why}): ask with the origin of one, such as --origin https://www.example.com"
    ))
}

/// What to ask with, where what was given is no origin of a browser's.
pub(super) fn to_ask_with(origin: &str) -> Option<String> {
    if let Some(never) = never_sent(origin) {
        return Some(never);
    }
    let sent = as_sent(origin)?;
    Some(format!(
        "no browser sends this origin: for such a page it sends {sent:?}, so ask with that"
    ))
}

/// The origin of a page.
///
/// # Errors
/// Why no page has it.
pub(crate) fn of_a_page(origin: &str) -> Result<String, String> {
    if origin.contains('*') {
        return Err(
            "no browser sends a pattern: give the origin of one page, such as https://www.example.com"
                .to_owned(),
        );
    }
    if let Some(advice) = to_ask_with(origin) {
        return Err(advice);
    }
    // What no rule can list is none.
    let rule = json!({ "AllowedOrigin": origin, "AllowedMethod": "GET" });
    let rules = json!({ "buckets": [{ "name": "bucket", "cors": [rule] }] });
    let (_, report) = config::parse(rules.to_string().as_bytes());
    match report.errors.kept().first() {
        Some(error) => Err(error.message.clone()),
        None => Ok(origin.to_owned()),
    }
}

/// The origin of pages that a rule may be made for.
///
/// # Errors
/// Why it is none.
pub(crate) fn of_a_website(origin: &str) -> Result<String, String> {
    if origin == "null" {
        return Err(
            "files, sandboxed frames and pages of strangers have it too: serve the page from a website"
                .to_owned(),
        );
    }
    of_a_page(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_that_no_browser_sends_is_told_from_one_that_it_does() {
        for (given, sent) in [
            ("https://A.example/", Some("https://a.example")),
            ("https://a.example:443", Some("https://a.example")),
            ("http://a.example/x?y", Some("http://a.example")),
            ("a.example", Some("https://a.example")),
            ("https://bücher.example", Some("https://xn--bcher-kva.example")),
            ("https://a.example:8443", None),
            ("HTTPS://a.example", Some("https://a.example")),
            ("NULL", Some("null")),
            ("null", None),
            ("chrome-extension://abc", None),
            ("about:blank", Some("null")),
            ("data:text/html,x", Some("null")),
            ("file:///home/a.html", Some("null")),
            ("blob:null/1", Some("null")),
            ("blob:https://a.example/1", Some("https://a.example")),
            ("localhost:3000", Some("https://localhost:3000")),
            ("https://a.example:70000", None),
            ("https://[::1", None),
            ("https://a,https://x", None),
        ] {
            assert_eq!(as_sent(given).as_deref(), sent, "{given}");
        }
    }
}
