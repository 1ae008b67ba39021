//! Starting instances, sending to them, and waiting for their end, from anywhere.

use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::{ActorId, CodeName, Namespace, Revision, SessionId};
use tenure_core::orchestration::{HistoryEvent, Mail, Signal};
use tenure_core::refusal::Refusal;
use tenure_core::session::{Session, State};
use tenure_core::time::WallTime;
use tenure_store::{
    Find, Found, Ground, Handle, HistoryRequest, PostOutcome, PostRequest, StoreError, TurnOutcome,
    TurnRequest, Wake, Watch,
};
use tokio::sync::mpsc::error::SendError;
use tokio::sync::oneshot;

use super::Worker;
use super::order::{Begun, Ended, IfThere, Input, StartAnswer, Started, Starting, Status};
use super::registry::Registry;
use crate::{Engine, EngineError, Steady};

/// How soon a store that is busy is asked again.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// An instance, and how its end becomes known.
#[derive(Debug)]
pub struct Outcome {
    /// Which instance.
    pub started: Started,
    /// Told when it ends, if this process runs it.
    pub(super) ended: Option<oneshot::Receiver<Ended>>,
}

/// Why an instance was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A session of that id is there: it is none of that orchestration, or none was to be there.
    #[error("the id is in use")]
    IdInUse {
        /// The session.
        session: Box<Session>,
    },
    /// The store could not be asked.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Starts instances, sends to them, and waits for their end.
#[derive(Debug, Clone)]
pub struct Orchestrations {
    pub(super) engine: Engine,
    clock: Arc<dyn Steady>,
    worker: Option<Worker>,
}

impl Orchestrations {
    /// Uses the instances of a store. What `worker` has code for it runs at once; the rest is left to others.
    #[must_use]
    pub const fn new(engine: Engine, clock: Arc<dyn Steady>, worker: Option<Worker>) -> Self {
        Self { engine, clock, worker }
    }

    /// Starts an instance. One that is there under the given id, of the same orchestration, is told instead, unless
    /// something else was wished for.
    ///
    /// It returns once the start is durable.
    ///
    /// # Errors
    /// [`StartError`] when the id is in use for something else, or the store cannot be asked.
    pub async fn start(&self, starting: Starting) -> Result<Outcome, StartError> {
        let Starting { id, namespace, principal, name, version, input, labels, trace, if_there } = starting;
        let is_given = id.is_some();
        let id = match id {
            Some(id) => id,
            None => {
                let now = self.engine.store.now().await.map_err(EngineError::from)?;
                self.engine.ids.session_id(now.wall)
            }
        };
        let begun = Begun { id, namespace, principal, name, version, input, labels, parent: None, trace };
        if is_given && if_there == IfThere::Follow {
            return self.follow(begun).await;
        }
        let there = (begun.namespace.clone(), begun.id.clone(), begun.name.clone());
        match self.begin(Box::new(begun)).await? {
            Some(outcome) => Ok(outcome),
            None => self.there(there, if_there).await,
        }
    }

    /// Starts it here, or leaves it to whoever has its code. Nothing when its id is in use.
    pub(super) async fn begin(&self, mut begun: Box<Begun>) -> Result<Option<Outcome>, EngineError> {
        if let Some(worker) = &self.worker {
            let (reply, answer) = oneshot::channel();
            let (told, ended) = oneshot::channel();
            match worker.inputs.send(Input::Start { begun, reply, ended: told }) {
                Ok(()) => match answer.await {
                    Ok(Ok(StartAnswer::Started(started))) => {
                        return Ok(Some(Outcome { started, ended: Some(ended) }));
                    }
                    Ok(Ok(StartAnswer::IdTaken)) => return Ok(None),
                    Ok(Ok(StartAnswer::NotHere(back))) => begun = back,
                    Ok(Err(error)) => return Err(error.into()),
                    // It lost what it had begun to somebody else, or its store.
                    Err(_gone) => return Err(StoreError::Closed.into()),
                },
                Err(SendError(Input::Start { begun: back, .. })) => begun = back,
                Err(SendError(_)) => return Err(StoreError::Closed.into()),
            }
        }
        self.leave_to_others(*begun).await
    }

