//! Where a test makes the writer fail. Inert unless a test says otherwise.

use std::fmt::Debug;
use std::io;

/// A point at which the writer asks whether to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultPoint {
    /// About to work on a request.
    Apply,
    /// All requests of a group are worked on, none is durable.
    BeforeCommit,
    /// The group is durable, nobody knows.
    AfterCommit,
    /// What was tidied up between groups is about to be made durable.
    Tidy,
    /// A connection is opened again after an unknown outcome.
    Reopen,
}

/// Makes the writer fail.
pub trait Faults: Debug + Send + Sync {
    /// Fails or panics at `point`, or does nothing.
    ///
    /// # Errors
    /// The failure that the writer must cope with.
    fn at(&self, point: FaultPoint) -> io::Result<()>;
}

/// Never fails.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn at(&self, _: FaultPoint) -> io::Result<()> {
        Ok(())
    }
}
