//! A pseudo-terminal that looks like the real terminal.

use std::io;
use std::os::fd::OwnedFd;

use rustix::pty::{OpenptFlags, grantpt, openpt, unlockpt};
use rustix::termios::{OptionalActions, tcsetattr, tcsetwinsize};

use crate::terminal::Screen;

/// Opens master and slave, neither of them anybody's controlling terminal, both closed on exec.
pub(crate) fn open(screen: &Screen) -> io::Result<(OwnedFd, OwnedFd)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let slave = slave(&master)?;
    tcsetattr(&slave, OptionalActions::Now, &screen.settings)?;
    tcsetwinsize(&slave, screen.size.into())?;
    Ok((master, slave))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOEXEC: OpenptFlags = OpenptFlags::CLOEXEC;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOEXEC: OpenptFlags = OpenptFlags::empty();

/// Through the master, so that no `/dev/pts` has to be the right one.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn slave(master: &OwnedFd) -> io::Result<OwnedFd> {
    Ok(rustix::pty::ioctl_tiocgptpeer(
        master,
        OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC,
    )?)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn slave(master: &OwnedFd) -> io::Result<OwnedFd> {
    use rustix::fs::{Mode, OFlags};
    rustix::io::fcntl_setfd(master, rustix::io::FdFlags::CLOEXEC)?;
    let name = rustix::pty::ptsname(master, Vec::new())?;
    Ok(rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?)
}
