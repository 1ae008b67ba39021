//! A real terminal for a runner, as far as the runner can tell.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::process::Command;
use std::thread::JoinHandle;

use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use tenure_guard::terminal::{Screen, Size};

/// Both sides of a pseudo-terminal.
pub(crate) struct Pty {
    pub(crate) master: OwnedFd,
    pub(crate) slave: OwnedFd,
}

impl Pty {
    pub(crate) fn new() -> Self {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let slave = ioctl_tiocgptpeer(&master, flags).unwrap();
        let pty = Self { master, slave };
        pty.resize(80, 24);
        pty
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&self.master, size).unwrap();
    }

    pub(crate) fn settings(&self) -> Termios {
        tcgetattr(&self.slave).unwrap()
    }

    /// What a runner on this terminal would give to the command's.
    pub(crate) fn screen(&self) -> Screen {
        Screen { size: Size { columns: 80, rows: 24 }, settings: self.settings(), separate_stderr: false }
    }

    /// Puts the command on this terminal.
    pub(crate) fn seat<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        let end = || self.slave.try_clone().unwrap();
        command.stdin(end()).stdout(end()).stderr(end())
    }

    pub(crate) fn type_keys(&self, keys: &[u8]) {
        assert_eq!(rustix::io::write(&self.master, keys), Ok(keys.len()));
    }

    /// Reads what is shown until every user of the terminal is gone. The test's own side is closed.
    pub(crate) fn watch(self) -> (OwnedFd, JoinHandle<Vec<u8>>) {
        let kept = self.master.try_clone().unwrap();
        let mut reader = File::from(self.master);
        let thread = std::thread::spawn(move || {
            let mut shown = Vec::new();
            // Ends with an error, as terminals do.
            drop(std::io::Read::read_to_end(&mut reader, &mut shown));
            shown
        });
        (kept, thread)
    }
}
