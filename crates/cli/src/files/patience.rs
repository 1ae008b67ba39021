//! Trying again what fails for a moment.

use std::io;
use std::time::Duration;

use tenure_engine::EngineError;
use tenure_store::StoreError;

/// How long is waited before each further attempt.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2)];

/// Does something, and again from its beginning when it fails for a moment.
pub(crate) async fn patiently<T>(attempt: impl AsyncFnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    patiently_by(tokio::time::sleep, attempt).await
}

async fn patiently_by<T, F: Future<Output = ()>>(
    mut wait: impl FnMut(Duration) -> F,
    mut attempt: impl AsyncFnMut() -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    for pause in PAUSES {
        match attempt().await {
            Err(error) if is_transient(&error) => wait(pause).await,
            done => return done,
        }
    }
    attempt().await
}

/// Whether the same may succeed a moment later without anybody mending anything. A full disk is not like that.
fn is_transient(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return is_transient_io(error);
        }
        let of_engine = cause.downcast_ref::<EngineError>().and_then(|error| match error {
            EngineError::Store(error) => Some(error),
            _ => None,
        });
        let of_store = of_engine.or_else(|| cause.downcast_ref::<StoreError>());
        of_store.is_some_and(|error| matches!(error, StoreError::Blocked { .. }))
    })
}

fn is_transient_io(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::Interrupted
            | Kind::WouldBlock
            | Kind::TimedOut
            | Kind::ResourceBusy
            | Kind::StaleNetworkFileHandle
            | Kind::NetworkDown
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_fails_for_a_moment_is_tried_three_times_more_and_ever_later() {
        let (mut waited, mut attempts) = (Vec::new(), 0);
        let wait = |pause: Duration| {
            waited.push(pause.as_millis());
            std::future::ready(())
        };
        let failed = patiently_by(wait, async || {
            attempts += 1;
            Err::<(), _>(anyhow::Error::new(io::Error::from(io::ErrorKind::TimedOut)).context("write"))
        });
        assert!(failed.await.is_err());
        assert_eq!((waited, attempts), (vec![100, 500, 2000], 4));
    }

    #[tokio::test]
    async fn what_fails_for_good_is_not_tried_again_and_what_succeeds_is_done() {
        let mut attempts = 0;
        let wait = |_| std::future::ready(());
        let failed = patiently_by(wait, async || {
            attempts += 1;
            Err::<(), _>(anyhow::Error::new(io::Error::from(io::ErrorKind::StorageFull)))
        });
        assert!(failed.await.is_err());
        assert_eq!(attempts, 1);
        let done = patiently_by(wait, async || {
            attempts += 1;
            let busy = io::Error::from(io::ErrorKind::ResourceBusy);
            if attempts == 2 { Err(busy.into()) } else { Ok(attempts) }
        });
        assert_eq!(done.await.unwrap(), 3);
    }
}
