//! Words for a store that gave no trustworthy answer.

use std::error::Error;

use tenure_store::StoreError;
use tenure_store_sqlite::OpenError;

use crate::problem::{Problem, causes};

/// Words for `error`.
pub(super) fn words(error: &StoreError) -> Problem {
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

/// Words for a store that could not be opened. Nothing was changed.
pub(super) fn opening(error: &OpenError) -> Problem {
    let problem = |code| failure(code, error);
    match error {
        OpenError::Io { .. } | OpenError::Sqlite { .. } => problem("STORE_UNAVAILABLE").hint("tenure doctor"),
        OpenError::NotAFile { .. } | OpenError::NotAStore { .. } => {
            problem("NOT_A_STORE").hint("name another file: --db <file>")
        }
        OpenError::Corrupt { .. } => {
            problem("STORE_CORRUPT").hint("nothing was changed; keep a copy of it before anything else")
        }
        OpenError::Newer { .. } => problem("STORE_NEWER").hint("use a newer tenure"),
        OpenError::NetworkFileSystem { .. } => {
            problem("STORE_ON_NETWORK").hint("name a file on a local disk: --db <file>")
        }
        OpenError::Blocked { pid, .. } => blocked(problem("STORE_BLOCKED"), *pid),
    }
}

fn failure(code: &'static str, error: &dyn Error) -> Problem {
    let mut said = causes(error);
    Problem::failure(code, said.remove(0)).details(said)
}

fn blocked(problem: Problem, pid: Option<u32>) -> Problem {
    let problem =
        problem.hint("nothing was changed; if that process is stopped, continue or end it: tenure doctor");
    match pid {
        Some(pid) => problem.fact("pid", pid),
        None => problem,
    }
}
