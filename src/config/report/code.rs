//! The kinds of findings: one table that the reader, the page of codes and the tests share.

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// The configuration is loaded.
    Warning,
}

/// A kind of finding, as tools and the page list it.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// The stable, machine-readable name, in kebab case.
    pub name: &'static str,
    /// Whether it refuses the configuration.
    pub severity: Severity,
    /// What it means, in half a sentence.
    pub meaning: &'static str,
}

/// A kind of finding, as the reader needs it: without its meaning, which the module would carry for nobody.
#[derive(Debug)]
pub(crate) struct FindingKind {
    pub(crate) name: &'static str,
    pub(crate) severity: Severity,
}

/// Declares each code once, as a constant for the reader and as a line of [`CODES`].
macro_rules! codes {
    ($($severity:ident { $($constant:ident $name:literal $meaning:literal)* })*) => {
        $($(pub(crate) static $constant: FindingKind =
            FindingKind { name: $name, severity: Severity::$severity };)*)*

        /// Every kind of finding: errors, then warnings.
        pub static CODES: &[Code] = &[$($(
            Code { name: $name, severity: Severity::$severity, meaning: $meaning },
        )*)*];
    };
}

codes! {
    Error {
        EMPTY_CONFIGURATION "empty-configuration" "there is no configuration"
        NOT_JSON "not-json" "the text is not JSON; reading stopped there"
        CONFIGURATION_TOO_LARGE "configuration-too-large" "a configuration of more than 64 MiB"
        PROTOBUF "raw-protobuf" "protobuf bytes instead of JSON: a google.protobuf.Struct given raw"
        WRONG_TYPE "wrong-type" "a value of another JSON type than the field takes"
        UNKNOWN_FIELD "unknown-field" "a field that does not exist"
        DUPLICATE_FIELD "duplicate-field" "a field given twice, or in both of its spellings"
        MISSING_FIELD "missing-field" "a required field is missing"
        UNKNOWN_VALUE "unknown-value" "a word that the field does not take"
        HIGRESS_RULES "higress-rules" "the `_rules_` of a Higress WasmPlugin"
        TOO_LARGE "too-large" "more keys and values in a bucket, or in another field, than are read"
        TOO_MANY_METRICS "too-many-metrics" "`metrics` by bucket for more than 1000 buckets"
        ROUTE_PREPARES "route-prepares" "`route_prepares` with a bucket that lets the store's CORS headers stand"
        BUCKET_NAME "bucket-name" "a bucket name that no request can name"
        DUPLICATE_BUCKET "duplicate-bucket" "a bucket given twice"
        HOST_NAME "host-name" "a host or an endpoint that is no host name"
        TIMING_ORIGIN "timing-origin" "`timing_allow_origin` with what is no origin, or too much of it"
        DUPLICATE_HOST "duplicate-host" "a host or an endpoint given twice"
        CREDENTIALS_WITH_ANY_ORIGIN "credentials-with-any-origin" "`allow_credentials` where a rule lists `*`"
        TOO_MANY_RULES "too-many-rules" "more than 100 rules in a bucket"
        MISSING_ORIGIN "missing-origin" "a rule without an origin"
        MISSING_METHOD "missing-method" "a rule without a method"
        CONTROL_CHARACTER "control-character" "CR, LF or another control character"
        TWO_WILDCARDS "two-wildcards" "more than one `*` in a pattern"
        DUPLICATE_ANY_ORIGIN "duplicate-any-origin" "the lone `*` given twice among a rule's origins"
        ORIGIN_REGULAR_EXPRESSION "origin-regular-expression" "an origin with a byte of a regular expression"
        ORIGIN_LIST "origin-list" "several origins in one string"
        ORIGIN_USERINFO "origin-userinfo" "an origin with `@`"
        ORIGIN_QUERY "origin-query" "an origin with `?` or `#`"
        ORIGIN_NOT_ASCII "origin-not-ascii" "an origin with an internationalised name that is not in punycode"
        ORIGIN_BYTE "origin-byte" "an origin with another byte that no origin holds"
        ORIGIN_SCHEME "origin-scheme" "an origin whose scheme is none"
        ORIGIN_HOST "origin-host" "a website's origin without a valid host: it is empty, has an empty label, or is a malformed IP address"
        ORIGIN_PORT "origin-port" "an origin whose port is not 1 to 65535 without leading zeros"
        METHOD "method" "a method that the profile does not take"
        WILDCARD_IN_METHOD "wildcard-in-method" "a `*` in a method"
        HEADER_NAME "header-name" "a header name that is no HTTP token"
        WILDCARD_IN_EXPOSED_HEADER "wildcard-in-exposed-header" "a `*` in an exposed header"
        EXPOSED_HEADER_BYTE "exposed-header-byte" "an exposed header with `&` or `'`, which OSS refuses"
        HEADER_TOO_LONG "header-too-long" "a rule whose exposed headers or methods make a header of more than 8190 bytes"
        MAX_AGE "max-age" "a `MaxAgeSeconds` that is not a whole number from 0 to 999999999"
        RULE_ID "rule-id" "an `ID` of more than 255 characters"
    }
    Warning {
        NO_CORS_FIELD "no-cors-field" "a bucket without `cors`: its preflights are refused"
        HOST_IS_ENDPOINT "host-is-endpoint" "a bucket's host that is also an endpoint"
        HOST_IS_BUCKET "host-is-bucket" "a host that is a listed bucket's name under an endpoint"
        FOLDER_NAME "folder-name" "a bucket's name with a slash behind it, where endpoints name buckets in hosts too"
        TRIMMED "trimmed" "blanks around a value, which were taken off"
        EMPTY_ORIGIN "empty-origin" "an empty origin, which matches nothing"
        NULL_ORIGIN "null-origin" "`null`, which every sandboxed frame can be"
        NO_SCHEME "no-scheme" "an origin without a scheme, which no browser sends"
        IMPOSSIBLE_PORT "impossible-port" "a port with a `*` that stands for no port"
        UPPER_CASE "upper-case-origin" "a website's origin, or a scheme, with upper-case letters, which no browser sends"
        ORIGIN_PATH "origin-path" "an origin with a path or a trailing slash, which matches nothing"
        DEFAULT_PORT "default-port" "an origin with its scheme's default port, which no browser sends"
        LONG_ORIGIN "long-origin" "an origin that is longer than any origin that is looked at"
        ADDRESS_SPELLING "address-spelling" "an IPv6 address spelled as no browser spells it"
        INSECURE_ORIGIN "insecure-origin" "an `http://` origin that is not this machine"
        ANY_HOST "any-host" "a pattern that admits every site, or every app or extension of a scheme"
        OPEN_SCHEME "open-scheme" "a `*` for the scheme, which admits `http://`"
        OPEN_END "open-end" "a `*` at the end of a host, which admits foreign sites or apps"
        OPEN_START "open-start" "a `*` right before a registrable name or in an app's, which admits foreign ones"
        SHARED_DOMAIN "shared-domain" "a `*` directly under a domain where anybody can have a name"
        SEVERAL_ORIGINS "several-origins" "several origins in one rule"
        MIXED_SCHEMES "mixed-schemes" "`http://` origins beside `https://` ones in one bucket"
        GET_WITHOUT_HEAD "get-without-head" "a rule with GET and without HEAD"
        ETAG_NOT_EXPOSED "etag-not-exposed" "a rule with PUT or POST that does not expose `ETag`"
        METHOD_CASE "method-case" "a method in a case that no browser sends"
        FORBIDDEN_METHOD "forbidden-method" "a method that no script can send"
        FORBIDDEN_REQUEST_HEADER "forbidden-request-header" "an allowed header that no script can set"
        FORBIDDEN_RESPONSE_HEADER "forbidden-response-header" "an exposed header that no script can read"
        LONG_MAX_AGE "long-max-age" "a `MaxAgeSeconds` above what browsers keep"
        CREDENTIALS_NOT_WITHHELD "credentials-not-withheld" "`allow_credentials` false in the `s3` profile, which sends credentials with every echo"
        SHADOWED_RULE "shadowed-rule" "a rule that earlier rules leave nothing to match"
        OVERLAPPING_RULES "overlapping-rules" "a rule that an earlier rule takes requests from"
        OVERLAP_NOT_CHECKED "overlap-not-checked" "more patterns than are compared for overlap"
        MANY_RULES "many-rules" "more rules than the store documents"
        LARGE_DOCUMENT "large-document" "rules of more bytes than the store documents"
        VARY_OFF "vary-off" "`ResponseVary` false in a bucket with rules, whose answers depend on `Origin`"
        RESPONSE_VARY_IGNORED "response-vary-ignored" "`ResponseVary` in a profile that does not obey it"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_in_kebab_case() {
        let names: BTreeSet<&str> = CODES.iter().map(|code| code.name).collect();
        assert_eq!(names.len(), CODES.len());
        for name in names {
            assert!(
                name.split('-').all(|word| !word.is_empty()
                    && word
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())),
                "{name}"
            );
        }
    }

    #[test]
    fn errors_stand_before_warnings() {
        assert!(CODES.is_sorted_by_key(|code| code.severity == Severity::Warning));
    }
}
