//! Flaws in finding, committing, renewing and resolving.

use async_trait::async_trait;
use tenure_core::id::{CommitId, Namespace, Revision, Seq};
use tenure_core::lease::{Standing, Term};
use tenure_core::session::{Change, Session};
use tenure_core::time::Moment;
use tenure_store::{
    AppendRequest, CommitOutcome, CommitRequest, Committed, Find, Found, LogStore as _, RenewOutcome,
    RenewRequest, SessionStore, StoreError,
};
use tenure_store_testkit::fixture::{TTL, given, other_namespace};

use super::Flaw;
use super::store::{MutantStore, failed};

#[async_trait]
impl SessionStore for MutantStore {
    async fn now(&self) -> Result<Moment, StoreError> {
        let mut now = self.reading();
        if self.has(Flaw::TellsWrongTime) {
            now.boot.ms += 1;
        }
        Ok(now)
    }

    async fn find(&self, request: Find) -> Result<Found, StoreError> {
        let found = self.inner.find(request.clone()).await?;
        let has_ended = found.current.session.as_ref().is_some_and(Session::is_terminal);
        if self.has(Flaw::ForgetsSlots) && has_ended && matches!(request, Find::Slot(_)) {
            return Ok(Found::default());
        }
        if self.has(Flaw::ForgetsPurgedSlots) && found.current.session.is_none() {
            return Ok(Found::default());
        }
        let mut found = found;
        let is_fork = found.current.session.as_ref().is_some_and(|session| session.predecessor.is_some());
        if is_fork && self.has(Flaw::ForksWhatWasDropped) {
            found.earliest = Seq(1);
        }
        let parent = found.current.session.as_mut().and_then(|session| session.parent.as_mut());
        if let Some(parent) = parent.filter(|_| self.has(Flaw::HidesDeletedParents)) {
            parent.deleted = false;
        }
        if let (true, Some(handle)) = (self.has(Flaw::ShowsOldSessions), found.handle) {
            let mut seen = self.seen.lock().expect("no panics here");
            return Ok(seen.entry(handle).or_insert(found).clone());
        }
        Ok(found)
    }

    async fn commit(&self, request: CommitRequest) -> Result<CommitOutcome, StoreError> {
        let request = self.misread(request).await?;
        if let Some(outcome) = self.misjudged(&request).await? {
            return Ok(outcome);
        }
        let outcome = match self.inner.commit(request.clone()).await {
            Err(StoreError::Unknown { .. }) if self.has(Flaw::DeniesLostCommits) => return Err(failed()),
            Err(_) if self.has(Flaw::ClaimsFailedCommits) => {
                let on = self.found(&request).await?.handle.unwrap_or(tenure_store::Handle(1));
                let (head, at) = (Seq(1), self.clock.wall());
                let revision = request.decision.counters.revision;
                CommitOutcome::Committed(Committed { handle: on, head, revision, at })
            }
            answer => answer?,
        };
        if let CommitOutcome::Committed(committed) = outcome {
            self.wake();
            self.seen.lock().expect("no panics here").clear();
            self.spoil(&request, committed);
        }
        self.misreport(&request, outcome).await
    }

    async fn renew(&self, request: RenewRequest) -> Result<RenewOutcome, StoreError> {
        let Some(before) = self.stored(request.handle).await else { return self.inner.renew(request).await };
        let mut request = request;
        if let (true, Some(lease)) = (self.has(Flaw::RenewsAnyFence), &before.lease) {
            request.fence = lease.fence;
        }
        let term = before.lease.as_ref().map(|lease| lease.term);
        if let (true, Some(Term::Boot { renewed_wall, .. }), Some(wall)) =
            (self.has(Flaw::JudgesByWall), term, self.now_wall())
            && renewed_wall.after(TTL) <= wall
        {
            return Ok(RenewOutcome::Expired);
        }
        let is_of_another_boot = !is_same_boot(&before, self.reading().boot.boot);
        if self.has(Flaw::EndsWithBoots) && matches!(term, Some(Term::Boot { .. })) && is_of_another_boot {
            return Ok(RenewOutcome::Expired);
        }
        let outcome = self.inner.renew(request).await?;
        Ok(self.mistreat(request, &before, outcome))
    }

