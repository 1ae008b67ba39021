//! Requests that may be made twice: what becomes of one whose key was used before.

use crate::id::Incarnation;
use crate::limits;
use crate::time::{Moment, WallTime};

/// One attempt at a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// A hash of what is asked.
    pub asked: [u8; 32],
    /// The start of the server that is at it.
    pub by: Incarnation,
    /// What everything random about it follows from, ids above all.
    pub seed: [u8; 16],
}

/// What an attempt is, after an earlier one with its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It is the earlier one itself, which did not hear that it had begun.
    Same,
    /// The earlier one was answered.
    Answered,
    /// Whoever was at the earlier one is not there any more: this one carries it out, with its seed.
    Resumed,
    /// The earlier one is under way.
    UnderWay,
    /// It asks for something else.
    Other,
}

impl Asking {
    /// What `next` is, where this attempt was made with the same key before.
    #[must_use]
    pub fn again(&self, is_answered: bool, next: &Self) -> Again {
        if self.asked != next.asked {
            Again::Other
        } else if is_answered {
            Again::Answered
        } else if self.by != next.by {
            Again::Resumed
        } else if self.seed == next.seed {
            Again::Same
        } else {
            Again::UnderWay
        }
    }
}

/// Whether what was last written of a request at `at` is to be forgotten. Without a usable clock it is not.
#[must_use]
pub fn is_over(at: WallTime, now: &Moment) -> bool {
    now.wall.is_some_and(|now| at.after(limits::ANSWERS_KEPT_FOR) <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{moment, no_wall, wall};
    use crate::time::millis;

    #[test]
    fn an_answer_is_over_after_its_time_and_not_without_a_clock() {
        let kept_for = millis(limits::ANSWERS_KEPT_FOR);
        let over =
            [moment(kept_for - 1), moment(kept_for), no_wall(kept_for)].map(|now| is_over(wall(0), &now));
        assert_eq!(over, [false, true, false]);
    }

    fn asking(asked: u8, by: u8, seed: u8) -> Asking {
        Asking { asked: [asked; 32], by: Incarnation([by; 16]), seed: [seed; 16] }
    }

    #[test]
    fn what_an_attempt_is_follows_from_the_one_before() {
        let first = asking(1, 1, 1);
        for (next, open, answered) in [
            (asking(1, 1, 1), Again::Same, Again::Answered),
            (asking(1, 1, 2), Again::UnderWay, Again::Answered),
            (asking(1, 2, 2), Again::Resumed, Again::Answered),
            (asking(1, 2, 1), Again::Resumed, Again::Answered),
            (asking(2, 1, 1), Again::Other, Again::Other),
            (asking(2, 2, 2), Again::Other, Again::Other),
        ] {
            assert_eq!((first.again(false, &next), first.again(true, &next)), (open, answered), "{next:?}");
        }
    }
}
