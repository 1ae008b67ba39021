//! `tenure show`: one session.

use tenure_core::id::Seq;
use tenure_core::time::Moment;
use tenure_engine::Witness;
use tenure_store::{ChildrenRequest, Listed, Page};

use crate::app::App;
use crate::args::session::ShowArgs;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::session::{Replayed, Shown};

/// Most children that are named.
const CHILDREN_MAX: usize = 20;

/// Shows the session that is meant.
pub(super) async fn execute(app: &App, args: &ShowArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let now = engine.store().now().await?;
    if let Some(at) = args.at.map(Seq) {
        if at > listed.head {
            let statement =
                format!("the session has no event {at} yet; its newest is at position {}", listed.head);
            return Err(Problem::missing("NOT_FOUND", statement)
                .hint("tenure events <name> --newest 10")
                .into());
        }
        let session = listed.session;
        let replay = engine.replay(listed.handle, session.kind, at).await?;
        app.out.report(&Replayed { session, replay, now })?;
        return Ok(Exit::Success);
    }
    let request = ChildrenRequest { parent: listed.handle, before: None, limit: CHILDREN_MAX };
    let children = engine.store().children(request).await?;
    let pending = engine.pending(listed.handle, &listed.session).await?;
    app.out.report(&Shown { children, pending, ..shown(app, listed, now) })?;
    Ok(Exit::Success)
}

/// A session as it is `now`, with a look at whether its holder is gone, without its children.
pub(super) fn shown(app: &App, listed: Listed, now: Moment) -> Shown {
    let is_gone = listed.session.lease.as_ref().is_some_and(|lease| app.hold_locks().is_gone(lease));
    Shown { listed, children: Page::default(), now, is_gone, pending: None }
}
