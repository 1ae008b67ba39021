//! Finding any position of a long log in few steps.
//!
//! Rows stand in arrival order over all sessions, so a session's rows are found through pointers, from the
//! newest back. One pointer to the row before (`prev`) would make reading from the beginning of ten million
//! events a walk over all of them. So each row has a second pointer, `jump`, chosen as in Myers'
//! random-access stack: the rows of a session form a list of perfect binary trees whose sizes are the digits
//! of a skew-binary number. A new row stands alone (a tree of size one, `jump` is the row before), unless the
//! two newest trees have the same size: then it becomes the root over both, and its `jump` skips them.
//! Walking back by `jump` where that does not pass the goal, and by `prev` where it would, takes at most
//! about three steps per doubling of the log's length; a row costs one integer for it.
//!
//! The sizes follow from the number of rows alone, and the roots are found by following `jump` from the
//! newest row, so nothing else is stored.
//!
//! The oldest rows of a tail die when they are folded, and are deleted later. Then `prev` of the oldest row that
//! lives, and `jump` of any, may lead to a row that is gone: whoever looks for what lives never needs it, and
//! whoever adds a row writes no pointer where it is gone.

use rusqlite::{Connection, Row};
use tenure_core::id::Seq;
use tenure_store::Handle;

use crate::error::WorkError;
use crate::row::{LogHead, corrupt, unsigned};
use crate::sql;

/// The trees of one session's log: each one's size and the row that is its root, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Chain {
    trees: Vec<(u64, i64)>,
}

/// Where a new row points to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Pointers {
    pub(crate) prev: i64,
    pub(crate) jump: i64,
}

impl Chain {
    /// The trees of a stored log.
    pub(crate) fn load(conn: &Connection, handle: Handle, log: LogHead) -> Result<Self, WorkError> {
        let mut trees = Vec::new();
        let mut root = log.pos;
        for size in sizes(log.depth) {
            let found = if root == 0 { None } else { step(conn, handle, root)? };
            if found.is_none() && trees.is_empty() {
                return Err(missing(root));
            }
            trees.push((size, found.map_or(0, |_| root)));
            root = found.map_or(0, |step| step.jump);
        }
        if root != 0 {
            return Err(corrupt(format!("a log of {} rows has more than that", log.depth)));
        }
        trees.reverse();
        Ok(Self { trees })
    }

    /// The trees of a tail before the row of number `depth`, of which no row is known.
    pub(crate) fn unknown(depth: u64) -> Self {
        let mut trees: Vec<_> = sizes(depth).into_iter().map(|size| (size, UNKNOWN)).collect();
        trees.reverse();
        Self { trees }
    }

    /// Adds a row and says where it points to.
    pub(crate) fn push(&mut self, pos: i64) -> Pointers {
        let prev = self.trees.last().map_or(0, |(_, root)| *root);
        match self.trees[..] {
            [.., (left, _), (right, _)] if left == right => {
                self.trees.truncate(self.trees.len() - 2);
                let jump = self.trees.last().map_or(0, |(_, root)| *root);
                self.trees.push((left + right + 1, pos));
                Pointers { prev, jump }
            }
            _ => {
                self.trees.push((1, pos));
                Pointers { prev, jump: prev }
            }
        }
    }
}

/// Stands for a row that is not known.
pub(crate) const UNKNOWN: i64 = -1;

/// The sizes of the trees of `depth` rows, newest first.
fn sizes(depth: u64) -> Vec<u64> {
    let mut left = depth;
    let mut sizes = Vec::new();
    while left > 0 {
        // The largest number of the form 2^k - 1 that fits.
        let size = (u64::MAX >> left.saturating_add(1).leading_zeros()) >> 1;
        sizes.push(size);
        left -= size;
    }
    sizes.reverse();
    sizes
}

/// Where one row points to, and which position it begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    first: Seq,
    prev: i64,
    jump: i64,
}

/// A row, if it is not gone.
fn step(conn: &Connection, handle: Handle, pos: i64) -> Result<Option<Step>, WorkError> {
    sql::one(conn, sql::LOG_STEP, [pos], |row| {
        belongs(row, handle, pos)?;
        Ok(Step { first: Seq(unsigned(row.get(1)?)?), prev: row.get(2)?, jump: row.get(3)? })
    })
}

/// The row that holds position `seq` of the tail, walking back from the newest one.
pub(crate) fn find(conn: &Connection, handle: Handle, newest: i64, seq: Seq) -> Result<i64, WorkError> {
    let mut pos = newest;
    let mut at = step(conn, handle, pos)?.ok_or_else(|| missing(pos))?;
    while at.first > seq {
        let jumped = if at.jump == 0 { None } else { step(conn, handle, at.jump)? };
        (pos, at) = match jumped {
            Some(jumped) if jumped.first > seq => (at.jump, jumped),
            _ if at.prev == 0 => return Err(corrupt(format!("no row holds position {seq}"))),
            Some(jumped) if at.prev == at.jump => (at.jump, jumped),
            _ => (at.prev, step(conn, handle, at.prev)?.ok_or_else(|| missing(at.prev))?),
        };
    }
    Ok(pos)
}

/// Whether a row whose first column is its session is of the log that led to it.
pub(crate) fn belongs(row: &Row<'_>, handle: Handle, pos: i64) -> Result<(), WorkError> {
    if row.get::<_, i64>(0)? == handle.0 {
        return Ok(());
    }
    Err(corrupt(format!("row {pos} of the log belongs to another session")))
}

/// A row that must be there is not.
pub(crate) fn missing(pos: i64) -> WorkError {
    corrupt(format!("row {pos} of the log is missing"))
}

#[cfg(test)]
mod tests {
    use super::{Chain, sizes};

    #[test]
    fn the_sizes_follow_from_the_number_of_rows() {
        let mut chain = Chain::default();
        for depth in 0..5000 {
            let built: Vec<u64> = chain.trees.iter().rev().map(|(size, _)| *size).collect();
            assert_eq!(built, sizes(depth), "at depth {depth}");
            chain.push(i64::try_from(depth + 1).unwrap());
        }
    }
}
