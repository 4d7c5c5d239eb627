//! What a CORS document says, and what of its bucket decides on what it may say.

use crate::config::model::Rule;
use crate::config::report::Place;
use crate::profile::Profile;

/// What of a bucket decides on what its rules may say.
#[derive(Debug)]
pub(crate) struct Context<'c> {
    /// The bucket.
    pub(crate) place: &'c Place<'c>,
    pub(crate) profile: &'static Profile,
    /// Its `allow_credentials`.
    pub(crate) allow_credentials: bool,
    /// Whether an origin that a rule names gets credentials, for that or for the profile's sake.
    pub(crate) sends_credentials: bool,
}

/// What a CORS document says.
#[derive(Debug, Default)]
pub(crate) struct Cors<'a> {
    pub(crate) rules: Vec<Rule<'a>>,
    /// The document's `ResponseVary`, or else that of its rules: one true is enough.
    pub(crate) response_vary: Option<bool>,
}
