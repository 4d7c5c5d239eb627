//! The rules of the buckets, and what they let an answer say.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::answer::ClientAnswer;

/// A configuration of this ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) name: &'static str,
    /// The buckets with rules. Each allows one origin alone, so that an answer says whose rules it is from.
    pub(crate) listed: &'static [&'static str],
    pub(crate) unmanaged: &'static str,
    pub(crate) profile: &'static str,
    pub(crate) endpoints: &'static [&'static str],
}

/// The host under which buckets have names of their own, where there is one.
pub(crate) const ENDPOINT: &str = "oss.example";

const PASS: Rules = Rules {
    name: "pass",
    listed: &["lax", "strict"],
    unmanaged: "pass",
    profile: "s3",
    endpoints: &[],
};

/// The configurations: with buckets that nobody manages, with those refused, with rules for the others, and by host.
pub(crate) const RULES: [Rules; 4] = [
    PASS,
    Rules {
        name: "refuse",
        unmanaged: "refuse",
        profile: "oss",
        ..PASS
    },
    Rules {
        name: "others",
        listed: &["lax", "strict", "*"],
        profile: "fetch",
        ..PASS
    },
    Rules {
        name: "by host",
        endpoints: &[ENDPOINT],
        ..PASS
    },
];

/// By these an answer of any of the rules is told from one of a store's own.
const MARK: &str = "x-by-rules";
const MARK_SECONDS: u32 = 601;

/// The only origin that the rules of a bucket allow.
pub(crate) fn origin_of(bucket: &str) -> String {
    let name = if bucket == "*" { "others" } else { bucket };
    format!("https://{name}.example")
}

impl Rules {
    pub(crate) fn to_json(self) -> Value {
        self.with_origins(origin_of)
    }

    /// The same where other origins stand for those of [`origin_of`].
    pub(crate) fn with_origins(self, origin_of: impl Fn(&str) -> String) -> Value {
        let bucket = |name: &&str| {
            json!({ "name": name, "cors": { "CORSRules": [{
                "AllowedOrigins": [origin_of(name)], "AllowedMethods": ["GET", "PUT"],
                "ExposeHeaders": [MARK], "MaxAgeSeconds": MARK_SECONDS,
            }] } })
        };
        let buckets: Vec<Value> = self.listed.iter().map(bucket).collect();
        json!({
            "profile": self.profile, "unmanaged": self.unmanaged, "endpoints": self.endpoints, "buckets": buckets,
        })
    }

    /// The listed bucket whose rules a bucket has.
    pub(crate) fn owner(self, bucket: &str) -> Option<&'static str> {
        let named = |wanted: &str| self.listed.iter().find(|name| **name == wanted).copied();
        named(bucket).or_else(|| named("*"))
    }

    /// In what an answer to a page of `origin` is wrong, where the object may be of any of these buckets: a permission
    /// of other rules than each of them has, or one of the store's own where one of them has rules.
    pub(crate) fn problem(
        self,
        buckets: &BTreeSet<String>,
        origin: &str,
        answer: &ClientAnswer,
    ) -> Option<String> {
        let mut owners: BTreeSet<Option<&str>> = buckets.iter().map(|bucket| self.owner(bucket)).collect();
        if owners.is_empty() {
            // A name that no bucket has is of none that is listed.
            owners.insert(self.owner(""));
        }
        let is_managed = owners.iter().any(Option::is_some) || self.unmanaged == "refuse";
        let allowed = answer.values("access-control-allow-origin");
        let by_rules = answer
            .names_in("access-control-expose-headers")
            .contains(&MARK.to_owned())
            || answer.names_in("access-control-max-age") == [MARK_SECONDS.to_string()];
        let is_theirs = |owner: &Option<&str>| owner.is_some_and(|owner| origin_of(owner) == origin);
        let is_right = match allowed.as_slice() {
            [] => true,
            // What a store without rules at the edge says is its own concern.
            _ if !is_managed => !by_rules,
            [allowed] => by_rules && allowed == origin && owners.iter().all(is_theirs),
            _ => false,
        };
        if !is_right {
            return Some(format!("{allowed:?} is allowed"));
        }
        let varies = answer.names_in("vary").contains(&"origin".to_owned());
        (is_managed && answer.reached_upstream && !varies).then(|| "Vary lacks Origin".to_owned())
    }
}
