//! What of a request's headers the filter looks at.

use super::header_names;

/// The headers of a request that decide, and those that an answer repeats.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestHead<'a> {
    /// `:method`.
    pub method: &'a [u8],
    /// `:authority`.
    pub authority: Option<&'a [u8]>,
    /// `:path`.
    pub path: Option<&'a [u8]>,
    /// `Origin`.
    pub origin: Option<&'a [u8]>,
    /// `Access-Control-Request-Method`.
    pub request_method: Option<&'a [u8]>,
    /// `Access-Control-Request-Headers`.
    pub request_headers: Option<&'a [u8]>,
    /// `Access-Control-Request-Private-Network`.
    pub request_private_network: Option<&'a [u8]>,
    /// The `x-request-id` that the proxy gave the request.
    pub request_id: Option<&'a [u8]>,
}

/// Every name that [`RequestHead::read`] looks for.
pub const NAMES: [&str; 8] = [
    ":method",
    ":authority",
    ":path",
    header_names::ORIGIN,
    header_names::REQUEST_METHOD,
    header_names::REQUEST_HEADERS,
    header_names::REQUEST_PRIVATE_NETWORK,
    header_names::REQUEST_ID,
];

impl<'a> RequestHead<'a> {
    /// Picks the headers out of a header map.
    ///
    /// Envoy folds repeated lines of the CORS request headers into one value with commas. On a host that does not, a
    /// second line counts as a comma too: no origin, method or list with one is ever what a single line could have
    /// said, and what looks at the first line only would trust what another reader of the same request does not see.
    pub fn read(headers: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Self {
        let mut head = Self::default();
        for (name, value) in headers {
            let slot = match name {
                b":method" => {
                    head.method = value;
                    continue;
                }
                b":authority" => &mut head.authority,
                b":path" => &mut head.path,
                b"origin" => &mut head.origin,
                b"access-control-request-method" => &mut head.request_method,
                b"access-control-request-headers" => &mut head.request_headers,
                b"access-control-request-private-network" => &mut head.request_private_network,
                b"x-request-id" => &mut head.request_id,
                _ => continue,
            };
            *slot = Some(if slot.is_none() { value } else { UNFOLDED });
        }
        head
    }
}

/// Stands for several lines that the host did not fold: matches no origin and no method, and as a list of requested
/// headers is past every limit.
const UNFOLDED: &[u8] = &[b','; super::requested_headers::MAX_NAMES];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{origin, requested_headers, token};

    fn read<'a>(headers: &[(&'a str, &'a str)]) -> RequestHead<'a> {
        RequestHead::read(
            headers
                .iter()
                .map(|(name, value)| (name.as_bytes(), value.as_bytes())),
        )
    }

    #[test]
    fn every_listed_name_is_read() {
        let headers = NAMES.map(|name| (name, name));
        let head = read(&headers);
        let found = [
            Some(head.method),
            head.authority,
            head.path,
            head.origin,
            head.request_method,
            head.request_headers,
            head.request_private_network,
            head.request_id,
        ];
        assert_eq!(found, NAMES.map(|name| Some(name.as_bytes())));
        assert_eq!(
            read(&[("x-other", "y"), ("originx", "z")]),
            RequestHead::default()
        );
    }

    #[test]
    fn a_second_line_that_the_host_did_not_fold_matches_nothing() {
        let twice = |name| read(&[(name, "GET"), (name, "GET")]);
        assert!(!origin::is_sendable(twice("origin").origin.unwrap()));
        assert!(!token::is_token(
            twice("access-control-request-method").request_method.unwrap()
        ));
        let names = twice("access-control-request-headers").request_headers.unwrap();
        assert_eq!(
            requested_headers::RequestedNames::parse(names),
            Err(requested_headers::Malformed::TooLong)
        );
    }
}
