//! `Vary`: what it names, when, and how it is merged into what a response has (RFC 9110 section 12.5.5).
//!
//! A shared cache hands a stored response to whoever sends the same values of the headers that `Vary` names. So it
//! names all that the edge's part of a response depends on, whether a rule matched or not, on errors and on requests
//! without `Origin` too (Fetch, "CORS protocol and HTTP caches").

use crate::http::header_names;
use crate::http::requested_headers::trim;
use crate::profile::Profile;

/// What depends on the request's origin alone.
pub const ORIGIN: &str = "Origin";

/// What every response of a bucket names; `None`: nothing. `response_vary` is OSS's `ResponseVary`, `None` where the
/// document does not say. A lone `*` makes no difference: the header is there for a
/// request with an `Origin` and not for one without.
pub fn of_bucket(profile: &Profile, response_vary: Option<bool>, has_rules: bool) -> Option<&'static str> {
    let varies = response_vary
        .filter(|_| profile.obeys_response_vary)
        .unwrap_or(has_rules);
    varies.then_some(profile.vary)
}

/// What the edge has to add of these names: a route that prepares responses has added `Origin`.
pub fn to_add(names: Option<&'static str>, route_prepares: bool) -> Option<&'static str> {
    names.filter(|names| !route_prepares || *names != ORIGIN)
}

/// The value that `Vary` must have so that it names `wanted` (a list, `, ` between names) beside what the response
/// names already; `None`: it has that value.
///
/// What the lines of the response say is kept as it stands, no name is added twice in any case, and `*`, which covers
/// every header, is left alone.
pub fn merge<'s, 'o>(
    sent: impl Iterator<Item = (&'s [u8], &'s [u8])> + Clone,
    wanted: &str,
    out: &'o mut Vec<u8>,
) -> Option<&'o [u8]> {
    out.clear();
    let lines = sent
        .filter(|(name, _)| name.eq_ignore_ascii_case(header_names::VARY.as_bytes()))
        .map(|(_, value)| value);
    let is_named = |name: &[u8]| {
        lines
            .clone()
            .flat_map(members)
            .any(|member| member == b"*" || member.eq_ignore_ascii_case(name))
    };
    if members(wanted.as_bytes()).all(is_named) {
        return None;
    }
    for line in lines.clone().map(trim).filter(|line| !line.is_empty()) {
        append(out, line);
    }
    for name in members(wanted.as_bytes()).filter(|name| !is_named(name)) {
        append(out, name);
    }
    Some(out)
}

fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&byte| byte == b',')
        .map(trim)
        .filter(|member| !member.is_empty())
}

fn append(out: &mut Vec<u8>, member: &[u8]) {
    if !out.is_empty() {
        out.extend_from_slice(b", ");
    }
    out.extend_from_slice(member);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(lines: &[&str], wanted: &str) -> Option<String> {
        let mut out = b"stale".to_vec();
        let lines = lines.iter().map(|line| (&b"vary"[..], line.as_bytes()));
        let other = [(&b"server"[..], &b"Origin"[..])];
        merge(lines.chain(other), wanted, &mut out).map(|merged| String::from_utf8(merged.to_vec()).unwrap())
    }

    #[test]
    fn what_the_store_varies_on_is_kept() {
        assert_eq!(merged(&[], "Origin").unwrap(), "Origin");
        assert_eq!(
            merged(&["Accept-Encoding"], "Origin").unwrap(),
            "Accept-Encoding, Origin"
        );
        assert_eq!(
            merged(&["Accept-Encoding", "Accept"], "Origin").unwrap(),
            "Accept-Encoding, Accept, Origin"
        );
        assert_eq!(merged(&["", " "], "Origin").unwrap(), "Origin");
    }

    #[test]
    fn a_name_is_not_added_twice() {
        assert_eq!(merged(&["origin"], "Origin"), None);
        assert_eq!(merged(&["Accept , ORIGIN"], "Origin"), None);
        assert_eq!(merged(&["a,origin"], "Origin, X-B").unwrap(), "a,origin, X-B");
    }

    #[test]
    fn a_part_of_a_name_is_not_the_name() {
        assert_eq!(merged(&["X-Origin-Id"], "Origin").unwrap(), "X-Origin-Id, Origin");
    }

    #[test]
    fn the_star_is_left_alone() {
        assert_eq!(merged(&["*"], "Origin"), None);
        assert_eq!(merged(&["Accept", "*"], "Origin"), None);
    }
}
