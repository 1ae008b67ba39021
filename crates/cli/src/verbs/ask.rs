//! `tenure pause` and `tenure resume`: done at once, or asked of the session's owner.

use std::time::Duration;

use tenure_core::event::{EventBody, Request};
use tenure_core::id::Seq;
use tenure_core::kind::Transition;
use tenure_core::lease::{HolderKind, Standing};
use tenure_core::refusal::Refusal;
use tenure_core::session::{Session, StateName, Step, Writer};
use tenure_engine::{Engine, Witness};
use tenure_store::{AppendOutcome, AppendRequest, Find, Handle, StoreError};

use super::{drive, given, meant};
use crate::app::App;
use crate::args::session::AskArgs;
use crate::exit::Exit;
use crate::render::session::Asked;
use tenure_words::Problem;
use tenure_words::when::length;

/// Does it for the owner and where there is none; asks the owner otherwise, and waits until it is done or the
/// time is over.
pub(super) async fn execute(app: &App, args: &AskArgs, request: Request) -> anyhow::Result<Exit> {
    let (engine, listed) = meant::session(app, args.owned.name.as_deref()).await?;
    let writer = meant::writer(app, &listed, &args.owned, args.actor_id.as_deref())?;
    if listed.session.kind.rules().has_lifecycle && !is_anothers(&listed.session, &writer) {
        let step = step(request, args.reason.as_deref())?;
        return drive::take(app, (engine, &listed), (&args.owned, args.actor_id.as_deref()), step).await;
    }
    may_be_asked(&listed.session, request).map_err(given::refuse)?;
    if request == Request::Resume
        && let Some(full) = engine.full(listed.handle, &listed.session).await?
    {
        return Err(given::refuse(Refusal::GroupFull(full)));
    }
    let is_done = |session: &Session| session.state.name() == wanted(request) || session.is_terminal();
    let asking = Asking { engine, handle: listed.handle, after: listed.head, request };
    let seq = asking.append().await?;
    let session = match tokio::time::timeout(args.timeout, asking.until(is_done)).await {
        Ok(session) => session?,
        Err(_elapsed) => return Err(asking.unanswered(args.timeout, &app.hold_locks()).await?.into()),
    };
    if session.state.name() != wanted(request) {
        return Err(given::refuse(refusal(&session, request)));
    }
    app.out.report(&Asked { session, request, seq })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

/// Whether it is for somebody else to do: a holder that is not the caller, or the runner of `tenure run`, inside
/// which a fence is always known.
fn is_anothers(session: &Session, writer: &Writer) -> bool {
    let holder = session.lease.as_ref().filter(|_| !session.is_terminal()).map(|lease| lease.holder.kind);
    match (holder, writer) {
        (None, _) => false,
        (Some(HolderKind::Run), _) | (Some(_), Writer::Operator(_)) => true,
        (Some(_), Writer::Owner(_)) => false,
    }
}

fn step(request: Request, reason: Option<&str>) -> anyhow::Result<Step> {
    let reason = reason.map(given::reason).transpose()?;
    Ok(match request {
        Request::Pause => Step::Pause { reason: reason.unwrap_or_else(|| "session paused".to_owned()) },
        Request::Resume => Step::Resume { reason: reason.unwrap_or_else(|| "session resumed".to_owned()) },
        Request::Stop => unreachable!("stopping is always asked of the owner"),
    })
}

const fn wanted(request: Request) -> StateName {
    match request {
        Request::Pause | Request::Stop => StateName::Paused,
        Request::Resume => StateName::Active,
    }
}

/// What could never be done is not asked for.
fn may_be_asked(session: &Session, request: Request) -> Result<(), Refusal> {
    let rules = session.kind.rules();
    if !rules.has_lifecycle {
        return Err(Refusal::WrongKind { kind: session.kind, verb: request.name() });
    }
    match rules.transition(session.state.name(), wanted(request)) {
        Transition::Allowed => Ok(()),
        Transition::NoOp | Transition::Refused => Err(refusal(session, request)),
    }
}

fn refusal(session: &Session, request: Request) -> Refusal {
    Refusal::Transition { session: session.id.clone(), from: session.state.name(), to: wanted(request) }
}

/// A request under way.
pub(super) struct Asking<'a> {
    pub(super) engine: &'a Engine,
    pub(super) handle: Handle,
    /// Where its log ended when it was found.
    pub(super) after: Seq,
    pub(super) request: Request,
}

impl Asking<'_> {
    pub(super) async fn append(&self) -> anyhow::Result<Seq> {
        let request = AppendRequest {
            commit_id: self.engine.ids().commit_id(),
            handle: self.handle,
            fence: None,
            events: vec![EventBody::Request(self.request).into()],
            after: self.after,
        };
        match self.engine.append(request).await? {
            AppendOutcome::Appended { last, .. } => Ok(last),
            AppendOutcome::Known { .. } => unreachable!("what has no id is never known"),
            AppendOutcome::Fenced { .. }
            | AppendOutcome::IdReused { .. }
            | AppendOutcome::Ended
            | AppendOutcome::NotFound => unreachable!("the engine makes errors of these"),
        }
    }

    /// The session once it is as asked for.
    pub(super) async fn until(&self, is_done: impl Fn(&Session) -> bool) -> Result<Session, StoreError> {
        let mut watch = self.engine.store().watch(self.handle).await?;
        loop {
            let session = self.session().await?;
            if let Some(session) = session.filter(&is_done) {
                return Ok(session);
            }
            watch.changed().await?;
        }
    }

    async fn session(&self) -> Result<Option<Session>, StoreError> {
        Ok(self.engine.store().find(Find::Handle(self.handle)).await?.current.session)
    }

    pub(super) async fn unanswered(
        &self,
        timeout: Duration,
        witness: &impl Witness,
    ) -> anyhow::Result<Problem> {
        let verb = self.request.name();
        let now = self.engine.store().now().await?;
        let session = self.session().await?;
        let lease = session.as_ref().and_then(|session| session.lease.as_ref());
        let is_gone = lease.is_some_and(|lease| witness.is_gone(lease));
        let standing = session.as_ref().map(|session| session.standing(&now));
        let statement =
            format!("the owner was asked to {verb}, and has not done it within {}", length(timeout));
        let problem = Problem::missing("NOT_ANSWERED", statement).hint("tenure show <name>");
        Ok(match standing {
            _ if is_gone => problem.detail("its process is gone: nobody is there to do it"),
            Some(Ok(Standing::Over)) => problem.detail("its lease is over: nobody may be there to do it"),
            _ => problem.detail("the request stays in the log; the owner may still do it"),
        })
    }
}
