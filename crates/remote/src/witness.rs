//! Who is gone, as the server tells and as this machine knows.

use std::sync::Arc;

use tenure_core::lease::Lease;
use tenure_engine::Witness;

/// What the server tells of a holder comes with its lease; what is known here is asked as well.
#[derive(Debug)]
pub struct Told(pub Arc<dyn Witness>);

impl Witness for Told {
    fn is_gone(&self, lease: &Lease) -> bool {
        lease.incarnation == tenure_api::Lease::GONE || self.0.is_gone(lease)
    }
}
