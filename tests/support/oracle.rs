//! The naive edge: each bucket, each rule, each pattern, in order, straight from the configuration's contract. It
//! shares no code with `decision`, `answer`, `addressing` and `matcher`; it is too plain to be wrong in the same way.
//!
//! It can be broken on purpose, one [`Fault`] at a time: a generated test that does not notice proves nothing.

use bucket_cors::addressing::{MAX_BUCKET_BYTES, MAX_HOST_BYTES};
use bucket_cors::config::{Bucket, Mode, Rule, Settings, Unmanaged, UpstreamCors};
use bucket_cors::http::{list, origin};
use bucket_cors::wildcard::Pattern;

use super::requests::{Headers, Outcome, Request};

/// What S3 looks at for any answer.
const VARY_OF_S3: &str = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

/// Declares each deliberate fault once. Each was found in some implementation, or left unnoticed by every public test
/// suite.
macro_rules! faults {
    ($($fault:ident,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Fault {
            $($fault,)*
        }

        pub const FAULTS: &[Fault] = &[$(Fault::$fault,)*];
    };
}

faults! {
    StarNeedsACharacter,
    OverlapAllowed,
    OriginIgnoresCase,
    DotMatchesAnyByte,
    SuffixUnanchored,
    PrefixUnanchored,
    MalformedOriginAdmitted,
    OriginLimitOff,
    MethodUpperCased,
    MethodPrefix,
    HeaderNamesCaseSensitive,
    HeaderTokensUnchecked,
    HeaderLimitsOff,
    EmptyElementsAreNames,
    BlanksKept,
    OnlyFirstHeaderChecked,
    OriginAloneChoosesRule,
    RequestedHeadersIgnored,
    NoAllowedHeaderAllowsAll,
    LastMatchWins,
    RulesMerged,
    StarIsEchoed,
    StarWinsOverTheWholeBucket,
    NoCredentials,
    CredentialsBesideStar,
    CredentialsForNull,
    OnlyRequestedMethodAllowed,
    RuleHeadersListed,
    NoAllowHeaders,
    NoVary,
    VaryOnMatchOnly,
    ResponseVaryIgnored,
    RefusalIs200,
    AllowedIs200,
    RequestMethodOnActualIgnored,
    NoMaxAge,
    ZeroMaxAgeDropped,
    NoExposeHeaders,
    EmptyExposeHeadersSent,
    MissingRequestMethodIs403,
    NoRulesIs200,
    NoRulesAllowsAll,
    PrivateNetworkUnasked,
    ShadowAnswers,
    HostCaseCounts,
    HostPortCounts,
    EndpointUnanchored,
    PathOnlyIgnored,
    FolderNeedsNoSlash,
    ShortestEndpointFirst,
    PathNotDecoded,
    PathDecodedTwice,
    DotSegmentsIgnored,
    EncodedSlashEndsNoSegment,
    SlashInAName,
    UnclearIsAnyBucket,
    UnclearIsAnyHost,
    QueryIsPath,
    AnyBucketFirst,
    AnyHostIgnored,
    ErrorTextUnescaped,
    UnclearPasses,
    BackslashIsPlain,
    ParametersArePath,
    EncodedOnceOnly,
    OddNamesAreNames,
    UserinfoIgnored,
    UnlistedResponsesPass,
    RefuseSparesTheService,
    VaryOfS3OnMatchOnly,
    NoVaryInShadow,
    NoPolicies,
    PoliciesOfActualOnly,
}

pub struct Oracle<'c> {
    pub settings: &'c Settings,
    pub buckets: &'c [Bucket<'c>],
    pub fault: Option<Fault>,
}

/// Why no rule applies, in the words of `explain`.
type Reason = &'static str;

/// What an OPTIONS request is to the store.
enum Options<'r> {
    /// An actual request.
    Upstream,
    /// 400 with this message, and what `explain` says.
    Bad(Vec<&'r [u8]>, Reason),
    Preflight {
        method: &'r [u8],
    },
}

/// Whose request it is.
#[derive(Clone, Copy)]
enum Owner<'c> {
    Bucket(&'c Bucket<'c>, Style),
    Unlisted,
    /// Servers read different buckets in it.
    Unclear,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Host,
    Path,
}

