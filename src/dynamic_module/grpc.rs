//! What a client of gRPC is told. Envoy gives it status 200 in place of an answer's own and, from a library that says
//! nothing else, OK.

use super::host::MapHeaders;

pub(super) const STATUS: &str = "grpc-status";

/// Whether Envoy takes a request for one of gRPC, as its `Grpc::Common::isGrpcRequestHeaders` does.
pub(super) fn is_asked(mut request: MapHeaders<'_>) -> bool {
    request.any(|(name, value)| {
        name == b"content-type" && matches!(value.strip_prefix(b"application/grpc"), Some([] | [b'+', ..]))
    })
}

/// The status that stands for one of HTTP, as in Envoy's `Grpc::Utility::httpToGrpcStatus`; `None`: OK does.
pub(super) fn status_of(http: u32) -> Option<&'static [u8]> {
    match http {
        ..400 => None,
        400 => Some(b"13"),
        403 => Some(b"7"),
        503 => Some(b"14"),
        _ => Some(b"2"),
    }
}
