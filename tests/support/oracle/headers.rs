//! The headers of answers.

use bucket_cors::config::{Bucket, Rule};
use bucket_cors::wildcard::Pattern;

use super::super::requests::{CorsRequest, SortedHeaders};
use super::rule::Names;
use super::{NaiveFault, Oracle, Reason};

/// What S3 looks at for any answer.
const VARY_OF_S3: &str = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

impl Oracle<'_> {
    pub(super) fn common_headers(
        &self,
        bucket: Option<&Bucket<'_>>,
        rule: Result<usize, Reason>,
    ) -> SortedHeaders {
        let mut headers = SortedHeaders::new();
        let vary = match bucket {
            Some(bucket) => self.vary(bucket, rule.is_ok()),
            // What its profile looks at before it looks for rules.
            None if self.settings.profile.name == "s3" => Some(VARY_OF_S3),
            None => Some("Origin"),
        };
        if let Some(vary) = vary {
            push(&mut headers, "vary", vary);
        }
        if self.settings.explain {
            push(&mut headers, "x-bucket-cors", self.explanation(bucket, rule));
        }
        if let Some(bucket) = bucket
            && !self.has(NaiveFault::PoliciesOfActualOnly)
        {
            self.push_policies(bucket, &mut headers);
        }
        headers
    }

    /// What every response of the bucket has.
    pub(super) fn push_policies(&self, bucket: &Bucket<'_>, headers: &mut SortedHeaders) {
        let policies = [
            ("cross-origin-resource-policy", bucket.resource_policy),
            ("timing-allow-origin", bucket.timing_allow_origin.as_str()),
        ];
        for (name, value) in policies {
            if !value.is_empty() && !self.has(NaiveFault::NoPolicies) {
                push(headers, name, value);
            }
        }
    }

    pub(super) fn vary(&self, bucket: &Bucket<'_>, is_match: bool) -> Option<&'static str> {
        let is_fetch = bucket.profile.name == "fetch";
        let said = bucket
            .response_vary
            .filter(|_| !is_fetch && !self.has(NaiveFault::ResponseVaryIgnored));
        let sends = said.unwrap_or(!bucket.rules.is_empty());
        if !sends || self.has(NaiveFault::NoVary) || self.has(NaiveFault::VaryOnMatchOnly) && !is_match {
            None
        } else if bucket.profile.name == "s3" && (is_match || !self.has(NaiveFault::VaryOfS3OnMatchOnly)) {
            Some(VARY_OF_S3)
        } else {
            Some("Origin")
        }
    }

    pub(super) fn push_origin(
        &self,
        bucket: &Bucket<'_>,
        rule: &Rule<'_>,
        request: &CorsRequest,
        headers: &mut SortedHeaders,
    ) {
        let is_any = |rule: &Rule<'_>| rule.allowed_origins.iter().any(|pattern| pattern.as_str() == "*");
        let mut any = is_any(rule) && !self.has(NaiveFault::StarIsEchoed);
        if self.has(NaiveFault::StarWinsOverTheWholeBucket) {
            any = bucket.rules.iter().any(is_any);
        }
        let origin = request.origin.clone().unwrap_or_default();
        let wanted = match bucket.profile.name {
            "s3" => true,
            _ => bucket.allow_credentials,
        } && !self.has(NaiveFault::NoCredentials);
        let fits = (!any || self.has(NaiveFault::CredentialsBesideStar))
            && (origin != b"null" || self.has(NaiveFault::CredentialsForNull));
        push(
            headers,
            "access-control-allow-origin",
            if any { b"*".to_vec() } else { origin },
        );
        if wanted && fits {
            push(headers, "access-control-allow-credentials", "true");
        }
    }

    pub(super) fn push_allow_headers(
        &self,
        bucket: &Bucket<'_>,
        rule: &Rule<'_>,
        request: &CorsRequest,
        headers: &mut SortedHeaders,
    ) {
        let mut value = match self.names(request.request_headers.as_deref()) {
            Names::All(names) if bucket.profile.name == "oss" => names.join(&b", "[..]),
            Names::All(names) => names.join(&b", "[..]).to_ascii_lowercase(),
            _ => Vec::new(),
        };
        if self.has(NaiveFault::RuleHeadersListed) && !value.is_empty() {
            let listed: Vec<&str> = rule.allowed_headers.iter().map(Pattern::as_str).collect();
            value = listed.join(", ").into_bytes();
        }
        if !value.is_empty() && !self.has(NaiveFault::NoAllowHeaders) {
            push(headers, "access-control-allow-headers", value);
        }
    }

    pub(super) fn push_expose_headers(&self, rule: &Rule<'_>, headers: &mut SortedHeaders) {
        let is_sent = !rule.expose_headers.is_empty() || self.has(NaiveFault::EmptyExposeHeadersSent);
        if is_sent && !self.has(NaiveFault::NoExposeHeaders) {
            push(
                headers,
                "access-control-expose-headers",
                rule.expose_headers.join(", "),
            );
        }
    }

    pub(super) fn push_max_age(&self, rule: &Rule<'_>, headers: &mut SortedHeaders) {
        if let Some(seconds) = rule.max_age_seconds
            && !self.has(NaiveFault::NoMaxAge)
            && !(seconds == 0 && self.has(NaiveFault::ZeroMaxAgeDropped))
        {
            push(headers, "access-control-max-age", seconds.to_string());
        }
    }
}

pub(super) fn push(headers: &mut SortedHeaders, name: &str, value: impl Into<Vec<u8>>) {
    headers.push((name.to_owned(), value.into()));
}
