//! What the `*` of an origin pattern lets in besides what was meant.

use super::code;
use super::message::Part::{Printable, Value, Words};
use super::origin::Parts;
use super::place::Place;
use super::report::Report;
use super::shared_domains::is_shared;

/// Warns of a valid pattern, other than the lone `*`, that admits origins of strangers, or of browsers' schemes left out.
pub(super) fn warn(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) {
    let Some((before, after)) = parts.text.split_once('*') else {
        if parts.scheme.is_none() {
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
                what_follows(
                    report,
                    place,
                    parts.text,
                    after.split(':').next().unwrap_or(after),
                );
            }
        }
        None => {
            no_scheme(report, place, parts.text);
            star_in_host(report, place, parts);
        }
    }
}

fn star_in_host(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) {
    match parts.host.split_once('*') {
        // `http://localhost:*` is every port of one host.
        None => {}
        Some(("", "")) => any_host(report, place, parts.text),
        Some((before, "")) => report.add(
            &code::OPEN_END,
            place,
            &[
                Value(parts.text),
                Words(" also admits "),
                Printable(before.trim_end_matches('.')),
                Words(
                    ".evil.example: a * at the end of a host admits foreign sites, so end it with the name",
                ),
            ],
        ),
        Some((_, after)) if !after.starts_with(']') => what_follows(report, place, parts.text, after),
        Some(_) => {}
    }
}

/// `after`: the end of the host, behind the `*`. `.example.com` admits the names under `example.com`, `example.com` also
/// admits `evilexample.com`: harmless where nobody else can have a name there.
fn what_follows(report: &mut Report, place: &Place<'_>, text: &str, after: &str) {
    let after = after.strip_suffix('.').unwrap_or(after);
    match after.split_once('.') {
        Some(("", parent)) => {
            if is_shared(parent) {
                report.add(
                    &code::SHARED_DOMAIN,
                    place,
                    &[
                        Words("anybody can have a name under "),
                        Printable(parent),
                        Words(", so "),
                        Value(text),
                        Words(" admits anybody"),
                    ],
                );
            }
        }
        Some((_, parent)) if !is_shared(parent) => {}
        _ => report.add(
            &code::OPEN_START,
            place,
            &[
                Value(text),
                Words(" also admits evil"),
                Printable(after),
                Words(", which anybody can register: write *."),
                Printable(after),
                Words(" and "),
                Printable(after),
                Words(" as two entries"),
            ],
        ),
    }
}

fn any_host(report: &mut Report, place: &Place<'_>, text: &str) {
    let way_out = " admits every site there is: if that is meant, write *; if not, name the hosts";
    report.add(&code::ANY_HOST, place, &[Value(text), Words(way_out)]);
}

fn open_scheme(report: &mut Report, place: &Place<'_>, text: &str) {
    let way_out = Words(" also stands for http:// and any other scheme: write https:// out");
    report.add(
        &code::OPEN_SCHEME,
        place,
        &[Words("the * of "), Value(text), way_out],
    );
}

fn no_scheme(report: &mut Report, place: &Place<'_>, text: &str) {
    let before = Words("browsers send an origin with its scheme, so ");
    let way_out = Words(" matches none: write https:// before it");
    report.add(&code::NO_SCHEME, place, &[before, Value(text), way_out]);
}
