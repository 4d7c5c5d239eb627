//! The variables of the process.

use std::collections::HashMap;
use std::env;
use std::path::PathBuf;

use reqsign_core::{Env, OsEnv};

use crate::import::store::Dialect;

/// The library's own environment panics at any variable that is no UTF-8, and prints its value.
#[derive(Debug)]
pub(super) struct Variables;

impl Variables {
    /// For stores of this kind.
    ///
    /// # Errors
    /// That one of theirs is no UTF-8, with its name: it would count as absent, and another key in its place.
    pub(super) fn of(from: Dialect) -> Result<Self, String> {
        let starts: &[&str] = match from {
            Dialect::S3 => &["AWS_"],
            Dialect::Oss => &["OSS_", "ALIBABA_CLOUD_"],
        };
        for (name, value) in env::vars_os() {
            if let Some(name) = name.to_str()
                && value.to_str().is_none()
                && starts.iter().any(|start| name.starts_with(start))
            {
                return Err(format!(
                    "the variable {name} is no UTF-8: set it anew, or take it away"
                ));
            }
        }
        Ok(Self)
    }
}

impl Env for Variables {
    fn var(&self, name: &str) -> Option<String> {
        OsEnv.var(name)
    }

    fn vars(&self) -> HashMap<String, String> {
        let known =
            env::vars_os().map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        known.flatten().collect()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        OsEnv.home_dir()
    }
}
