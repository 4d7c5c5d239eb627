//! Buckets and rules as a request looks them up.

use super::mask::MaskId;
use super::space::Space;
use super::trie::TrieRoot;
use crate::config::{Mode, UpstreamCors};
use crate::profile::{Profile, STORE_METHODS};

/// What the patterns of one kind in a bucket admit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PatternSet {
    /// The rules that list the lone `*`.
    pub(super) any: MaskId,
    /// Where the exact strings are looked up.
    pub(super) exact: Space,
    /// Single-star patterns: a trie of suffixes whose values are tries of prefixes whose values are masks.
    pub(super) stars: TrieRoot,
}

/// A bucket: its origins, and the number of what it shares with those that differ in their origins only.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListedBucket {
    /// The number of its name's entry in the table; [`u32::MAX`]: it is `"*"`.
    pub(super) name: u32,
    pub(super) origins: PatternSet,
    pub(super) compiled: u32,
}

/// A bucket's part of a [`Matcher`], but for its origins: those of a company's buckets are often all that differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompiledBucket {
    pub(super) profile: &'static Profile,
    pub(super) headers: PatternSet,
    /// In the order of [`STORE_METHODS`].
    pub(super) methods: [MaskId; STORE_METHODS.len()],
    pub(super) other_methods: Space,
    pub(super) first_rule: u32,
    pub(super) rule_count: u32,
    pub(super) vary: Option<&'static str>,
    pub(super) resource_policy: &'static str,
    pub(super) timing_allow_origin: ValueId,
    pub(super) allow_credentials: bool,
    pub(super) allow_private_network: bool,
    pub(super) upstream_cors: UpstreamCors,
    pub(super) mode: Mode,
}

impl CompiledBucket {
    /// Whose answers the bucket gets.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Whether the bucket has rules.
    pub fn has_rules(&self) -> bool {
        self.rule_count > 0
    }

    /// What every response names in `Vary`.
    pub fn vary(&self) -> Option<&'static str> {
        self.vary
    }

    /// `Cross-Origin-Resource-Policy`; empty: not sent.
    pub fn resource_policy(&self) -> &'static str {
        self.resource_policy
    }

    /// Whether an echoed origin is allowed credentials.
    pub fn allows_credentials(&self) -> bool {
        self.allow_credentials
    }

    /// Whether private network access is allowed to who asks.
    pub fn allows_private_network(&self) -> bool {
        self.allow_private_network
    }

    /// What becomes of the store's own CORS headers.
    pub fn upstream_cors(&self) -> UpstreamCors {
        self.upstream_cors
    }

    /// Whether the rules take effect.
    pub fn mode(&self) -> Mode {
        self.mode
    }
}

/// A rule's ready-made header values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CompiledRule {
    pub(super) any_origin: bool,
    pub(super) allow_methods: ValueId,
    pub(super) expose_headers: ValueId,
    pub(super) max_age: ValueId,
    pub(super) id: ValueId,
}

/// Which of the ready-made header values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ValueId(pub(super) u32);

/// A rule as the response sees it.
#[derive(Debug, Clone, Copy)]
pub struct RuleValues<'m> {
    /// Whether the rule lists the lone `*`.
    pub any_origin: bool,
    /// `Access-Control-Allow-Methods` where the profile sends the rule's list.
    pub allow_methods: &'m [u8],
    /// `Access-Control-Expose-Headers`; empty: not sent.
    pub expose_headers: &'m [u8],
    /// `Access-Control-Max-Age`; empty: not sent.
    pub max_age: &'m [u8],
    /// The rule's `ID`, fit for a quoted string in a header; empty where it has none.
    pub id: &'m [u8],
}

impl CompiledRule {
    pub(super) fn with_values<'m>(&self, value: impl Fn(ValueId) -> &'m [u8]) -> RuleValues<'m> {
        RuleValues {
            any_origin: self.any_origin,
            allow_methods: value(self.allow_methods),
            expose_headers: value(self.expose_headers),
            max_age: value(self.max_age),
            id: value(self.id),
        }
    }
}
