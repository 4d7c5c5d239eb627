//! Rules and requests that miss each other by a hair, in a sentence.

use bucket_cors::config;
use bucket_cors::wildcard::Pattern;
use serde_json::json;
use url::Url;

use super::browser::sent;

/// Schemes of documents that come from no host.
const OF_NO_HOST: [&str; 5] = ["about", "blob", "data", "file", "javascript"];

/// How a sentence ends that asks for a change of the page, and of no rule.
pub(super) const IN_THE_PAGE: &str = "in the page";

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

/// Why a pattern that looks like an origin does not match it, and what to list.
pub(super) fn origin(origin: &str, pattern: &str) -> Option<String> {
    let matches = |pattern: &str| {
        Pattern::new(pattern.to_owned().into()).is_ok_and(|pattern| pattern.matches(origin.as_bytes()))
    };
    if let Some((plain, why)) = spelled(pattern).filter(|(plain, _)| matches(plain)) {
        return Some(format!(
            "{pattern:?} matches no origin of a browser: {why}: list {plain:?}"
        ));
    }
    if pattern.strip_suffix(":*").is_some_and(matches) {
        let port = if origin.starts_with("http://") {
            "80"
        } else {
            "443"
        };
        return Some(format!(
            "the :* of {pattern:?} stands for a colon and a port, and a browser sends none for port {port}: list {origin:?} too"
        ));
    }
    let (scheme, rest) = pattern.split_once("://")?;
    let (own, host) = origin.split_once("://")?;
    if rest.strip_prefix("*.") == Some(host) && scheme == own {
        return Some(format!(
            "the * of {pattern:?} stands for what comes before the dot, and {host} has nothing there: list {origin:?} too"
        ));
    }
    if scheme != own && matches(&format!("{own}://{rest}")) {
        return Some(format!(
            "{pattern:?} is for pages over {scheme}://, and this one came over {own}://: list {origin:?} too, if such pages are \
             meant"
        ));
    }
    let (before, port) = origin.rsplit_once(':').filter(|(before, _)| *before != own)?;
    let is_without_port =
        Pattern::new(pattern.to_owned().into()).is_ok_and(|pattern| pattern.matches(before.as_bytes()));
    is_without_port.then(|| {
        format!("{pattern:?} is for the scheme's own port, and the page's origin has the port {port}: list {origin:?} too")
    })
}

/// A pattern as browsers spell an origin, and what was wrong with it.
fn spelled(pattern: &str) -> Option<(String, String)> {
    let mut why = Vec::new();
    let has_scheme = pattern.contains("://");
    if !has_scheme {
        why.push("an origin begins with its scheme");
    }
    let (scheme, rest) = pattern.split_once("://").unwrap_or(("https", pattern));
    let (host, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
    match path {
        "" => {}
        "/" => why.push("an origin has no slash at its end"),
        _ => why.push("an origin has no path"),
    }
    let lower = format!("{scheme}://{host}").to_ascii_lowercase();
    if !pattern.starts_with(&lower) && has_scheme {
        why.push("scheme and host are in lower case");
    }
    let port = match scheme.to_ascii_lowercase().as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => "\n",
    };
    let plain = lower.strip_suffix(port).unwrap_or_else(|| &lower);
    if plain.len() < lower.len() {
        why.push("the scheme's own port is left out");
    }
    (!why.is_empty()).then(|| (plain.to_owned(), why.join(", and ")))
}

/// Why a listed method is another one than a script asks with.
pub(super) fn method(method: &str, listed: &[String]) -> Option<String> {
    let other = listed.iter().find(|listed| listed.eq_ignore_ascii_case(method))?;
    if *other == sent::normalised(method) {
        return None;
    }
    let upper = method.to_ascii_uppercase();
    Some(if *other == upper {
        format!(
            "fetch() puts only DELETE, GET, HEAD, OPTIONS, POST and PUT in upper case and sends {method:?} as it is, and methods \
             compare byte for byte: write {upper:?} {IN_THE_PAGE}"
        )
    } else {
        format!("the rule lists {other:?}, and methods compare byte for byte: list {method:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_origin_misses_is_said_with_what_to_list() {
        for (page, pattern, said) in [
            (
                "http://localhost",
                "http://localhost:*",
                "list \"http://localhost\" too",
            ),
            ("https://a.example", "https://*.a.example:*", ""),
            (
                "https://a.example",
                "https://a.example/",
                "no slash at its end: list \"https://a.example\"",
            ),
            (
                "https://a.example",
                "https://a.example/app",
                "an origin has no path: list \"https://a.example\"",
            ),
            (
                "https://a.example",
                "HTTPS://A.example",
                "in lower case: list \"https://a.example\"",
            ),
            (
                "https://a.example",
                "https://a.example:443",
                "own port is left out: list \"https://a.example\"",
            ),
            (
                "http://a.example",
                "http://A.example:80/",
                "and the scheme's own port is left out: list \"http://a.example\"",
            ),
            (
                "https://a.example",
                "a.example",
                "begins with its scheme: list \"https://a.example\"",
            ),
            (
                "https://a.example",
                "https://*.a.example",
                "list \"https://a.example\" too",
            ),
            (
                "http://a.example",
                "https://a.example",
                "came over http://: list \"http://a.example\" too",
            ),
            (
                "https://a.example:8443",
                "https://a.example",
                "has the port 8443: list",
            ),
            ("https://b.example", "https://a.example", ""),
            ("https://a.example", "https://a.example.org", ""),
            ("null", "https://a.example/", ""),
            (
                "https://x.a.example",
                "https://*.A.example/",
                "list \"https://*.a.example\"",
            ),
        ] {
            let found = origin(page, pattern).unwrap_or_default();
            assert!(
                found.contains(said) && found.is_empty() == said.is_empty(),
                "{page} {pattern}: {found}"
            );
        }
    }

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

    #[test]
    fn a_method_in_another_case_is_explained() {
        let listed = |method: &str| vec![method.to_owned()];
        assert!(
            method("patch", &listed("PATCH"))
                .unwrap()
                .ends_with("write \"PATCH\" in the page")
        );
        assert!(
            method("PATCH", &listed("patch"))
                .unwrap()
                .ends_with("list \"PATCH\"")
        );
        assert_eq!(method("PUT", &listed("GET")), None);
    }
}
