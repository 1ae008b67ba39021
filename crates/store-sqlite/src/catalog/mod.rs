//! By what sessions are found: which terms are true of which, block by block.
//!
//! A *block* is 4096 consecutive sessions, and a *posting* says of which sessions of a block a term is true.
//! Any filter is an intersection of a few such sets, so a list costs a handful of small reads for each
//! thousand sessions, however little fits. Postings of terms that thousands share cost a bit for each
//! session; they lie where new sessions are, not all over the file.
//!
//! New sessions are not entered one by one: the newest few hundred are looked at themselves, and are entered
//! (*folded*) some dozens together. What changes in a session that was folded is entered with the change. The answer is
//! read from the session itself in the end, so that a posting only has to be complete.

mod bits;
mod changes;
mod fold;
mod open;
mod postings;
mod search;
mod terms;
mod verify;
mod zone;

#[cfg(test)]
mod tests;

pub(crate) use changes::Changes;
pub(crate) use fold::{build, due, fold, folded};
pub(crate) use open::{each_active, open_since};
pub(crate) use search::list;
pub(crate) use verify::check_postings;
