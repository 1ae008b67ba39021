//! Waking at an instant, suspended time included.

use std::io;
use std::os::fd::BorrowedFd;
#[cfg(any(target_os = "linux", target_os = "android"))]
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, poll};
#[cfg(any(target_os = "linux", target_os = "android"))]
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use crate::BootTime;
use crate::clock::timespec;

/// On Linux a timer on the boot-time clock, which fires at once when a suspended machine wakes up late.
/// Elsewhere the waiter's own time-out, which the waiter judges again by the clock.
#[derive(Debug)]
pub(super) struct Alarm {
    at: BootTime,
    #[cfg(any(target_os = "linux", target_os = "android"))]
    timer: OwnedFd,
}

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            at: BootTime::NEVER,
            #[cfg(any(target_os = "linux", target_os = "android"))]
            timer: timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?,
        })
    }

    /// Moves the alarm; an instant in the past rings at once.
    pub(super) fn set(&mut self, at: BootTime) -> io::Result<()> {
        if at == self.at {
            return Ok(());
        }
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            let value = BootTime::from_nanos(at.as_nanos().max(1)).as_timespec();
            let once = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
            timerfd_settime(&self.timer, TimerfdTimerFlags::ABSTIME, &once)?;
        }
        self.at = at;
        Ok(())
    }

    /// Waits for one of `fds`, for the alarm, or for `limit`, whichever is first; a signal counts too.
    pub(super) fn wait(
        &self,
        fds: &mut Vec<PollFd<'_>>,
        limit: Option<std::time::Duration>,
    ) -> io::Result<()> {
        let until_alarm = self.descriptor().is_none().then(|| self.at.saturating_since(BootTime::now()));
        let limit = [limit, until_alarm].into_iter().flatten().min().map(timespec);
        match poll(fds, limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Readable when the alarm rings, where there is such a thing.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        Some(self.timer.as_fd())
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
