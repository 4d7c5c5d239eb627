//! Which rule.

use bucket_cors::config::{Bucket, Rule};
use bucket_cors::http::{origin, requested_headers};
use bucket_cors::wildcard::Pattern;

use super::super::requests::CorsRequest;
use super::text::{contains, trimmed};
use super::{NaiveFault, Oracle, Reason, given};

/// What an OPTIONS request is to the store.
pub(super) enum Options<'r> {
    /// An actual request.
    Upstream,
    /// 400 with this message, and what `explain` says.
    Bad(Vec<&'r [u8]>, Reason),
    Preflight {
        method: &'r [u8],
    },
}

pub(super) enum Names<'r> {
    All(Vec<&'r [u8]>),
    TooLong,
    NotAToken(&'r [u8]),
}

impl Oracle<'_> {
    pub(super) fn classify<'r>(
        &self,
        profile: &str,
        has_rules: bool,
        request: &'r CorsRequest,
    ) -> Options<'r> {
        if given(&request.origin).is_none() {
            return match profile {
                "fetch" => Options::Upstream,
                "oss" => Options::Bad(
                    vec![b"Insufficient information. Origin request header needed"],
                    "no-origin",
                ),
                _ => Options::Bad(
                    vec![b"Insufficient information. Origin request header needed."],
                    "no-origin",
                ),
            };
        }
        let Some(method) = given(&request.request_method) else {
            return match profile {
                "fetch" => Options::Upstream,
                "oss" if !self.has(NaiveFault::MissingRequestMethodIs403) => Options::Bad(
                    vec![b"Insufficient information. Request Access-Control-Request-Method header needed"],
                    "no-request-method",
                ),
                "s3" if has_rules && !self.has(NaiveFault::MissingRequestMethodIs403) => Options::Bad(
                    vec![b"Invalid Access-Control-Request-Method: null"],
                    "no-request-method",
                ),
                _ => Options::Preflight { method: b"" },
            };
        };
        if profile == "s3" {
            if ![&b"GET"[..], b"PUT", b"POST", b"DELETE", b"HEAD"].contains(&method) {
                return Options::Bad(vec![b"Invalid Access-Control-Request-Method: ", method], "method");
            }
            if let Names::NotAToken(element) = self.names(request.request_headers.as_deref()) {
                return Options::Bad(
                    vec![
                        b"Access-Control-Request-Headers \"",
                        element,
                        b"\" contains invalid character.",
                    ],
                    "malformed-header",
                );
            }
        }
        Options::Preflight { method }
    }

    // Which rule.

    pub(super) fn rule_for(
        &self,
        bucket: &Bucket<'_>,
        request: &CorsRequest,
        method: &[u8],
        requested: Option<&[u8]>,
    ) -> Result<usize, Reason> {
        if bucket.rules.is_empty() && !self.has(NaiveFault::NoRulesAllowsAll) {
            return Err("no-rules");
        }
        let Some(origin) = given(&request.origin) else {
            return Err("no-origin");
        };
        if !self.is_sendable(origin) {
            return Err("malformed-origin");
        }
        let Names::All(names) = self.names(requested) else {
            return Err("malformed-header");
        };
        if bucket.rules.is_empty() {
            return Ok(0);
        }
        let names: Vec<&[u8]> = match self.fault {
            Some(NaiveFault::RequestedHeadersIgnored) => Vec::new(),
            Some(NaiveFault::OnlyFirstHeaderChecked) => names.into_iter().take(1).collect(),
            _ => names,
        };
        let origin_only = self.has(NaiveFault::OriginAloneChoosesRule);
        let matching: Vec<usize> = (0..bucket.rules.len())
            .filter(|&rule| self.lists_origin(&bucket.rules[rule], origin))
            .filter(|&rule| origin_only || self.lists_method(&bucket.rules[rule], method))
            .filter(|&rule| {
                origin_only
                    || names
                        .iter()
                        .all(|name| self.lists_header(&bucket.rules[rule], name))
            })
            .collect();
        let chosen = if self.has(NaiveFault::LastMatchWins) {
            matching.last()
        } else {
            matching.first()
        };
        if let Some(&rule) = chosen {
            return Ok(rule);
        }
        let with_origin: Vec<&Rule<'_>> = bucket
            .rules
            .iter()
            .filter(|rule| self.lists_origin(rule, origin))
            .collect();
        if self.has(NaiveFault::RulesMerged)
            && with_origin.iter().any(|rule| self.lists_method(rule, method))
            && names
                .iter()
                .all(|name| with_origin.iter().any(|rule| self.lists_header(rule, name)))
        {
            return Ok(0);
        }
        Err(if with_origin.is_empty() {
            "origin"
        } else if !with_origin.iter().any(|rule| self.lists_method(rule, method)) {
            "method"
        } else {
            "header"
        })
    }

    fn lists_origin(&self, rule: &Rule<'_>, origin: &[u8]) -> bool {
        rule.allowed_origins
            .iter()
            .any(|pattern| self.admits_origin(pattern, origin))
    }

    fn lists_method(&self, rule: &Rule<'_>, method: &[u8]) -> bool {
        rule.allowed_methods.iter().any(|listed| match self.fault {
            Some(NaiveFault::MethodUpperCased) => listed.as_bytes() == method.to_ascii_uppercase(),
            Some(NaiveFault::MethodPrefix) => method.starts_with(listed.as_bytes()),
            _ => listed.as_bytes() == method,
        })
    }

    fn lists_header(&self, rule: &Rule<'_>, name: &[u8]) -> bool {
        if self.has(NaiveFault::NoAllowedHeaderAllowsAll) && rule.allowed_headers.is_empty() {
            return true;
        }
        rule.allowed_headers.iter().any(|pattern| {
            if self.has(NaiveFault::HeaderNamesCaseSensitive) {
                return pattern.matches(name);
            }
            let lower = pattern.as_str().to_ascii_lowercase();
            Pattern::new(lower.into())
                .expect("as many stars as before")
                .matches(&name.to_ascii_lowercase())
        })
    }

    fn admits_origin(&self, pattern: &Pattern<'_>, origin: &[u8]) -> bool {
        let Some(fault) = self.fault else {
            return pattern.matches(origin);
        };
        let regex_equal = |text: &[u8], value: &[u8]| {
            text.len() == value.len() && text.iter().zip(value).all(|(a, b)| *a == b'.' || a == b)
        };
        let Some((prefix, suffix)) = pattern.parts() else {
            return match fault {
                NaiveFault::OriginIgnoresCase => pattern.as_str().as_bytes().eq_ignore_ascii_case(origin),
                NaiveFault::DotMatchesAnyByte => regex_equal(pattern.as_str().as_bytes(), origin),
                _ => pattern.matches(origin),
            };
        };
        let (prefix, suffix) = (prefix.as_bytes(), suffix.as_bytes());
        let fits = origin.len() >= prefix.len() + suffix.len();
        match fault {
            NaiveFault::StarNeedsACharacter => {
                pattern.matches(origin) && origin.len() > prefix.len() + suffix.len()
            }
            NaiveFault::OverlapAllowed => origin.starts_with(prefix) && origin.ends_with(suffix),
            NaiveFault::OriginIgnoresCase => {
                fits && origin[..prefix.len()].eq_ignore_ascii_case(prefix)
                    && origin[origin.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
            }
            NaiveFault::DotMatchesAnyByte => {
                fits && regex_equal(prefix, &origin[..prefix.len()])
                    && regex_equal(suffix, &origin[origin.len() - suffix.len()..])
            }
            NaiveFault::SuffixUnanchored => origin
                .strip_prefix(prefix)
                .is_some_and(|rest| contains(rest, suffix)),
            NaiveFault::PrefixUnanchored => origin
                .strip_suffix(suffix)
                .is_some_and(|rest| contains(rest, prefix)),
            _ => pattern.matches(origin),
        }
    }

    /// Whether some client could have sent this `Origin`: visible ASCII without what no serialised origin holds, and a
    /// slash only in the `://` after a scheme.
    fn is_sendable(&self, origin: &[u8]) -> bool {
        if origin.len() > origin::MAX_BYTES && !self.has(NaiveFault::OriginLimitOff) {
            return false;
        }
        if self.has(NaiveFault::MalformedOriginAdmitted) {
            return true;
        }
        let Ok(text) = std::str::from_utf8(origin) else {
            return false;
        };
        if !text
            .chars()
            .all(|c| ('!'..='~').contains(&c) && !",@?#\\".contains(c))
        {
            return false;
        }
        if !text.contains('/') {
            return true;
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            return false;
        };
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            && !rest.contains('/')
    }

    pub(super) fn names<'r>(&self, field: Option<&'r [u8]>) -> Names<'r> {
        let field = field.unwrap_or_default();
        let limited = !self.has(NaiveFault::HeaderLimitsOff);
        if limited && field.len() > requested_headers::MAX_BYTES {
            return Names::TooLong;
        }
        let mut names = Vec::new();
        for (number, element) in field.split(|&byte| byte == b',').enumerate() {
            let name = if self.has(NaiveFault::BlanksKept) {
                element
            } else {
                trimmed(element)
            };
            if limited
                && (number >= requested_headers::MAX_NAMES || name.len() > requested_headers::MAX_NAME_BYTES)
            {
                return Names::TooLong;
            }
            let is_token = name
                .iter()
                .all(|&byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
            if !is_token && !self.has(NaiveFault::HeaderTokensUnchecked) {
                return Names::NotAToken(element);
            }
            if !name.is_empty() || self.has(NaiveFault::EmptyElementsAreNames) {
                names.push(name);
            }
        }
        Names::All(names)
    }
}
