//! Proof that a holder is gone before its time is over.

use std::fmt::Debug;

use tenure_core::lease::Lease;

/// Knows whether a holder on this machine is gone for certain.
pub trait Witness: Debug + Send + Sync {
    /// Whether the holder of `lease` is proven to be gone. In doubt: no.
    fn is_gone(&self, lease: &Lease) -> bool;
}

/// Knows nothing, so every lease is waited for.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoWitness;

impl Witness for NoWitness {
    fn is_gone(&self, _: &Lease) -> bool {
        false
    }
}
