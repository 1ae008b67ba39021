//! When figures about many sessions are worth somebody's attention.

use crate::limits;
use crate::session::{Session, StateName};

/// What is known of many sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Vitals {
    /// Sessions that were opened lately.
    pub opened: u64,
    /// Those of them that have expired.
    pub expired: u64,
    /// Active sessions without activity for too long.
    pub stuck: u64,
    /// Those of them whose owner has done nothing at all since they started.
    pub silent: u64,
}

/// Something worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alert {
    /// Too many sessions expire.
    ManyExpire {
        /// Sessions that were opened lately.
        opened: u64,
        /// Those of them that have expired.
        expired: u64,
    },
    /// Active sessions without activity for too long.
    Stuck {
        /// How many.
        count: u64,
    },
    /// Active sessions whose owner has done nothing since they started.
    Silent {
        /// How many.
        count: u64,
    },
}

/// What is worth a look.
#[must_use]
pub fn alerts(vitals: &Vitals) -> Vec<Alert> {
    let Vitals { opened, expired, stuck, silent } = *vitals;
    let many = u128::from(expired) * 100 > u128::from(opened) * u128::from(limits::EXPIRED_PERCENT_MAX);
    let expire = many.then_some(Alert::ManyExpire { opened, expired });
    let stuck = (stuck > 0).then_some(Alert::Stuck { count: stuck });
    let silent = (silent > 0).then_some(Alert::Silent { count: silent });
    expire.into_iter().chain(stuck).chain(silent).collect()
}

/// Whether a session is active, and its owner has done nothing that counts as activity since it started.
#[must_use]
pub fn is_silent(session: &Session) -> bool {
    session.state.name() == StateName::Active
        && session.last_started_at.is_none_or(|started| session.last_activity_at <= started)
}

#[cfg(test)]
mod tests;
