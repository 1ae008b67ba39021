//! `tenure checkpoint`: save a session, and list, compare and bring back what was saved.

mod create;
mod diff;
pub(super) mod file;
mod list;
mod prune;
mod restore;
mod show;

use tenure_core::escape::Escaped;
use tenure_core::id::{CheckpointId, Fence};
use tenure_engine::{Engine, EngineError, Skipped};
use tenure_store::Listed;

use super::{drive, given};
use crate::app::App;
use crate::args::checkpoint::CheckpointVerb;
use crate::exit::Exit;
use tenure_words::{Problem, lines};

/// How the ids of checkpoints begin.
const ID_BEGINS: &str = "ckp_";

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

/// The session and the checkpoint that two words mean, of which either may be left out.
///
/// A checkpoint's id alone is of the environment's session. It never finds a session: forks show their parent's
/// checkpoints, and bringing one back changes the session that is named.
async fn meant<'a>(
    app: &'a App,
    (name, wanted): (Option<&str>, Option<&str>),
) -> anyhow::Result<(&'a Engine, Listed, Option<CheckpointId>)> {
    let alone = name.filter(|name| wanted.is_none() && name.starts_with(ID_BEGINS));
    let (engine, listed) = match super::meant::session(app, name).await {
        Err(error) if alone.is_some() && is_unknown(&error) => {
            let alone = alone.unwrap_or_default();
            let Some(held) = &app.options.held.session else {
                return Err(whose(alone).into());
            };
            let (engine, listed) = app.named(held.as_str()).await?;
            return Ok((engine, listed, Some(id(alone)?)));
        }
        found => found?,
    };
    Ok((engine, listed, wanted.map(id).transpose()?))
}

fn is_unknown(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(EngineError::NotFound { .. }))
}

/// A checkpoint was named, and no session.
fn whose(alone: &str) -> Problem {
    let alone = Escaped(alone);
    Problem::usage(format!("no session is called `{alone}`: name the session before the checkpoint"))
        .detail("forks show their parent's checkpoints, so that one may be several sessions'")
        .hint(format!("<name> {alone}"))
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
