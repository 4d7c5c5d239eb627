//! Rules and requests that miss each other by a hair, in a sentence.

use bucket_cors::wildcard::Pattern;

use super::browser::sent;

/// How a sentence ends that asks for a change of the page, and of no rule.
pub(super) const IN_THE_PAGE: &str = "in the page";

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
