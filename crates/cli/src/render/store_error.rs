//! Words for a store that gave no trustworthy answer.

use tenure_store::StoreError;
use tenure_store_sqlite::OpenError;

use super::refusal::Words;
use crate::problem::causes;

/// Words for `error`.
pub(super) fn words(error: &StoreError) -> Words {
    let mut said = causes(error);
    let primary = format!("failed to {}", said.remove(0));
    let (code, hints): (_, &[&str]) = match error {
        StoreError::Unavailable { .. } => ("STORE_UNAVAILABLE", &["tenure doctor"]),
        StoreError::Full { .. } => {
            ("STORE_FULL", &["free some space where the store is; nothing was changed"])
        }
        StoreError::Blocked { .. } => (
            "STORE_BLOCKED",
            &["nothing was changed; if that process is stopped, continue or end it: tenure doctor"],
        ),
        StoreError::Unknown { .. } => ("STORE_UNKNOWN", &["look whether it was kept: tenure list"]),
        StoreError::Corrupt { .. } => ("STORE_CORRUPT", &["tenure doctor --deep"]),
        StoreError::Closed => ("STORE_CLOSED", &[]),
    };
    let hints = hints.iter().map(|hint| (*hint).to_owned()).collect();
    let mut words = Words { code, primary, details: said, hints, ..Words::default() };
    if let StoreError::Blocked { pid: Some(pid) } = error {
        words.facts.insert("pid".to_owned(), (*pid).into());
    }
    words
}

/// Words for a store that could not be opened.
pub(super) fn opening(error: &OpenError) -> Words {
    let mut said = causes(error);
    let primary = format!("failed to {}", said.remove(0));
    let (code, hints): (_, &[&str]) = match error {
        OpenError::Io { .. } | OpenError::Sqlite { .. } => ("STORE_UNAVAILABLE", &["tenure doctor"]),
        OpenError::NotAFile { .. } | OpenError::NotAStore { .. } => {
            ("NOT_A_STORE", &["name another file: --db <file>"])
        }
        OpenError::Corrupt { .. } => {
            ("STORE_CORRUPT", &["nothing was changed; keep a copy of it before anything else"])
        }
        OpenError::Newer { .. } => ("STORE_NEWER", &["use a newer tenure"]),
        OpenError::NetworkFileSystem { .. } => {
            ("STORE_ON_NETWORK", &["name a file on a local disk: --db <file>"])
        }
        OpenError::Blocked { .. } => {
            ("STORE_BLOCKED", &["if that process is stopped, continue or end it: tenure doctor"])
        }
    };
    let hints = hints.iter().map(|hint| (*hint).to_owned()).collect();
    let mut words = Words { code, primary, details: said, hints, ..Words::default() };
    if let OpenError::Blocked { pid: Some(pid), .. } = error {
        words.facts.insert("pid".to_owned(), (*pid).into());
    }
    words
}
