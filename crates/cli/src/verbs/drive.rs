//! `tenure renew`, `release`, `complete`, `fail` and `update`: by the owner, or where there is none.

use tenure_core::refusal::Refusal;
use tenure_core::session::{Step, Update, Writer};
use tenure_engine::{Engine, EngineError};
use tenure_store::Listed;

use super::{facts, given, meant};
use crate::app::App;
use crate::args::lifecycle::{CompleteArgs, FailArgs, OwnedArgs, ReleaseArgs, RenewArgs, UpdateArgs};
use crate::exit::Exit;
use crate::render::explain;
use crate::render::session::{Driven, Renewed};
use tenure_words::Problem;

/// Renews the lease.
pub(super) async fn renew(app: &App, args: &RenewArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = meant::session(app, args.owned.name.as_deref()).await?;
    let Writer::Owner(fence) = meant::writer(app, &listed, &args.owned, None)? else {
        return Err(Problem::usage("a renewal needs the fence the session is held under")
            .hint("--fence <n>")
            .into());
    };
    let session = engine.renew(listed.handle, fence).await?;
    app.out.report(&Renewed { session })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

/// Lets it go.
pub(super) async fn release(app: &App, args: &ReleaseArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = meant::session(app, args.owned.name.as_deref()).await?;
    take(app, (engine, &listed), (&args.owned, None), Step::Release).await
}

/// Ends it well.
pub(super) async fn complete(app: &App, args: &CompleteArgs) -> anyhow::Result<Exit> {
    let message = given::reason(&args.message)?;
    let (engine, listed) = meant::session(app, args.owned.name.as_deref()).await?;
    let step = Step::Complete { message, usage: facts::usage(&args.usage) };
    take(app, (engine, &listed), (&args.owned, args.actor_id.as_deref()), step).await
}

/// Ends it badly.
pub(super) async fn fail(app: &App, args: &FailArgs) -> anyhow::Result<Exit> {
    let error = given::reason(&args.error)?;
    let (engine, listed) = meant::session(app, args.owned.name.as_deref()).await?;
    let step = Step::Fail { error, usage: facts::usage(&args.usage) };
    take(app, (engine, &listed), (&args.owned, args.actor_id.as_deref()), step).await
}

/// Keeps facts.
pub(super) async fn update(app: &App, args: &UpdateArgs) -> anyhow::Result<Exit> {
    let update = Update {
        labels: args.labels.iter().cloned().collect(),
        metadata: args.metadata.as_deref().map(facts::metadata).transpose()?.unwrap_or_default(),
        progress: args.progress,
        timings: args.timings.iter().cloned().collect(),
        usage: facts::usage(&args.usage),
        error: args.error.as_deref().map(given::reason).transpose()?,
    };
    if update == Update::default() {
        return Err(Problem::usage("say what to keep with the session").hint("tenure update --help").into());
    }
    let (engine, listed) = meant::session(app, args.owned.name.as_deref()).await?;
    let step = Step::Update(Box::new(update));
    take(app, (engine, &listed), (&args.owned, args.actor_id.as_deref()), step).await
}

/// Whoever holds it and forgot to say so is told how.
pub(super) fn perhaps_its_owner(error: anyhow::Error) -> anyhow::Error {
    let is_held = matches!(
        error.downcast_ref::<EngineError>(),
        Some(EngineError::Refused { refusal: Refusal::Held(_) | Refusal::Abandoned { .. }, .. })
    );
    if !is_held {
        return error;
    }
    let words = explain(error).expect("a refusal has words");
    words.hint("if you hold it: give its fence, `--fence <fence>`").into()
}

/// Takes the step and says so.
pub(super) async fn take(
    app: &App,
    (engine, listed): (&Engine, &Listed),
    (owned, actor): (&OwnedArgs, Option<&str>),
    step: Step,
) -> anyhow::Result<Exit> {
    let writer = meant::writer(app, listed, owned, actor)?;
    let is_operator = matches!(writer, Writer::Operator(_));
    let driven = meant::drive(engine, listed, writer, step.clone()).await;
    let applied = driven.map_err(|error| if is_operator { perhaps_its_owner(error) } else { error })?;
    let session = applied.session.ok_or_else(|| given::refuse(Refusal::NotFound))?;
    app.out.report(&Driven { session, step })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}
