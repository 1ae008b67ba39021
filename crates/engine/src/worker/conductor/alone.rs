//! What workers did not survive is run alone.
//!
//! Which of all that was under way it was that a worker did not survive, it does not say. From [`ALONE_FROM`] such
//! workers on, an activity, or the code of an instance, is run while no other such one is: whichever it is, it is found.

use std::collections::VecDeque;
use std::time::Duration;

use tenure_core::id::Operation;
use tenure_store::TaskId;

use super::super::order::Key;

/// What so many workers did not survive is run alone.
pub(super) const ALONE_FROM: u32 = 3;
/// How long an activity waits while something else is run.
pub(super) const ALONE_WAITS: Duration = Duration::from_millis(100);

/// An activity that workers did not survive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suspect {
    Here(Key, Operation),
    Task(TaskId),
}

/// What workers did not survive.
#[derive(Debug, Default)]
pub(super) struct Alone {
    /// The activity that is under way.
    activity: Option<Suspect>,
    /// The instances whose code is to be run: the first is next. That takes no time, so activities wait for all of them.
    code: VecDeque<Key>,
}

impl Alone {
    /// Whether an activity may begin. If so, nothing else may until it is over.
    pub(super) fn admits(&mut self, activity: Suspect) -> bool {
        let is_free = self.activity.map_or(self.code.is_empty(), |under_way| under_way == activity);
        if is_free {
            self.activity = Some(activity);
        }
        is_free
    }

    /// Activities are over, or do not begin after all. Returns whether one of them had been admitted.
    pub(super) fn are_over(&mut self, are_they: impl Fn(Suspect) -> bool) -> bool {
        self.activity.take_if(|under_way| are_they(*under_way)).is_some()
    }

    /// An instance's code is to be run.
    pub(super) fn wait(&mut self, key: Key) {
        self.code.push_back(key);
    }

    /// An instance's code is to be told of the activity that was under way: before anything else is run, for what that
    /// came to would be lost.
    pub(super) fn wait_first(&mut self, key: Key) {
        self.code.push_front(key);
    }

    /// An instance's code was run, or is not to be run any more.
    pub(super) fn is_run(&mut self, key: Key) {
        self.code.retain(|waits| *waits != key);
    }

    /// The instance whose code may be run now.
    pub(super) fn next(&self) -> Option<Key> {
        self.code.front().copied().filter(|_| self.activity.is_none())
    }
}
