//! What the `*` of an origin pattern lets in besides what was meant.

use super::code;
use super::message::Part::{Printable, Value, Words};
use super::origin::Parts;
use super::place::Place;
use super::report::Report;
use super::shared_domains::is_shared;
use super::text::{self, split_once};

/// Warns of a valid pattern, other than the lone `*`, that admits origins of strangers, or of browsers' schemes left out.
pub(super) fn warn(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) {
    let Some((before, after)) = split_once(parts.text, b'*') else {
        if parts.scheme.is_none() && !parts.lacks_colon() {
            no_scheme(report, place, parts.text);
        }
        return;
    };
    // Where a path makes the pattern match nothing, that is what there is to say.
    if !parts.path.is_empty() {
        return;
    }
    match parts.scheme {
        Some(scheme) if scheme.contains('*') => open_scheme(report, place, parts.text),
        Some(_) => star_in_host(report, place, parts),
        None if ["https://", "http://"]
            .iter()
            .any(|scheme| scheme.starts_with(before)) =>
        {
            if after.is_empty() {
                any_host(report, place, parts.text);
            } else {
                open_scheme(report, place, parts.text);
                let after = text::before(after, b':');
                what_follows(report, place, parts, "", after);
            }
        }
        None => {
            no_scheme(report, place, parts.text);
            star_in_host(report, place, parts);
        }
    }
}

fn star_in_host(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) {
    match split_once(parts.host, b'*') {
        // `http://localhost:*` is every port of one host.
        None => {}
        Some(("", "" | ".")) => any_host(report, place, parts.text),
        Some((before, "" | ".")) => report.add(
            &code::OPEN_END,
            place,
            "{} also admits {}.evil.example: a * at the end of a host admits foreign sites, so end it \
             with the name",
            &[Value(parts.text), Printable(before.trim_end_matches('.'))],
        ),
        Some((before, after)) if !after.starts_with(']') => what_follows(report, place, parts, before, after),
        Some(_) => {}
    }
}

/// `before`, `after`: the host around the `*`. `.example.com` admits the names under `example.com`, `example.com` also
/// admits `evilexample.com`: harmless where nobody else can have a name there.
fn what_follows(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>, before: &str, after: &str) {
    let text = parts.text;
    let name = after.strip_suffix('.').unwrap_or(after);
    match split_once(name, b'.') {
        Some(("", parent)) => {
            if is_shared(parent) {
                report.add(
                    &code::SHARED_DOMAIN,
                    place,
                    "anybody can have a name under {}, so {} admits anybody: name the exact origins",
                    &[Printable(parent), Value(text)],
                );
            }
        }
        Some((_, parent)) if !is_shared(parent) => {}
        None if name.is_empty() => any_host(report, place, text),
        // The rest is a name of its own, under which nobody else has one.
        _ if before.is_empty()
            && name.starts_with(|first: char| first.is_ascii_alphanumeric())
            && !is_shared(name) =>
        {
            let scheme = Words(parts.scheme.unwrap_or("https"));
            let port = parts.port.unwrap_or_default();
            let colon = Words(if port.is_empty() { "" } else { ":" });
            let (after, port) = (Printable(after), Words(port));
            report.add(
                &code::OPEN_START,
                place,
                "{} also admits evil{}, which anybody can register: write {}://*.{}{}{} and {}://{}{}{} as two entries",
                &[
                    Value(text),
                    after,
                    scheme,
                    after,
                    colon,
                    port,
                    scheme,
                    after,
                    colon,
                    port,
                ],
            );
        }
        _ => report.add(
            &code::OPEN_START,
            place,
            "{} also admits {}evil{}, which anybody can register: name the exact origins",
            &[Value(text), Printable(before), Printable(after)],
        ),
    }
}

fn any_host(report: &mut Report, place: &Place<'_>, text: &str) {
    report.add(
        &code::ANY_HOST,
        place,
        "{} admits every site there is: if that is meant, write *; if not, name the hosts",
        &[Value(text)],
    );
}

fn open_scheme(report: &mut Report, place: &Place<'_>, text: &str) {
    report.add(
        &code::OPEN_SCHEME,
        place,
        "the * of {} also stands for http:// and any other scheme: write https:// out",
        &[Value(text)],
    );
}

fn no_scheme(report: &mut Report, place: &Place<'_>, text: &str) {
    report.add(
        &code::NO_SCHEME,
        place,
        "browsers send an origin with its scheme, so {} matches none: write https:// before it",
        &[Value(text)],
    );
}
