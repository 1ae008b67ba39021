//! `tenure doctor --unblock`: ends whoever keeps everybody else from writing.

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tenure_core::lease::Standing;
use tenure_engine::Engine;
use tenure_store::StoreError;

use crate::app::App;
use crate::exit::Exit;
use crate::render::{Look, Report};
use tenure_words::Problem;

/// Ends the process that holds the write lock for too long. A write that it had begun is rolled back.
pub(super) async fn execute(app: &App) -> anyhow::Result<Exit> {
    let Some(engine) = app.existing()? else {
        app.out.report(&Unblocked(None))?;
        return Ok(Exit::Success);
    };
    let Some(blocker) = blocker(engine).await? else {
        app.out.report(&Unblocked(None))?;
        return Ok(Exit::Success);
    };
    spare_holders(engine, blocker).await?;
    let pid = i32::try_from(blocker).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| Problem::failure("FAILED", "make sense of the process id"))?;
    kill_process(pid, Signal::KILL).map_err(|why| {
        Problem::failure("FAILED", format!("end process {blocker}")).because(std::io::Error::from(why))
    })?;
    // Whether it helped: the same again, now with an answer.
    engine.store().postpone(Vec::new()).await?;
    app.out.report(&Unblocked(Some(blocker)))?;
    Ok(Exit::Success)
}

/// Who keeps a write of nothing from being made, for longer than any write takes.
async fn blocker(engine: &Engine) -> anyhow::Result<Option<u32>> {
    match engine.store().postpone(Vec::new()).await {
        Ok(()) => Ok(None),
        Err(StoreError::Blocked { pid: Some(pid) }) => Ok(Some(pid)),
        Err(error) => Err(error.into()),
    }
}

/// A holder whose lease is live may still be at work: its lease ends by itself if it is not.
async fn spare_holders(engine: &Engine, blocker: u32) -> anyhow::Result<()> {
    let now = engine.store().now().await?;
    for session in engine.open_runs().await? {
        // Where its runner is gone, its number is another process's by now.
        let lease = session.lease.as_ref().filter(|lease| !engine.is_gone(lease));
        let place = lease.and_then(|lease| lease.holder.place.as_ref());
        let is_its = place.is_some_and(|place| place.pid == blocker);
        if is_its && session.standing(&now) == Ok(Standing::Live) {
            let statement = format!("process {blocker} holds session {}, and its lease is live", session.id);
            let hint = "wait until its lease is over, then try again";
            return Err(Problem::refused("HELD", statement).hint(hint).into());
        }
    }
    Ok(())
}

/// Who was ended.
struct Unblocked(Option<u32>);

impl Report for Unblocked {
    fn text(&self, _: &Look) -> String {
        match self.0 {
            Some(pid) => format!("Ended process {pid}; writing works again.\n"),
            None => "Nobody keeps others from writing.\n".to_owned(),
        }
    }

    fn json(&self) -> Value {
        json!({ "ok": true, "ended": self.0 })
    }
}