impl<'c> Oracle<'c> {
    pub fn new(settings: &'c Settings, buckets: &'c [Bucket<'c>]) -> Self {
        Self {
            settings,
            buckets,
            fault: None,
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    pub fn serve(&self, request: &Request) -> Outcome {
        match self.owner(request) {
            Owner::Unlisted if self.settings.unmanaged == Unmanaged::Pass => Outcome::Untouched,
            Owner::Unlisted
                if self.has(Fault::RefuseSparesTheService)
                    && request.path.as_deref().is_none_or(|path| self.is_service(path)) =>
            {
                Outcome::Untouched
            }
            Owner::Unlisted => self.serve_without_bucket("unlisted-bucket", request),
            Owner::Unclear if self.has(Fault::UnclearPasses) => Outcome::Untouched,
            Owner::Unclear => self.serve_without_bucket("unclear-path", request),
            Owner::Bucket(bucket, style) => self.serve_bucket(bucket, style, request),
        }
    }

    /// Whether CORS headers of the store stand, where it sends some.
    pub fn keeps(&self, request: &Request) -> bool {
        matches!(self.owner(request), Owner::Bucket(bucket, _) if bucket.upstream_cors == UpstreamCors::Keep)
    }

    // Which bucket.

    fn owner(&self, request: &Request) -> Owner<'c> {
        let any_host = || {
            let bucket = self
                .buckets
                .iter()
                .find(|bucket| bucket.hosts.iter().any(|host| host == "*"));
            match bucket {
                Some(bucket) if !self.has(Fault::AnyHostIgnored) => Owner::Bucket(bucket, Style::Host),
                _ => Owner::Unlisted,
            }
        };
        // A site that is one bucket is not addressed path-style: its paths are objects.
        if self.settings.endpoints.is_empty()
            && self.buckets.len() == 1
            && let bucket @ Owner::Bucket(..) = any_host()
        {
            return bucket;
        }
        let is_listed = |mode: Option<Mode>| {
            let mut named = self.buckets.iter().filter(|bucket| bucket.name != "*");
            named.any(|bucket| mode == Some(bucket.mode) || mode.is_none())
        };
        let unclear = || {
            if !is_listed(None) || self.has(Fault::UnclearIsAnyBucket) {
                self.named(b"", Style::Path)
            } else if is_listed(Some(Mode::Enforce)) {
                Owner::Unclear
            } else {
                Owner::Unlisted
            }
        };
        let has_userinfo = |authority: &Vec<u8>| authority.contains(&b'@');
        if request.authority.as_ref().is_some_and(has_userinfo) && !self.has(Fault::UserinfoIgnored) {
            return unclear();
        }
        let in_path = request
            .path
            .as_deref()
            .filter(|path| !self.is_service(path))
            .map(|path| self.bucket_in_path(path));
        let by_path = in_path.as_ref().map(|name| match name {
            Some(name) => {
                let path = request.path.as_deref().unwrap_or_default();
                let path = path.split(|&byte| byte == b'?').next().unwrap_or_default();
                let has_slash = path[1..].contains(&b'/') || self.has(Fault::FolderNeedsNoSlash);
                let folder = [name, &b"/"[..]].concat();
                let is_folder = |bucket: &&Bucket<'_>| bucket.name.as_bytes() == folder;
                match self.buckets.iter().find(is_folder).filter(|_| has_slash) {
                    Some(folder) => Owner::Bucket(folder, Style::Path),
                    None => self.named(name, Style::Path),
                }
            }
            None => unclear(),
        });
        let host = request
            .authority
            .as_deref()
            .and_then(|authority| self.host(authority));
        if let Some(host) = host {
            let claims = |bucket: &&Bucket<'_>| {
                bucket
                    .hosts
                    .iter()
                    .any(|claimed| claimed != "*" && claimed.as_bytes() == host)
            };
            if let Some(bucket) = self.buckets.iter().find(claims) {
                return Owner::Bucket(bucket, Style::Host);
            }
            if self
                .settings
                .endpoints
                .iter()
                .any(|endpoint| endpoint.host.as_bytes() == host)
            {
                return by_path.unwrap_or(Owner::Unlisted);
            }
            let mut names: Vec<&[u8]> = self
                .settings
                .endpoints
                .iter()
                .filter(|endpoint| !endpoint.is_path_only || self.has(Fault::PathOnlyIgnored))
                .filter_map(|endpoint| {
                    let name = host.strip_suffix(endpoint.host.as_bytes())?;
                    if self.has(Fault::EndpointUnanchored) {
                        return Some(name);
                    }
                    name.strip_suffix(b".")
                })
                .collect();
            names.sort_by_key(|name| name.len());
            if self.has(Fault::ShortestEndpointFirst) {
                names.reverse();
            }
            if let Some(name) = names.first() {
                return self.named(name, Style::Host);
            }
        }
        if !self.settings.endpoints.is_empty() {
            return any_host();
        }
        match by_path {
            Some(bucket @ Owner::Bucket(..)) => bucket,
            Some(unclear) if in_path == Some(None) && !self.has(Fault::UnclearIsAnyHost) => unclear,
            _ => any_host(),
        }
    }

    fn named(&self, name: &[u8], style: Style) -> Owner<'c> {
        let listed = self
            .buckets
            .iter()
            .find(|bucket| bucket.name != "*" && bucket.name.as_bytes() == name);
        let any = self.buckets.iter().find(|bucket| bucket.name == "*");
        let (first, second) = if self.has(Fault::AnyBucketFirst) {
            (any, listed)
        } else {
            (listed, any)
        };
        first
            .or(second)
            .map_or(Owner::Unlisted, |bucket| Owner::Bucket(bucket, style))
    }

