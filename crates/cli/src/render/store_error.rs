//! Words for a store that gave no trustworthy answer.

use tenure_store::StoreError;

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
