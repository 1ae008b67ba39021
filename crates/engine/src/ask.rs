//! Asking owners to pause, go on or stop, and orchestrations to end.

use tenure_core::event::{EventBody, Request};
use tenure_core::id::{ActorId, Fence, Seq};
use tenure_core::kind::Transition;
use tenure_core::lease::HolderKind;
use tenure_core::orchestration::Mail;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Context, GroupView, Session, StateName, Stopping, may_stop};
use tenure_store::{AppendOutcome, AppendRequest, Find, Handle, Listed, PostOutcome, PostRequest};

use crate::{Engine, EngineError};

/// A request that is in a session's log, for its owner to carry out.
#[derive(Debug)]
pub struct Asking {
    engine: Engine,
    /// The session.
    pub handle: Handle,
    /// What its owner is asked for.
    pub request: Request,
    /// Where that is in the log.
    pub seq: Seq,
}

/// Whether pausing or going on is for somebody else to do than a caller with this fence, if it has one: for a holder
/// that is not the caller, or for the runner of `tenure run`, inside which a fence is always known.
#[must_use]
pub fn is_anothers(session: &Session, fence: Option<Fence>) -> bool {
    let holder = session.lease.as_ref().filter(|_| !session.is_terminal()).map(|lease| lease.holder.kind);
    match (holder, fence) {
        (None, _) => false,
        (Some(HolderKind::Run), _) | (Some(_), None) => true,
        (Some(_), Some(_)) => false,
    }
}

impl Engine {
    /// Asks a session's owner to pause or to go on.
    ///
    /// # Errors
    /// A refusal when it could never be done, or its group has no place; and when the store cannot be asked.
    pub async fn ask(&self, listed: &Listed, request: Request) -> Result<Asking, EngineError> {
        may_be_asked(&listed.session, request).map_err(EngineError::refused)?;
        if request == Request::Resume
            && let Some(full) = self.full(listed.handle, &listed.session).await?
        {
            return Err(EngineError::refused(Refusal::GroupFull(full)));
        }
        self.send(listed, request).await
    }

    /// Asks a session's owner to stop; nothing where that was done before.
    ///
    /// # Errors
    /// A refusal when nobody is there who could; and when the store cannot be asked.
    pub async fn ask_to_stop(&self, listed: &Listed) -> Result<Option<Asking>, EngineError> {
        let Listed { handle, session, .. } = listed;
        if !session.kind.rules().has_lifecycle {
            let verb = Request::Stop.name();
            return Err(EngineError::refused(Refusal::WrongKind { kind: session.kind, verb }));
        }
        let gone = session.lease.as_ref().filter(|lease| self.witness.is_gone(lease));
        let gone = gone.map(|lease| lease.incarnation);
        let now = self.store.now().await?;
        let context = Context { now, gone, seen: None, group: GroupView::default() };
        let current = self.store.find(Find::Handle(*handle)).await?.current;
        match may_stop(&current, &context).map_err(EngineError::refused)? {
            Stopping::Done => Ok(None),
            Stopping::Ask => self.send(listed, Request::Stop).await.map(Some),
        }
    }

    async fn send(&self, listed: &Listed, request: Request) -> Result<Asking, EngineError> {
        let append = AppendRequest {
            commit_id: self.ids.commit_id(),
            handle: listed.handle,
            fence: None,
            events: vec![EventBody::Request(request).into()],
            after: listed.head,
        };
        match self.append(append).await? {
            AppendOutcome::Appended { last, .. } => {
                Ok(Asking { engine: self.clone(), handle: listed.handle, request, seq: last })
            }
            AppendOutcome::Known { .. } => unreachable!("what has no id is never known"),
            AppendOutcome::Fenced { .. }
            | AppendOutcome::IdReused { .. }
            | AppendOutcome::Ended
            | AppendOutcome::NotFound => unreachable!("the engine makes errors of these"),
        }
    }

    /// Asks an orchestration to end: its code is told, and may tidy up.
    ///
    /// # Errors
    /// A refusal when it has ended, or is not there; and when the store cannot be asked.
    pub async fn ask_to_end(
        &self,
        session: &Session,
        reason: String,
        by: Option<ActorId>,
    ) -> Result<(), EngineError> {
        let mail = Mail::CancelRequested { reason, by };
        let request = PostRequest { namespace: session.namespace.clone(), id: session.id.clone(), mail };
        match self.store.post(request).await? {
            PostOutcome::Posted(_) => Ok(()),
            PostOutcome::Ended => Err(EngineError::refused(transition(session, StateName::Cancelled))),
            PostOutcome::NotFound => Err(EngineError::refused(Refusal::NotFound)),
        }
    }
}

impl Asking {
    /// The session once what was asked is done.
    ///
    /// # Errors
    /// A refusal when the session ended otherwise; and when the store cannot be asked.
    pub async fn done(&self) -> Result<Session, EngineError> {
        let mut watch = self.engine.store.watch(self.handle).await?;
        loop {
            let session = self.engine.store.find(Find::Handle(self.handle)).await?.current.session;
            if let Some(session) = session.filter(|session| is_over(session, self.request)) {
                return self.judged(session);
            }
            watch.changed().await?;
        }
    }

    /// Whatever ends a session stops it; it neither pauses it nor makes it go on.
    fn judged(&self, session: Session) -> Result<Session, EngineError> {
        let to = wanted(self.request);
        if self.request == Request::Stop || session.state.name() == to {
            return Ok(session);
        }
        Err(EngineError::refused(transition(&session, to)))
    }
}

/// Whether nothing more will come of a request.
fn is_over(session: &Session, request: Request) -> bool {
    match request {
        Request::Pause | Request::Resume => session.state.name() == wanted(request) || session.is_terminal(),
        Request::Stop => is_stopped(session),
    }
}

/// Whoever pauses it for another reason has to let it go, too: nobody is at it any more then.
fn is_stopped(session: &Session) -> bool {
    let is_at_work = session.state.name() == StateName::Active || session.lease.is_some();
    session.is_terminal() || session.is_shut_down() || !is_at_work
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
        Transition::NoOp | Transition::Refused => Err(transition(session, wanted(request))),
    }
}

fn transition(session: &Session, to: StateName) -> Refusal {
    Refusal::Transition { session: session.id.clone(), from: session.state.name(), to }
}