    async fn leave_to_others(&self, begun: Begun) -> Result<Option<Outcome>, EngineError> {
        let now = self.engine.store.now().await?;
        let at = now.wall.unwrap_or(WallTime::from_epoch_ms(0));
        let id = begun.id.clone();
        let start = begun.accepted(&Registry::default(), self.engine.ids.seed(), at);
        let request = TurnRequest {
            commit_id: self.engine.ids.commit_id(),
            ground: Ground::New,
            worker: None,
            expected: Revision(0),
            session: Some(Box::new(start.session)),
            history: start.history,
            taken: Vec::new(),
            starts: Vec::new(),
            sends: Vec::new(),
            tasks: Vec::new(),
            withdrawn: Vec::new(),
            wake: Wake::Now,
        };
        match self.engine.store.commit_turn(request).await? {
            TurnOutcome::Committed(done) => {
                let started = Started { id, handle: done.handle, was_there: false };
                Ok(Some(Outcome { started, ended: None }))
            }
            TurnOutcome::IdTaken { .. } => Ok(None),
            TurnOutcome::Fenced { .. } | TurnOutcome::RevisionConflict { .. } => {
                Err(EngineError::refused(Refusal::NotFound))
            }
        }
    }

    async fn there(
        &self,
        (namespace, id, name): (Namespace, SessionId, CodeName),
        if_there: IfThere,
    ) -> Result<Outcome, StartError> {
        let found = self.find(namespace, id.clone()).await?;
        let (Some(session), Some(handle)) = (found.current.session, found.handle) else {
            // It was deleted in between.
            return Err(EngineError::refused(Refusal::NotFound).into());
        };
        let is_other = session.execution.as_ref().is_none_or(|execution| execution.name != name);
        if is_other || if_there == IfThere::Fail {
            return Err(StartError::IdInUse { session: Box::new(session) });
        }
        Ok(Outcome { started: Started { id, handle, was_there: true }, ended: None })
    }

    pub(super) async fn find(&self, namespace: Namespace, id: SessionId) -> Result<Found, EngineError> {
        Ok(self.engine.store.find(Find::Id { namespace, id }).await?)
    }

