//! What went wrong beside the point: kept for the doctor, never thrown.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// Most messages that are kept; the oldest go first.
const KEPT_MAX: usize = 16;

/// A short memory of failures that no caller can be told about.
#[derive(Debug, Default)]
pub(crate) struct Troubles(Mutex<VecDeque<String>>);

impl Troubles {
    /// Keeps what went wrong.
    pub(crate) fn note(&self, doing: &str, why: &dyn std::fmt::Display) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == KEPT_MAX {
            kept.pop_front();
        }
        kept.push_back(format!("{doing}: {why}"));
    }

    /// What is kept, oldest first.
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
