//! Words for a store that gave no trustworthy answer.

use std::error::Error;

use tenure_store::StoreError;

use crate::problem::{Problem, causes};

/// Words for `error`.
pub fn words(error: &StoreError) -> Problem {
    let problem = |code| failure(code, error);
    match error {
        StoreError::Unavailable { .. } => problem("STORE_UNAVAILABLE").hint("tenure doctor"),
        StoreError::Full { .. } => {
            problem("STORE_FULL").hint("nothing was changed; free some space where the store is")
        }
        StoreError::Blocked { pid } => blocked(problem("STORE_BLOCKED"), *pid),
        StoreError::Unknown { .. } => problem("STORE_UNKNOWN").hint("look whether it was kept: tenure list"),
        StoreError::Corrupt { .. } => problem("STORE_CORRUPT").hint("tenure doctor --deep"),
        StoreError::Closed => problem("STORE_CLOSED"),
    }
}

/// A failure that is said by an error and its causes.
pub fn failure(code: &'static str, error: &dyn Error) -> Problem {
    let mut said = causes(error);
    Problem::failure(code, said.remove(0)).details(said)
}

/// What to do where somebody keeps others from writing.
pub fn blocked(problem: Problem, pid: Option<u32>) -> Problem {
    let problem =
        problem.hint("nothing was changed; if that process is stopped, continue or end it: tenure doctor");
    match pid {
        Some(pid) => problem.fact("pid", pid),
        None => problem,
    }
}
