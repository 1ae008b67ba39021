//! The foreground of the command's terminal: the command's while the runner has keys for it.
//!
//! While the runner is a background job, the guard's own group is in front, and a command that uses its
//! terminal is stopped by the kernel as it would be without a runner.

use std::fs::File;
use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, getpgrp};
use rustix::termios::{tcgetpgrp, tcsetpgrp};

use crate::clock::timespec;
use crate::control::ControlError;
use crate::frame::ToGuard;
use crate::link;
use crate::plan::Program;

/// How long the deadline may go unwatched while a helper takes the foreground.
const PATIENCE: Duration = Duration::from_millis(200);

/// Who is to be in front when keys come back: a shell may have put one of its jobs there.
#[derive(Debug, Default)]
pub(super) struct Front {
    taken_from: Option<Pid>,
}

impl Front {
    /// Puts the command, or its job that was there before, in front.
    pub(super) fn give(&mut self, main: Pid) -> io::Result<()> {
        let terminal = terminal()?;
        // Only from the front may the front be given away; else it is given already.
        if tcgetpgrp(&terminal)? == getpgrp() {
            let before = self.taken_from.take().map(|group| tcsetpgrp(&terminal, group));
            if before != Some(Ok(())) {
                tcsetpgrp(&terminal, main)?;
            }
        }
        Ok(())
    }

    /// Puts the guard's own group in front.
    ///
    /// The system lets only the group in front do that, so a helper joins it for a moment.
    pub(super) fn take(&mut self, (program, args): &Program) -> io::Result<()> {
        let Some(group) = self.group() else { return Ok(()) };
        self.taken_from = Some(group);
        let (near, far) = link::pair()?;
        let mut helper = Command::new(program);
        helper.args(args).stdin(far).stdout(Stdio::null());
        helper.spawn()?;
        drop(helper);
        let us = getpgrp().as_raw_nonzero().get().unsigned_abs();
        let join = group.as_raw_nonzero().get().unsigned_abs();
        match link::send(&near, &ToGuard::Yield { join, to: us }.encode(), &[]) {
            Ok(()) => {}
            Err(ControlError::Io(error)) => return Err(error),
            Err(ControlError::Gone | ControlError::Stuck) => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        // The helper's socket closes when it is done; its end is reaped like every other child's.
        poll(&mut [PollFd::new(&near, PollFlags::IN)], Some(&timespec(PATIENCE)))?;
        Ok(())
    }

    /// The group in front, unless that is the guard's.
    pub(super) fn group(&self) -> Option<Pid> {
        let front = tcgetpgrp(terminal().ok()?).ok()?;
        (front != getpgrp()).then_some(front)
    }
}

/// The session's terminal, only for a moment: whoever keeps it open keeps it from ending.
fn terminal() -> io::Result<File> {
    File::open("/dev/tty")
}

/// The helper's part: joins the group in front and gives the foreground to `group`.
pub(crate) fn yield_to(front: u32, group: u32) -> io::Result<()> {
    crate::stage::join(front)?;
    let group = i32::try_from(group).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(tcsetpgrp(terminal()?, group)?)
}
