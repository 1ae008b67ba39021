//! Children of the runner that do not belong to the command.

use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Pid;

/// Processes to be left alone when the tree is ended by the runner itself; clones share one list.
#[derive(Clone, Debug, Default)]
pub struct Spared(Arc<Mutex<Vec<Pid>>>);

impl Spared {
    /// Leaves this child, and what is below it, alone. Call it before the child can matter.
    pub fn add(&self, pid: u32) {
        if let Some(pid) = to_pid(pid) {
            self.list().push(pid);
        }
    }

    /// Forgets the child; call it after waiting for it, as its number may be given to another process.
    pub fn remove(&self, pid: u32) {
        self.list().retain(|each| Some(*each) != to_pid(pid));
    }

    pub(crate) fn pids(&self) -> Vec<Pid> {
        self.list().clone()
    }

    /// A list of numbers cannot be left half changed, so a panic elsewhere does not matter.
    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Pid>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No process has a number that does not fit.
pub(crate) fn to_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().and_then(Pid::from_raw)
}
