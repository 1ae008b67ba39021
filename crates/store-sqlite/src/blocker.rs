//! Which foreign process holds SQLite's write lock.

use std::os::unix::fs::MetadataExt as _;

use crate::place::Place;

/// Where SQLite's write lock is in the file of its shared memory.
const WRITE_LOCK_BYTE: u64 = 120;

/// The process that holds SQLite's write lock, where the system tells.
pub(crate) fn sqlite_writer(place: &Place) -> Option<u32> {
    let shared_memory = place.beside("-shm").metadata().ok()?;
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().filter_map(HeldLock::parse).find(|lock| lock.covers(&shared_memory)).map(|lock| lock.pid)
}

/// A line of `/proc/locks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct HeldLock {
    pid: u32,
    inode: u64,
    first: u64,
    last: u64,
}

impl HeldLock {
    /// Understands an exclusive lock that is held, like
    /// `1: POSIX  ADVISORY  WRITE 4242 fe:00:1234 120 120`; one that is waited for has `->` after the number.
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().skip(1);
        let (sort, _, access) = (words.next()?, words.next()?, words.next()?);
        if !matches!(sort, "POSIX" | "OFDLCK") || access != "WRITE" {
            return None;
        }
        let pid = words.next()?.parse().ok()?;
        let inode = words.next()?.rsplit(':').next()?.parse().ok()?;
        let first = words.next()?.parse().ok()?;
        let last = words.next()?;
        let last = if last == "EOF" { u64::MAX } else { last.parse().ok()? };
        Some(Self { pid, inode, first, last })
    }

    fn covers(&self, file: &std::fs::Metadata) -> bool {
        self.inode == file.ino() && (self.first..=self.last).contains(&WRITE_LOCK_BYTE)
    }
}

#[cfg(test)]
mod tests {
    use super::HeldLock;

    #[test]
    fn a_held_exclusive_lock_is_understood() {
        let line = "7: POSIX  ADVISORY  WRITE 4242 fe:00:1234 120 120";
        assert_eq!(HeldLock::parse(line), Some(HeldLock { pid: 4242, inode: 1234, first: 120, last: 120 }));
        let whole = "1: POSIX  ADVISORY  WRITE 9 08:01:77 0 EOF";
        assert_eq!(HeldLock::parse(whole), Some(HeldLock { pid: 9, inode: 77, first: 0, last: u64::MAX }));
    }

    #[test]
    fn shared_waiting_and_other_locks_are_not() {
        for line in [
            "7: POSIX  ADVISORY  READ 4242 fe:00:1234 120 120",
            "7: -> POSIX  ADVISORY  WRITE 4242 fe:00:1234 120 120",
            "2: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF",
            "",
            "7: POSIX ADVISORY WRITE x fe:00:1234 120 120",
        ] {
            assert_eq!(HeldLock::parse(line), None, "{line}");
        }
    }
}
