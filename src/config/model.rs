//! The validated plugin configuration: what an operator wrote, in S3's and OSS's own words.
//!
//! Strings borrow from the configuration text where JSON lets them (no escapes), so that loading ten thousand
//! buckets does not copy their rules twice.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use crate::profile::Profile;
use crate::wildcard::Pattern;

/// The plugin-wide part of a configuration: everything but the buckets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Whose answers the edge gives where a bucket does not say otherwise.
    pub profile: &'static Profile,
    /// The hosts under which buckets are addressed. Empty: path-style on every host.
    pub endpoints: Vec<Endpoint>,
    /// What happens to requests for buckets that are not listed.
    pub unmanaged: Unmanaged,
    /// Whether responses carry `x-bucket-cors`.
    pub explain: bool,
    /// Whether the proxy's access log is told what became of each request.
    pub access_log: bool,
    /// What is counted.
    pub metrics: Metering,
    /// The proxy's route takes the store's CORS headers off every response and adds `Vary: Origin`, so that the edge
    /// does neither.
    pub route_prepares: bool,
    /// What becomes of rules with errors.
    pub on_refused_rules: OnRefused,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            profile: &crate::profile::OSS,
            endpoints: Vec::new(),
            unmanaged: Unmanaged::Pass,
            explain: false,
            access_log: false,
            metrics: Metering::default(),
            route_prepares: false,
            on_refused_rules: OnRefused::default(),
        }
    }
}

/// A host under which buckets are addressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its name in lower case.
    pub host: String,
    /// Whether buckets are addressed path-style alone, and not as `<bucket>.<host>` too: what a `/` behind the name
    /// says.
    pub is_path_only: bool,
}

impl Endpoint {
    /// Whether `<bucket>.<host>` names a bucket.
    pub fn has_buckets_below(&self, host: &[u8]) -> bool {
        !self.is_path_only && self.host.as_bytes() == host
    }
}

/// `on_refused_rules`: what becomes of a configuration with errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnRefused {
    /// The load fails, and the proxy does what it does then.
    #[default]
    Reject,
    /// The filter loads with the rules that were good last, or, before there are any, without CORS for any bucket.
    LastGood,
}

/// `metrics`: what is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Metering {
    /// Nothing.
    Off,
    /// Sums over all buckets.
    #[default]
    Plugin,
    /// The same, and a few for each bucket.
    Bucket,
}

/// `unmanaged`: what becomes of requests that are clearly of no listed bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unmanaged {
    /// They and their responses are not touched.
    #[default]
    Pass,
    /// Nothing has CORS but what is listed: their preflights are refused as the store refuses one for a bucket without
    /// rules, and their responses lose the store's CORS headers.
    Refuse,
}

/// `upstream_cors`: what becomes of CORS headers that the store itself sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum UpstreamCors {
    /// The edge's headers replace them.
    #[default]
    Replace,
    /// Where the store sent `Access-Control-Allow-Origin`, its CORS headers stand and the edge adds none.
    Keep,
    /// The operator says that the store sends none, and the edge does not look for any. One that the store sends all
    /// the same goes to the client, unless the edge sets one of that name. To look is a fifth of what the filter costs.
    None,
}

/// `mode`: whether a bucket's rules take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// They do.
    #[default]
    Enforce,
    /// They are decided and explained, but no response changes and no preflight is answered.
    Shadow,
}

/// A whole configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration<'a> {
    /// What is said once.
    pub settings: Settings,
    /// The buckets, in document order.
    pub buckets: Vec<Bucket<'a>>,
}

/// One bucket and its CORS document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket<'a> {
    /// The bucket's name, or `*` for every bucket that is not listed. With a slash behind it, paths alone name the
    /// bucket, and they have that slash.
    pub name: Cow<'a, str>,
    /// Lower-case custom domain names bound to the bucket, or `*` for every host that nothing else claims.
    pub hosts: Vec<Cow<'a, str>>,
    /// Whose answers this bucket gets.
    pub profile: &'static Profile,
    /// `Access-Control-Allow-Credentials: true` beside an echoed origin.
    pub allow_credentials: bool,
    /// `Access-Control-Allow-Private-Network: true` on an allowed preflight that asks for it.
    pub allow_private_network: bool,
    /// What becomes of the store's own CORS headers.
    pub upstream_cors: UpstreamCors,
    /// `Cross-Origin-Resource-Policy` on every response (Fetch, "Cross-Origin-Resource-Policy header"): what a page
    /// under COEP `require-corp` needs of an object that it loads without CORS. Empty: the store's own stands.
    pub resource_policy: &'static str,
    /// `Timing-Allow-Origin` on every response (Resource Timing): who may read how long an object took to load. Empty:
    /// the store's own stands.
    pub timing_allow_origin: String,
    /// Whether the rules take effect.
    pub mode: Mode,
    /// The rules, in the order in which they are tried. Empty: the bucket has no CORS.
    pub rules: Vec<Rule<'a>>,
    /// OSS's `ResponseVary`; `None` where the document does not say.
    pub response_vary: Option<bool>,
}

