//! Words for a store that could not be opened.

use tenure_store_sqlite::OpenError;
use tenure_words::{Problem, blocked, failure};

/// Words for a store that could not be opened. Nothing was changed.
pub(super) fn words(error: &OpenError) -> Problem {
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
