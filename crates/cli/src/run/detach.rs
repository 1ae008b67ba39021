//! Running in the background: one process starts, reports and returns, the other stays.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};

use anyhow::Context;

use super::start::Verdict;

/// What the background process says before its report, once it holds the session.
const READY: &str = "ready\n";

/// Starts this program again in the background and returns once it holds the session, or was refused.
pub(crate) fn start() -> anyhow::Result<Verdict> {
    let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let at = arguments.iter().position(|argument| argument == "--detach").context("find --detach")?;
    arguments.insert(at + 1, "--detached".into());
    let mut child = Command::new(std::env::current_exe().context("find this program's file")?)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("start the background process")?;
    let mut output = BufReader::new(child.stdout.take().context("take the background process's output")?);
    let mut said = String::new();
    output.read_line(&mut said).context("hear from the background process")?;
    let is_ready = said == READY;
    if is_ready {
        // One line follows. Its end is not waited for: the background process goes on.
        said.clear();
        output.read_line(&mut said).context("hear from the background process")?;
    } else {
        output.read_to_string(&mut said).context("hear from the background process")?;
    }
    std::io::stdout().write_all(said.as_bytes()).context("print what the background process said")?;
    if is_ready {
        return Ok(Verdict::Code(0));
    }
    let status = child.wait().context("wait for the background process")?;
    Ok(Verdict::Code(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)))
}

/// In the background process: announces its session, then leaves the terminal, the standard streams and the
/// session of the process that waits.
pub(super) fn leave(announce: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let mut output = std::io::stdout();
    output.write_all(READY.as_bytes()).context("report the session")?;
    output.flush().context("report the session")?;
    announce()?;
    // It fails where this process leads a session already, which is as well.
    let _ = rustix::process::setsid();
    let null = File::options().read(true).write(true).open("/dev/null").context("open /dev/null")?;
    rustix::stdio::dup2_stdin(&null).context("leave standard input")?;
    rustix::stdio::dup2_stdout(&null).context("leave standard output")?;
    rustix::stdio::dup2_stderr(&null).context("leave standard error")?;
    Ok(())
}
