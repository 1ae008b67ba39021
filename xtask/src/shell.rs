//! Running other programs from the root of the repository.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The folder that holds the root manifest.
pub(crate) fn root() -> &'static Path {
    let chores = Path::new(env!("CARGO_MANIFEST_DIR"));
    chores.parent().unwrap_or(chores)
}

/// A program to be started in the root, its output passing through.
pub(crate) fn program(name: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(root());
    command
}

/// Cargo, which on a build server does not spend time on incremental files.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = program("cargo", arguments);
    if on_build_server() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

#[expect(clippy::disallowed_methods, reason = "the only environment variable a chore reads")]
fn on_build_server() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// Runs to the end; anything but success is an error that names the command.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !status.success() {
        bail!("`{}` ended with {status}", line(command));
    }
    Ok(())
}

/// As [`succeed`], with what the program says on standard error put on standard output.
pub(crate) fn succeed_on_stdout(command: &mut Command) -> Result<()> {
    let stdout = std::io::stdout().as_fd().try_clone_to_owned().context("cannot share standard output")?;
    succeed(command.stderr(Stdio::from(stdout)))
}

/// Runs to the end and gives what it printed on standard output.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start `{}`", line(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` ended with {}: {}", line(command), output.status, said.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` did not print text", line(command)))
}

/// Whether it starts and succeeds; it prints nothing.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