    /// Sends a signal to an instance. It returns once that is durable.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn signal(
        &self,
        namespace: Namespace,
        id: SessionId,
        signal: Signal,
    ) -> Result<(), EngineError> {
        self.post(PostRequest { namespace, id, mail: Mail::Signalled(signal) }).await
    }

    /// Wishes an instance to end. Its code is told, and may tidy up for a while.
    ///
    /// # Errors
    /// As [`Self::post`].
    pub async fn cancel(
        &self,
        (namespace, id): (Namespace, SessionId),
        reason: String,
        by: Option<ActorId>,
    ) -> Result<(), EngineError> {
        self.post(PostRequest { namespace, id, mail: Mail::CancelRequested { reason, by } }).await
    }

    /// Sends something to an instance.
    ///
    /// # Errors
    /// [`EngineError::Ended`], [`EngineError::NotFound`], and when the store cannot be asked.
    async fn post(&self, request: PostRequest) -> Result<(), EngineError> {
        let name = request.id.as_str().to_owned();
        match self.engine.store.post(request).await? {
            PostOutcome::Posted(_) => Ok(()),
            PostOutcome::Ended => Err(EngineError::Ended),
            PostOutcome::NotFound => Err(EngineError::NotFound { name }),
        }
    }

    /// An instance that is there.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], and when the store cannot be asked.
    pub async fn of(&self, namespace: Namespace, id: SessionId) -> Result<Outcome, EngineError> {
        let found = self.find(namespace, id.clone()).await?;
        let handle = found.handle.ok_or_else(|| EngineError::NotFound { name: id.as_str().to_owned() })?;
        Ok(Outcome { started: Started { id, handle, was_there: true }, ended: None })
    }

    /// How an instance stands.
    ///
    /// # Errors
    /// [`EngineError::NotFound`], and when the store cannot be asked.
    pub async fn status(&self, outcome: &Outcome) -> Result<Status, EngineError> {
        let Started { id, handle, .. } = &outcome.started;
        let session = self.engine.store.find(Find::Handle(*handle)).await?.current.session;
        let session = session.ok_or_else(|| EngineError::NotFound { name: id.as_str().to_owned() })?;
        let has_ended = session.is_terminal();
        Ok(session.execution.map_or(Status { text: None, changes: 0, has_ended }, |execution| Status {
            text: execution.status,
            changes: execution.status_changes,
            has_ended,
        }))
    }

    /// Waits until what an instance says of how it stands changed more than so many times, or it has ended, wherever it
    /// runs.
    ///
    /// # Errors
    /// As [`Self::status`].
    pub async fn status_after(&self, outcome: &Outcome, changes: u64) -> Result<Status, EngineError> {
        let mut watch = None;
        loop {
            match self.status(outcome).await {
                Ok(status) if status.changes > changes || status.has_ended => return Ok(status),
                Ok(_) => self.next_change(&mut watch, outcome.started.handle).await?,
                Err(EngineError::Store(error)) if error.is_passing() => {
                    self.clock.sleep(ASK_AGAIN_AFTER).await
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Returns when there may be something new. The first time it begins to watch, before the next look: nothing that
    /// comes in between is slept through.
    async fn next_change(&self, watch: &mut Option<Watch>, handle: Handle) -> Result<(), EngineError> {
        match watch {
            None => *watch = Some(self.engine.store.watch(handle).await?),
            Some(watch) => watch.changed().await?,
        }
        Ok(())
    }

    /// Waits for an instance's end, wherever it runs.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn ended(&self, outcome: Outcome) -> Result<Ended, EngineError> {
        let handle = outcome.started.handle;
        if let Some(ended) = outcome.ended
            && let Ok(ended) = ended.await
        {
            return Ok(ended);
        }
        let mut watch = None;
        loop {
            match self.look(handle).await {
                Ok(Some(ended)) => return Ok(ended),
                Ok(None) => self.next_change(&mut watch, handle).await?,
                Err(EngineError::Store(error)) if error.is_passing() => {
                    self.clock.sleep(ASK_AGAIN_AFTER).await
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// How an instance ended, if it has.
    async fn look(&self, handle: Handle) -> Result<Option<Ended>, EngineError> {
        let Some(session) = self.engine.store.find(Find::Handle(handle)).await?.current.session else {
            return Ok(Some(Ended::Deleted));
        };
        Ok(match &session.state {
            State::Pending | State::Active | State::Paused { .. } => None,
            State::Cancelled { reason, .. } | State::Expired { reason, .. } => {
                Some(Ended::Cancelled(reason.clone()))
            }
            State::Completed { .. } | State::Failed { .. } => Some(self.end_of(handle, &session).await?),
        })
    }

    /// The output or the failure, which the history's last event has.
    async fn end_of(&self, handle: Handle, session: &Session) -> Result<Ended, EngineError> {
        let execution = session.execution.as_ref().map(|execution| execution.number);
        let page = self.engine.store.history(HistoryRequest { handle, execution }).await?;
        match page.turns.last().and_then(|turn| turn.last()) {
            Some(HistoryEvent::ExecutionCompleted { output }) => Ok(Ended::Completed(output.clone())),
            Some(HistoryEvent::ExecutionFailed { failure }) => Ok(Ended::Failed(failure.clone())),
            _ => {
                let what = format!("the history of {} has no end", session.id);
                Err(StoreError::Corrupt { what }.into())
            }
        }
    }
}