    /// The host of an `:authority`, as DNS compares it.
    fn host(&self, authority: &[u8]) -> Option<Vec<u8>> {
        let end = if authority.starts_with(b"[") {
            authority.iter().position(|&byte| byte == b']')? + 1
        } else {
            let colon = authority.iter().position(|&byte| byte == b':');
            colon.unwrap_or(authority.len())
        };
        let end = if self.has(Fault::HostPortCounts) {
            authority.len()
        } else {
            end
        };
        let mut host = authority[..end].to_vec();
        while host.ends_with(b".") {
            host.pop();
        }
        if !self.has(Fault::HostCaseCounts) {
            host.make_ascii_lowercase();
        }
        (host.len() <= MAX_HOST_BYTES).then_some(host)
    }

    fn is_service(&self, path: &[u8]) -> bool {
        let query = path
            .iter()
            .position(|&byte| byte == b'?' && !self.has(Fault::QueryIsPath));
        let path = &path[..query.unwrap_or(path.len())];
        path == b"/" || !path.starts_with(b"/")
    }

    fn bucket_in_path(&self, path: &[u8]) -> Option<Vec<u8>> {
        let mut path = path.to_vec();
        if !self.has(Fault::QueryIsPath) {
            path.truncate(path.iter().position(|&byte| byte == b'?').unwrap_or(path.len()));
        }
        let mut segments = path.split(|&byte| byte == b'/');
        if segments.next() != Some(b"") {
            return None;
        }
        let segments: Vec<&[u8]> = segments.collect();
        if self.has_dot_segment(&path) && !self.has(Fault::DotSegmentsIgnored) {
            return None;
        }
        let first = segments.first()?;
        let name = if self.has(Fault::PathNotDecoded) {
            first.to_vec()
        } else {
            let mut once = percent_decoded(first)?;
            if self.has(Fault::PathDecodedTwice) {
                once = percent_decoded(&once)?;
            }
            let is_odd = |byte: &u8| b"/\\;?#%\xc0\xc1".contains(byte) || byte.is_ascii_control();
            if once.contains(&b'/') && !self.has(Fault::SlashInAName)
                || once.iter().any(is_odd) && !once.contains(&b'/') && !self.has(Fault::OddNamesAreNames)
            {
                return None;
            }
            once
        };
        (1..=MAX_BUCKET_BYTES).contains(&name.len()).then_some(name)
    }

    /// Whether any server sees a dot segment in it, however often it decodes the path before it looks.
    fn has_dot_segment(&self, path: &[u8]) -> bool {
        // A control character ends a segment, or is dropped before the next.
        let ends = |byte: &u8| match byte {
            b'\\' => !self.has(Fault::BackslashIsPlain),
            _ => *byte == b'/' || byte.is_ascii_control(),
        };
        let cuts = |byte: &u8| b"?# ".contains(byte) || *byte == b';' && !self.has(Fault::ParametersArePath);
        let is_dots = |segment: &[u8]| {
            let end = segment.iter().position(cuts).unwrap_or(segment.len());
            matches!(&segment[..end], b"." | b"..")
        };
        let mut levels = vec![path.to_vec()];
        for _ in 0..if self.has(Fault::EncodedOnceOnly) { 1 } else { 5 } {
            let last = levels.last().expect("there is one");
            levels.push(without_old_forms(&decoded_where_it_can_be(last)));
        }
        if self.has(Fault::EncodedSlashEndsNoSegment) {
            let decoded = |segment: &[u8]| is_dots(&decoded_where_it_can_be(segment));
            return path.split(|byte| *byte == b'/').any(decoded);
        }
        levels.iter().any(|path| path.split(ends).any(is_dots))
    }

