//! An explanation as people read it.

use std::io::{self, Write};

use anstyle::Style;

use super::explanation::{BrowserVerdict, Exchange, Explanation, RequestKind};
use super::served::By;
use super::tried::{RulesTried, Tried};
use crate::terminal::{BAD, DOUBTFUL, GOOD, LEAD, styled};

/// First what it comes to, why, and what to do; then all of it.
pub(super) fn write(it: &Explanation, out: &mut impl Write) -> io::Result<()> {
    write_end(it, out)?;
    writeln!(out)?;
    match &it.owner.bucket {
        Some(bucket) => {
            let mode = if it.owner.is_shadow {
                ", in shadow mode: the edge changes nothing"
            } else {
                ""
            };
            let profile = it.owner.profile.unwrap_or_default();
            writeln!(out, "bucket: {bucket}, {}, profile {profile}{mode}", it.owner.how)?;
        }
        None => writeln!(out, "bucket: {}", it.owner.how)?,
    }
    for exchange in &it.exchanges {
        writeln!(out)?;
        write_exchange(it, exchange, out)?;
    }
    if !it.warnings.is_empty() {
        writeln!(out, "\nwarnings about these rules:")?;
    }
    for warning in &it.warnings {
        writeln!(out, "  {}", printable(&warning.to_string()))?;
    }
    Ok(())
}

/// What it comes to.
pub(super) fn write_end(it: &Explanation, out: &mut impl Write) -> io::Result<()> {
    write_line(it, out)?;
    let check = match &it.verdict {
        BrowserVerdict::Refused(refusal) => format!(" [{}]", refusal.check),
        _ => String::new(),
    };
    let cause = styled(LEAD, "cause:");
    writeln!(out, "{cause} {}{check}", printable(&it.advice.cause))?;
    if let Some(way_out) = &it.advice.way_out {
        writeln!(out, "{} {}", styled(LEAD, "way out:"), printable(way_out))?;
    }
    for note in &it.advice.notes {
        writeln!(out, "{} {}", styled(LEAD, "note:"), printable(note))?;
    }
    Ok(())
}

/// A line of a recording.
pub(super) fn write_line(it: &Explanation, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}: {}", styled(style(it), word(it)), printable(&title(it)))
}

/// The verdict, in a word.
fn word(it: &Explanation) -> &'static str {
    match it.verdict {
        _ if it.is_refused() => "refused",
        BrowserVerdict::Allowed | BrowserVerdict::NotCors { .. } => "allowed",
        BrowserVerdict::Refused(_) => "refused",
        BrowserVerdict::Unknown { .. } => "not known",
    }
}

fn style(it: &Explanation) -> Style {
    match it.verdict {
        _ if it.is_refused() => BAD,
        BrowserVerdict::Allowed | BrowserVerdict::NotCors { .. } => GOOD,
        BrowserVerdict::Refused(_) => BAD,
        BrowserVerdict::Unknown { .. } => DOUBTFUL,
    }
}

/// What is asked, in a line.
fn title(it: &Explanation) -> String {
    let from = match &it.origin {
        Some(origin) if origin == "null" => ", from a page without an origin of its own (null)".to_owned(),
        Some(origin) => format!(", from a page of {origin}"),
        None => String::new(),
    };
    let credentials = if it.credentials { ", with credentials" } else { "" };
    format!("{} {}{from}{credentials}", it.method, it.url)
}

fn write_exchange(it: &Explanation, exchange: &Exchange, out: &mut impl Write) -> io::Result<()> {
    match exchange.kind {
        RequestKind::Preflight if it.preflight_because.is_empty() => writeln!(out, "preflight:")?,
        RequestKind::Preflight => writeln!(out, "preflight, since {}:", it.preflight_because.join(" and "))?,
        RequestKind::Request if it.is_refused() && it.exchanges.len() > 1 => {
            writeln!(out, "request, which would get this if it were sent:")?;
        }
        RequestKind::Request if it.exchanges.len() > 1 => writeln!(out, "request:")?,
        RequestKind::Request if it.origin.is_none() => writeln!(out, "request:")?,
        RequestKind::Request => writeln!(out, "request, without a preflight:")?,
    }
    for (name, value) in &exchange.asked {
        writeln!(out, "  > {name}: {}", printable(value))?;
    }
    if let Some(decision) = &exchange.decision {
        write_rules(decision, out)?;
    }
    write_answer(exchange, out)?;
    let said = match (&exchange.verdict, &exchange.kept) {
        (BrowserVerdict::Refused(refusal), _) => format!("refused: {}", refusal.message),
        (BrowserVerdict::Unknown { message } | BrowserVerdict::NotCors { message }, _) => message.clone(),
        (BrowserVerdict::Allowed, Some(kept)) if kept.firefox == 0 => "passes, and is not kept".to_owned(),
        (BrowserVerdict::Allowed, Some(kept)) => format!(
            "passes, and is kept for {} s in Chromium, {} s in Firefox, {} s in WebKit",
            kept.chromium, kept.firefox, kept.webkit
        ),
        (BrowserVerdict::Allowed, None) if exchange.readable.is_empty() => "passes".to_owned(),
        (BrowserVerdict::Allowed, None) => {
            format!("passes; scripts may read {}", exchange.readable.join(", "))
        }
    };
    writeln!(out, "  browser: {}", printable(&said))
}

