//! The kinds of remarks: one table that the import, the page of codes and the tests share.

/// How much a remark matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// Something is missing from the configuration, so that it answers otherwise than the source.
    NotCarriedOver,
    /// It is there, and does not mean quite the same.
    LosesMeaning,
    /// It is missing, and no answer depends on it.
    ChangesNothing,
}

impl Weight {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NotCarriedOver => "not carried over",
            Self::LosesMeaning => "loses meaning",
            Self::ChangesNothing => "changes nothing",
        }
    }
}

/// A kind of remark.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RemarkCode {
    /// The stable name, in kebab case.
    pub(crate) name: &'static str,
    pub(crate) weight: Weight,
}

impl RemarkCode {
    /// A kind of error of the core's, for what is left out because the edge would not load it.
    pub(crate) fn of_the_core(name: &'static str) -> Self {
        let weight = Weight::NotCarriedOver;
        Self { name, weight }
    }
}

/// Declares each code once, as a constant and as a line of the table.
macro_rules! codes {
    ($($weight:ident { $($constant:ident $name:literal $meaning:literal)* })*) => {
        $($(pub(crate) static $constant: RemarkCode = RemarkCode { name: $name, weight: Weight::$weight };)*)*

        /// Every kind, each with what it means.
        pub(crate) static CODES: &[(RemarkCode, &str)] = &[$($((
            RemarkCode { name: $name, weight: Weight::$weight },
            $meaning,
        ),)*)*];
    };
}

codes! {
    NotCarriedOver {
        UNKNOWN_FIELD "unknown-field" "a field, an element or an annotation that is not known here"
        OTHER_TYPE "other-type" "a value of another kind than is read there"
        TEMPLATE "template" "a value that a template fills in later"
        NOT_READ "not-read" "CORS of a kind that this source does not read"
        KNOWN_LATER "known-later" "a name or a rule that is known only once the plan or the stack is applied"
        SECOND_VALUE "second-value" "a value that stands there twice; the first counts"
        SECOND_POLICY "second-policy" "a second policy for the same hosts and paths; at most the first counts"
        OTHER_HOSTS "other-hosts" "hosts for which the edge cannot say what the source says"
        NO_TARGET "no-target" "a policy for a route, a resource or a bucket that is not in the files"
        NO_BUCKET "no-bucket" "a policy for something that is no bucket: one of several clusters, a service"
        LITERAL_STAR "literal-star" "a `*` that means itself to the source, and anything to the edge"
        ONE_LABEL "one-label" "a `*` for one label, where the edge's takes dots too"
        REGULAR_EXPRESSION "regular-expression" "an expression that no pattern with one `*` equals"
        SEVERAL_STARS "several-stars" "a pattern with more than one `*`"
        REFUSED_VALUE "refused-value" "a value that the source refuses"
        OTHER_MATCHER "other-matcher" "a matcher of a kind that is not read here"
        NO_RULE "no-rule" "no rule was found"
        ANY_WITH_CREDENTIALS "any-with-credentials" "credentials for every origin, which the edge never gives"
        ALL_EXPOSED "all-exposed" "every response header exposed by a `*`"
        SOME_REQUESTS "some-requests" "a policy for a part of the requests"
        RULE_ORDER "rule-order" "rules whose order the source does not keep"
        PATH_CASE "path-case" "a path in which upper and lower case are alike"
    }
    LosesMeaning {
        LISTS_CHECKED "lists-checked" "lists that browsers obeyed, and that the edge checks itself"
        PREFLIGHT_STATUS "preflight-status" "refused preflights that are answered in another way"
        REQUESTS_REFUSED "requests-refused" "cross-origin requests that the source refuses, and the edge does not"
        EVERY_METHOD "every-method" "every method allowed, written as a list"
        DEFAULT_METHODS "default-methods" "no methods listed, written as those that browsers send all the same"
        ASSUMED_STORE "assumed-store" "a document that may be another store's"
        ASSUMED_BUCKET "assumed-bucket" "a bucket that a plan tells only by what its name is made of"
        ASSUMED_NAMESPACE "assumed-namespace" "a policy that the proxies of a Gateway have if they run in its namespace"
        ONE_VARY "one-vary" "a `Vary` of one rule, which becomes that of the whole bucket"
        ONE_HEADER_LIST "one-header-list" "one list for request headers and response headers"
        POLICY_OFF "policy-off" "a policy that is switched off"
        RUNTIME_KEY "runtime-key" "a switch that can change while the proxy runs"
        ANY_ORIGIN "any-origin" "a matcher that lets every origin in"
        ANY_HOST "any-host" "a route for the hosts of a Gateway that is not in the file"
        MESH_ONLY "mesh-only" "a policy of sidecars, beside those of Gateways"
        ANY_SCHEME "any-scheme" "an origin that the source takes with any scheme"
        ANY_PORT "any-port" "a pattern or a host that takes any port"
        NEARLY_EQUAL "nearly-equal" "an expression whose pattern admits a little more, which no browser sends"
        LOWER_CASE "lower-case" "a comparison without case, written in lower case"
        OLDER_VERSIONS "older-versions" "what older versions of the source do otherwise"
        ZERO_MAX_AGE "zero-max-age" "a 0 that may stand for no value"
        NO_OBJECT "no-object" "a redirect or an error, which is answered as what is around it"
        ROOT_PATH "root-path" "the path `/` of a host whose other paths name buckets"
        PREFIX_IS_BUCKET "prefix-is-bucket" "a path's prefix that is taken for a bucket's name"
    }
    ChangesNothing {
        NOT_APPLIED "not-applied" "a policy that the proxy does not apply"
        UNREACHED_ROUTE "unreached-route" "a route that no request comes to"
        NO_EFFECT "no-effect" "a field that changes no answer"
    }
}

/// What the long help says of them.
pub(crate) fn about() -> String {
    let line = |(code, meaning): &(RemarkCode, &str)| format!("  {:<22} {meaning}\n", code.name);
    let lines: String = CODES.iter().map(line).collect();
    format!("Codes of remarks:\n{lines}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_the_page_lists_each() {
        let names: BTreeSet<&str> = CODES.iter().map(|(code, _)| code.name).collect();
        assert_eq!(names.len(), CODES.len());
        let page = include_str!("../README.md");
        for (code, meaning) in CODES {
            let line = format!("| `{}` | {} | {meaning} |\n", code.name, code.weight.words());
            assert!(page.contains(&line), "{line}");
        }
    }
}
