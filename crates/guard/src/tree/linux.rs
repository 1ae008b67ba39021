//! The process tree as `/proc` shows it.

use std::fs;
use std::io;
use std::sync::OnceLock;

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpid, getppid, kill_process, pidfd_open,
    pidfd_send_signal, set_child_subreaper, set_parent_process_death_signal, waitid,
};

use super::jobs::Job;
use super::spared::to_pid;

/// Deeper than any tree; a loop, which `/proc` can show while numbers are reused, ends here.
const LEVELS_MAX: usize = 10_000;

/// A process below this one, as it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) pid: Pid,
    /// Its parent, unless that is this process.
    above: Option<Pid>,
}

/// What the kernel says about a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    /// `R`, `S`, `D`, `T` (stopped), `Z` (dead but not reaped) and so on.
    letter: u8,
    parent: Option<Pid>,
    job: Job,
    /// Tells a process from a later one with the same number.
    pub(crate) started: u64,
}

impl Member {
    /// Sends a signal; a process that is gone, or not ours to signal, is passed over.
    pub(crate) fn signal(&self, signal: Signal) {
        let sent = match self.above {
            // Only this process can reap its child, so the number cannot have been reused.
            None => kill_process(self.pid, signal),
            Some(parent) => self.signal_grandchild(parent, signal),
        };
        // Gone is what we want; a process of another user is met again at the next search.
        let _ = sent;
    }

    /// Pins the process, looks again whether it is the one found, and only then signals it.
    fn signal_grandchild(&self, parent: Pid, signal: Signal) -> rustix::io::Result<()> {
        let pinned = pidfd_open(self.pid, PidfdFlags::empty());
        let ours = [Some(parent), Some(getpid())];
        if !self.state().is_some_and(|state| ours.contains(&state.parent)) {
            return Ok(());
        }
        match pinned {
            Ok(pinned) => pidfd_send_signal(pinned, signal),
            Err(Errno::NOSYS) => kill_process(self.pid, signal),
            Err(error) => Err(error),
        }
    }

    /// Whether it is this process's child, and not only somewhere below.
    pub(super) fn is_own_child(&self) -> bool {
        self.above.is_none()
    }

    /// Whether it is a child of this process that waits to be reaped: what was below it no longer is.
    fn is_dead_child(&self) -> bool {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        self.is_own_child() && matches!(waitid(WaitId::Pid(self.pid), look), Ok(Some(_)))
    }

    pub(crate) fn state(&self) -> Option<State> {
        State::of(self.pid)
    }
}

impl State {
    pub(crate) fn of(pid: Pid) -> Option<Self> {
        let text = fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
        Self::parse(&text)
    }

    /// The command name may hold anything, so fields are counted after its last parenthesis.
    fn parse(text: &[u8]) -> Option<Self> {
        let end = text.iter().rposition(|byte| *byte == b')')?;
        let fields = std::str::from_utf8(text.get(end + 1..)?).ok()?;
        let mut fields = fields.split_ascii_whitespace();
        let letter = *fields.next()?.as_bytes().first()?;
        let parent = fields.next()?.parse().ok().and_then(Pid::from_raw);
        let mut number = || fields.next()?.parse().ok();
        let job = Job { group: number()?, session: number()? };
        let started = fields.nth(15)?.parse().ok()?;
        Some(Self { letter, parent, job, started })
    }

    /// Stopped by a signal.
    pub(crate) fn is_stopped(self) -> bool {
        self.letter == b'T'
    }

    /// Dead, whether or not reaped.
    pub(crate) fn is_dead(self) -> bool {
        matches!(self.letter, b'Z' | b'X')
    }
}

/// Whether a signal has stopped that process.
pub(crate) fn is_stopped(pid: Pid) -> bool {
    State::of(pid).is_some_and(State::is_stopped)
}

pub(super) fn become_subreaper() -> io::Result<()> {
    Ok(set_child_subreaper(Some(getpid()))?)
}

/// Makes the kernel kill this process when `parent` dies; fails if `parent` has died already.
///
/// The kernel forgets this when a program with other rights (set-user-id, capabilities) is executed.
pub(crate) fn die_with(parent: u32) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() == to_pid(parent) { Ok(()) } else { Err(Errno::SRCH.into()) }
}

/// Level by level: each level is visited before anybody takes the time to look below it.
pub(super) fn walk(spared: &[Pid], visit: &mut dyn FnMut(&Member)) {
    let below = |pid: Pid, above: Option<Pid>| {
        children(pid).into_iter().map(move |child| Member { pid: child, above })
    };
    let mut level: Vec<Member> = below(getpid(), None).filter(|child| !spared.contains(&child.pid)).collect();
    for _ in 0..LEVELS_MAX {
        level.iter().for_each(&mut *visit);
        let parents = level.iter().filter(|member| !member.is_dead_child());
        level = parents.flat_map(|member| below(member.pid, Some(member.pid))).collect();
        if level.is_empty() {
            return;
        }
    }
}

/// The children of this process, so that none is overlooked.
///
/// The lists of its threads are read one after the other, and a child changes lists when a thread ends.
pub(super) fn own_children(spared: &[Pid]) -> Vec<Pid> {
    let without_spared = |mut found: Vec<Pid>| {
        found.retain(|child| !spared.contains(child));
        found
    };
    let found = without_spared(children(getpid()));
    if found.is_empty() { without_spared(children_by_scan(getpid())) } else { found }
}

pub(crate) fn parent_of(pid: Pid) -> Option<Pid> {
    State::of(pid)?.parent
}

pub(crate) fn job_of(pid: Pid) -> Option<Job> {
    Some(State::of(pid)?.job)
}

/// Every process this user may see.
pub(crate) fn all_pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The command name, at most 15 bytes; empty if the process is gone.
pub(crate) fn name_of(pid: u32) -> String {
    let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
    String::from_utf8_lossy(&name).trim_end_matches('\n').to_owned()
}

/// The process's children. The list may miss one while another exits; searches are repeated.
fn children(pid: Pid) -> Vec<Pid> {
    if has_children_files() { children_by_thread(pid) } else { children_by_scan(pid) }
}

/// Whether the kernel was built to list children directly.
fn has_children_files() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    *HAS.get_or_init(|| fs::exists("/proc/thread-self/children").unwrap_or(false))
}

fn children_by_thread(pid: Pid) -> Vec<Pid> {
    let Ok(threads) = fs::read_dir(format!("/proc/{}/task", pid.as_raw_nonzero())) else { return Vec::new() };
    let lists =
        threads.flatten().filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists.flat_map(|list| list.split_ascii_whitespace().filter_map(parse_pid).collect::<Vec<_>>()).collect()
}

fn children_by_scan(pid: Pid) -> Vec<Pid> {
    let every = all_pids().into_iter().filter_map(to_pid);
    every.filter(|each| parent_of(*each) == Some(pid)).collect()
}

fn parse_pid(text: &str) -> Option<Pid> {
    text.parse().ok().and_then(Pid::from_raw)
}

#[cfg(test)]
mod tests;
