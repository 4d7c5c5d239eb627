//! Whether an expression matches the text `*`, which Envoy's filter asks a matcher for before it asks for the origin:
//! one that does lets every origin in.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::parsed::parsed;

/// What a part can take of the text `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct StarMatch {
    /// Nothing, before the star.
    before: bool,
    /// The star.
    star: bool,
    /// Nothing, behind the star.
    behind: bool,
}

const NOTHING: StarMatch = StarMatch {
    before: true,
    star: false,
    behind: true,
};
const NEVER: StarMatch = StarMatch {
    before: false,
    star: false,
    behind: false,
};

impl StarMatch {
    fn then(self, next: Self) -> Self {
        Self {
            before: self.before && next.before,
            star: self.before && next.star || self.star && next.behind,
            behind: self.behind && next.behind,
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            before: self.before || other.before,
            star: self.star || other.star,
            behind: self.behind || other.behind,
        }
    }

    /// Twice is as good as any number of times above: one of them takes the star, and all others nothing.
    fn repeated(self, least: u32, most: Option<u32>) -> Self {
        let needed = match least {
            0 => NOTHING,
            1 => self,
            _ => self.then(self),
        };
        if most == Some(least) {
            needed
        } else {
            needed.then(NOTHING.or(self))
        }
    }
}

/// Whether the expression matches the text `*`. What cannot be read does not.
pub(crate) fn matches_star(expression: &str) -> bool {
    parsed(expression).is_ok_and(|hir| part(&hir).star)
}

fn part(hir: &Hir) -> StarMatch {
    match hir.kind() {
        HirKind::Empty => NOTHING,
        HirKind::Literal(literal) => takes(*literal.0 == *b"*"),
        HirKind::Class(Class::Unicode(class)) => {
            let mut ranges = class.ranges().iter();
            takes(ranges.any(|range| (range.start()..=range.end()).contains(&'*')))
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut ranges = class.ranges().iter();
            takes(ranges.any(|range| (range.start()..=range.end()).contains(&b'*')))
        }
        HirKind::Look(look) => looks(*look),
        HirKind::Repetition(Repetition { min, max, sub, .. }) => part(sub).repeated(*min, *max),
        HirKind::Capture(capture) => part(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(part).fold(NOTHING, StarMatch::then),
        HirKind::Alternation(parts) => parts.iter().map(part).fold(NEVER, StarMatch::or),
    }
}

fn takes(star: bool) -> StarMatch {
    StarMatch { star, ..NEVER }
}

/// The text has its start before the star, its end behind it, and no word.
fn looks(look: Look) -> StarMatch {
    let (before, behind) = match look {
        Look::Start | Look::StartLF | Look::StartCRLF => (true, false),
        Look::End | Look::EndLF | Look::EndCRLF => (false, true),
        Look::WordAsciiNegate | Look::WordUnicodeNegate => (true, true),
        _ => (false, false),
    };
    StarMatch {
        before,
        behind,
        star: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_matcher_that_matches_a_star_is_found() {
        for (expression, matches) in [
            (".*", true),
            (".+", true),
            ("[^.]+", true),
            (r"(\*|https://a)", true),
            ("^.$", true),
            ("^^.*$$", true),
            ("(^|x).*", true),
            (".*^.*$.*", true),
            ("(^.)?", true),
            ("((.|x)$)+", true),
            (r"\B.\B", true),
            ("(.?){2}", true),
            (".{2,}", false),
            (".{2}", false),
            (r"https://.*", false),
            (r".*\.example", false),
            ("$.*", false),
            (".*b?.^$", false),
            (".*^.$^", false),
            ("(.$^)*", false),
            ("(.^)+", false),
            ("(^.$){2}", false),
            (r"\b.", false),
            ("x{0}", false),
            ("", false),
            ("(", false),
            ("[*&&[^*]]", false),
        ] {
            assert_eq!(matches_star(expression), matches, "{expression}");
        }
    }
}
