//! A profile: whose answers the edge gives.
//!
//! Everything in which the stores differ is a field here, with the store's reason; the code that decides and answers
//! reads these fields and never asks which profile it serves.

/// The methods that S3 and OSS let a rule list.
pub const STORE_METHODS: [&str; 5] = ["GET", "PUT", "POST", "DELETE", "HEAD"];

/// How one kind of store, or the Fetch standard alone, answers CORS requests.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name by which a configuration asks for it.
    pub name: &'static str,
    /// Which methods a rule may list.
    pub methods: Methods,
    /// How `Access-Control-Allow-Headers` spells the requested names.
    pub allow_headers: AllowHeaders,
    /// When an echoed origin comes with `Access-Control-Allow-Credentials: true`.
    pub credentials: Credentials,
    /// Whether an allowed preflight carries `Access-Control-Expose-Headers`. To Fetch the header means something on
    /// actual responses only.
    pub expose_on_preflight: bool,
    /// Whether actual responses repeat `Access-Control-Allow-Methods`, `-Allow-Headers` and `-Max-Age`, which only a
    /// preflight needs, and whether `Access-Control-Request-Method` and `-Headers` on a request that is not OPTIONS
    /// take part in the match. S3 does both (recorded); browsers cannot send these headers from script.
    pub preflight_headers_on_actual: bool,
    /// What of a request a response of the bucket depends on, as `Vary` names it.
    pub vary: &'static str,
    /// Whether a document's `ResponseVary` is obeyed.
    pub obeys_response_vary: bool,
    /// Whether the store itself sends `Vary: Origin` only where the document's `ResponseVary` is true.
    pub store_varies_on_request_only: bool,
    /// The status of an allowed preflight.
    pub allowed_status: u32,
    /// The status of a refused preflight.
    pub refused_status: u32,
    /// The words of the XML document in the body of an error; `None`: no body.
    pub error_words: Option<&'static ErrorWords>,
    /// What happens to OPTIONS without `Origin` or `Access-Control-Request-Method`.
    pub incomplete_preflight: IncompletePreflight,
    /// Whether a preflight that no rule could ever allow (a method outside the five, a name that is no token) is a bad
    /// request (400) rather than one that no rule matches (403).
    pub invalid_is_bad_request: bool,
    /// Bytes that a header name may hold as an HTTP token but the store refuses in `ExposeHeader`.
    pub expose_forbidden: &'static [u8],
    /// Past how many rules a bucket is warned about, where the store documents fewer than [`MAX_RULES`].
    pub documented_rules: usize,
    /// Past how many bytes of rules a bucket is warned about.
    pub documented_bytes: usize,
    /// Whether the store's tools print a rule in JSON as those of S3: with an `ID`, and lists in the plural.
    pub prints_rules_as_s3: bool,
    /// Whether the store's own SDK gives each part of a multipart upload a checksum that the page has to read. In a
    /// rule of another store, a lone `*` does not stand for that SDK's headers.
    pub sdk_checks_parts: bool,
}

/// The most rules a bucket can have: S3's limit, and the width of a rule mask leaves room for it.
pub const MAX_RULES: usize = 100;

/// Which methods a rule may list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Methods {
    /// [`STORE_METHODS`], in upper case.
    Store,
    /// Any HTTP token (RFC 9110 section 9.1).
    AnyToken,
}

/// How `Access-Control-Allow-Headers` spells the requested names, `, ` between them. The names are repeated, not
/// replaced by `*`, which does not cover `Authorization` (Fetch, "CORS non-wildcard request-header name").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowHeaders {
    /// As sent.
    AsSent,
    /// In lower case.
    LowerCase,
}

/// When an echoed origin comes with `Access-Control-Allow-Credentials: true`. Never beside `*` (Fetch: such a response
/// fails the CORS check) and never for `null`, which every sandboxed frame can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    /// Where the bucket says `allow_credentials`.
    Configured,
    /// Always, as S3 does.
    Always,
}

/// The words of a store's XML error documents. Clients compare them, spelling included.
#[derive(Debug, PartialEq, Eq)]
pub struct ErrorWords {
    /// No rule allows the preflight.
    pub not_allowed: &'static str,
    /// The bucket has no rules.
    pub not_enabled: &'static str,
    /// The request is clear of no listed bucket.
    pub no_such_bucket: &'static str,
    /// OPTIONS without `Origin`.
    pub no_origin: &'static str,
    /// OPTIONS without `Access-Control-Request-Method`.
    pub no_request_method: &'static str,
    /// Whether a refusal names what was asked for, in `Method` and `ResourceType`.
    pub names_what_was_asked_for: bool,
}

