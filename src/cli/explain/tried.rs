//! Which rule of a bucket applies, and what each of the others fails by.

use std::borrow::Cow;

use bucket_cors::config::{Bucket, Rule};
use bucket_cors::decision::{self, Decision};
use bucket_cors::http::head::RequestHead;
use bucket_cors::http::requested_headers::RequestedNames;
use bucket_cors::matcher::{BucketId, MatcherBuilder};
use bucket_cors::verdict::NoRule;
use serde::{Serialize, Serializer};

use super::site::Site;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct RulesTried {
    /// The index of the rule that matches.
    pub(crate) rule: Option<usize>,
    /// Why none does.
    pub(crate) reason: Option<&'static str>,
    pub(crate) rules: Vec<Tried>,
}

/// What became of a rule.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Tried {
    pub(crate) index: usize,
    pub(crate) id: Option<String>,
    /// The first check that it fails: `origin`, `method` or `header`. None: it matches.
    pub(crate) fails: Option<&'static str>,
    /// What fails it: of headers, each that it does not list.
    #[serde(rename = "value", serialize_with = "joined")]
    pub(crate) values: Vec<String>,
    /// What the rule lists instead.
    pub(crate) lists: Vec<String>,
}

#[allow(clippy::ptr_arg)] // serde's signature.
fn joined<S: Serializer>(values: &Vec<String>, serializer: S) -> Result<S::Ok, S::Error> {
    let joined = (!values.is_empty()).then(|| values.join(", "));
    joined.serialize(serializer)
}

impl<'a> Site<'a> {
    /// Which rule the core finds, and what it says of each.
    pub(super) fn decided(&self, id: BucketId, head: &RequestHead<'_>) -> Option<RulesTried> {
        let bucket = self.bucket(id)?;
        let decision = decision::decide(self.edge().matcher(), id, head);
        let reason = decision.verdict().err().map(NoRule::reason);
        let rules = bucket.rules.iter().enumerate();
        Some(RulesTried {
            rule: decision.verdict().ok().map(|rule| rule.index()),
            reason,
            rules: rules
                .map(|(index, rule)| self.tried(bucket, index, rule, head, &decision))
                .collect(),
        })
    }

    /// What the core says where the bucket has this rule only.
    fn tried(
        &self,
        bucket: &Bucket<'a>,
        index: usize,
        rule: &Rule<'a>,
        head: &RequestHead<'_>,
        decision: &Decision<'_>,
    ) -> Tried {
        let alone = Bucket {
            rules: vec![rule.clone()],
            ..bucket.clone()
        };
        let mut builder = MatcherBuilder::default();
        builder.add(&alone);
        let matcher = builder.finish(self.configuration().settings.clone());
        let verdict = |head: &RequestHead<'_>| {
            let (_, id) = matcher.bucket_names().next()?;
            Some(decision::decide(&matcher, id, head).verdict())
        };
        let fails = verdict(head).and_then(Result::err);
        let shown = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let texts = |list: &[Cow<'_, str>]| list.iter().map(|text| text.clone().into_owned()).collect();
        let patterns = |list: &[bucket_cors::wildcard::Pattern<'_>]| {
            list.iter().map(|pattern| pattern.as_str().to_owned()).collect()
        };
        let (values, lists) = match fails {
            Some(NoRule::Origin) => (
                head.origin.map(shown).into_iter().collect(),
                patterns(&rule.allowed_origins),
            ),
            Some(NoRule::Method) => {
                let asks =
                    !matches!(decision, Decision::Actual(_)) || bucket.profile.preflight_headers_on_actual;
                let method = head.request_method.filter(|_| asks).unwrap_or(head.method);
                (vec![shown(method)], texts(&rule.allowed_methods))
            }
            Some(NoRule::Header) => {
                let names = RequestedNames::parsed_before(head.request_headers.unwrap_or_default());
                let missing = names.iter().filter(|name| {
                    let one = RequestHead {
                        request_headers: Some(name),
                        ..*head
                    };
                    verdict(&one) == Some(Err(NoRule::Header))
                });
                (missing.map(shown).collect(), patterns(&rule.allowed_headers))
            }
            _ => (Vec::new(), Vec::new()),
        };
        Tried {
            index,
            id: rule.id.as_ref().map(|id| id.clone().into_owned()),
            fails: fails.map(NoRule::reason),
            values,
            lists,
        }
    }
}
