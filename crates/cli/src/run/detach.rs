//! Running in the background: one process starts, reports and returns, the other stays.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use anyhow::Context;
use tenure_core::session::Session;

use super::start::Verdict;

/// What the background process says before its report, once it holds the session.
const READY: &str = "ready\n";

/// Starts this program again in the background and returns once it holds the session, or was refused.
pub(super) fn start() -> anyhow::Result<Verdict> {
    let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let at = arguments.iter().position(|argument| argument == "--detach").context("find --detach")?;
    arguments.insert(at + 1, "--detached".into());
    let mut child = Command::new(std::env::current_exe().context("find this program's file")?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("start the background process")?;
    let mut said = String::new();
    let mut output = child.stdout.take().context("take the background process's output")?;
    output.read_to_string(&mut said).context("hear from the background process")?;
    if let Some(report) = said.strip_prefix(READY) {
        std::io::stdout().write_all(report.as_bytes()).context("print the session")?;
        return Ok(Verdict::Code(0));
    }
    std::io::stdout().write_all(said.as_bytes()).context("print the refusal")?;
    let status = child.wait().context("wait for the background process")?;
    Ok(Verdict::Code(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// In the background process: reports the session, then leaves the terminal, the pipe and the session of the
/// process that waits.
pub(super) fn report(session: &Session) -> anyhow::Result<()> {
    let key = session.key.as_ref().map_or_else(String::new, |key| format!(" (key {key})"));
    let mut output = std::io::stdout();
    writeln!(output, "{READY}{}{key}", session.id).context("report the session")?;
    output.flush().context("report the session")?;
    // A session leader already, if whoever started this made it one.
    drop(rustix::process::setsid());
    let null = File::options().read(true).write(true).open("/dev/null").context("open /dev/null")?;
    rustix::stdio::dup2_stdin(&null).context("leave standard input")?;
    rustix::stdio::dup2_stdout(&null).context("leave standard output")?;
    rustix::stdio::dup2_stderr(&null).context("leave standard error")?;
    Ok(())
}
