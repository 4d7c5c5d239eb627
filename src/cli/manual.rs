//! What a package ships beside the program: completions and manual pages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Command, ValueHint};
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::output;
use crate::terminal::complain_of;

/// Prints the completions of a shell
///
/// For the running session: `source <(bucket-cors completions bash)`.
#[derive(Debug, clap::Args)]
#[command(after_help = COMPLETION_EXAMPLES, after_long_help = COMPLETION_EXAMPLES)]
pub(crate) struct CompletionArguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

const COMPLETION_EXAMPLES: &str = "\
Examples:
  bucket-cors completions bash >~/.local/share/bash-completion/completions/bucket-cors
  bucket-cors completions zsh >~/.zfunc/_bucket-cors
  bucket-cors completions fish >~/.config/fish/completions/bucket-cors.fish";

/// Prints the manual page
#[derive(Debug, clap::Args)]
#[command(after_help = MAN_EXAMPLES, after_long_help = MAN_EXAMPLES)]
pub(crate) struct ManArguments {
    /// The command whose page is printed, instead of the whole
    command: Option<String>,

    /// Write every page into this folder instead
    #[arg(long, value_name = "FOLDER", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    all: Option<PathBuf>,
}

const MAN_EXAMPLES: &str = "\
Examples:
  bucket-cors man | man -l -
  bucket-cors man --all /usr/local/share/man/man1";

/// The program whose `man` takes the names of its commands.
pub(crate) fn with_pages(program: Command) -> Command {
    let names = program
        .get_subcommands()
        .map(|command| command.get_name().to_owned());
    let names = PossibleValuesParser::new(names.collect::<Vec<_>>());
    program.mut_subcommand("man", |man| {
        man.mut_arg("command", |command| command.value_parser(names))
    })
}

pub(crate) fn completions(arguments: &CompletionArguments, mut program: Command) -> ExitCode {
    let mut text = Vec::new();
    // Into memory: it panics where it cannot write.
    clap_complete::generate(arguments.shell, &mut program, "bucket-cors", &mut text);
    match arguments.shell {
        Shell::Bash => text = with_files(&String::from_utf8_lossy(&text)).into_bytes(),
        Shell::Fish => text.extend(words_of_fish(&program).into_bytes()),
        _ => {}
    }
    written(&text)
}

/// What a command of fish takes beside options, where that is one of several words: clap_complete leaves it out.
fn words_of_fish(program: &Command) -> String {
    let commands = program.get_subcommands();
    let words =
        commands.flat_map(|command| command.get_positionals().map(move |argument| (command, argument)));
    words
        .filter_map(|(command, argument)| {
            let values = argument.get_possible_values();
            let words: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
            (!words.is_empty()).then(|| {
                format!(
                    "complete -c bucket-cors -n \"__fish_bucket_cors_using_subcommand {}\" -f -a \"{}\"\n",
                    command.get_name(),
                    words.join(" ")
                )
            })
        })
        .collect()
}

/// The completions of bash, with files where a command takes files: clap_complete offers the placeholder there. Bash
/// itself completes files where the function finds nothing, and only it gets blanks and folders right.
fn with_files(script: &str) -> String {
    let mut out = String::new();
    let mut takes_files = false;
    for line in script.lines() {
        let mut line = line.to_owned();
        if line.trim_start().starts_with("opts=") {
            takes_files = line.contains(" <FILE>") || line.contains(" [FILE]");
            for placeholder in [" <FILE>...", " [FILE]...", " <FILE>"] {
                line = line.replace(placeholder, "");
            }
        } else if takes_files {
            line = line.replace(" || ${COMP_CWORD} -eq 2 ]]", " ]]");
            // Behind the options' own values.
            if line == "            COMPREPLY=( $(compgen -W \"${opts}\" -- \"${cur}\") )" {
                "            COMPREPLY=()".clone_into(&mut line);
            }
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

pub(crate) fn man(arguments: &ManArguments, mut program: Command) -> ExitCode {
    // It has no pages of its own.
    program = program.disable_help_subcommand(true);
    program.build();
    if let Some(folder) = &arguments.all {
        return match write_all(&program, folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                complain_of(&format!("{}: {error}", folder.display()));
                ExitCode::from(2)
            }
        };
    }
    let named = arguments.command.as_deref();
    let named = named.and_then(|name| program.find_subcommand(name)).cloned();
    let command = named.unwrap_or(program);
    let mut text = Vec::new();
    match render(command, &mut text) {
        Ok(()) => written(&text),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Writes the page of the program and that of each command.
fn write_all(program: &Command, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for command in std::iter::once(program).chain(program.get_subcommands()) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        let mut text = Vec::new();
        render(command.clone(), &mut text)?;
        fs::write(folder.join(format!("{name}.1")), text)?;
    }
    Ok(())
}

/// A page with the sections that readers of manual pages look for.
fn render(command: Command, out: &mut Vec<u8>) -> io::Result<()> {
    let help = command.get_after_long_help().map(ToString::to_string);
    let has_commands = command.has_subcommands();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let title = name.to_uppercase();
    let man = Man::new(command)
        .title(title)
        .source(concat!("bucket-cors ", env!("CARGO_PKG_VERSION")))
        .manual("bucket-cors");
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if has_commands {
        man.render_subcommands_section(out)?;
    }
    sections(&help.unwrap_or_default()).to_writer(out)
}

/// What stands behind the options in `--help`. A line that ends with a colon begins a section, whose lines are kept as
/// they are; any other is a note, under its first line where the others are indented.
fn sections(help: &str) -> Roff {
    let mut page = Roff::default();
    let mut has_notes = false;
    for block in help.split("\n\n").filter(|block| !block.is_empty()) {
        let mut lines = block.lines().peekable();
        if let Some(title) = lines.next_if(|line| line.ends_with(':')) {
            page.control("SH", [title.trim_end_matches(':').to_uppercase().as_str()]);
            page.control("nf", []);
            for line in lines {
                page.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
            }
            page.control("fi", []);
            has_notes = false;
            continue;
        }
        if !has_notes {
            page.control("SH", ["NOTES"]);
            has_notes = true;
        }
        page.control(if block.contains("\n  ") { "TP" } else { "PP" }, []);
        for line in lines {
            page.text([roman(line.trim_start())]);
        }
    }
    page
}

fn written(text: &[u8]) -> ExitCode {
    output::finish(ExitCode::SUCCESS, |out| out.write_all(text))
}
