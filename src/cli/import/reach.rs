//! Where in a host's paths something can be.

/// What a request's path says to routes and to the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot<'n> {
    /// `/`.
    Root,
    /// A first segment that no route names.
    Unnamed,
    /// A first segment alone.
    Segment(&'n str),
    /// A first segment with something below it, if only a slash.
    Below(&'n str),
}

/// Where paths may be. What is not known counts as everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    pub(super) start: String,
    pub(super) extent: Extent,
    pub(super) ignores_case: bool,
    /// How long the path is, for proxies that take the longest first.
    pub(super) length: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Extent {
    /// The path begins so.
    #[default]
    Begun,
    /// The first segment is this one.
    Whole,
    /// The first segment is this one, and something stands below it.
    Below,
    /// The path is this segment alone, or `/`.
    Alone,
}

impl Reach {
    pub(crate) fn of_prefix(prefix: &str) -> Self {
        let path = prefix.strip_prefix('/').unwrap_or_default();
        let (start, extent) = match path.split_once('/') {
            Some((name, _)) => (name, Extent::Below),
            None => (path, Extent::Begun),
        };
        if is_plain(start) {
            Self {
                start: start.to_owned(),
                extent,
                ignores_case: false,
                length: usize::MAX,
            }
        } else {
            Self {
                length: usize::MAX,
                ..Self::default()
            }
        }
    }

    pub(crate) fn of_path(path: &str) -> Self {
        let mut reach = Self::of_prefix(path);
        let is_known = path == "/" || !reach.start.is_empty();
        if is_known && reach.extent == Extent::Begun {
            reach.extent = Extent::Alone;
        }
        reach
    }

    /// What an expression begins with, as far as it is plain.
    pub(crate) fn of_regex(regex: &str) -> Self {
        if has_branches(regex) {
            return Self::default();
        }
        let regex = regex.strip_prefix('^').unwrap_or(regex);
        let is_literal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_');
        let end = regex.find(|c| !is_literal(c)).unwrap_or(regex.len());
        let (mut start, rest) = regex.split_at_checked(end).unwrap_or_default();
        // It may be missing.
        if rest.starts_with(['?', '*', '{']) {
            start = start.get(..start.len().saturating_sub(1)).unwrap_or_default();
        }
        Self::of_prefix(start)
    }

    pub(super) fn may_hold(&self, spot: Spot<'_>) -> bool {
        let is_start = |name: &str| {
            let begun = match self.extent {
                Extent::Begun => name.get(..self.start.len()).unwrap_or_default(),
                _ => name,
            };
            begun == self.start || self.ignores_case && begun.eq_ignore_ascii_case(&self.start)
        };
        match spot {
            Spot::Root => self.start.is_empty() && matches!(self.extent, Extent::Begun | Extent::Alone),
            // Of other spellings no route names any.
            Spot::Unnamed => self.extent == Extent::Begun || self.ignores_case,
            Spot::Segment(name) => self.extent != Extent::Below && is_start(name),
            Spot::Below(name) => self.extent != Extent::Alone && is_start(name),
        }
    }
}

/// What a bucket's name in a path stands for byte for byte.
pub(super) fn is_plain(name: &str) -> bool {
    name != "." && name != ".." && !name.contains(['%', '?', '#', '*', ' ', '(', '[', '|', '$', '\\'])
}

/// Whether an expression may begin in several ways. What is not plain is not counted out.
fn has_branches(regex: &str) -> bool {
    let mut depth = 0_usize;
    let is_plain = !regex.contains(['\\', '[']);
    regex.contains('|')
        && !(is_plain
            && regex.chars().all(|character| {
                match character {
                    '(' => depth = depth.saturating_add(1),
                    ')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                character != '|' || depth > 0
            }))
}
