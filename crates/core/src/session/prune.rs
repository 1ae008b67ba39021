//! Which sessions that have ended a policy lets go.

use std::collections::HashMap;
use std::time::Duration;

use super::{Needed, Session, StateName};
use crate::id::Key;
use crate::kind::Kind;
use crate::limits;
use crate::time::WallTime;

/// Which sessions may go: all that is said must be true of one that goes. What is open is never one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrunePolicy {
    /// Which states, and how long ago a session in each must have ended.
    pub ages: Vec<(StateName, Duration)>,
    /// Only these kinds; none: all.
    pub kinds: Vec<Kind>,
    /// How many of the newest that have ended stay in each slot, and of each kind among those without a key.
    pub keep: u64,
}

impl Default for PrunePolicy {
    /// What is done when nothing is said.
    fn default() -> Self {
        Self {
            ages: vec![
                (StateName::Completed, limits::COMPLETED_KEPT_FOR),
                (StateName::Failed, limits::FAILED_KEPT_FOR),
                (StateName::Cancelled, limits::FAILED_KEPT_FOR),
                (StateName::Expired, limits::FAILED_KEPT_FOR),
            ],
            kinds: Vec::new(),
            keep: 0,
        }
    }
}

/// What a policy says about one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It goes.
    Goes,
    /// It is not one of those that the policy is about.
    NotMeant,
    /// It ended too short a time ago.
    TooYoung,
    /// It is one of the newest, which stay.
    Counted,
    /// It would go if it were not needed.
    Needed(Needed),
}

/// Judges sessions one after the other, newest first.
#[derive(Debug)]
pub struct Pruner<'p> {
    policy: &'p PrunePolicy,
    now: WallTime,
    kept: HashMap<(Kind, Option<Key>), u64>,
}

impl<'p> Pruner<'p> {
    /// Nothing was judged yet.
    #[must_use]
    pub fn new(policy: &'p PrunePolicy, now: WallTime) -> Self {
        Self { policy, now, kept: HashMap::new() }
    }

    /// What becomes of the next session. They come newest first, or the wrong ones stay.
    pub fn judge(&mut self, session: &Session) -> Verdict {
        let Some(ended) = session.state.completed_at() else {
            return Verdict::NotMeant;
        };
        // What other policies could let go counts as well: "the newest ten" are the newest ten.
        let is_counted = self.count(session);
        let state = session.state.name();
        let is_of_kind = self.policy.kinds.is_empty() || self.policy.kinds.contains(&session.kind);
        let age = self.policy.ages.iter().find(|(of, _)| *of == state).filter(|_| is_of_kind);
        let Some((_, age)) = age else {
            return Verdict::NotMeant;
        };
        if self.now.since(ended) < *age {
            return Verdict::TooYoung;
        }
        if is_counted {
            return Verdict::Counted;
        }
        session.needed().map_or(Verdict::Goes, Verdict::Needed)
    }

    fn count(&mut self, session: &Session) -> bool {
        if self.policy.keep == 0 {
            return false;
        }
        let kept = self.kept.entry((session.kind, session.key.clone())).or_default();
        *kept += 1;
        *kept <= self.policy.keep
    }
}
