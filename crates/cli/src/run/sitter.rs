//! The process that keeps a lease while its runner is stopped by the terminal.

use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;

use anyhow::Context;
use tenure_core::id::Fence;
use tenure_core::lease::RunTimes;
use tenure_engine::{Engine, Kept, LeaseEvent};
use tenure_guard::{BootTime, Control};
use tenure_store::Handle;

use super::lease::{self, Granted};
use crate::args::run::{OnLost, SitterArgs};

/// Renews until the runner goes on or is gone. Standard input is the guard's socket, standard output a pipe
/// from the runner that ends with it.
pub(crate) fn execute(engine: Engine, handle: Handle, args: &SitterArgs) -> anyhow::Result<()> {
    let socket = rustix::stdio::stdin().try_clone_to_owned().context("take the guard's socket")?;
    let runner = rustix::stdio::stdout().try_clone_to_owned().context("take the runner's pipe")?;
    let control = Control::from_fd(socket);
    let (news, queue) = mpsc::channel();
    lease::keep(engine, granted(handle, args)?, control.clone(), news.clone())?;
    std::thread::spawn(move || {
        let mut nothing = [0];
        // Nothing is ever written there: this returns when the runner goes on, or is gone.
        drop(std::fs::File::from(runner).read(&mut nothing));
        drop(news.send(News::RunnerBack));
    });
    while let Ok(news) = queue.recv() {
        match news {
            News::RunnerBack => return Ok(()),
            News::Lease(LeaseEvent::Lost(_)) if args.on_lost == OnLost::Stop => {
                control.stop().context("tell the guard to stop the command")?;
            }
            News::Lease(_) => {}
        }
    }
    Ok(())
}

/// What a sitter hears.
enum News {
    Lease(LeaseEvent),
    RunnerBack,
}

impl From<LeaseEvent> for News {
    fn from(event: LeaseEvent) -> Self {
        Self::Lease(event)
    }
}

fn granted(handle: Handle, args: &SitterArgs) -> anyhow::Result<Granted> {
    let (ttl, grace) = (Duration::from_millis(args.ttl_ms), Duration::from_millis(args.grace_ms));
    let times = RunTimes::new(ttl, grace).map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
    let kept = Kept { handle, fence: Fence(args.fence), times };
    // The runner's last renewal is not known here. As if it had just missed one, this one renews at once.
    let now = Duration::from_nanos(BootTime::now().as_nanos());
    Ok(Granted { kept, at: now.saturating_sub(ttl), on_lost: args.on_lost })
}
