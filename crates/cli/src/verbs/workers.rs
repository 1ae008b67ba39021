//! `tenure worker`, `tenure pins`, `tenure pin`: who runs activities, and which keys they hold.

use tenure_core::id::{AffinityKey, WorkerId};
use tenure_store::{Dismiss, DismissOutcome, Dismissal, MovePin, MovePinOutcome, PinsRequest};

use super::given;
use crate::app::App;
use crate::args::workers::{PinVerb, PinsArgs, WorkerVerb};
use crate::exit::Exit;
use crate::render::workers::{Dismissed, Moved, Pins, Workers};
use tenure_words::Problem;

/// Lists workers, or makes one go.
pub(super) async fn worker(app: &App, verb: &WorkerVerb) -> anyhow::Result<Exit> {
    match verb {
        WorkerVerb::List(_) => list(app).await,
        WorkerVerb::Drain(args) => dismiss(app, &args.worker, Dismissal::Drain).await,
        WorkerVerb::Evict(args) => dismiss(app, &args.worker, Dismissal::Evict).await,
    }
}

async fn list(app: &App) -> anyhow::Result<Exit> {
    let Some(engine) = app.existing()? else {
        app.out.report(&Workers::default())?;
        return Ok(Exit::Success);
    };
    let now = engine.store().now().await?;
    app.out.report(&Workers { rows: engine.store().workers().await?, now: Some(now) })?;
    Ok(Exit::Success)
}

async fn dismiss(app: &App, name: &str, how: Dismissal) -> anyhow::Result<Exit> {
    let id = worker_id(name)?;
    let Some(engine) = app.existing()? else { return Err(no_worker(name)) };
    match engine.store().dismiss(Dismiss { id, how }).await? {
        DismissOutcome::Dismissed(worker) => app.out.report(&Dismissed { worker: *worker, how })?,
        DismissOutcome::NotFound => return Err(no_worker(name)),
    }
    Ok(Exit::Success)
}

/// Lists keys.
pub(super) async fn pins(app: &App, args: &PinsArgs) -> anyhow::Result<Exit> {
    let namespace = app.options.namespace.value.clone();
    let worker = args.worker.as_deref().map(worker_id).transpose()?;
    let after = args.after.as_deref().map(key).transpose()?.map(|key| (namespace.clone(), key));
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let Some(engine) = app.existing()? else {
        app.out.report(&Pins::default())?;
        return Ok(Exit::Success);
    };
    // One more tells whether there are more.
    let asked = limit.saturating_add(1);
    let request = PinsRequest { namespace: Some(namespace), worker, after, limit: asked };
    let mut rows = engine.store().pins(request).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    app.out.report(&Pins { rows, has_more, now: Some(engine.store().now().await?) })?;
    Ok(Exit::Success)
}

/// Moves a key.
pub(super) async fn pin(app: &App, verb: &PinVerb) -> anyhow::Result<Exit> {
    let (text, to) = match verb {
        PinVerb::Move(args) => (&args.key, args.to.as_deref()),
        PinVerb::Release(args) => (&args.key, None),
    };
    let (key, to) = (key(text)?, to.map(worker_id).transpose()?);
    let unheld = || {
        let statement = format!("no worker holds the key `{key}`");
        anyhow::Error::from(Problem::missing("NOT_FOUND", statement).hint("tenure pins"))
    };
    let engine = app.existing()?.ok_or_else(unheld)?;
    let namespace = app.options.namespace.value.clone();
    let request = MovePin { namespace, key: key.clone(), to: to.clone() };
    match engine.store().move_pin(request).await? {
        MovePinOutcome::Moved(fence) => app.out.report(&Moved { key, to, fence })?,
        MovePinOutcome::NotFound => return Err(unheld()),
        MovePinOutcome::NoWorker => return Err(no_worker(to.as_ref().map_or("", WorkerId::as_str))),
    }
    Ok(Exit::Success)
}

fn worker_id(text: &str) -> anyhow::Result<WorkerId> {
    WorkerId::parse(text).map_err(given::name("worker"))
}

fn key(text: &str) -> anyhow::Result<AffinityKey> {
    AffinityKey::parse(text).map_err(given::name("key"))
}

fn no_worker(name: &str) -> anyhow::Error {
    let statement = format!("no worker is named `{}`", tenure_core::escape::Escaped(name));
    Problem::missing("NOT_FOUND", statement).hint("tenure worker list").into()
}
