//! `tenure checkpoint restore`: bring back what was saved.

use std::path::Path;

use tenure_core::checkpoint::Content;
use tenure_core::session::Writer;
use tenure_engine::Readable;

use super::super::{given, ownership};
use super::file::Staged;
use super::{meant, perhaps_its_owner, warn_of};
use crate::app::App;
use crate::args::checkpoint::RestoreArgs;
use crate::exit::Exit;
use crate::render::checkpoint::Restored;
use tenure_words::Problem;

/// Brings the checkpoint back that is meant: the file appears once the log says so, and not if a rule says no.
pub(super) async fn execute(app: &App, args: &RestoreArgs) -> anyhow::Result<Exit> {
    let (engine, listed, wanted) = meant(app, (args.name.as_deref(), args.id.as_deref())).await?;
    let fence = ownership::of_session(app, &listed.session.id, given::fence(args.fence));
    let read = engine.read_checkpoint(listed.handle, wanted.as_ref()).await?;
    warn_of(app, &read.skipped);
    let is_streamed = args.to.as_deref() == Some(Path::new("-"));
    let staged = match args.to.as_deref().filter(|_| !is_streamed) {
        Some(path) => Some(Staged::write(path, &read.bytes, engine.ids().random())?),
        None => None,
    };
    needs_place(args, &read)?;
    let writer = fence.map_or(Writer::Operator(None), Writer::Owner);
    engine.restore(listed.handle, &read, writer).await.map_err(perhaps_its_owner(fence))?;
    let file = staged.map(Staged::appear).transpose()?;
    if is_streamed {
        app.out.bytes(&read.bytes)?;
        app.out.flush()?;
    } else {
        app.out.report(&Restored {
            session: listed.session.id,
            checkpoint: read.checkpoint,
            skipped: read.skipped,
            file,
        })?;
    }
    app.sweep(engine).await;
    Ok(Exit::Success)
}

/// A session's own record goes into the session; whatever else was saved has to go somewhere.
fn needs_place(args: &RestoreArgs, read: &Readable) -> Result<(), Problem> {
    if args.to.is_some() || read.checkpoint.content == Content::Record {
        return Ok(());
    }
    Err(Problem::usage(format!(
        "checkpoint {} is not the session's own record: say where to put it",
        read.checkpoint.id
    ))
    .hint("--to <file>")
    .hint("--to - writes it to standard output"))
}
