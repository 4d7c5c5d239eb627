//! A regular expression over origins as single-star patterns, where it has an equal in them.
//!
//! The expression matches whole origins, as Envoy asks it to. Equal means: over every origin that the edge lets match
//! at all ([`bucket_cors::http::origin::is_sendable`]). What has no equal is never widened to one that nearly is.

mod branches;
mod ends;
mod equal;
mod matches_star;
mod parsed;

use branches::branches;
use equal::Equal;
pub(crate) use matches_star::matches_star;
use parsed::parsed;

/// Takes an expression apart.
///
/// # Errors
/// Why it has no equal, and what to do, as the end of a sentence.
pub(crate) fn patterns(expression: &str) -> Result<Equal, String> {
    let mut equal = Equal::default();
    for branch in branches(&parsed(expression)?)? {
        equal::add(branch, &mut equal)?;
    }
    if equal.patterns.is_empty() {
        return Err("it matches no origin".to_owned());
    }
    Ok(equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exactly(expression: &str) -> Vec<String> {
        let equal = patterns(expression).unwrap();
        assert!(equal.also.is_empty(), "{expression}: {:?}", equal.also);
        equal.patterns
    }

    #[test]
    fn what_has_an_equal_is_written_as_it() {
        for (expression, equal) in [
            (r"https://app\.example\.com", &["https://app.example.com"][..]),
            (r"^https://.*\.example\.com$", &["https://*.example.com"]),
            (r"https?://a\.example", &["http://a.example", "https://a.example"]),
            (
                r"https://(www|app|b[12])\.example",
                &[
                    "https://www.example",
                    "https://app.example",
                    "https://b1.example",
                    "https://b2.example",
                ],
            ),
            (
                r"https://(.*\.)?a\.example",
                &["https://a.example", "https://*.a.example"],
            ),
            (r"https://[^/]*", &["https://*"]),
            (r".*\.example\.com", &["*.example.com"]),
            (r"(?:https://)(\S*)(\.example)", &["https://*.example"]),
            (".*", &["*"]),
            (".+", &["*"]),
            // The ends of the text, wherever they stand.
            ("^^https://a$$", &["https://a"]),
            (".*^https://a$.*", &["https://a"]),
            ("(^|x)https://a", &["https://a", "xhttps://a"]),
            (
                "(x|)(^)https://(a$|b)(c|)",
                &["https://a", "https://b", "https://bc"],
            ),
            ("(https://a$)?.*$", &["https://a", "*"]),
        ] {
            let mut found = exactly(expression);
            let mut equal = equal.to_vec();
            found.sort();
            equal.sort_unstable();
            assert_eq!(found, equal, "{expression}");
        }
    }

    #[test]
    fn what_is_nearly_equal_says_so() {
        for (expression, pattern, also) in [
            (
                r"https://.+\.a\.example",
                "https://*.a.example",
                "admits \"https://.a.example\" too",
            ),
            (r"http://localhost:[0-9]+", "http://localhost:*", "takes any port"),
            (
                r"http://localhost:\d{1,5}",
                "http://localhost:*",
                "takes any port",
            ),
            (
                r"(?i)https://App\.example",
                "https://app.example",
                "lower case only",
            ),
            (
                r"https://[^/:]*\.a\.example",
                "https://*.a.example",
                "takes a colon",
            ),
        ] {
            let equal = patterns(expression).unwrap();
            assert_eq!(equal.patterns, [pattern]);
            assert!(equal.also[0].contains(also), "{expression}: {:?}", equal.also);
        }
    }

    #[test]
    fn what_has_no_equal_is_not_widened() {
        for expression in [
            r"https://[^.]+\.example\.com",
            r"https://[a-z0-9-]+\.example\.com",
            r"https://[a-z0-9.-]+\.example\.com",
            r"https://\w+\.example\.com",
            r"https://.*.example.com",
            r"https://...\.example",
            r"https://.?\.example",
            r"https://.{2,}\.example",
            r"https://(a|b)*\.example",
            r"https://([a-z]+\.)*example\.com",
            r"https?://.*\.a\..*",
            r"https://.*\.example(:\d+)?",
            r"http://localhost:\d{4}",
            r"http://localhost:\d+/",
            r"http://\d+",
            r"https://[^/:]+",
            r"https://\*\.example",
            r"https://\bapp\b\.example",
            r"https://a$b",
            r"$.*",
            r".*^",
            r".*b?.^$",
            r"https://a.*^.*",
            r"a^https://b|a$.",
            r".*$.+",
            r"^$",
            r"[a-z&&[^b]]",
            r"[[a]b]",
            r"https://x{,2}\.example",
            r"[a-z]{40}",
            r"(a|b|c|d){9}",
            r"(a{1000}){1000}",
            r"https://(",
            r"[^\x00-\x7f]",
            "",
        ]
        .iter()
        .chain(&[
            &*"(".repeat(100_000),
            &*"a?".repeat(1_000),
            &*"a{9}".repeat(1_000),
        ]) {
            assert!(
                patterns(expression).is_err(),
                "{expression}: {:?}",
                patterns(expression)
            );
        }
    }
}
