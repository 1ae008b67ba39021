//! The process tree as `ps` shows it, where there is no `/proc`.
//!
//! A process whose parent has died belongs to the system's first process and is not found any more; the
//! system offers nothing to prevent that.

use std::io;
use std::process::Command;

use rustix::process::{Pid, Signal, getpgid, getpid, getppid, getsid, kill_process};

use super::jobs::Job;
use super::spared::to_pid;

/// A process below this one, as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) pid: Pid,
    is_own_child: bool,
    state: State,
}

/// What `ps` says about a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    letter: u8,
    /// Not told here; the number alone must do.
    pub(crate) started: u64,
}

/// One line of `ps`.
#[derive(Clone, Copy, Debug)]
struct Row {
    pid: Pid,
    parent: Option<Pid>,
    letter: u8,
}

impl Member {
    /// Sends a signal; a process that is gone, or not ours to signal, is passed over.
    pub(crate) fn signal(&self, signal: Signal) {
        // Gone is what we want; a process of another user is met again at the next search.
        let _ = kill_process(self.pid, signal);
    }

    /// Whether it is this process's child, and not only somewhere below.
    pub(super) fn is_own_child(&self) -> bool {
        self.is_own_child
    }

    #[expect(clippy::unnecessary_wraps, reason = "where the system can say more, a process may be gone")]
    pub(crate) fn state(&self) -> Option<State> {
        Some(self.state)
    }
}

impl State {
    /// Stopped by a signal.
    pub(crate) fn is_stopped(self) -> bool {
        self.letter == b'T'
    }

    /// Dead, whether or not reaped.
    pub(crate) fn is_dead(self) -> bool {
        self.letter == b'Z'
    }
}

/// Whether a signal has stopped that process. Only asked of processes that hold a lock, which nothing tells here.
pub(crate) fn is_stopped(_pid: Pid) -> bool {
    false
}

pub(super) fn become_subreaper() -> io::Result<()> {
    Ok(())
}

/// Only checks that `parent` still lives: there is no death signal here.
pub(crate) fn die_with(parent: u32) -> io::Result<()> {
    if getppid() == to_pid(parent) { Ok(()) } else { Err(rustix::io::Errno::SRCH.into()) }
}

pub(super) fn walk(spared: &[Pid], visit: &mut dyn FnMut(&Member)) {
    let rows = rows();
    let mut parents = vec![getpid()];
    while let Some(parent) = parents.pop() {
        for row in rows.iter().filter(|row| row.parent == Some(parent) && !spared.contains(&row.pid)) {
            let state = State { letter: row.letter, started: 0 };
            visit(&Member { pid: row.pid, is_own_child: parent == getpid(), state });
            parents.push(row.pid);
        }
    }
}

pub(super) fn own_children(spared: &[Pid]) -> Vec<Pid> {
    let rows = rows().into_iter().filter(|row| row.parent == Some(getpid()) && row.letter != b'Z');
    rows.map(|row| row.pid).filter(|pid| !spared.contains(pid)).collect()
}

pub(crate) fn parent_of(pid: Pid) -> Option<Pid> {
    rows().iter().find(|row| row.pid == pid)?.parent
}

pub(crate) fn job_of(pid: Pid) -> Option<Job> {
    let number = |id: Pid| id.as_raw_nonzero().get();
    Some(Job { group: number(getpgid(Some(pid)).ok()?), session: number(getsid(Some(pid)).ok()?) })
}

/// Nobody's descriptors can be looked at here.
pub(crate) fn all_pids() -> Vec<u32> {
    Vec::new()
}

pub(crate) fn name_of(_pid: u32) -> String {
    String::new()
}

fn rows() -> Vec<Row> {
    let listed = Command::new("/bin/ps").args(["-A", "-o", "pid=", "-o", "ppid=", "-o", "state="]).output();
    let text = listed.map(|listed| listed.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().filter_map(row).collect()
}

fn row(line: &str) -> Option<Row> {
    let mut fields = line.split_ascii_whitespace();
    let pid = Pid::from_raw(fields.next()?.parse().ok()?)?;
    let parent = Pid::from_raw(fields.next()?.parse().ok()?);
    let letter = *fields.next()?.as_bytes().first()?;
    Some(Row { pid, parent, letter })
}
