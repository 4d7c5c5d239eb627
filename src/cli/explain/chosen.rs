//! The one configuration of the file that answers.

use bucket_cors::config::Findings;

use super::arguments::ExplainArguments;
use crate::bare::{self, Asked};
use crate::source::{self, FoundConfiguration, Trouble, Unread, Warning};
use crate::terminal::complain;

/// # Errors
/// That there is none, or which there are to choose from.
pub(super) fn configuration(arguments: &ExplainArguments) -> Result<FoundConfiguration, String> {
    let file = &arguments.file;
    let said = |trouble: Trouble| format!("{}: {}", trouble.place(file), trouble.message);
    let mut found = source::read(file).map_err(|trouble| said(bare::with_way_out(file, trouble)))?;
    let asked = arguments.url.as_deref().map_or(Asked::Any, Asked::Url);
    bare::take(file, &mut found, asked).map_err(said)?;
    let found = found.configurations;
    for unread in found.iter().flat_map(|it| &it.unread) {
        let Unread {
            position,
            code,
            message,
            ..
        } = unread;
        complain([&format!(
            "{file}:{}:{}: {message} [{code}]",
            position.line, position.column
        )]);
    }
    // What is refused or on its way out answers nothing, unless there is nothing else.
    let has_running = found.iter().any(|it| it.is_in_force);
    let is_asked = |it: &FoundConfiguration| it.is_in_force || !has_running;
    let mut troubles: Vec<_> = found.iter().flat_map(|it| &it.around).cloned().collect();
    troubles.retain(Warning::is_of_what_runs);
    for it in &troubles {
        let at = it.region.start;
        let line = format!(
            "{}:{}:{}: warning: {} [{}]",
            it.file, at.line, at.column, it.message, it.code.name
        );
        complain([&line]);
    }
    let mut found: Vec<_> = found.into_iter().filter(is_asked).collect();
    let count = found.len();
    // A dump of Envoy's has it in the bootstrap and in the listener.
    let is_one = found
        .windows(2)
        .all(|pair| matches!(pair, [a, b] if a.text == b.text));
    let number = match arguments.configuration {
        None if !is_one => {
            let lines = found.iter().enumerate().map(|(index, it)| {
                format!(
                    "\n  {} {}, line {}",
                    index.saturating_add(1),
                    it.label,
                    it.start.line
                )
            });
            let lines: String = lines.collect();
            return Err(format!(
                "{file} has {count} configurations: choose one with --configuration N{lines}"
            ));
        }
        number => number.unwrap_or(1),
    };
    let index = number.checked_sub(1).filter(|index| *index < count);
    index
        .map(|index| found.swap_remove(index))
        .ok_or_else(|| format!("{file} has no configuration {number}: there are {count}"))
}

/// Why the filter does not take it.
pub(super) fn refused(file: &str, configuration: &FoundConfiguration, errors: &Findings) -> String {
    let lines = errors.kept().iter().take(5).map(|finding| {
        let at = configuration.locate(finding).region.start;
        format!("\n{file}:{}:{}: {finding}", at.line, at.column)
    });
    let lines: String = lines.collect();
    let instead = configuration.instead().map(|instead| format!(": {instead}"));
    let instead = instead.unwrap_or_default();
    format!("the filter would refuse this configuration{instead}; `bucket-cors check` says all of it:{lines}")
}
