//! Rules that take requests from each other. The first rule that matches answers, so an overlap is where the order of
//! the rules, which no picture of them shows, decides: OSS tells users to avoid it.

use crate::config::model::Rule;
use crate::config::origin::split_scheme;
use crate::config::reading::strings::split_once;
use crate::config::report::{MessagePart::Pointer, Place, Report, code};
use crate::wildcard::Pattern;

/// How many pairs of patterns are compared in a document, so that the check takes some milliseconds at most. Ten
/// thousand buckets of three rules with three origins need a tenth of it; one bucket of a hundred rules with a thousand
/// origins each would need a thousand times as many.
const MOST_COMPARISONS: usize = 3_000_000;

/// What is left of the comparisons, and how many buckets came too late.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    pub(crate) unchecked: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            left: MOST_COMPARISONS,
            unchecked: 0,
        }
    }
}

struct Exhausted;

impl Budget {
    fn compare(&mut self) -> Result<(), Exhausted> {
        self.left = self.left.checked_sub(1).ok_or(Exhausted)?;
        Ok(())
    }
}

/// Warns once of each rule that earlier rules shadow or overlap.
pub(crate) fn warn(report: &mut Report, place: &Place<'_>, rules: &[Rule<'_>], budget: &mut Budget) {
    for (index, rule) in rules.iter().enumerate().skip(1) {
        let earlier = rules.get(..index).unwrap_or_default();
        match check(rule, earlier, budget) {
            Ok(Overlap::Nothing) => {}
            Ok(Overlap::Shadowed(first)) => report.add(
                &code::SHADOWED_RULE,
                &Place::Index(place, index),
                "earlier rules, from {} on, match all that this one could: it never answers, so move it \
                 up or take it out",
                &[Pointer(&Place::Index(place, first))],
            ),
            Ok(Overlap::Partial(first)) => report.add(
                &code::OVERLAPPING_RULES,
                &Place::Index(place, index),
                "some requests match {} as well, which answers them: order the rules by intent, or \
                 narrow one",
                &[Pointer(&Place::Index(place, first))],
            ),
            Err(Exhausted) => {
                budget.unchecked = budget.unchecked.saturating_add(1);
                return;
            }
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Overlap {
    Nothing,
    /// Whatever matches the rule matches an earlier one; with the first of those.
    Shadowed(usize),
    /// Something matches the rule and the earlier one of this index.
    Partial(usize),
}

/// A set of earlier rules; there are at most [`crate::profile::MAX_RULES`].
type Mask = u128;

fn check(rule: &Rule<'_>, earlier: &[Rule<'_>], budget: &mut Budget) -> Result<Overlap, Exhausted> {
    // A request without requested headers passes both rules' AllowedHeader, so origins and methods decide on overlap.
    let mut sharing: Mask = 0;
    for (index, other) in earlier.iter().enumerate() {
        if rule
            .allowed_methods
            .iter()
            .any(|method| other.allowed_methods.contains(method))
        {
            sharing |= bit(index);
        }
    }
    if sharing == 0 {
        return Ok(Overlap::Nothing);
    }
    let mut overlap = None;
    let mut shadowed_by = None;
    let mut shadowed = true;
    // Which let through every header that `rule` does, of those of which that had to be known.
    let (mut covering, mut compared): (Mask, Mask) = (0, 0);
    for origin in &rule.allowed_origins {
        let mut covers: Mask = 0;
        for (index, other) in earlier.iter().enumerate() {
            if sharing & bit(index) == 0 {
                continue;
            }
            // Once an overlap and a gap are known, only an earlier overlap could be news.
            if !shadowed && overlap.is_some_and(|first| first <= index) {
                break;
            }
            for pattern in &other.allowed_origins {
                budget.compare()?;
                if pattern.covers(origin) {
                    if compared & bit(index) == 0 {
                        compared |= bit(index);
                        if covers_headers(other, rule, budget)? {
                            covering |= bit(index);
                        }
                    }
                    covers |= bit(index);
                    overlap = Some(overlap.map_or(index, |first: usize| first.min(index)));
                    break;
                }
                if pattern.intersects(origin) && can_share_an_origin(pattern, origin) {
                    overlap = Some(overlap.map_or(index, |first: usize| first.min(index)));
                }
            }
        }
        // A request has one origin and one method, so each pair of them may have its own earlier rule.
        let all_methods = rule.allowed_methods.iter().all(|method| {
            let first = earlier.iter().enumerate().position(|(index, other)| {
                covers & covering & bit(index) != 0 && other.allowed_methods.contains(method)
            });
            if let Some(first) = first {
                shadowed_by = Some(shadowed_by.map_or(first, |known: usize| known.min(first)));
            }
            first.is_some()
        });
        shadowed &= all_methods;
    }
    Ok(match (shadowed, shadowed_by, overlap) {
        (true, Some(first), _) => Overlap::Shadowed(first),
        (_, _, Some(first)) => Overlap::Partial(first),
        _ => Overlap::Nothing,
    })
}

/// Whether what two patterns share can be an origin: `https://*.b.com` and `https://a.b.com:*` share strings, but all
/// with something other than a number behind the colon of the port.
fn can_share_an_origin(one: &Pattern<'_>, other: &Pattern<'_>) -> bool {
    fn longer<'t>(one: &'t str, other: &'t str) -> &'t str {
        if one.len() > other.len() { one } else { other }
    }
    let (Some((before, after)), Some((other_before, other_after))) = (one.parts(), other.parts()) else {
        return true;
    };
    // Each is the end of the other: what is shared begins and ends with the longer ones.
    let (start, end) = (longer(before, other_before), longer(after, other_after));
    let Some((_, start)) = split_scheme(start).filter(|(_, start)| !start.starts_with('[')) else {
        return true;
    };
    let Some((host, _)) = split_once(start, b':') else {
        return true;
    };
    // What follows a port's colon is a number, unless the two meet at that colon.
    end.bytes().all(|byte| byte.is_ascii_digit())
        || split_once(end, b':').is_some_and(|(end, _)| host.ends_with(end))
}

fn bit(index: usize) -> Mask {
    u32::try_from(index)
        .ok()
        .and_then(|index| Mask::checked_shl(1, index))
        .unwrap_or(0)
}

/// Whether each header that `rule` lets through passes `other` too.
fn covers_headers(other: &Rule<'_>, rule: &Rule<'_>, budget: &mut Budget) -> Result<bool, Exhausted> {
    if other.allowed_headers.iter().any(Pattern::is_any) {
        return Ok(true);
    }
    for header in &rule.allowed_headers {
        let mut covered = false;
        for pattern in &other.allowed_headers {
            budget.compare()?;
            if pattern.covers_ignoring_case(header) {
                covered = true;
                break;
            }
        }
        if !covered {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
#[path = "overlap_tests.rs"]
mod tests;