    async fn resolve(&self, request: &CommitRequest) -> Result<Option<Committed>, StoreError> {
        if self.has(Flaw::ResolvesNothing) {
            return Ok(None);
        }
        let found = self.found(request).await?;
        if let (true, Some(handle)) = (self.has(Flaw::ResolvesAnything), found.handle) {
            let revision = found.current.counters.revision;
            return Ok(Some(Committed { handle, head: found.head, revision, at: self.clock.wall() }));
        }
        let resolved = self.inner.resolve(request).await?;
        let head = if self.has(Flaw::ResolvesNewestHead) { Some(found.head) } else { None };
        Ok(resolved.map(|committed| Committed { head: head.unwrap_or(committed.head), ..committed }))
    }
}

impl MutantStore {
    fn now_wall(&self) -> Option<tenure_core::time::WallTime> {
        self.reading().wall
    }

    /// What is stored where a request is to be written.
    async fn found(&self, request: &CommitRequest) -> Result<Found, StoreError> {
        match (&request.slot, request.on) {
            (Some(slot), _) => self.memory.find(Find::Slot(slot.clone())).await,
            (None, Some(on)) => self.memory.find(Find::Handle(on)).await,
            (None, None) => Ok(Found::default()),
        }
    }

    /// A request as it is understood wrongly.
    async fn misread(&self, mut request: CommitRequest) -> Result<CommitRequest, StoreError> {
        match self.flaw {
            Flaw::ForgetsRevision => {
                let found = self.found(&request).await?;
                request.expected = found.current.counters.revision;
                request.on = found.handle;
            }
            Flaw::ForgetsFence => request.fence = None,
            Flaw::CommitsWithoutSaving => request.capture = None,
            Flaw::ForgetsJudgement => request.decision.judged = None,
            Flaw::ForgetsPlaces => request.decision.place = None,
            Flaw::CountsTheGone => {
                if let Some(place) = &mut request.decision.place {
                    place.gone.clear();
                }
            }
            Flaw::WritesHalf => request.decision.writes.truncate(1),
            Flaw::LosesLastEvent => {
                for write in &mut request.decision.writes {
                    write.events.pop();
                }
            }
            Flaw::LosesLabels => {
                for write in &mut request.decision.writes {
                    write.session.labels.clear();
                }
            }
            Flaw::CountsNotes if request.decision.counters.revision == request.expected => {
                request.decision.counters.revision = request.expected.next();
            }
            _ => {}
        }
        Ok(request)
    }

    /// An outcome that comes from looking at guards in the wrong order.
    async fn misjudged(&self, request: &CommitRequest) -> Result<Option<CommitOutcome>, StoreError> {
        let opened = request.decision.writes.iter().filter(|write| write.opens);
        let ids: Vec<_> = opened.map(|write| write.session.id.clone()).collect();
        let namespaces: &[Namespace] = match self.flaw {
            Flaw::ChecksIdFirst => &[Namespace::default_name()],
            Flaw::TakesIdsEverywhere => &[Namespace::default_name(), other_namespace()],
            _ => &[],
        };
        for namespace in namespaces {
            for id in &ids {
                let find = Find::Id { namespace: namespace.clone(), id: id.clone() };
                if self.memory.find(find).await?.handle.is_some() {
                    return Ok(Some(CommitOutcome::IdTaken));
                }
            }
        }
        let found = self.found(request).await?;
        let lease = found.current.session.and_then(|session| session.lease);
        let is_fenced = request.fence.is_some() && request.fence != lease.map(|lease| lease.fence);
        let current = found.current.counters.fence;
        Ok((self.has(Flaw::ChecksFenceFirst) && is_fenced).then_some(CommitOutcome::Fenced { current }))
    }

