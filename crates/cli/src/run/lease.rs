//! The lease's own lane: renew, move the guard's deadline, report.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use tenure_engine::{Engine, Keeper, Kept, LeaseEvent};
use tenure_guard::{BootTime, Control};

use super::lane;
use super::steady::{BootClock, boot_time};
use crate::args::run::OnLost;

/// A lease that was just granted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Granted {
    /// What is held.
    pub(super) kept: Kept,
    /// When the attempt that got it started, on the boot-time clock.
    pub(super) at: Duration,
    /// What happens to the command when it is lost.
    pub(super) on_lost: OnLost,
}

impl Granted {
    /// When the command must be asked to end if nothing renews the lease.
    pub(super) fn first_deadline(&self) -> BootTime {
        deadline(self.on_lost, self.at.saturating_add(self.kept.times.trusted_for()))
    }
}

fn deadline(on_lost: OnLost, until: Duration) -> BootTime {
    match on_lost {
        OnLost::Stop => boot_time(until),
        OnLost::Continue => BootTime::NEVER,
    }
}

/// Keeps the lease until it is lost, telling the guard first and the runner then.
pub(super) fn keep<E>(engine: Engine, granted: Granted, control: Control, runner: Sender<E>) -> io::Result<()>
where
    E: From<LeaseEvent> + Send + 'static,
{
    let lane = lane::spawn("lease", move || async move {
        let mut keeper = Keeper::new(engine, Arc::new(BootClock), granted.kept, granted.at);
        loop {
            let event = keeper.next().await;
            if let LeaseEvent::Trusted { until } = event {
                // A guard that is gone needs no deadline: it has ended the command, and says so itself.
                drop(control.extend(deadline(granted.on_lost, until)));
                continue;
            }
            let is_over = matches!(event, LeaseEvent::Lost(_));
            if runner.send(event.into()).is_err() || is_over {
                return;
            }
        }
    })?;
    drop(lane);
    Ok(())
}
