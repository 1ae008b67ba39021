//! A pipe with a name: commands write lines, the test waits for them.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};

use super::LIMIT;

/// The reading end, open before any writer is; the test itself also counts as a writer, so there is no end.
pub(crate) struct Fifo {
    path: PathBuf,
    lines: BufReader<File>,
}

impl Fifo {
    pub(crate) fn new(dir: &Path, name: &str) -> Self {
        let path = dir.join(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let flags = OFlags::NONBLOCK.bits().cast_signed();
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(&path).unwrap();
        Self { path, lines: BufReader::new(file) }
    }

    pub(crate) fn path(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// The next line, waited for.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        while !line.ends_with('\n') {
            match self.lines.read_line(&mut line) {
                Ok(_) => {}
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => self.wait(),
                Err(error) => panic!("{error}"),
            }
        }
        line.truncate(line.len() - 1);
        line
    }

    /// The rest of the next line that begins with `word`; others are passed over.
    pub(crate) fn after(&mut self, word: &str) -> String {
        loop {
            let line = self.line();
            if let Some(rest) = line.strip_prefix(word) {
                return rest.trim().to_owned();
            }
        }
    }

    /// The number after `word`.
    pub(crate) fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(&mut self, word: &str) -> T {
        self.after(word).parse().unwrap()
    }

    /// Whatever bytes there are, at least one, at most as many as there is room for.
    pub(crate) fn read(&mut self, room: &mut [u8]) -> usize {
        loop {
            match self.lines.read(room) {
                Ok(length) => return length,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => self.wait(),
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The lines that are there now.
    pub(crate) fn rest(&mut self) -> Vec<String> {
        let mut text = String::new();
        let end = self.lines.read_to_string(&mut text).unwrap_err();
        assert_eq!(end.kind(), std::io::ErrorKind::WouldBlock);
        text.lines().map(str::to_owned).collect()
    }

    fn wait(&self) {
        let limit = Timespec { tv_sec: i64::try_from(LIMIT.as_secs()).unwrap(), tv_nsec: 0 };
        let file = self.lines.get_ref().as_fd();
        let ready = poll(&mut [PollFd::new(&file, PollFlags::IN)], Some(&limit)).unwrap();
        assert_eq!(ready, 1, "nobody writes to {}", self.path.display());
    }
}
