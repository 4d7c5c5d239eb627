//! Merging into a response's `Vary` (RFC 9110 section 12.5.5).

use super::list::trim;

fn members(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(|&byte| byte == b',')
        .map(trim)
        .filter(|member| !member.is_empty())
}

/// Writes to `out` the value that `Vary` must have so that it names `wanted` (a list, `, ` between names) beside what it
/// names already, and returns whether that differs from what is there.
///
/// `lines` are the values of the `Vary` lines of the response. What they say is kept as it stands, no name is added twice
/// in any case, and `*`, which covers every header, is left alone.
pub fn merge<'a>(lines: impl Iterator<Item = &'a [u8]> + Clone, wanted: &[u8], out: &mut Vec<u8>) -> bool {
    out.clear();
    let present = |name: &[u8]| {
        lines
            .clone()
            .flat_map(members)
            .any(|member| member == b"*" || member.eq_ignore_ascii_case(name))
    };
    if members(wanted).all(present) {
        return false;
    }
    for member in lines.clone().map(trim).filter(|line| !line.is_empty()) {
        append(out, member);
    }
    for name in members(wanted).filter(|name| !present(name)) {
        append(out, name);
    }
    true
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
        merge(
            lines.iter().map(|line| line.as_bytes()),
            wanted.as_bytes(),
            &mut out,
        )
        .then(|| String::from_utf8(out).unwrap())
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
