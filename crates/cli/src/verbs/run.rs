//! `tenure run`, from settings to its verdict.

use serde_json::{Value, json};
use tenure_core::id::SessionId;
use tenure_core::refusal::{Held, Refusal};
use tenure_core::session::Session;
use tenure_store::Find;

use super::{block_on, given, group};
use crate::app::App;
use crate::args::run::{RunArgs, SitterArgs};
use crate::exit::Exit;
use crate::render::{Look, Report, explain};
use crate::run::{Again, Ground, Verdict};
use tenure_words::{Blame, lost};

/// Runs a command as a session.
pub(super) fn execute(app: &App, args: &RunArgs) -> anyhow::Result<Exit> {
    let announce = |session: &Session| app.out.report(&Detached(session));
    if let (Some(name), Some(limit)) = (&args.group.group, args.group.group_limit) {
        let name = group::name(name)?;
        let namespace = &app.options.namespace.value;
        block_on(group::limit(app.engine()?, (namespace, &name), Some(limit)))?;
    }
    concluded(app, crate::run::execute(&ground(app)?, args, &announce), args.refused_exit)
}

/// Runs a session's command again.
pub(super) fn again(app: &App, again: &Again) -> anyhow::Result<Exit> {
    let announce = |session: &Session| app.out.report(&Detached(session));
    concluded(app, crate::run::resume(&ground(app)?, again, &announce), again.recipe.refused_exit)
}

/// Does what this process was asked to do in the background.
pub(super) fn detach(app: &App) -> anyhow::Result<Exit> {
    const REFUSED: u8 = 3;
    concluded(app, crate::run::detach(), REFUSED)
}

fn ground(app: &App) -> anyhow::Result<Ground> {
    Ok(Ground {
        engine: app.engine()?.clone(),
        store: app.shared_store()?,
        db: app.db().to_owned(),
        place: app.words_for_place(),
        namespace: app.options.namespace.value.clone(),
    })
}

fn concluded(app: &App, verdict: anyhow::Result<Verdict>, refused_exit: u8) -> anyhow::Result<Exit> {
    let error = match verdict {
        Ok(Verdict::Like(ended)) => return Ok(Exit::Like(ended)),
        Ok(Verdict::Code(code)) => return Ok(Exit::Code(code)),
        Ok(Verdict::Skipped(held)) => {
            app.out.report(&Skipped(&held))?;
            return Ok(Exit::Success);
        }
        Ok(Verdict::Refused(error)) => anyhow::Error::new(*error),
        Ok(Verdict::Lost(session, loss)) => lost(&session, &loss).into(),
        Err(error) => error,
    };
    match explain(error) {
        Some(problem) if problem.blame == Blame::Refusal => {
            app.out.fail(&problem)?;
            Ok(Exit::Code(refused_exit))
        }
        // A store that does not answer is no refusal.
        Some(problem) => Err(problem.into()),
        None => Ok(Exit::Success),
    }
}

/// Renews in a stopped runner's stead.
pub(super) fn sit(app: &App, args: &SitterArgs) -> anyhow::Result<Exit> {
    let engine = app.engine()?.clone();
    let id = SessionId::parse(&args.session).map_err(given::name("session id"))?;
    let find = Find::Id { namespace: app.options.namespace.value.clone(), id };
    let handle = block_on(async { Ok(engine.store().find(find).await?.handle) })?;
    let handle = handle.ok_or_else(|| given::refuse(Refusal::NotFound))?;
    crate::run::sit(engine, handle, args)?;
    Ok(Exit::Success)
}

/// A background process holds its session. One line in both forms: whoever waits reads just that.
struct Detached<'a>(&'a Session);

impl Report for Detached<'_> {
    fn text(&self, _: &Look) -> String {
        let key = self.0.key.as_ref().map_or_else(String::new, |key| format!(" (key {key})"));
        format!("{}{key}\n", self.0.id)
    }

    fn json(&self) -> Value {
        let key = self.0.key.as_ref().map(tenure_core::id::Key::as_str);
        json!({ "ok": true, "session": self.0.id.as_str(), "key": key, "fence": self.0.counters.fence.0 })
    }
}

/// Somebody else is at it, and that was to be accepted.
struct Skipped<'a>(&'a Held);

impl Report for Skipped<'_> {
    fn text(&self, _: &Look) -> String {
        format!("Skipped: session {} is held by {}\n", self.0.session, tenure_words::who(&self.0.holder))
    }

    fn json(&self) -> Value {
        json!({ "ok": true, "skipped": true, "session": self.0.session.as_str() })
    }
}
