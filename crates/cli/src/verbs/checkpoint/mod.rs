//! `tenure checkpoint`: save a session, and list, compare and bring back what was saved.

mod create;
mod diff;
pub(super) mod file;
mod list;
mod prune;
mod restore;
mod show;

use tenure_core::id::{CheckpointId, Fence};
use tenure_engine::{EngineError, Skipped};

use super::{drive, given};
use crate::app::App;
use crate::args::checkpoint::CheckpointVerb;
use crate::exit::Exit;
use crate::problem::lines;

/// Does what was asked with checkpoints.
pub(super) async fn execute(app: &App, verb: &CheckpointVerb) -> anyhow::Result<Exit> {
    match verb {
        CheckpointVerb::Create(args) => create::execute(app, args).await,
        CheckpointVerb::List(args) => list::execute(app, args).await,
        CheckpointVerb::Show(args) => show::execute(app, args).await,
        CheckpointVerb::Diff(args) => diff::execute(app, args).await,
        CheckpointVerb::Restore(args) => restore::execute(app, args).await,
        CheckpointVerb::Prune(args) => prune::execute(app, args).await,
    }
}

/// The id of a checkpoint.
pub(super) fn id(text: &str) -> anyhow::Result<CheckpointId> {
    CheckpointId::parse(text).map_err(given::name("checkpoint id"))
}

/// Whoever holds it and forgot to say so is told how.
fn perhaps_its_owner(fence: Option<Fence>) -> impl Fn(EngineError) -> anyhow::Error {
    move |error| match fence {
        Some(_) => error.into(),
        None => drive::perhaps_its_owner(error.into()),
    }
}

/// Says which newer checkpoints were passed over.
fn warn_of(app: &App, skipped: &[Skipped]) {
    for Skipped { id, what } in skipped {
        let what = lines(what).join("; ");
        app.out.warn(&format!("checkpoint {id} is damaged and was passed over: {what}"));
    }
}