fn write_rules(decision: &RulesTried, out: &mut impl Write) -> io::Result<()> {
    if decision.rules.is_empty() {
        return writeln!(out, "  rules: none");
    }
    for rule in decision.rules.iter().filter(|rule| is_of_the_rule(rule)) {
        let id = rule
            .id
            .as_ref()
            .map(|id| format!(" {}", printable(&format!("{id:?}"))));
        write!(out, "  rule {}{}: ", rule.index, id.unwrap_or_default())?;
        writeln!(out, "{}", printable(&outcome(rule, decision.rule)))?;
    }
    match decision.reason {
        None => Ok(()),
        Some("no-origin") => writeln!(out, "  no rule is tried: the request has no Origin"),
        Some("origin") => writeln!(out, "  no rule lists the origin"),
        Some("method") => writeln!(out, "  no rule that lists the origin lists the method"),
        Some("header") => writeln!(
            out,
            "  no rule that lists origin and method lists every requested header"
        ),
        Some("no-request-method") => writeln!(
            out,
            "  no rule is tried: there is no Access-Control-Request-Method"
        ),
        Some("malformed-origin") => {
            writeln!(out, "  no rule is tried: the Origin is none that a browser sends")
        }
        Some("malformed-header") => {
            writeln!(
                out,
                "  no rule is tried: a requested header name is none, or there are too many"
            )
        }
        Some(other) => writeln!(out, "  no rule applies: {other}"),
    }
}

/// Whether the rule decides; where the request can match none, each rule would say the same.
fn is_of_the_rule(rule: &Tried) -> bool {
    matches!(rule.fails, None | Some("origin" | "method" | "header"))
}

fn outcome(rule: &Tried, matched: Option<usize>) -> String {
    let Some(fails) = rule.fails else {
        return match matched {
            Some(first) if first != rule.index => format!("would match, but rule {first} comes first"),
            _ => "matches".to_owned(),
        };
    };
    let value = rule.values.join(", ");
    let s = if rule.values.len() > 1 { "s" } else { "" };
    let lists = match rule.lists.as_slice() {
        [] => "the rule lists none".to_owned(),
        lists => {
            let shown: Vec<&str> = lists.iter().take(5).map(String::as_str).collect();
            let more = if lists.len() > 5 { ", …" } else { "" };
            format!("the rule lists {}{more}", shown.join(", "))
        }
    };
    format!("fails by {fails}{s}: {value}; {lists}")
}

fn write_answer(exchange: &Exchange, out: &mut impl Write) -> io::Result<()> {
    match (exchange.by, exchange.status) {
        (By::Edge, Some(status)) => writeln!(out, "  the edge answers: {status}")?,
        (By::StoreAlone, _) => {
            writeln!(
                out,
                "  the store answers, and the edge leaves its CORS headers as they are"
            )?;
        }
        _ => writeln!(out, "  the store answers, and the edge changes its headers:")?,
    }
    for name in &exchange.removed {
        writeln!(out, "  - {}", printable(name))?;
    }
    let sign = if exchange.by == By::Edge { "<" } else { "+" };
    for (name, value) in &exchange.set {
        writeln!(out, "  {sign} {name}: {}", printable(value))?;
    }
    for line in exchange.body.lines() {
        writeln!(out, "  < {}", printable(line))?;
    }
    if exchange.by == By::Store && exchange.set.is_empty() && exchange.removed.is_empty() {
        writeln!(out, "    (nothing to change)")?;
    }
    Ok(())
}

/// Without what would command a terminal, or turn the line around: headers of a recording are anybody's.
pub(super) fn printable(text: &str) -> String {
    let turns = |character| matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars()
        .map(|character| {
            if character.is_control() || turns(character) {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}
