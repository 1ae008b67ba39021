//! `tenure resume`: the command runs again here, or whoever holds the session goes on.

use tenure_core::event::Request;
use tenure_core::lease::Standing;
use tenure_core::refusal::{Existing, Refusal};
use tenure_core::session::{Session, Writer};
use tenure_core::time::Moment;
use tenure_store::Listed;

use super::{ask, block_on, given, meant, run};
use crate::app::App;
use crate::args::session::ResumeArgs;
use crate::exit::Exit;
use crate::run::Again;
use tenure_words::Problem;

/// Runs again what nobody runs any more; what somebody holds, or never was a run, is resumed as it is.
pub(super) fn execute(app: &App, args: &ResumeArgs) -> anyhow::Result<Exit> {
    let Some(again) = block_on(again(app, args))? else {
        if args.detach {
            return Err(
                Problem::usage("`--detach` is for runs: this session has no command to run again").into()
            );
        }
        return block_on(ask::execute(app, &args.ask, Request::Resume));
    };
    if args.detach && !args.detached {
        return run::detach(app);
    }
    run::again(app, &again)
}

/// What is to be run again, if that is what is asked for.
async fn again(app: &App, args: &ResumeArgs) -> anyhow::Result<Option<Again>> {
    let ask = &args.ask;
    let (engine, listed) = meant::session(app, ask.owned.name.as_deref()).await?;
    let by = given::optional_actor(ask.actor_id.as_deref())?;
    let is_owner = matches!(meant::writer(app, &listed, &ask.owned, None)?, Writer::Owner(_));
    let now = engine.store().now().await?;
    let Listed { handle, session, .. } = listed;
    let is_left = !is_owner && !session.is_terminal() && is_left(app, &session, &now);
    match session.recipe.clone().filter(|_| is_left) {
        Some(recipe) => Ok(Some(Again {
            handle,
            recipe: *recipe,
            actor: by.map(|actor| actor.as_str().to_owned()),
            is_automatic: args.automatic,
            is_detached: args.detached,
            session,
        })),
        None if args.automatic => Err(given::refuse(Refusal::NotShutDown(Box::new(Existing::of(&session))))),
        None => Ok(None),
    }
}

/// Whether nobody is there who could be asked.
fn is_left(app: &App, session: &Session, now: &Moment) -> bool {
    session
        .lease
        .as_ref()
        .is_none_or(|lease| session.standing(now) == Ok(Standing::Over) || app.is_gone(lease))
}
