//! `tenure stop`: the session's owner is asked to shut down.

use tenure_core::event::Request;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Context, GroupView, Session, StateName, Stopping, may_stop};
use tenure_engine::Witness;
use tenure_store::Listed;

use super::ask::Asking;
use super::{current, given};
use crate::app::App;
use crate::args::session::StopArgs;
use crate::exit::Exit;
use crate::render::session::Stopped;

/// Asks, and waits until it is done or the time is over. What was stopped before stays so.
pub(super) async fn execute(app: &App, args: &StopArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let Listed { handle, session, head, .. } = listed;
    if !session.kind.rules().has_lifecycle {
        return Err(given::refuse(Refusal::WrongKind { kind: session.kind, verb: Request::Stop.name() }));
    }
    let gone = session.lease.as_ref().filter(|lease| app.hold_locks().is_gone(lease));
    let gone = gone.map(|lease| lease.incarnation);
    let context = Context { now: engine.store().now().await?, gone, seen: None, group: GroupView::default() };
    let current = current(engine, handle).await?;
    if may_stop(&current, &context).map_err(given::refuse)? == Stopping::Done {
        app.out.report(&Stopped { session: current.session.unwrap_or(session), seq: None })?;
        return Ok(Exit::Success);
    }
    let asking = Asking { engine, handle, after: head, request: Request::Stop };
    let seq = Some(asking.append().await?);
    if args.no_wait {
        app.out.report(&Stopped { session, seq })?;
        return Ok(Exit::Success);
    }
    let session = match tokio::time::timeout(args.timeout, asking.until(is_stopped)).await {
        Ok(session) => session?,
        Err(_elapsed) => return Err(asking.unanswered(args.timeout, &app.hold_locks()).await?.into()),
    };
    app.out.report(&Stopped { session, seq })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

/// Whoever pauses it for another reason has to let it go, too: nobody is at it any more then.
fn is_stopped(session: &Session) -> bool {
    let is_at_work = session.state.name() == StateName::Active || session.lease.is_some();
    session.is_terminal() || session.is_shut_down() || !is_at_work
}
