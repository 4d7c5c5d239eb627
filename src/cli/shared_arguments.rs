//! Arguments that commands share.

use bucket_cors::profile::{PROFILES, Profile};
use clap::builder::{PossibleValuesParser, TypedValueParser};

/// The name of a profile.
pub(crate) fn profile() -> impl TypedValueParser<Value = &'static Profile> {
    let names = PossibleValuesParser::new(PROFILES.map(|profile| profile.name));
    names.try_map(|name: String| Profile::named(&name).ok_or("there is no such profile"))
}