    // What becomes of it.

    /// For a request that no bucket's rules may answer.
    fn serve_without_bucket(&self, reason: Reason, request: &Request) -> Outcome {
        if request.method == b"OPTIONS" {
            match self.classify(self.settings.profile.name, false, request) {
                Options::Upstream => {}
                Options::Bad(message, reason) => return self.answer_400(None, &message, reason, request),
                Options::Preflight { method } => {
                    return self.answer_403(None, Err(reason), method, Style::Path, request);
                }
            }
        }
        if self.has(Fault::UnlistedResponsesPass) {
            return Outcome::Untouched;
        }
        Outcome::Upstream {
            headers: Some(Headers::new()),
            vary: Some("Origin".to_owned()),
            explanation: self.settings.explain.then(|| self.explanation(None, Err(reason))),
        }
    }

    fn serve_bucket(&self, bucket: &Bucket<'_>, style: Style, request: &Request) -> Outcome {
        let is_shadow = bucket.mode == Mode::Shadow && !self.has(Fault::ShadowAnswers);
        if is_shadow && !self.settings.explain {
            return Outcome::Untouched;
        }
        if request.method == b"OPTIONS" {
            match self.classify(bucket.profile.name, !bucket.rules.is_empty(), request) {
                Options::Upstream => {}
                Options::Bad(_, reason) if is_shadow => {
                    return self.upstream(bucket, Err(reason), request);
                }
                Options::Bad(message, reason) => {
                    return self.answer_400(Some(bucket), &message, reason, request);
                }
                Options::Preflight { method } => {
                    let rule = self.rule_for(bucket, request, method, request.request_headers.as_deref());
                    return match rule {
                        _ if is_shadow => self.upstream(bucket, rule, request),
                        Ok(rule) => self.answer_allowed(bucket, rule, method, request),
                        Err(_) => self.answer_403(Some(bucket), rule, method, style, request),
                    };
                }
            }
        }
        let takes_part = bucket.profile.name == "s3" && !self.has(Fault::RequestMethodOnActualIgnored);
        let rule = if takes_part {
            let method = given(&request.request_method).unwrap_or(&request.method);
            self.rule_for(bucket, request, method, request.request_headers.as_deref())
        } else {
            self.rule_for(bucket, request, &request.method, None)
        };
        self.upstream(bucket, rule, request)
    }

