//! A field that takes one of a few words.

use serde::de::{MapAccess, SeqAccess};

use super::code;
use super::model::{Mode, Unmanaged, UpstreamCors};
use super::place::Place;
use super::report::Report;
use super::text::shown;
use super::value::{Null, Read, Scalar, Text};
use crate::profile::{FETCH, OSS, Profile, S3};

impl Profile {
    /// The words for `profile`.
    pub(super) const CHOICES: [(&'static str, &'static Profile); 3] =
        [("oss", &OSS), ("s3", &S3), ("fetch", &FETCH)];
}

impl Unmanaged {
    /// The words for `unmanaged`.
    pub(super) const CHOICES: [(&'static str, Self); 2] = [("pass", Self::Pass), ("refuse", Self::Refuse)];
}

impl UpstreamCors {
    /// The words for `upstream_cors`.
    pub(super) const CHOICES: [(&'static str, Self); 2] = [("replace", Self::Replace), ("keep", Self::Keep)];
}

impl Mode {
    /// The words for `mode`.
    pub(super) const CHOICES: [(&'static str, Self); 2] =
        [("enforce", Self::Enforce), ("shadow", Self::Shadow)];
}

/// Reads one of `choices`.
pub(super) struct Choice<'r, 'p, T> {
    text: Text<'r, 'p>,
    choices: &'p [(&'static str, T)],
}

impl<'r, 'p, T> Choice<'r, 'p, T> {
    pub(super) fn new(
        report: &'r mut Report,
        place: &'p Place<'p>,
        choices: &'p [(&'static str, T)],
    ) -> Self {
        Self {
            text: Text {
                report,
                place,
                expected: "a word",
                null: Null::IsWrong,
            },
            choices,
        }
    }
}

impl<'a, T: Copy> Read<'a> for Choice<'_, '_, T> {
    type Output = Option<T>;

    fn scalar(self, value: Scalar<'a>) -> Option<T> {
        let Choice { text, choices } = self;
        let Text {
            report,
            place,
            expected,
            null,
        } = text;
        let word = Text {
            report,
            place,
            expected,
            null,
        }
        .scalar(value)?;
        let found = choices.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            report.add(&code::UNKNOWN_VALUE, place, || {
                let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                format!(
                    "{} is not known here: write one of {}",
                    shown(&word),
                    names.join(", ")
                )
            });
        }
        found.map(|(_, value)| *value)
    }

    fn list<A: SeqAccess<'a>>(self, list: A) -> Result<Option<T>, A::Error> {
        self.text.list(list).map(|_| None)
    }

    fn object<A: MapAccess<'a>>(self, object: A) -> Result<Option<T>, A::Error> {
        self.text.object(object).map(|_| None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::PROFILES;

    #[test]
    fn every_profile_can_be_chosen_by_its_name() {
        let names: Vec<(&str, &str)> = Profile::CHOICES
            .iter()
            .map(|(word, profile)| (*word, profile.name))
            .collect();
        assert!(names.iter().all(|(word, name)| word == name));
        assert_eq!(names.len(), PROFILES.len());
    }
}
