//! What the parts of one opened store share.

use std::sync::Arc;

use tenure_store::Clock;

use crate::faults::Faults;
use crate::options::Limits;
use crate::place::Place;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::troubles::Troubles;
use crate::watches::Watches;

/// What the parts of one opened store share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) place: Place,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    pub(crate) faults: Arc<dyn Faults>,
    pub(crate) queue: Queue,
    pub(crate) readers: Readers,
    pub(crate) watches: Arc<Watches>,
    pub(crate) troubles: Troubles,
}
