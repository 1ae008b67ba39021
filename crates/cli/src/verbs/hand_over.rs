//! `tenure move`: hand a session over to another store.

use std::path::{Path, PathBuf};

use tenure_core::limits;
use tenure_engine::{Departed, Departure, Engine};
use tenure_store::Listed;

use super::{backup, given};
use crate::app::App;
use crate::args::keeping::MoveArgs;
use crate::exit::Exit;
use crate::files::Progress;
use crate::render::keeping::MovedAway;
use tenure_words::{Problem, shown};

/// Hands it over, or finishes what was begun.
pub(super) async fn execute(app: &App, args: &MoveArgs) -> anyhow::Result<Exit> {
    let by = given::optional_actor(args.actor_id.as_deref())?;
    let (engine, listed) = app.named(&args.name).await?;
    let to = absolute(app, &args.to)?;
    if backup::is_same(app.db(), &to) {
        return Err(Problem::usage(format!("{} is the store that it is in", shown(&to))).into());
    }
    let Some(name) = to.to_str().filter(|name| name.len() <= limits::STORE_NAME_BYTES_MAX) else {
        return Err(Problem::usage(format!("{} is not a name that can be kept", shown(&to))).into());
    };
    let departure = Departure { handle: listed.handle, to: name.to_owned(), by };
    let Departed { session, was_there } = hand_over(engine, &departure, &to).await?;
    app.out.report(&MovedAway { session, before: listed_state(&listed), to, was_there })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

async fn hand_over(engine: &Engine, departure: &Departure, to: &Path) -> anyhow::Result<Departed> {
    let (store, there) = App::other(to)?;
    let mut progress = Progress::new("moving");
    let done = engine.hand_over(departure, &there, &mut |done, of| progress.tell(done, of)).await;
    // Nothing of this process is to be left there.
    store.close();
    Ok(done?)
}

fn listed_state(listed: &Listed) -> &'static str {
    listed.session.state.name().name()
}

/// Without links, so that the same store has the same name the next time.
fn absolute(app: &App, path: &Path) -> anyhow::Result<PathBuf> {
    let path = match &app.options.directory {
        Some(directory) => directory.join(path),
        None => path.to_owned(),
    };
    let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(Problem::usage(format!("{} is not the name of a file", shown(&path))).into());
    };
    Ok(directory.canonicalize().unwrap_or_else(|_not_there| directory.to_owned()).join(name))
}
