//! The ways in which an expression matches.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// More entries than anybody would have listed by hand.
pub(super) const MOST_PATTERNS: usize = 64;

/// The longest pattern; an origin is shorter.
pub(super) const LONGEST: usize = 512;

/// Characters of a class that are written out as one entry each.
pub(super) const FEW: u32 = 8;

/// A set of ASCII characters.
pub(super) type Set = u128;

pub(super) const fn set(of: &[u8]) -> Set {
    let mut set = 0;
    let mut rest = of;
    while let [first, tail @ ..] = rest {
        set |= 1 << *first;
        rest = tail;
    }
    set
}

/// What an origin can hold (`is_sendable`), the `/` of its `://` included.
pub(super) const SENDABLE: Set = {
    let mut set = 0;
    let mut byte = 0x21;
    while byte <= 0x7e {
        if !matches!(byte, b',' | b'@' | b'?' | b'#' | b'\\') {
            set |= 1 << byte;
        }
        byte += 1;
    }
    set
};
pub(super) const SLASH: Set = set(b"/");
pub(super) const COLON: Set = set(b":");
pub(super) const DIGITS: Set = set(b"0123456789");

/// A part of one way to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Character(char),
    /// Characters of a set, this often. `None`: without a limit.
    Characters(Set, u32, Option<u32>),
}

/// One way to match. `true`: letters in either case.
pub(super) type Branch = (Vec<Step>, bool);

/// The characters of a class that can be in an origin.
pub(super) fn characters(class: &Class) -> Set {
    let mut set = 0;
    let mut add = |from: u32, to: u32| {
        for byte in from..=to.min(0x7e) {
            set |= 1_u128 << byte;
        }
    };
    match class {
        Class::Unicode(class) => {
            for range in class.ranges() {
                add(u32::from(range.start()), u32::from(range.end()));
            }
        }
        Class::Bytes(class) => {
            for range in class.ranges() {
                add(u32::from(range.start()), u32::from(range.end()));
            }
        }
    }
    set & SENDABLE
}

pub(super) const MANY: &str = "it stands for too many origins to write out: list those that are meant";

/// Every way in which it can match.
pub(super) fn branches(hir: &Hir) -> Result<Vec<Branch>, String> {
    match hir.kind() {
        HirKind::Empty => Ok(vec![(Vec::new(), false)]),
        HirKind::Literal(literal) => {
            let text =
                std::str::from_utf8(&literal.0).map_err(|_| "it holds bytes that are no text".to_owned())?;
            Ok(vec![(text.chars().map(Step::Character).collect(), false)])
        }
        HirKind::Class(class) => Ok(of_class(characters(class))),
        HirKind::Look(look) => match look {
            // `ends` sees to it that nothing stands before the one and behind the other.
            Look::Start | Look::StartLF | Look::StartCRLF => Ok(vec![(vec![Step::Character(START)], false)]),
            Look::End | Look::EndLF | Look::EndCRLF => Ok(vec![(vec![Step::Character(END)], false)]),
            _ => Err("it asks for the border of a word: write its origins out".to_owned()),
        },
        HirKind::Capture(capture) => branches(&capture.sub),
        HirKind::Concat(parts) => parts.iter().try_fold(vec![(Vec::new(), false)], |before, part| {
            joined(&before, &branches(part)?)
        }),
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.extend(branches(part)?);
                within_bounds(&all)?;
            }
            Ok(all)
        }
        HirKind::Repetition(repetition) => repeated(repetition),
    }
}

/// Private characters, which no configuration file means: the ends of the text.
pub(super) const START: char = '\u{f0000}';
pub(super) const END: char = '\u{f0001}';

fn of_class(set: Set) -> Vec<Branch> {
    let members = (0x21..=0x7e_u8).filter(|&byte| set & (1 << byte) != 0);
    let members: Vec<char> = members.map(char::from).collect();
    match members.as_slice() {
        // A letter of an expression without regard to case.
        [upper, lower] if *upper != *lower && upper.to_ascii_lowercase() == *lower => {
            vec![(vec![Step::Character(*lower)], true)]
        }
        few if set.count_ones() <= FEW => few
            .iter()
            .map(|&member| (vec![Step::Character(member)], false))
            .collect(),
        _ => vec![(vec![Step::Characters(set, 1, Some(1))], false)],
    }
}

fn repeated(repetition: &Repetition) -> Result<Vec<Branch>, String> {
    let Repetition { min, max, sub, .. } = repetition;
    let class = match sub.kind() {
        HirKind::Class(class) => Some(class),
        HirKind::Capture(capture) => match capture.sub.kind() {
            HirKind::Class(class) => Some(class),
            _ => None,
        },
        _ => None,
    };
    if let Some(class) = class
        && (max.is_none() || characters(class).count_ones() > FEW || characters(class) == DIGITS)
    {
        return Ok(vec![(
            vec![Step::Characters(characters(class), *min, *max)],
            false,
        )]);
    }
    let Some(max) = *max else {
        return Err(
            "it repeats a part without an end, which a single * cannot say: write its origins out".to_owned(),
        );
    };
    let once = branches(sub)?;
    let mut all = Vec::new();
    let mut times = vec![(Vec::new(), false)];
    for count in 0..=max {
        if count >= *min {
            all.extend(times.iter().cloned());
        }
        within_bounds(&all)?;
        if count < max {
            times = joined(&times, &once)?;
        }
        // No origin matches the part.
        if times.is_empty() {
            break;
        }
    }
    Ok(all)
}

fn joined(before: &[Branch], after: &[Branch]) -> Result<Vec<Branch>, String> {
    if before.len().saturating_mul(after.len()) > MOST_PATTERNS {
        return Err(MANY.to_owned());
    }
    let mut all = Vec::new();
    for (head, any_case) in before {
        for (tail, tail_any_case) in after {
            let items = head.iter().chain(tail).cloned().collect();
            all.push((items, *any_case || *tail_any_case));
        }
    }
    within_bounds(&all)?;
    Ok(all)
}

fn within_bounds(branches: &[Branch]) -> Result<(), String> {
    let fits = branches.len() <= MOST_PATTERNS && branches.iter().all(|(items, _)| items.len() <= LONGEST);
    if fits { Ok(()) } else { Err(MANY.to_owned()) }
}
