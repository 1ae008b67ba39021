//! What the guard needs to know to start a command, and its bytes.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

use crate::frame::{FrameError, Reader, Writer};

/// The longest encoded plan, in bytes; the system's own limit on arguments and environment is lower.
pub(crate) const PLAN_MAX: usize = 16 * 1024 * 1024;

/// A program's file and its arguments.
pub(crate) type Program = (PathBuf, Vec<OsString>);

/// One command to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The program that plays the stage, and its arguments.
    pub(crate) stage: Program,
    /// The command's program and arguments.
    pub(crate) argv: Vec<OsString>,
    pub(crate) cwd: PathBuf,
    /// Variables to set, or to remove where the value is absent.
    pub(crate) env: Vec<(OsString, Option<OsString>)>,
    pub(crate) seat: Seat,
    /// From SIGTERM to SIGKILL.
    pub(crate) grace: Duration,
    /// Files whose locks a runner that is stopped past the deadline must not keep.
    pub(crate) shared_locks: Vec<OsString>,
}

/// Where the command sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seat {
    /// On a terminal of its own, in its foreground at once or when the runner has keys for it.
    Terminal { foreground: bool },
    /// In the runner's process group.
    Group(u32),
    /// In the runner's process group too, which was begun outside a container and has no number inside: the
    /// guard is started in it and leaves it to the command.
    BirthGroup,
}

impl Plan {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::default().bytes(self.stage.0.as_os_str().as_bytes());
        out = list(out, &self.stage.1);
        out = list(out, &self.argv);
        out = out.bytes(self.cwd.as_os_str().as_bytes()).u32(count(self.env.len()));
        for (name, value) in &self.env {
            out = out.bytes(name.as_bytes()).bool(value.is_some());
            out = out.bytes(value.as_ref().map_or(&[], |value| value.as_bytes()));
        }
        out = match self.seat {
            Seat::Terminal { foreground } => out.u8(0).bool(foreground),
            Seat::Group(group) => out.u8(1).u32(group),
            Seat::BirthGroup => out.u8(2),
        };
        out = out.u64(u64::try_from(self.grace.as_nanos()).unwrap_or(u64::MAX));
        list(out, &self.shared_locks).done()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let mut body = Reader::over(bytes);
        let stage = (PathBuf::from(string(&mut body)?), strings(&mut body)?);
        let argv = strings(&mut body)?;
        let cwd = PathBuf::from(string(&mut body)?);
        let env = variables(&mut body)?;
        let seat = match body.u8()? {
            0 => Seat::Terminal { foreground: body.bool()? },
            1 => Seat::Group(body.u32()?),
            2 => Seat::BirthGroup,
            _ => return Err(FrameError::Value),
        };
        let grace = Duration::from_nanos(body.u64()?);
        let shared_locks = strings(&mut body)?;
        body.end()?;
        if argv.is_empty() {
            return Err(FrameError::Value);
        }
        Ok(Self { stage, argv, cwd, env, seat, grace, shared_locks })
    }
}

fn list(out: Writer, items: &[OsString]) -> Writer {
    items.iter().fold(out.u32(count(items.len())), |out, item| out.bytes(item.as_bytes()))
}

fn count(length: usize) -> u32 {
    u32::try_from(length).expect("a plan is far below 4 GiB")
}

fn string(body: &mut Reader<'_>) -> Result<OsString, FrameError> {
    Ok(OsString::from_vec(body.bytes()?.to_vec()))
}

/// Grows with what is there, not with what is promised, so that a false count reserves nothing.
fn strings(body: &mut Reader<'_>) -> Result<Vec<OsString>, FrameError> {
    (0..body.u32()?).map(|_| string(body)).collect()
}

fn variables(body: &mut Reader<'_>) -> Result<Vec<(OsString, Option<OsString>)>, FrameError> {
    let mut found = Vec::new();
    for _ in 0..body.u32()? {
        let name = string(body)?;
        let set = body.bool()?;
        let value = string(body)?;
        found.push((name, set.then_some(value)));
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
