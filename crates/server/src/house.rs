//! Housekeeping: what is due is expired, answers that are old are forgotten.

use std::sync::Arc;
use std::time::Duration;

use crate::setup::Served;

/// How often it is looked after. Whoever writes looks after some of it as well.
const EVERY: Duration = Duration::from_secs(5);
/// Most answers that are forgotten at once.
const FORGOTTEN_MAX: usize = 1000;

/// Looks after the store for as long as the server runs.
pub(crate) async fn keep(served: Arc<Served>) {
    let engine = &served.setup.engine;
    loop {
        served.setup.clock.sleep(EVERY).await;
        let swept = engine.sweep().await;
        if let Err(error) = swept {
            tracing::warn!(%error, "looking for idle sessions failed");
        }
        if let Err(error) = engine.store().forget_answers(FORGOTTEN_MAX).await {
            tracing::warn!(%error, "forgetting old answers failed");
        }
    }
}
