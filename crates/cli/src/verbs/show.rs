//! `tenure show`: one session.

use std::collections::BTreeSet;

use tenure_core::id::{Namespace, Seq};
use tenure_core::time::Moment;
use tenure_engine::{Engine, Pending};
use tenure_store::{ChildrenRequest, Listed, Page, Pin, PinsRequest};

use crate::app::App;
use crate::args::session::ShowArgs;
use crate::exit::Exit;
use crate::render::session::{Replayed, Shown};
use tenure_words::{documents, no_event_yet};

/// Most children that are named.
const CHILDREN_MAX: usize = 20;
/// How many keys are read at once.
const PINS_AT_ONCE: usize = 1000;

/// Shows the session that is meant.
pub(super) async fn execute(app: &App, args: &ShowArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let now = engine.store().now().await?;
    if let Some(at) = args.at.map(Seq) {
        if at > listed.head {
            return Err(no_event_yet(at, listed.head).into());
        }
        let session = listed.session;
        let replay = engine.replay(listed.handle, session.kind, at).await?;
        app.out.report(&Replayed { session, replay, now })?;
        return Ok(Exit::Success);
    }
    let request = ChildrenRequest { parent: listed.handle, before: None, limit: CHILDREN_MAX };
    let children = engine.store().children(request).await?;
    let waits_for = match app.remote()? {
        Some(remote) => remote.waits_for(&listed).await?,
        None => waits_for(engine, &listed).await?,
    };
    app.out.report(&Shown { children, waits_for, ..shown(app, listed, now) })?;
    Ok(Exit::Success)
}

/// What it waits for, if it is an open instance of an orchestration, and where that is.
async fn waits_for(engine: &Engine, listed: &Listed) -> anyhow::Result<Option<tenure_api::Pending>> {
    let Some(pending) = engine.pending(listed.handle, &listed.session).await? else { return Ok(None) };
    let pins = pins(engine, &listed.session.namespace, &pending).await?;
    let tasks = match pending.activities().is_empty() {
        true => Vec::new(),
        false => engine.store().tasks_of(listed.handle).await?,
    };
    Ok(Some(documents::pending(&pending, &pins, &tasks)))
}

/// A session as it is `now`, with a look at whether its holder is gone, without its children.
pub(super) fn shown(app: &App, listed: Listed, now: Moment) -> Shown {
    let is_gone = listed.session.lease.as_ref().is_some_and(|lease| app.is_gone(lease));
    Shown { listed, children: Page::default(), now, is_gone, waits_for: None }
}

/// Who holds the keys that activities follow.
async fn pins(engine: &Engine, namespace: &Namespace, pending: &Pending) -> anyhow::Result<Vec<Pin>> {
    let activities = pending.activities().values();
    let keys: BTreeSet<_> =
        activities.filter_map(|pending| Some(&pending.activity.affinity.as_ref()?.key)).collect();
    let mut found = Vec::new();
    let Some(last) = keys.last().copied().cloned() else { return Ok(found) };
    let mut after = None;
    loop {
        let request = PinsRequest {
            namespace: Some(namespace.clone()),
            worker: None,
            after: after.map(|key| (namespace.clone(), key)),
            limit: PINS_AT_ONCE,
        };
        let page = engine.store().pins(request).await?;
        let is_whole = page.len() < PINS_AT_ONCE;
        after = page.last().map(|pin| pin.key.clone());
        found.extend(page.into_iter().filter(|pin| keys.contains(&pin.key)));
        if is_whole || after.as_ref().is_none_or(|key| *key >= last) {
            return Ok(found);
        }
    }
}