    fn classify<'r>(&self, profile: &str, has_rules: bool, request: &'r Request) -> Options<'r> {
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
                "oss" if !self.has(Fault::MissingRequestMethodIs403) => Options::Bad(
                    vec![b"Insufficient information. Request Access-Control-Request-Method header needed"],
                    "no-request-method",
                ),
                "s3" if has_rules && !self.has(Fault::MissingRequestMethodIs403) => Options::Bad(
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

    fn rule_for(
        &self,
        bucket: &Bucket<'_>,
        request: &Request,
        method: &[u8],
        requested: Option<&[u8]>,
    ) -> Result<usize, Reason> {
        if bucket.rules.is_empty() && !self.has(Fault::NoRulesAllowsAll) {
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
            Some(Fault::RequestedHeadersIgnored) => Vec::new(),
            Some(Fault::OnlyFirstHeaderChecked) => names.into_iter().take(1).collect(),
            _ => names,
        };
        let origin_only = self.has(Fault::OriginAloneChoosesRule);
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
        let chosen = if self.has(Fault::LastMatchWins) {
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
        if self.has(Fault::RulesMerged)
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
            Some(Fault::MethodUpperCased) => listed.as_bytes() == method.to_ascii_uppercase(),
            Some(Fault::MethodPrefix) => method.starts_with(listed.as_bytes()),
            _ => listed.as_bytes() == method,
        })
    }

    fn lists_header(&self, rule: &Rule<'_>, name: &[u8]) -> bool {
        if self.has(Fault::NoAllowedHeaderAllowsAll) && rule.allowed_headers.is_empty() {
            return true;
        }
        rule.allowed_headers.iter().any(|pattern| {
            if self.has(Fault::HeaderNamesCaseSensitive) {
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
                Fault::OriginIgnoresCase => pattern.as_str().as_bytes().eq_ignore_ascii_case(origin),
                Fault::DotMatchesAnyByte => regex_equal(pattern.as_str().as_bytes(), origin),
                _ => pattern.matches(origin),
            };
        };
        let (prefix, suffix) = (prefix.as_bytes(), suffix.as_bytes());
        let fits = origin.len() >= prefix.len() + suffix.len();
        match fault {
            Fault::StarNeedsACharacter => {
                pattern.matches(origin) && origin.len() > prefix.len() + suffix.len()
            }
            Fault::OverlapAllowed => origin.starts_with(prefix) && origin.ends_with(suffix),
            Fault::OriginIgnoresCase => {
                fits && origin[..prefix.len()].eq_ignore_ascii_case(prefix)
                    && origin[origin.len() - suffix.len()..].eq_ignore_ascii_case(suffix)
            }
            Fault::DotMatchesAnyByte => {
                fits && regex_equal(prefix, &origin[..prefix.len()])
                    && regex_equal(suffix, &origin[origin.len() - suffix.len()..])
            }
            Fault::SuffixUnanchored => origin
                .strip_prefix(prefix)
                .is_some_and(|rest| contains(rest, suffix)),
            Fault::PrefixUnanchored => origin
                .strip_suffix(suffix)
                .is_some_and(|rest| contains(rest, prefix)),
            _ => pattern.matches(origin),
        }
    }

    /// Whether some client could have sent this `Origin`: visible ASCII without what no serialised origin holds, and a
    /// slash only in the `://` after a scheme.
    fn is_sendable(&self, origin: &[u8]) -> bool {
        if origin.len() > origin::MAX_BYTES && !self.has(Fault::OriginLimitOff) {
            return false;
        }
        if self.has(Fault::MalformedOriginAdmitted) {
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

    fn names<'r>(&self, field: Option<&'r [u8]>) -> Names<'r> {
        let field = field.unwrap_or_default();
        let limited = !self.has(Fault::HeaderLimitsOff);
        if limited && field.len() > list::MAX_BYTES {
            return Names::TooLong;
        }
        let mut names = Vec::new();
        for (number, element) in field.split(|&byte| byte == b',').enumerate() {
            let name = if self.has(Fault::BlanksKept) {
                element
            } else {
                trimmed(element)
            };
            if limited && (number >= list::MAX_NAMES || name.len() > list::MAX_NAME_BYTES) {
                return Names::TooLong;
            }
            let is_token = name
                .iter()
                .all(|&byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
            if !is_token && !self.has(Fault::HeaderTokensUnchecked) {
                return Names::NotAToken(element);
            }
            if !name.is_empty() || self.has(Fault::EmptyElementsAreNames) {
                names.push(name);
            }
        }
        Names::All(names)
    }

    // What it is answered.

    fn answer_allowed(&self, bucket: &Bucket<'_>, rule: usize, method: &[u8], request: &Request) -> Outcome {
        let profile = bucket.profile.name;
        let mut headers = self.common_headers(Some(bucket), Ok(rule));
        let Some(rule) = bucket.rules.get(rule) else {
            return answered(200, headers, Vec::new());
        };
        self.push_origin(bucket, rule, request, &mut headers);
        let methods = if self.has(Fault::OnlyRequestedMethodAllowed) {
            method.to_vec()
        } else {
            rule.allowed_methods.join(", ").into_bytes()
        };
        push(&mut headers, "access-control-allow-methods", methods);
        self.push_allow_headers(bucket, rule, request, &mut headers);
        if profile != "fetch" {
            self.push_expose_headers(rule, &mut headers);
        }
        self.push_max_age(rule, &mut headers);
        let asks = request.private_network.as_deref() == Some(b"true");
        if bucket.allow_private_network && (asks || self.has(Fault::PrivateNetworkUnasked)) {
            push(&mut headers, "access-control-allow-private-network", "true");
        }
        let status = if profile == "fetch" && !self.has(Fault::AllowedIs200) {
            204
        } else {
            200
        };
        answered(status, headers, Vec::new())
    }

    fn answer_403(
        &self,
        bucket: Option<&Bucket<'_>>,
        rule: Result<usize, Reason>,
        method: &[u8],
        style: Style,
        request: &Request,
    ) -> Outcome {
        let no_rules = bucket.is_some_and(|bucket| bucket.rules.is_empty());
        let status = if self.has(Fault::RefusalIs200) || no_rules && self.has(Fault::NoRulesIs200) {
            200
        } else {
            403
        };
        let profile = bucket.map_or(self.settings.profile, |bucket| bucket.profile).name;
        let mut headers = self.common_headers(bucket, rule);
        if profile == "fetch" {
            return answered(status, headers, Vec::new());
        }
        push(&mut headers, "content-type", "application/xml");
        let is_s3 = profile == "s3";
        let message: &[u8] = match bucket {
            None if is_s3 => b"CORSResponse: Bucket not found",
            None => b"CORSResponse: CORS is not enabled for this bucket.",
            Some(_) if no_rules => b"CORSResponse: CORS is not enabled for this bucket.",
            Some(_) if is_s3 => {
                b"CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, \
                  request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted \
                  by the resource's CORS spec."
            }
            Some(_) => b"CORSResponse: This CORS request is not allowed.",
        };
        let mut elements: Vec<(&str, Vec<&[u8]>)> =
            vec![("Code", vec![b"AccessForbidden"]), ("Message", vec![message])];
        if is_s3 {
            let object = bucket.is_some() && !no_rules && names_object(request.path.as_deref(), style);
            elements.push((
                "Method",
                vec![if method.is_empty() { b"OPTIONS" } else { method }],
            ));
            elements.push(("ResourceType", vec![if object { b"OBJECT" } else { b"BUCKET" }]));
        }
        answered(status, headers, self.xml(elements, request))
    }

    fn answer_400(
        &self,
        bucket: Option<&Bucket<'_>>,
        message: &[&[u8]],
        reason: Reason,
        request: &Request,
    ) -> Outcome {
        let mut headers = self.common_headers(bucket, Err(reason));
        push(&mut headers, "content-type", "application/xml");
        let elements = vec![("Code", vec![&b"BadRequest"[..]]), ("Message", message.to_vec())];
        answered(400, headers, self.xml(elements, request))
    }

    fn xml(&self, elements: Vec<(&str, Vec<&[u8]>)>, request: &Request) -> Vec<u8> {
        let mut body = b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>".to_vec();
        for (name, parts) in elements
            .into_iter()
            .chain([("RequestId", vec![&request.request_id[..]])])
        {
            body.extend_from_slice(format!("<{name}>").as_bytes());
            for part in parts {
                // What a client sent is repeated up to 256 bytes.
                let part = &part[..part.len().min(256)];
                if self.has(Fault::ErrorTextUnescaped) {
                    body.extend_from_slice(part);
                } else {
                    body.extend_from_slice(escaped(part).as_bytes());
                }
            }
            body.extend_from_slice(format!("</{name}>").as_bytes());
        }
        body.extend_from_slice(b"</Error>\n");
        body
    }

    fn upstream(&self, bucket: &Bucket<'_>, rule: Result<usize, Reason>, request: &Request) -> Outcome {
        let explanation = self
            .settings
            .explain
            .then(|| self.explanation(Some(bucket), rule));
        if bucket.mode == Mode::Shadow && !self.has(Fault::ShadowAnswers) {
            let vary = self.vary(bucket, rule.is_ok());
            return Outcome::Upstream {
                headers: None,
                vary: vary
                    .filter(|_| !self.has(Fault::NoVaryInShadow))
                    .map(str::to_owned),
                explanation,
            };
        }
        let mut headers = Headers::new();
        self.push_policies(bucket, &mut headers);
        if let Some(rule) = rule.ok().and_then(|rule| bucket.rules.get(rule)) {
            self.push_origin(bucket, rule, request, &mut headers);
            self.push_expose_headers(rule, &mut headers);
            // S3 repeats on an actual response what only a preflight needs.
            if bucket.profile.name == "s3" {
                push(
                    &mut headers,
                    "access-control-allow-methods",
                    rule.allowed_methods.join(", "),
                );
                self.push_allow_headers(bucket, rule, request, &mut headers);
                self.push_max_age(rule, &mut headers);
            }
        }
        headers.sort();
        Outcome::Upstream {
            headers: Some(headers),
            vary: self.vary(bucket, rule.is_ok()).map(str::to_owned),
            explanation,
        }
    }

    fn common_headers(&self, bucket: Option<&Bucket<'_>>, rule: Result<usize, Reason>) -> Headers {
        let mut headers = Headers::new();
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
            && !self.has(Fault::PoliciesOfActualOnly)
        {
            self.push_policies(bucket, &mut headers);
        }
        headers
    }

    /// What every response of the bucket has.
    fn push_policies(&self, bucket: &Bucket<'_>, headers: &mut Headers) {
        let policies = [
            ("cross-origin-resource-policy", bucket.resource_policy),
            ("timing-allow-origin", bucket.timing_allow_origin.as_str()),
        ];
        for (name, value) in policies {
            if !value.is_empty() && !self.has(Fault::NoPolicies) {
                push(headers, name, value);
            }
        }
    }

    fn vary(&self, bucket: &Bucket<'_>, is_match: bool) -> Option<&'static str> {
        let is_fetch = bucket.profile.name == "fetch";
        let said = bucket
            .response_vary
            .filter(|_| !is_fetch && !self.has(Fault::ResponseVaryIgnored));
        let sends = said.unwrap_or(!bucket.rules.is_empty());
        if !sends || self.has(Fault::NoVary) || self.has(Fault::VaryOnMatchOnly) && !is_match {
            None
        } else if bucket.profile.name == "s3" && (is_match || !self.has(Fault::VaryOfS3OnMatchOnly)) {
            Some(VARY_OF_S3)
        } else {
            Some("Origin")
        }
    }

    fn push_origin(&self, bucket: &Bucket<'_>, rule: &Rule<'_>, request: &Request, headers: &mut Headers) {
        let is_any = |rule: &Rule<'_>| rule.allowed_origins.iter().any(|pattern| pattern.as_str() == "*");
        let mut any = is_any(rule) && !self.has(Fault::StarIsEchoed);
        if self.has(Fault::StarWinsOverTheWholeBucket) {
            any = bucket.rules.iter().any(is_any);
        }
        let origin = request.origin.clone().unwrap_or_default();
        let wanted = match bucket.profile.name {
            "s3" => true,
            _ => bucket.allow_credentials,
        } && !self.has(Fault::NoCredentials);
        let fits = (!any || self.has(Fault::CredentialsBesideStar))
            && (origin != b"null" || self.has(Fault::CredentialsForNull));
        push(
            headers,
            "access-control-allow-origin",
            if any { b"*".to_vec() } else { origin },
        );
        if wanted && fits {
            push(headers, "access-control-allow-credentials", "true");
        }
    }

    fn push_allow_headers(
        &self,
        bucket: &Bucket<'_>,
        rule: &Rule<'_>,
        request: &Request,
        headers: &mut Headers,
    ) {
        let mut value = match self.names(request.request_headers.as_deref()) {
            Names::All(names) if bucket.profile.name == "oss" => names.join(&b", "[..]),
            Names::All(names) => names.join(&b", "[..]).to_ascii_lowercase(),
            _ => Vec::new(),
        };
        if self.has(Fault::RuleHeadersListed) && !value.is_empty() {
            let listed: Vec<&str> = rule.allowed_headers.iter().map(Pattern::as_str).collect();
            value = listed.join(", ").into_bytes();
        }
        if !value.is_empty() && !self.has(Fault::NoAllowHeaders) {
            push(headers, "access-control-allow-headers", value);
        }
    }

    fn push_expose_headers(&self, rule: &Rule<'_>, headers: &mut Headers) {
        let is_sent = !rule.expose_headers.is_empty() || self.has(Fault::EmptyExposeHeadersSent);
        if is_sent && !self.has(Fault::NoExposeHeaders) {
            push(
                headers,
                "access-control-expose-headers",
                rule.expose_headers.join(", "),
            );
        }
    }

    fn push_max_age(&self, rule: &Rule<'_>, headers: &mut Headers) {
        if let Some(seconds) = rule.max_age_seconds
            && !self.has(Fault::NoMaxAge)
            && !(seconds == 0 && self.has(Fault::ZeroMaxAgeDropped))
        {
            push(headers, "access-control-max-age", seconds.to_string());
        }
    }

    fn explanation(&self, bucket: Option<&Bucket<'_>>, rule: Result<usize, Reason>) -> Vec<u8> {
        let is_shadow = bucket.is_some_and(|bucket| bucket.mode == Mode::Shadow);
        let shadow = if is_shadow { "shadow; " } else { "" };
        let text = match rule {
            Err(reason) => format!("{shadow}no-match; reason={reason}"),
            Ok(rule) => {
                let id = bucket
                    .and_then(|bucket| bucket.rules.get(rule)?.id.as_deref())
                    .unwrap_or_default();
                let visible: String = id
                    .chars()
                    .map(|c| if (' '..='~').contains(&c) { c } else { '?' })
                    .collect();
                let quoted = visible.replace('\\', "\\\\").replace('"', "\\\"");
                if quoted.is_empty() {
                    format!("{shadow}match; rule={rule}")
                } else {
                    format!("{shadow}match; rule={rule}; id=\"{quoted}\"")
                }
            }
        };
        text.into_bytes()
    }
}

enum Names<'r> {
    All(Vec<&'r [u8]>),
    TooLong,
    NotAToken(&'r [u8]),
}

/// An empty header counts as absent.
fn given(value: &Option<Vec<u8>>) -> Option<&[u8]> {
    value.as_deref().filter(|value| !value.is_empty())
}

fn push(headers: &mut Headers, name: &str, value: impl Into<Vec<u8>>) {
    headers.push((name.to_owned(), value.into()));
}

fn answered(status: u32, mut headers: Headers, body: Vec<u8>) -> Outcome {
    headers.sort();
    Outcome::Answered {
        status,
        headers,
        body,
    }
}

/// Without the blanks and tabs around it.
pub fn trimmed(text: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| b" \t".contains(byte);
    let start = text.iter().position(|byte| !is_blank(byte)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|byte| !is_blank(byte))
        .map_or(start, |last| last + 1);
    &text[start..end]
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    part.is_empty() || text.windows(part.len()).any(|window| window == part)
}

fn percent_decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        if text[at] == b'%' {
            let digits = std::str::from_utf8(text.get(at + 1..at + 3)?).ok()?;
            if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            decoded.push(u8::from_str_radix(digits, 16).ok()?);
            at += 3;
        } else {
            decoded.push(text[at]);
            at += 1;
        }
    }
    Some(decoded)
}

/// As a lenient store decodes: a `%` that encodes nothing stays.
fn decoded_where_it_can_be(text: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let code = text.get(at..at + 3).filter(|code| code[0] == b'%');
        match code.and_then(percent_decoded) {
            Some(byte) => {
                decoded.extend(byte);
                at += 3;
            }
            None => {
                decoded.push(text[at]);
                at += 1;
            }
        }
    }
    decoded
}

