//! What the keys of the table are keys of.

/// What a key is a key of. Equal bytes in two spaces are two keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Space(u32);

impl Space {
    pub(crate) const BUCKET_NAME: Self = Self(0);
    pub(crate) const HOST: Self = Self(1);
    pub(crate) const ENDPOINT: Self = Self(2);
    /// The names of buckets that paths name with a slash behind, without that slash.
    pub(crate) const FOLDER: Self = Self(3);

    /// The space without keys.
    pub(crate) const NONE: Self = Self(u32::MAX);

    /// The space as a part of a hash.
    pub(super) fn number(self) -> u32 {
        self.0
    }

    /// The keys of a list: the exact origins of a bucket, its header names, its methods beyond the five of the stores.
    pub(super) fn of_list(number: u32) -> Self {
        Self(number.saturating_add(4))
    }
}
