//! From a command to its durable effect: load, decide, commit, or start over.

use tenure_core::id::{Fence, Namespace, SessionId};
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, Context, Current, Decision, GroupView, Seen, Session, Warning, decide};
use tenure_core::{id::Revision, limits};
use tenure_store::{
    Capture, CommitOutcome, CommitRequest, Committed, Find, Found, GroupRequest, Handle, Slot, StoreError,
};

use crate::group::full;
use crate::{Engine, EngineError, check_fence};

/// What a command is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Whatever a slot holds, or will hold.
    Slot(Slot),
    /// A stored session.
    Session(Handle),
    /// A session that does not exist yet and has no slot.
    New,
    /// The session of this id, else whatever its slot holds: for creating it, once.
    Id {
        /// The tenant.
        namespace: Namespace,
        /// The id.
        id: SessionId,
        /// Where it is to be.
        slot: Option<Slot>,
    },
}

/// A command that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// What was stored before.
    pub before: Option<Session>,
    /// The session as it is now; `None` when there was nothing to do and nothing there.
    pub session: Option<Session>,
    /// What was written; `None` when there was nothing to write.
    pub committed: Option<Committed>,
    /// What a person should know.
    pub warning: Option<Warning>,
}

/// What a caller says of the session that it wants to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Under {
    /// The fence under which it is held. Workspace commands prove ownership by name, and may say it as well.
    pub fence: Option<Fence>,
    /// The revision that the caller saw.
    pub revision: Option<Revision>,
}

impl From<Option<Fence>> for Under {
    fn from(fence: Option<Fence>) -> Self {
        Self { fence, revision: None }
    }
}

impl Under {
    fn check(self, current: &Current, verb: &'static str) -> Result<(), Refusal> {
        if let Some(given) = self.fence {
            check_fence(current, given)?;
        }
        let actual = current.counters.revision;
        match self.revision.filter(|seen| *seen != actual) {
            Some(expected) => Err(Refusal::Conflict { verb, expected, actual }),
            None => Ok(()),
        }
    }
}

/// What became of one attempt.
enum Attempt {
    Done(Box<Applied>),
    /// The group had no place.
    Full(GroupRequest),
    Again {
        expected: Revision,
        actual: Revision,
        seen: Seen,
    },
}

impl Engine {
    /// Carries out `command`. When it returns, the effect is durable.
    ///
    /// # Errors
    /// [`EngineError::Refused`] when a rule says no; a [`StoreError`] when the store gives no answer.
    pub async fn apply(&self, target: &Target, command: &Command) -> Result<Applied, EngineError> {
        self.apply_under(target, command, Under::default()).await
    }

    /// Carries out `command` for a caller that says what it knows of the session: both must hold, also in the
    /// transaction that writes.
    ///
    /// # Errors
    /// As [`Engine::apply`]; [`Refusal::Fenced`] when the fence is not the current one, [`Refusal::Conflict`] at once
    /// when the session has another revision.
    pub async fn apply_under(
        &self,
        target: &Target,
        command: &Command,
        under: impl Into<Under>,
    ) -> Result<Applied, EngineError> {
        let under = under.into();
        if let Some(elsewhere) = &self.elsewhere {
            return elsewhere.apply(target, command, under).await;
        }
        let mut seen = None;
        let mut view = GroupView::default();
        let mut conflict = (Revision(0), Revision(0));
        for _ in 0..limits::DECIDE_ATTEMPTS_MAX {
            match self.attempt(target, (command, under), (seen.as_ref(), &view)).await? {
                Attempt::Done(applied) => return Ok(*applied),
                Attempt::Full(group) => self.look_at(&group, &mut view).await?,
                Attempt::Again { expected, actual, seen: first } => {
                    conflict = (expected, actual);
                    seen.get_or_insert(first);
                }
            }
        }
        let (expected, actual) = conflict;
        Err(EngineError::Refused {
            refusal: Refusal::Conflict { verb: command.verb(), expected, actual },
            raced: true,
        })
    }

