//! The variables of the process.

use std::collections::HashMap;
use std::env;
use std::path::PathBuf;

use reqsign_core::{Env, OsEnv};

/// The library's own environment panics at any variable that is no UTF-8, and prints its value.
#[derive(Debug)]
pub(super) struct Variables;

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
