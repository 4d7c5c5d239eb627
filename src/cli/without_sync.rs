//! What a tool that is built without `sync` says to whoever asks for it.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, Error};

use crate::terminal;

/// Says how to get it where arguments are not taken because they name it. `None`: they do not.
pub(crate) fn told(error: &Error) -> Option<ExitCode> {
    let asked = error.get(ContextKind::InvalidSubcommand);
    if !matches!(asked, Some(ContextValue::String(name)) if name == "sync") {
        return None;
    }
    terminal::complain_of("this tool is built without sync: `make sync` builds the one that has it");
    Some(ExitCode::from(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_for_it_is_told() {
        let without = || match cfg!(feature = "sync") {
            true => crate::program().mut_subcommand("sync", |it| it.name("another")),
            false => crate::program(),
        };
        let refused = |arguments: &[&str]| {
            let all = ["bucket-cors"].iter().chain(arguments);
            without().try_get_matches_from(all).unwrap_err()
        };
        for arguments in [&["sync"][..], &["sync", "sync.json"], &["help", "sync"]] {
            assert!(told(&refused(arguments)).is_some(), "{arguments:?}");
        }
        for arguments in [&["synch"][..], &["check", "--sync"], &["help", "sink"]] {
            assert!(told(&refused(arguments)).is_none(), "{arguments:?}");
        }
    }
}
