//! Where a store reads the time.

use std::fmt::Debug;

use tenure_core::time::Moment;

/// The clocks of a store: a parameter, so that tests move time.
pub trait Clock: Send + Sync + Debug {
    /// What the clocks say.
    fn now(&self) -> Moment;
}
