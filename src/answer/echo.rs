//! What of a request its response repeats.

/// Has to be kept with what was decided: on a proxied response, the request's headers are out of reach. Empty where the
/// response repeats nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Echo<'a> {
    /// `Origin`.
    pub origin: &'a [u8],
    /// `Access-Control-Request-Headers`.
    pub request_headers: &'a [u8],
}