    /// What a commit does to the stored session beyond what it should.
    fn spoil(&self, request: &CommitRequest, committed: Committed) {
        let Some(last) = request.decision.writes.last() else { return };
        let changes = &last.changes;
        self.memory.tamper(committed.handle, |session| match self.flaw {
            Flaw::LosesRenewals if !changes.contains(&Change::Released) => {
                session.lease.clone_from(&last.session.lease);
            }
            Flaw::LosesActivity => session.activity.clone_from(&last.session.activity),
            Flaw::MovesActivityBack => session.last_activity_at = last.session.last_activity_at,
            _ => {}
        });
    }

    /// An outcome that is told wrongly.
    async fn misreport(
        &self,
        request: &CommitRequest,
        outcome: CommitOutcome,
    ) -> Result<CommitOutcome, StoreError> {
        let found = self.found(request).await?;
        Ok(match outcome {
            CommitOutcome::Committed(committed) if self.has(Flaw::AnswersWrongHead) => {
                CommitOutcome::Committed(Committed { head: committed.head.next(), ..committed })
            }
            CommitOutcome::Committed(committed) if self.has(Flaw::AnswersWrongRevision) => {
                CommitOutcome::Committed(Committed { revision: Revision(1), ..committed })
            }
            CommitOutcome::Committed(_) => outcome,
            CommitOutcome::IdTaken if self.has(Flaw::ForgetsIds) => {
                let (head, revision) = (Seq(1), request.decision.counters.revision);
                let handle = found.handle.unwrap_or(tenure_store::Handle(1));
                CommitOutcome::Committed(Committed { handle, head, revision, at: self.clock.wall() })
            }
            refused => {
                if let (true, Some(handle)) = (self.has(Flaw::LogsRefusals), found.handle) {
                    let (commit_id, events) = (CommitId([0; 16]), vec![given("refused", "1").into()]);
                    self.memory
                        .append(AppendRequest { commit_id, handle, fence: None, events, after: Seq(0) })
                        .await?;
                }
                refused
            }
        })
    }

    /// What a renewal does to the stored session beyond what it should, and what it says then.
    fn mistreat(&self, request: RenewRequest, before: &Session, outcome: RenewOutcome) -> RenewOutcome {
        let now = self.reading();
        let renewed = before.lease.as_ref().and_then(|lease| lease.term.renewed(&now).ok());
        let is_boot =
            matches!(renewed, Some(Term::Boot { renewed, .. }) if !is_same_boot(before, renewed.boot));
        let revives = self.has(Flaw::RevivesExpired) || (self.has(Flaw::IgnoresBoots) && is_boot);
        let fence = before.counters.fence;
        self.memory.tamper(request.handle, |session| match (outcome, self.flaw) {
            (RenewOutcome::Expired, _) if revives => {
                session.lease.as_mut().expect("it was over").term = renewed.expect("it can be renewed");
            }
            (RenewOutcome::Renewed(_), Flaw::LosesRenewal) => session.lease.clone_from(&before.lease),
            (RenewOutcome::Renewed(_), Flaw::RenewsActivity) => {
                session.last_activity_at = session.last_activity_at.max(self.clock.wall());
            }
            _ => {}
        });
        match (outcome, renewed) {
            (RenewOutcome::Expired, Some(term)) if revives => RenewOutcome::Renewed(term),
            (RenewOutcome::Expired, _) if self.has(Flaw::FencesExpired) => {
                RenewOutcome::Fenced { current: fence }
            }
            _ => outcome,
        }
    }
}

fn is_same_boot(session: &Session, boot: tenure_core::time::BootId) -> bool {
    let term = session.lease.as_ref().map(|lease| lease.term);
    matches!(term, Some(Term::Boot { renewed, .. }) if renewed.boot == boot)
}

/// Whether a session's lease is over at `now`.
pub(crate) fn is_over(session: &Session, now: &Moment) -> bool {
    session.standing(now) == Ok(Standing::Over)
}