    async fn attempt(
        &self,
        target: &Target,
        (command, under): (&Command, Under),
        (seen, view): (Option<&Seen>, &GroupView),
    ) -> Result<Attempt, EngineError> {
        let found = self.load(target).await?;
        under
            .check(&found.current, command.verb())
            .map_err(|refusal| EngineError::Refused { refusal, raced: seen.is_some() })?;
        let context = self.context(&found, (seen, view)).await?;
        let decision = decide(&found.current, command, &context)
            .map_err(|refusal| EngineError::Refused { refusal, raced: seen.is_some() })?;
        let before = found.current.session.clone();
        if decision.writes.is_empty() {
            let warning = decision.warning;
            return Ok(Attempt::Done(Box::new(Applied { before, session: None, committed: None, warning })));
        }
        let saved = self.around_a_pause(&found, decision, &context.now).await?;
        let request = self.request(target, &found, command.fence().or(under.fence), saved);
        let outcome = self.commit(&request).await?;
        let again =
            |actual| Attempt::Again { expected: request.expected, actual, seen: Seen::of(&found.current) };
        if let (CommitOutcome::Committed(committed), Some(capture)) = (&outcome, &request.capture) {
            self.forget_earlier_pauses(committed.handle, &capture.id).await;
        }
        Ok(match outcome {
            CommitOutcome::Committed(committed) => Attempt::Done(Box::new(Applied {
                before,
                session: request.decision.session().cloned(),
                committed: Some(committed),
                warning: request.decision.warning,
            })),
            CommitOutcome::RevisionConflict { actual } => again(actual),
            CommitOutcome::Full => match group_of(&request.decision) {
                Some(group) => Attempt::Full(group),
                None => unreachable!("only what takes a place in a group finds it full"),
            },
            CommitOutcome::Fenced { .. } | CommitOutcome::Rejudge | CommitOutcome::IdTaken => {
                again(found.current.counters.revision)
            }
        })
    }

    async fn load(&self, target: &Target) -> Result<Found, StoreError> {
        match target {
            Target::Slot(slot) => self.store.find(Find::Slot(slot.clone())).await,
            Target::Session(handle) => self.store.find(Find::Handle(*handle)).await,
            Target::New => Ok(Found::default()),
            Target::Id { namespace, id, slot } => {
                let (namespace, id) = (namespace.clone(), id.clone());
                let found = self.store.find(Find::Id { namespace, id }).await?;
                match slot {
                    Some(slot) if found.handle.is_none() => self.store.find(Find::Slot(slot.clone())).await,
                    Some(_) | None => Ok(found),
                }
            }
        }
    }

    /// Who of a full group is proven to be gone; that it is full, if that is no news.
    async fn look_at(&self, request: &GroupRequest, view: &mut GroupView) -> Result<(), StoreError> {
        let found = self.store.group(request.clone()).await?;
        let leases = found.members.iter().filter_map(|member| member.session.lease.as_ref());
        let gone = leases.filter(|lease| self.witness.is_gone(lease)).map(|lease| lease.incarnation);
        let gone: Vec<_> = gone.filter(|incarnation| !view.gone.contains(incarnation)).collect();
        if !gone.is_empty() {
            view.gone.extend(gone);
            return Ok(());
        }
        // One whose limit was lifted since is looked at again.
        view.full = full(request, found);
        Ok(())
    }

    async fn context(
        &self,
        found: &Found,
        (seen, view): (Option<&Seen>, &GroupView),
    ) -> Result<Context, StoreError> {
        let lease = found.current.open().and_then(|session| session.lease.as_ref());
        let gone = lease.filter(|lease| self.witness.is_gone(lease)).map(|lease| lease.incarnation);
        Ok(Context { now: self.store.now().await?, gone, seen: seen.cloned(), group: view.clone() })
    }

    fn request(
        &self,
        target: &Target,
        found: &Found,
        fence: Option<Fence>,
        (decision, capture): (Decision, Option<Capture>),
    ) -> CommitRequest {
        let slot = match target {
            Target::Slot(slot) => Some(slot.clone()),
            // A session found by its handle is guarded by its slot too.
            Target::Session(_) | Target::New | Target::Id { .. } => decision.session().and_then(Slot::of),
        };
        let expected = found.current.counters.revision;
        let commit_id = self.ids.commit_id();
        CommitRequest { commit_id, slot, on: found.handle, expected, fence, decision, capture }
    }

    /// Commits, and finds out what happened if the answer got lost.
    async fn commit(&self, request: &CommitRequest) -> Result<CommitOutcome, StoreError> {
        match self.store.commit(request.clone()).await {
            Err(unknown @ StoreError::Unknown { .. }) => match self.store.resolve(request).await {
                Ok(Some(committed)) => Ok(CommitOutcome::Committed(committed)),
                Ok(None) => Ok(CommitOutcome::Rejudge),
                // That it cannot be asked for now does not mean that nothing was changed.
                Err(_) => Err(unknown),
            },
            answer => answer,
        }
    }
}

/// The group that a decision takes a place in.
fn group_of(decision: &Decision) -> Option<GroupRequest> {
    let namespace = decision.session()?.namespace.clone();
    Some(GroupRequest { namespace, name: decision.place.as_ref()?.group.clone() })
}