/// As a server decodes that still takes IIS's `%u002e`, and the two or three bytes with which UTF-8 could once say a
/// `.`.
fn without_old_forms(text: &[u8]) -> Vec<u8> {
    let mut decoded = text.to_vec();
    if !text.iter().any(|byte| b"\xc0\xc1\xe0uU".contains(byte)) {
        return decoded;
    }
    for byte in 0..0x80_u8 {
        let (lead, low) = (0xc0 | byte >> 6, 0x80 | byte & 0x3f);
        let of_iis = |digits: String| ["%u", "%U"].map(|begin| format!("{begin}00{digits}").into_bytes());
        let mixed = format!("{byte:02x}");
        let mut forms = vec![vec![lead, low], vec![0xe0, 0x80 | byte >> 6, low]];
        forms.extend([mixed.clone(), mixed.to_uppercase()].into_iter().flat_map(of_iis));
        for form in forms {
            // Nearly always one is missing, which is cheaper to see.
            if !form.iter().all(|part| decoded.contains(part)) {
                continue;
            }
            while let Some(at) = decoded.windows(form.len()).position(|window| window == form) {
                decoded.splice(at..at + form.len(), [byte]);
            }
        }
    }
    decoded
}

/// Whether a path goes on after what names the bucket.
fn names_object(path: Option<&[u8]>, style: Style) -> bool {
    let path = path.unwrap_or_default();
    let path = path.split(|&byte| byte == b'?').next().unwrap_or_default();
    let path = path.strip_prefix(b"/").unwrap_or(path);
    match (style, path.iter().position(|&byte| byte == b'/')) {
        (Style::Host, _) => !path.is_empty() && path != b"/",
        (Style::Path, None) => false,
        (Style::Path, Some(slash)) => path.len() > slash + 1,
    }
}

/// Text for XML 1.0: markup escaped, what is no character of XML replaced.
fn escaped(text: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (valid, invalid) = match std::str::from_utf8(rest) {
            Ok(valid) => (valid, 0),
            Err(error) => (
                std::str::from_utf8(&rest[..error.valid_up_to()]).expect("valid up to there"),
                error.error_len().unwrap_or(rest.len() - error.valid_up_to()),
            ),
        };
        for c in valid.chars() {
            let is_character = c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}';
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '\t' => out.push('\t'),
                _ => out.push(if is_character { c } else { '?' }),
            }
        }
        if invalid > 0 {
            out.push('?');
        }
        rest = &rest[valid.len() + invalid..];
    }
    out
}
