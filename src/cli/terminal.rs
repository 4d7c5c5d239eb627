//! What people read: in colour and wrapped where it is a terminal, and as plain lines anywhere else.

use std::env;
use std::io::{self, Write};

use anstream::adapter::strip_str;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use terminal_size::{Width, terminal_size_of};
use textwrap::{Options, WordSplitter, wrap};

/// The style of what is wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// The style of what may be wrong.
pub(crate) const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
/// The style of what is good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// The style of the words that begin a line.
pub(crate) const LEAD: Style = Style::new().bold();

/// Narrower terminals than this cannot show a place in a line.
const NARROWEST: usize = 40;

/// How results look.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct LookArguments {
    /// Whether to colour what people read. `auto`: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = When::Auto, display_order = 900)]
    color: When,

    /// Say only what is wrong
    #[arg(short, long, global = true, display_order = 901)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    Auto,
    Always,
    Never,
}

/// Obeys `--color` for everything that is written from now on; how clap is to colour what it writes itself. Before the
/// arguments are read: help and complaints about them are written while they are.
pub(crate) fn obey_color(arguments: impl Iterator<Item = String>) -> clap::ColorChoice {
    let mut arguments = arguments.take_while(|argument| argument != "--");
    let mut said = None;
    while let Some(argument) = arguments.next() {
        let value = match argument.strip_prefix("--color") {
            Some("") => arguments.next(),
            Some(rest) => rest.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        said = value
            .and_then(|value| When::from_str(&value, false).ok())
            .or(said);
    }
    let (ours, of_clap) = match said.unwrap_or(When::Auto) {
        When::Auto => (ColorChoice::Auto, clap::ColorChoice::Auto),
        When::Always => (ColorChoice::Always, clap::ColorChoice::Always),
        When::Never => (ColorChoice::Never, clap::ColorChoice::Never),
    };
    ours.write_global();
    of_clap
}

/// A text in a style.
pub(crate) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// Lines for people, on their way to a stream.
pub(crate) struct Lines<W> {
    to: W,
    /// Where lines are wrapped. None: nobody sees where they end.
    width: Option<usize>,
    has_colors: bool,
    /// What has no end yet.
    line: Vec<u8>,
}

impl<W: Write> Lines<W> {
    /// Lines that end up on standard output.
    pub(crate) fn on_stdout(to: W) -> Self {
        let choice = AutoStream::choice(&io::stdout());
        Self::new(to, choice, terminal_size_of(io::stdout()))
    }

    /// Lines that end up on standard error.
    pub(crate) fn on_stderr(to: W) -> Self {
        let choice = AutoStream::choice(&io::stderr());
        Self::new(to, choice, terminal_size_of(io::stderr()))
    }

    fn new(to: W, choice: ColorChoice, size: Option<(Width, terminal_size::Height)>) -> Self {
        let width = size.map(|(Width(columns), _)| usize::from(columns).max(NARROWEST));
        Self {
            to,
            width,
            has_colors: choice != ColorChoice::Never,
            line: Vec::new(),
        }
    }

    fn put(&mut self) -> io::Result<()> {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let line = if self.has_colors {
            line
        } else {
            strip_str(&line).to_string()
        };
        let Some(width) = self.width else {
            return self.to.write_all(line.as_bytes());
        };
        let text = line.trim_end_matches('\n');
        let indent = text.len().saturating_sub(text.trim_start_matches(' ').len());
        let indent = " ".repeat(indent.saturating_add(2).min(width / 2));
        let options = Options::new(width)
            .subsequent_indent(&indent)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        for part in wrap(text, options) {
            writeln!(self.to, "{part}")?;
        }
        Ok(())
    }
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") {
                self.put()?;
            }
        }
        Ok(bytes.len())
    }

    /// Everything for people ends with a line's end, so that nothing is left here.
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Prints lines on standard error. There is nobody to tell where that fails.
pub(crate) fn complain<'t>(lines: impl IntoIterator<Item = &'t String>) {
    let mut out = Lines::on_stderr(io::stderr().lock());
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
}

/// Prints what is wrong with the arguments or their files.
pub(crate) fn complain_of(problem: &str) {
    complain([&format!("{} {problem}", styled(BAD, "error:"))]);
}

/// The arguments of this process.
pub(crate) fn arguments() -> impl Iterator<Item = String> {
    env::args_os().map(|argument| argument.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(width: Option<usize>, has_colors: bool, text: &str) -> String {
        let mut lines = Lines {
            to: Vec::new(),
            width,
            has_colors,
            line: Vec::new(),
        };
        lines.write_all(text.as_bytes()).unwrap();
        String::from_utf8(lines.to).unwrap()
    }

    #[test]
    fn lines_are_wrapped_below_their_start_and_words_are_never_cut() {
        let red = styled(BAD, "error");
        let text = format!(
            "a.json:1:1: {red}: one two three four five six seven\n  > {}\n",
            "x".repeat(60)
        );
        assert_eq!(
            shown(Some(40), false, &text),
            format!(
                "a.json:1:1: error: one two three four\n  five six seven\n  >\n    {}\n",
                "x".repeat(60)
            )
        );
        assert_eq!(shown(None, true, &text), text);
        assert_eq!(
            strip_str(&shown(Some(40), true, &text)).to_string(),
            shown(Some(40), false, &text)
        );
        assert_eq!(shown(Some(40), false, "\n\n"), "\n\n");
    }

    #[test]
    fn the_last_word_on_colour_counts() {
        let choice = |arguments: &[&str]| obey_color(arguments.iter().map(|text| (*text).to_owned()));
        assert_eq!(choice(&["check", "--color", "always"]), clap::ColorChoice::Always);
        assert_eq!(
            choice(&["--color=always", "--color=never"]),
            clap::ColorChoice::Never
        );
        assert_eq!(choice(&["check", "--", "--color=never"]), clap::ColorChoice::Auto);
    }
}
