//! What workers did not survive is run alone.
//!
//! Of all that was under way, a worker that is gone does not say what it was. From [`ALONE_FROM`] such workers on, an
//! activity begins while no other such one is under way, and the code of instances is run one after the other. Code takes
//! no time, so it never waits for an activity; activities wait for all of it.

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
    /// The instance whose code is being run, until what came of that is kept.
    code: Option<Key>,
    /// Instances whose code is to be run.
    waiting: VecDeque<Key>,
}

impl Alone {
    /// Whether an activity may begin, where others may be coming. If so, no other may until it is over.
    pub(super) fn admits(&mut self, activity: Suspect, has_others: bool) -> bool {
        if self.activity.is_none() && self.next().is_none() && !has_others {
            self.activity = Some(activity);
        }
        self.activity == Some(activity)
    }

    /// Activities are over, or do not begin after all. Returns whether one of them had been admitted.
    pub(super) fn are_over(&mut self, are_they: impl Fn(Suspect) -> bool) -> bool {
        self.activity.take_if(|under_way| are_they(*under_way)).is_some()
    }

    /// An instance's code is to be run.
    pub(super) fn wait(&mut self, key: Key) {
        self.waiting.push_back(key);
    }

    /// An instance's code is to be told of the activity that was under way, before any other is run: what that came to
    /// would be lost with the worker.
    pub(super) fn wait_first(&mut self, key: Key) {
        self.waiting.retain(|waits| *waits != key);
        self.waiting.push_front(key);
    }

    /// Whether an instance's code may be run. If so, no other's may until it is kept.
    pub(super) fn admits_code(&mut self, key: Key) -> bool {
        if self.code.is_none() {
            self.code = self.waiting.pop_front_if(|first| *first == key);
        }
        self.code == Some(key)
    }

    /// Whether an instance's code is being run, and not kept yet.
    pub(super) fn is_at_code(&self, key: Key) -> bool {
        self.code == Some(key)
    }

    /// What came of an instance's code is kept, or it is not to be run any more.
    pub(super) fn is_kept(&mut self, key: Key) {
        self.code.take_if(|code| *code == key);
        self.waiting.retain(|waits| *waits != key);
    }

    /// The instance whose code may be run now.
    pub(super) fn next(&self) -> Option<Key> {
        self.code.or_else(|| self.waiting.front().copied())
    }
}
