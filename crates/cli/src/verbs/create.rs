//! `tenure create`: a session that is started later.

use std::time::Duration;

use tenure_core::id::{Key, SessionId};
use tenure_core::session::{Create, Expiry, IdleLimit};
use tenure_engine::Engine;

use super::{facts, given, group};
use crate::app::App;
use crate::args::lifecycle::{CreateArgs, ExpiryArgs, Span};
use crate::args::options::Options;
use crate::exit::Exit;
use crate::render::session::Created;

/// Creates the session, unless it was created in the same way before.
pub(super) async fn execute(app: &App, args: &CreateArgs) -> anyhow::Result<Exit> {
    let key = args.key.as_deref().map(|key| Key::parse(key).map_err(given::name("key"))).transpose()?;
    let metadata = args.metadata.as_deref().map(facts::metadata).transpose()?.unwrap_or_default();
    let given_id = args.id.as_deref().map(|id| SessionId::parse(id).map_err(given::name("session id")));
    let given_id = given_id.transpose()?;
    let parent = match &args.parent {
        Some(name) => Some(app.named(name).await?.1.session.id),
        None => None,
    };
    let engine = app.engine()?;
    let group = args.group.as_deref().map(group::name).transpose()?;
    if let Some(name) = &group {
        group::limit(engine, (&app.options.namespace.value, name), args.group_limit).await?;
    }
    let create = Create {
        id: id(engine, given_id).await?,
        namespace: app.options.namespace.value.clone(),
        principal: None,
        key,
        parent,
        group,
        labels: args.labels.iter().cloned().collect(),
        metadata,
        directory: args.directory.clone(),
        expiry: expiry(&args.expiry, &app.options),
    };
    let applied = engine.create(create).await?;
    let is_new = applied.committed.is_some();
    let session = applied.session.or(applied.before).expect("what is created is there, before or after");
    app.out.report(&Created { session, is_new })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

async fn id(engine: &Engine, given: Option<SessionId>) -> anyhow::Result<SessionId> {
    match given {
        Some(id) => Ok(id),
        None => Ok(engine.ids().session_id(engine.store().now().await?.wall)),
    }
}

/// A flag wins over the settings, and these over what the kind says.
fn expiry(args: &ExpiryArgs, options: &Options) -> Expiry {
    let settings = &options.expiry;
    Expiry {
        idle: match args.idle_timeout.or(settings.idle_timeout.value) {
            None => IdleLimit::Kind,
            Some(Span::Never) => IdleLimit::Never,
            Some(Span::After(length)) => IdleLimit::After(length),
        },
        pending: limit(args.pending_timeout.or(settings.pending_timeout.value)),
        absolute: limit(args.expires_in.or(settings.expires_in.value)),
    }
}

const fn limit(span: Option<Span>) -> Option<Duration> {
    match span {
        Some(Span::After(length)) => Some(length),
        Some(Span::Never) | None => None,
    }
}