/// What happens to OPTIONS without `Origin` or `Access-Control-Request-Method`, which to Fetch is no preflight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncompletePreflight {
    /// 400 whatever the bucket's rules.
    BadRequest,
    /// 400, but a missing `Access-Control-Request-Method` is 403 where the bucket has no rules, as S3 recorded it.
    BadRequestUnlessNoRules,
    /// It goes upstream.
    Upstream,
}

/// Alibaba Cloud OSS, as PutBucketCORS and OptionObject document it.
pub static OSS: Profile = Profile {
    name: "oss",
    methods: Methods::Store,
    allow_headers: AllowHeaders::AsSent,
    credentials: Credentials::Configured,
    expose_on_preflight: true,
    preflight_headers_on_actual: false,
    vary: "Origin",
    obeys_response_vary: true,
    store_varies_on_request_only: true,
    allowed_status: 200,
    refused_status: 403,
    error_words: Some(&ErrorWords {
        not_allowed: "CORSResponse: This CORS request is not allowed.",
        not_enabled: "CORSResponse: CORS is not enabled for this bucket.",
        no_such_bucket: "CORSResponse: CORS is not enabled for this bucket.",
        no_origin: "Insufficient information. Origin request header needed",
        no_request_method: "Insufficient information. Request Access-Control-Request-Method header needed",
        names_what_was_asked_for: false,
    }),
    incomplete_preflight: IncompletePreflight::BadRequest,
    invalid_is_bad_request: false,
    // OSS EC 0034-00000013.
    expose_forbidden: b"&'",
    documented_rules: 10,
    documented_bytes: 16 * 1024,
    prints_rules_as_s3: false,
    sdk_checks_parts: false,
};

/// Amazon S3, as recorded.
pub static S3: Profile = Profile {
    name: "s3",
    methods: Methods::Store,
    allow_headers: AllowHeaders::LowerCase,
    credentials: Credentials::Always,
    expose_on_preflight: true,
    preflight_headers_on_actual: true,
    vary: "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    obeys_response_vary: true,
    store_varies_on_request_only: false,
    allowed_status: 200,
    refused_status: 403,
    error_words: Some(&ErrorWords {
        // "evalution" is S3's own spelling.
        not_allowed: "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, \
                      request method / Access-Control-Request-Method or Access-Control-Request-Headers are not \
                      whitelisted by the resource's CORS spec.",
        not_enabled: "CORSResponse: CORS is not enabled for this bucket.",
        no_such_bucket: "CORSResponse: Bucket not found",
        no_origin: "Insufficient information. Origin request header needed.",
        no_request_method: "Invalid Access-Control-Request-Method: null",
        names_what_was_asked_for: true,
    }),
    incomplete_preflight: IncompletePreflight::BadRequestUnlessNoRules,
    invalid_is_bad_request: true,
    expose_forbidden: b"",
    documented_rules: MAX_RULES,
    documented_bytes: 64 * 1024,
    prints_rules_as_s3: true,
    sdk_checks_parts: true,
};

/// A plain web service: what the Fetch standard asks of a server, and no more.
pub static FETCH: Profile = Profile {
    name: "fetch",
    methods: Methods::AnyToken,
    allow_headers: AllowHeaders::LowerCase,
    credentials: Credentials::Configured,
    expose_on_preflight: false,
    preflight_headers_on_actual: false,
    vary: "Origin",
    obeys_response_vary: false,
    store_varies_on_request_only: false,
    allowed_status: 204,
    refused_status: 403,
    error_words: None,
    incomplete_preflight: IncompletePreflight::Upstream,
    invalid_is_bad_request: false,
    expose_forbidden: b"",
    documented_rules: MAX_RULES,
    documented_bytes: usize::MAX,
    prints_rules_as_s3: true,
    sdk_checks_parts: false,
};

/// Every profile, for look-up by name.
pub static PROFILES: [&Profile; 3] = [&OSS, &S3, &FETCH];

impl Profile {
    /// The profile of that name.
    pub fn named(name: &str) -> Option<&'static Profile> {
        PROFILES.iter().copied().find(|profile| profile.name == name)
    }
}
