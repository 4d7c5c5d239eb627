//! The header names this filter reads and writes, in lower case as every HTTP/2-aware host hands them over.

#![allow(missing_docs)] // The names say it.

pub const ORIGIN: &str = "origin";
pub const REQUEST_METHOD: &str = "access-control-request-method";
pub const REQUEST_HEADERS: &str = "access-control-request-headers";
pub const REQUEST_PRIVATE_NETWORK: &str = "access-control-request-private-network";

pub const ALLOW_ORIGIN: &str = "access-control-allow-origin";
pub const ALLOW_CREDENTIALS: &str = "access-control-allow-credentials";
pub const ALLOW_METHODS: &str = "access-control-allow-methods";
pub const ALLOW_HEADERS: &str = "access-control-allow-headers";
pub const ALLOW_PRIVATE_NETWORK: &str = "access-control-allow-private-network";
pub const EXPOSE_HEADERS: &str = "access-control-expose-headers";
pub const MAX_AGE: &str = "access-control-max-age";

pub const RESOURCE_POLICY: &str = "cross-origin-resource-policy";
pub const TIMING_ALLOW_ORIGIN: &str = "timing-allow-origin";

pub const VARY: &str = "vary";
pub const CONTENT_TYPE: &str = "content-type";
pub const REQUEST_ID: &str = "x-request-id";

/// What `explain` adds.
pub const EXPLAIN: &str = "x-bucket-cors";

/// What every response header of the CORS protocol begins with.
pub const CORS_PREFIX: &str = "access-control-";

/// Every response header that decides what becomes of a response: those that the CORS protocol defines, and `Vary`.
pub const OF_RESPONSES: [&str; 8] = [
    ALLOW_ORIGIN,
    ALLOW_CREDENTIALS,
    ALLOW_METHODS,
    ALLOW_HEADERS,
    ALLOW_PRIVATE_NETWORK,
    EXPOSE_HEADERS,
    MAX_AGE,
    VARY,
];