/// One `CORSRule`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule<'a> {
    /// S3's `ID`, shown by `explain`.
    pub id: Option<Cow<'a, str>>,
    /// `AllowedOrigin`: at least one.
    pub allowed_origins: Vec<Pattern<'a>>,
    /// `AllowedMethod`: at least one, an HTTP token each.
    pub allowed_methods: Vec<Cow<'a, str>>,
    /// `AllowedHeader`, as written; header names compare ASCII case-insensitively.
    pub allowed_headers: Vec<Pattern<'a>>,
    /// `ExposeHeader`.
    pub expose_headers: Vec<Cow<'a, str>>,
    /// `MaxAgeSeconds`, 0 to 999,999,999.
    pub max_age_seconds: Option<u32>,
}

impl Rule<'_> {
    /// Whether the rule lists the lone `*` among its origins, so that its answer is `Access-Control-Allow-Origin: *`.
    pub fn allows_any_origin(&self) -> bool {
        self.allowed_origins.iter().any(Pattern::is_any)
    }

    /// The rule without the text that it was read from.
    pub fn into_owned(self) -> Rule<'static> {
        let texts = |list: Vec<Cow<'_, str>>| list.into_iter().map(owned).collect();
        let patterns = |list: Vec<Pattern<'_>>| list.into_iter().map(Pattern::into_owned).collect();
        Rule {
            id: self.id.map(owned),
            allowed_origins: patterns(self.allowed_origins),
            allowed_methods: texts(self.allowed_methods),
            allowed_headers: patterns(self.allowed_headers),
            expose_headers: texts(self.expose_headers),
            max_age_seconds: self.max_age_seconds,
        }
    }

    /// The size of the rule as the stores' XML, without blanks between elements.
    pub(super) fn xml_bytes(&self) -> usize {
        fn sum<T>(element: &str, values: &[T], len: impl Fn(&T) -> usize) -> usize {
            // `<>` and `</>` around the name, twice.
            let tags = element.len().saturating_mul(2).saturating_add(5);
            values.iter().map(|value| tags.saturating_add(len(value))).sum()
        }
        [
            "<CORSRule></CORSRule>".len(),
            sum("AllowedOrigin", &self.allowed_origins, |pattern| {
                pattern.as_str().len()
            }),
            sum("AllowedMethod", &self.allowed_methods, |method| method.len()),
            sum("AllowedHeader", &self.allowed_headers, |pattern| {
                pattern.as_str().len()
            }),
            sum("ExposeHeader", &self.expose_headers, |name| name.len()),
            sum("ID", self.id.as_slice(), |id| id.len()),
            sum("MaxAgeSeconds", self.max_age_seconds.as_slice(), |_| "600".len()),
        ]
        .into_iter()
        .fold(0, usize::saturating_add)
    }
}

/// As it stands in a configuration, written in one way: a rule that says the same is the same text.
impl Serialize for Rule<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Each by its name: a field that is left out here would be lost on the way to the edge.
        let Self {
            id,
            allowed_origins,
            allowed_methods,
            allowed_headers,
            expose_headers,
            max_age_seconds,
        } = self;
        let mut fields = serializer.serialize_map(None)?;
        if let Some(id) = id {
            fields.serialize_entry("ID", id)?;
        }
        fields.serialize_entry("AllowedOrigins", allowed_origins)?;
        fields.serialize_entry("AllowedMethods", allowed_methods)?;
        if !allowed_headers.is_empty() {
            fields.serialize_entry("AllowedHeaders", allowed_headers)?;
        }
        if !expose_headers.is_empty() {
            fields.serialize_entry("ExposeHeaders", expose_headers)?;
        }
        if let Some(seconds) = max_age_seconds {
            fields.serialize_entry("MaxAgeSeconds", seconds)?;
        }
        fields.end()
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

/// Takes the buckets of a configuration, one by one, in document order.
pub trait BucketSink<'a> {
    /// One valid bucket. May come before the document turns out to be invalid elsewhere.
    fn bucket(&mut self, bucket: Bucket<'a>);

    /// Forget every bucket so far: the document is read again from its start. Happens where the plugin's `profile`
    /// stands after `buckets`, whose validation depends on it (Istio sorts the keys of a `pluginConfig`).
    fn restart(&mut self);
}

impl<'a> BucketSink<'a> for Vec<Bucket<'a>> {
    fn bucket(&mut self, bucket: Bucket<'a>) {
        self.push(bucket);
    }

    fn restart(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_that_of_the_xml() {
        let rule = Rule {
            allowed_origins: vec![Pattern::new("*".into()).unwrap()],
            allowed_methods: vec!["GET".into(), "PUT".into()],
            max_age_seconds: Some(600),
            id: Some("a".into()),
            ..Rule::default()
        };
        let xml = "<CORSRule><ID>a</ID><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>\
                   <AllowedMethod>PUT</AllowedMethod><MaxAgeSeconds>600</MaxAgeSeconds></CORSRule>";
        assert_eq!(rule.xml_bytes(), xml.len());
    }
}
