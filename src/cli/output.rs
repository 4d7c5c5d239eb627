//! Results: one that cannot be written whole is an error, in every command.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt as _, fchown};
use std::path::{Path, PathBuf};
use std::process::{self, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::terminal::{Lines, complain};

/// Who is to read what a command prints: a person, or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Human,
    Json,
}

/// Writes a result and ends with the status, or says why it cannot be written and ends with 2.
///
/// A pipe whose reader has gone is quiet: the reader has what it wants.
pub(crate) fn finish(status: ExitCode, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> ExitCode {
    let written = standard_output().and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.flush()
    });
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            // There is nobody to tell where this fails too.
            let _ = writeln!(io::stderr(), "error: the result cannot be written: {error}");
            ExitCode::from(2)
        }
        _ => status,
    }
}

/// The same for lines that people read.
pub(crate) fn finish_for_people(
    status: ExitCode,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> ExitCode {
    finish(status, |out| {
        let mut lines = Lines::on_stdout(out);
        write(&mut lines)?;
        lines.flush()
    })
}

/// Whether the program was started without a standard output.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Before `main`: the runtime opens `/dev/null` in the place of a closed descriptor, and nothing tells that from one
/// that the caller opened so, for writing and reading, as Python's `DEVNULL` and Node's `ignore` are.
#[cfg(target_os = "linux")]
#[ctor::ctor(unsafe)]
fn look_at_standard_output() {
    // An entry of /proc is there without its target.
    let is_there = |path: &str| std::fs::symlink_metadata(path).is_ok();
    let is_closed = is_there("/proc/self/fd") && !is_there("/proc/self/fd/1");
    IS_CLOSED.store(is_closed, Ordering::Relaxed);
}

/// Standard output as a file: `io::stdout` takes a descriptor that cannot be written to for one where nothing need
/// arrive.
///
/// # Errors
/// It was closed.
fn standard_output() -> io::Result<File> {
    if IS_CLOSED.load(Ordering::Relaxed) {
        let said = "standard output is closed";
        return Err(io::Error::new(ErrorKind::NotConnected, said));
    }
    Ok(File::from(io::stdout().as_fd().try_clone_to_owned()?))
}

/// More links than the kernel follows from one to the next.
const LINKS: usize = 40;

/// The file that a path means: what links lead to, whether it is there or not, since a link stays what it is.
///
/// # Errors
/// That links lead to one another.
pub(crate) fn behind_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..=LINKS {
        let Ok(target) = fs::read_link(&path) else {
            return Ok(path);
        };
        // From the folder that the link is in.
        path.pop();
        path.push(target);
    }
    let said = "its links lead to one another";
    Err(io::Error::new(ErrorKind::InvalidFilename, said))
}

/// Writes a file beside its place and moves it there, so that nobody meets half of it, not even after the machine
/// stopped.
///
/// # Errors
/// What keeps it from being written. Then what was there before is there.
pub(crate) fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    replace(path, bytes, || Ok(()))
}

/// The same, with a last look at what is there before it is moved.
///
/// # Errors
/// What keeps it from being written, that look included.
pub(crate) fn replace(
    path: &Path,
    bytes: &[u8],
    last_look: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    // A device or a pipe stays what it is.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let path = &behind_links(path)?;
    let mut name = path.file_name().ok_or(ErrorKind::InvalidFilename)?.to_owned();
    name.push(format!(".{}.part", process::id()));
    let part = path.with_file_name(name);
    let written = File::create_new(&part).and_then(|mut file| {
        // Who may read the one before may read this one.
        if let Ok(before) = fs::metadata(path) {
            keep_owner(path, &file, &before)?;
            // Last: who gets another owner loses the bits that let a program run as that one.
            file.set_permissions(before.permissions())?;
        }
        file.write_all(bytes)?;
        file.sync_all()
    });
    let moved = written
        .and_then(|()| last_look())
        .and_then(|()| fs::rename(&part, path));
    if moved.is_err() {
        // What is left of it is of no use, and the first error says why.
        let _ = fs::remove_file(&part);
    }
    moved?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // A folder that cannot be told to keep it keeps it a little later.
    let _ = File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all());
    Ok(())
}

/// Gives a file the owner and the group of the one before it, or says that it has others: who read that one may not
/// read this one.
fn keep_owner(path: &Path, file: &File, before: &fs::Metadata) -> io::Result<()> {
    let (user, group) = (Some(before.uid()), Some(before.gid()));
    // The group alone may be one of the process's own.
    let _ = fchown(file, user, group).or_else(|_| fchown(file, None, group));
    let now = file.metadata()?;
    if (now.uid(), now.gid()) != (before.uid(), before.gid()) {
        complain([&format!(
            "{}: its owner and group were {}:{}, and are {}:{} now, since this process may not give files away",
            path.display(),
            before.uid(),
            before.gid(),
            now.uid(),
            now.gid()
        )]);
    }
    Ok(())
}

/// Removes what processes that were killed have left of writing a file: in a container each has the same number as the
/// next.
#[cfg(feature = "sync")]
pub(crate) fn remove_parts(path: &Path) {
    // Links that lead to one another have no file.
    let Ok(path) = behind_links(path) else { return };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new(".")))
        .into_iter()
        .flatten();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let number = path.file_name().zip(name.to_str()).and_then(|(file, name)| {
            let rest = name.strip_prefix(file.to_str()?)?;
            rest.strip_prefix('.')?.strip_suffix(".part")?.parse::<u32>().ok()
        });
        let is_left = |number: u32| {
            let is_running = fs::symlink_metadata(format!("/proc/{number}")).is_ok();
            number == process::id() || !is_running
        };
        if number.is_some_and(is_left) {
            // Whoever else removes it does the same.
            let _ = fs::remove_file(entry.path());
        }
    }
}
