//! HTTP words on the level of bytes: what a token, an origin, a list and a header map are. No policy.

pub mod head;
pub mod header_names;
pub mod origin;
pub mod pairs;
pub mod requested_headers;
pub mod token;
