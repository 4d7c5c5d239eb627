//! What the `*` of an origin pattern lets in besides what was meant.

use super::parts::{Parts, scheme_admits};
use super::shared_domains::is_shared;
use crate::config::reading::strings::{self, split_once};
use crate::config::report::{
    MessagePart::{self, Printable, Value, Words},
    Place, Report,
    code::{self, FindingKind},
};

/// Warns of a valid pattern, other than the lone `*`, that admits origins of strangers, or of browsers' schemes left
/// out.
pub(crate) fn warn(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>, credentials: bool) {
    warn_without_scheme(report, place, parts);
    let Some((before, after)) = split_once(parts.text, b'*') else {
        return;
    };
    let mut star = Star {
        report,
        place,
        parts,
        credentials,
    };
    match parts.scheme {
        Some(scheme) if scheme.contains('*') => {
            if scheme_admits(scheme, "http") {
                star.open_scheme();
            }
        }
        Some(_) => star.in_host(),
        None if begins_web_scheme(before) => {
            if after.is_empty() {
                star.any_host();
            } else {
                if "http://".starts_with(before) {
                    star.open_scheme();
                }
                star.what_follows("", strings::before(after, b':'));
            }
        }
        None => star.in_host(),
    }
}

/// Warns of a pattern that lacks a scheme and whose `*` cannot stand for one.
pub(crate) fn warn_without_scheme(report: &mut Report, place: &Place<'_>, parts: &Parts<'_>) {
    let start = split_once(parts.text, b'*').map(|(start, _)| start);
    if parts.scheme.is_none() && !parts.lacks_colon() && !start.is_some_and(begins_web_scheme) {
        report.add(
            &code::NO_SCHEME,
            place,
            "browsers send an origin with its scheme, so {} matches no website: write https:// before it",
            &[Value(parts.text)],
        );
    }
}

fn begins_web_scheme(start: &str) -> bool {
    "https://".starts_with(start) || "http://".starts_with(start)
}

/// What warnings of a pattern need.
struct Star<'s> {
    report: &'s mut Report,
    place: &'s Place<'s>,
    parts: &'s Parts<'s>,
    credentials: bool,
}

impl Star<'_> {
    /// `message`: with a last `{}` for what is to be said where the bucket sends credentials.
    fn warn(&mut self, code: &'static FindingKind, message: &'static str, parts: &[MessagePart<'_>]) {
        let last = Words(if self.credentials {
            "; the bucket sends credentials, so a stranger's page can act as the user who is signed in"
        } else {
            ""
        });
        let parts: Vec<MessagePart<'_>> = parts.iter().copied().chain([last]).collect();
        self.report.add(code, self.place, message, &parts);
    }

    fn in_host(&mut self) {
        let parts = self.parts;
        let Some((before, after)) = split_once(parts.host, b'*') else {
            // `http://localhost:*` is every port of one host.
            return;
        };
        match (before, after) {
            _ if parts.host.starts_with('[') => {}
            _ if !parts.may_be_web() => self.in_app(before, after),
            ("", "" | ".") => self.any_host(),
            (before, "" | ".") => self.open_end(before, ""),
            (before, after) => self.what_follows(before, after),
        }
    }

    /// An app or an extension has no domain that somebody registers: it is its whole name.
    fn in_app(&mut self, before: &str, after: &str) {
        let code = match (before, after) {
            ("", "") => &code::ANY_HOST,
            (_, "") => &code::OPEN_END,
            _ => &code::OPEN_START,
        };
        let scheme = Words(self.parts.scheme.unwrap_or_default());
        self.warn(
            code,
            "{} admits every {}:// origin whose name {}: name the exact origins{}",
            &[
                Value(self.parts.text),
                scheme,
                Words(match (before, after) {
                    ("", "") => "is any",
                    (_, "") => "begins so",
                    ("", _) => "ends so",
                    _ => "begins and ends so",
                }),
            ],
        );
    }

    /// `before`, `after`: the host around the `*`. `.example.com` admits the names under `example.com`, `example.com`
    /// also admits `evilexample.com`: harmless where nobody else can have a name there.
    fn what_follows(&mut self, before: &str, after: &str) {
        let text = Value(self.parts.text);
        let name = after.strip_suffix('.').unwrap_or(after);
        match split_once(name, b'.') {
            Some(("", parent)) => {
                if is_shared(parent) {
                    self.warn(
                        &code::SHARED_DOMAIN,
                        "anybody can have a name under {}, so {} admits anybody: name the exact origins{}",
                        &[Printable(parent), text],
                    );
                }
            }
            Some((_, parent)) if !is_shared(parent) => {}
            // The digits can be the end of a port, and the `*` the rest of the host.
            None if name.bytes().all(|byte| byte.is_ascii_digit()) => match before {
                "" => self.any_host(),
                _ => self.open_end(before, " (with a port that ends so)"),
            },
            // `localhost` and the like: nobody registers a name that ends so.
            None if !is_shared(name) => {}
            None => self.warn(
                &code::OPEN_START,
                "{} also admits {}evil.{}, which anybody can register: name the exact origins{}",
                &[text, Printable(before), Printable(after)],
            ),
            // The rest is a name of its own, under which nobody else has one.
            _ if before.is_empty()
                && name.starts_with(|first: char| first.is_ascii_alphanumeric())
                && !is_shared(name) =>
            {
                self.two_entries(after);
            }
            _ => self.warn(
                &code::OPEN_START,
                "{} also admits {}evil{}, which anybody can register: name the exact origins{}",
                &[text, Printable(before), Printable(after)],
            ),
        }
    }

    /// `https://*example.com`, which was to be a site and all under it.
    fn two_entries(&mut self, name: &str) {
        let mut entries = String::new();
        for (separator, star) in [("", "*."), (" and ", "")] {
            entries.extend([separator, self.parts.scheme.unwrap_or("https"), "://", star]);
            Printable(name).write(&mut entries);
            if let Some(port) = self.parts.port {
                entries.extend([":", port]);
            }
        }
        self.warn(
            &code::OPEN_START,
            "{} also admits evil{}, which anybody can register: write {} as two entries{}",
            &[Value(self.parts.text), Printable(name), Words(&entries)],
        );
    }

    fn open_end(&mut self, before: &str, port: &str) {
        let before = before.trim_end_matches('.');
        self.warn(
            &code::OPEN_END,
            "{} also admits {}.evil.example{}: a * at the end of a host admits foreign sites, so end it with the name{}",
            &[Value(self.parts.text), Printable(before), Words(port)],
        );
    }

    fn any_host(&mut self) {
        self.warn(
            &code::ANY_HOST,
            "whoever has a website can be {}: name the hosts that are meant{}",
            &[Value(self.parts.text)],
        );
    }

    fn open_scheme(&mut self) {
        self.warn(
            &code::OPEN_SCHEME,
            "the * of {} also stands for http://: write https:// out{}",
            &[Value(self.parts.text)],
        );
    }
}
