//! Files as people have them: the plugin configuration in each, as the filter would get it, and where its parts stand.

mod around;
mod envoy_place;
mod find;
mod found;
mod handover;
mod json_tree;
mod jsonc;
mod kind;
#[cfg(feature = "sync")]
mod line_table;
mod mounted;
mod opening;
pub(crate) mod placeholder;
mod position;
#[cfg(feature = "sync")]
mod put;
#[cfg(feature = "sync")]
mod quoted;
mod reading;
mod scalar;
mod stands_in;
mod text;
mod tree;
mod trouble;
mod value;
mod warning;
mod yaml;

pub(crate) use found::{FoundConfiguration, FoundConfigurations, Located, Unread};
pub(crate) use position::{Position, Region};
#[cfg(feature = "sync")]
pub(crate) use put::{Holder, NamedResource, as_json};
pub(crate) use reading::{read, read_all};
pub(crate) use tree::{NodeId, Tree};
pub(crate) use trouble::Trouble;
pub(crate) use value::{Scalar, parse};
pub(crate) use warning::{CODES as CODES_AROUND, Warning};
