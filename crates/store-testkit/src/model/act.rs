//! Makes one step on the store under test, then on the model, which must agree.

use std::time::Duration;

use tenure_core::event::{EventBody, EventDraft};
use tenure_core::id::{Fence, Namespace, Seq, SessionId};
use tenure_core::limits::AGENT_IDLE_AFTER;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, CommitOutcome, CommitRequest, Committed, CompactRequest,
    Find, Handle, PurgeOutcome, RenewOutcome, RenewRequest, Store, StoreError,
};

use super::op::{Between, Deed, Op, Verb};
use super::world::{LATE_MAX, Pair, World, without_handle};
use crate::fixture::{TICK, TTL, commit_id, compact, given, named};

/// How long a wall clock is set forwards and backwards.
const JUMP: Duration = Duration::from_secs(20 * 60);

impl World {
    pub(super) async fn act(&mut self, op: &Op) {
        match op.verb {
            Verb::Commit(deed) => {
                if let Some(pair) = self.prepare(op, deed).await {
                    self.commit(op, pair).await;
                }
            }
            Verb::Race(deed, between) => {
                if let Some(pair) = self.prepare(op, deed).await {
                    self.interfere(op, between, &pair).await;
                    self.commit(op, pair).await;
                }
            }
            Verb::Prepare(deed) => {
                let pair = self.prepare(op, deed).await;
                self.keep(pair);
            }
            Verb::CommitLate => {
                if let Some(pair) = self.late.pop_front() {
                    self.commit(op, pair).await;
                }
            }
            Verb::CommitTwice => self.commit_twice(op).await,
            Verb::Renew => self.renew(op, self.chosen(op), |fence| fence).await,
            Verb::RenewFormer => self.renew(op, self.chosen(op), former).await,
            Verb::Append => self.append(op, self.chosen(op), (Some, notes(op))).await,
            Verb::AppendFormer => {
                self.append(op, self.chosen(op), (|fence| Some(former(fence)), notes(op))).await;
            }
            Verb::AppendInbox => self.append(op, self.chosen(op), (|_| None, notes(op))).await,
            Verb::AppendNamed => self.append(op, self.chosen(op), (whose(op), named_notes(op))).await,
            Verb::Compact => self.compact(op).await,
            Verb::Save => self.save(op, self.chosen(op), Some).await,
            Verb::SaveFormer => self.save(op, self.chosen(op), |fence| Some(former(fence))).await,
            Verb::SaveFree => self.save(op, self.chosen(op), |_| None).await,
            Verb::Remove => self.remove(op, self.chosen(op)).await,
            Verb::Fork => self.fork(op, self.chosen(op)).await,
            Verb::Read => self.check_read(op).await,
            Verb::List => self.check_list(op).await,
            Verb::Figures => self.check_figures(op).await,
            Verb::Due => self.check_due(op).await,
            Verb::Postpone => {
                self.postpone(op).await;
                self.check_due(op).await;
            }
            Verb::Purge => {
                let id = self.oldest_ended().await.filter(|_| op.who > 0);
                self.purge(op, id.or_else(|| self.chosen(op))).await;
            }
            Verb::PassLong => {
                self.clock.advance(AGENT_IDLE_AFTER);
                self.check_due(op).await;
            }
            Verb::Reopen => self.reopen(op).await,
            Verb::Pass | Verb::WallForwards | Verb::WallBackwards | Verb::WallToggles | Verb::Reboot => {
                self.move_clock(op)
            }
        }
    }

    /// Something happens to the session that a decision was made on.
    async fn interfere(&mut self, op: &Op, between: Between, pair: &Pair) {
        let first = pair.model.decision.writes.first();
        let id = first.filter(|write| !write.opens).map(|write| write.session.id.clone());
        let op = &Op { fault: None, ..op.clone() };
        match between {
            Between::Renew => {
                self.clock.advance(TTL / 3);
                self.renew(op, id, |fence| fence).await;
            }
            Between::Append => {
                self.clock.advance(TICK);
                self.append(op, id, (Some, notes(op))).await;
            }
            Between::Note => {
                if let Some(note) = self.prepare(op, Deed::Note).await {
                    self.commit(op, note).await;
                }
            }
            Between::Pass => self.clock.advance(TTL),
            Between::WallBackwards => self.clock.rewind_wall(JUMP),
            Between::Reboot => self.clock.reboot(),
        }
    }

    fn move_clock(&mut self, op: &Op) {
        match op.verb {
            Verb::WallForwards => self.clock.advance_wall(JUMP),
            Verb::WallBackwards => self.clock.rewind_wall(JUMP),
            Verb::WallToggles => match self.wall.take() {
                Some(wall) => self.clock.set_wall(Some(wall)),
                None => {
                    self.wall = Some(self.clock.wall());
                    self.clock.set_wall(None);
                }
            },
            Verb::Reboot => self.clock.reboot(),
            _ => self.clock.advance(Duration::from_secs(u64::from(op.number) * 2)),
        }
    }

    fn keep(&mut self, pair: Option<Pair>) {
        self.late.extend(pair);
        self.late.truncate(LATE_MAX);
    }

    async fn reopen(&mut self, op: &Op) {
        if self.can_reopen {
            let at = op.via % self.stores.len();
            drop(self.stores.remove(at));
            self.stores.insert(at, self.disk.open().await);
        }
    }

    pub(super) fn fail_next(&mut self, op: &Op) {
        if let Some(fault) = op.fault.filter(|_| self.can_fail) {
            self.disk.inject(fault);
            self.was_failed = true;
        }
    }

    /// An error is only to be expected after something was made to fail.
    pub(super) fn excuse(&self, error: &StoreError) {
        assert!(self.was_failed, "nothing was made to fail: {error:?}");
        assert!(error.is_passing(), "a fault of the moment: {error:?}");
    }

    async fn commit(&mut self, op: &Op, pair: Pair) {
        self.fail_next(op);
        let answer = self.tested(op).commit(pair.tested.clone()).await;
        let Some(outcome) = self.settled(op, &pair.tested, answer).await else { return };
        let expected = self.model.commit(pair.model.clone()).await.expect("the model does not fail");
        assert_eq!(comparable(outcome), comparable(expected), "the outcome of {:?}", pair.model);
        self.compare_commit(op, &pair, expected).await;
    }

    /// The second time nothing is made to fail, or a lost refusal would resolve to the first time.
    async fn commit_twice(&mut self, op: &Op) {
        if self.was_failed {
            return;
        }
        if let Some(pair) = self.late.pop_front() {
            let op = Op { fault: None, ..op.clone() };
            self.commit(&op, pair.clone()).await;
            self.commit(&op, pair).await;
        }
    }

    /// What became of a commit; nothing when it failed for certain.
    async fn settled(
        &self,
        op: &Op,
        request: &CommitRequest,
        answer: Result<CommitOutcome, StoreError>,
    ) -> Option<CommitOutcome> {
        match answer {
            Ok(outcome) => Some(outcome),
            Err(error @ StoreError::Unknown { .. }) => {
                self.excuse(&error);
                let resolved = self.tested(op).resolve(request).await.expect("an answer");
                resolved.map(CommitOutcome::Committed)
            }
            Err(error) => {
                self.excuse(&error);
                None
            }
        }
    }

    /// After a commit both show the same, through every instance, and tell the same about the commit.
    async fn compare_commit(&mut self, op: &Op, pair: &Pair, outcome: CommitOutcome) {
        let Some(session) = pair.model.decision.session() else { return };
        let id = session.id.clone();
        if matches!(outcome, CommitOutcome::Committed(_)) && !self.known.contains(&id) {
            self.known.push(id.clone());
            self.opened += 1;
        }
        let expected = self.model.resolve(&pair.model).await.expect("an answer").map(told);
        let resolved = self.tested(op).resolve(&pair.tested).await.expect("an answer").map(told);
        assert_eq!(resolved, expected, "what {:?} resolves to", pair.model);
        let find = Find::Id { namespace: session.namespace.clone(), id };
        let expected = self.model.find(find.clone()).await.expect("an answer");
        for store in &self.stores {
            let found = store.find(find.clone()).await.expect("an answer");
            assert_eq!(without_handle(&found), without_handle(&expected), "after {:?}", pair.model);
        }
    }

    /// A session's handle in both stores, and its highest fence.
    pub(super) async fn handles(&self, op: &Op, id: Option<SessionId>) -> Option<(Handle, Handle, Fence)> {
        let id = id?;
        let there = self.handle(self.tested(op), &id).await.expect("it is stored");
        let here = self.handle(self.model.as_ref(), &id).await.expect("it is stored");
        let found = self.model.find(Find::Handle(here)).await.expect("an answer");
        Some((there, here, found.current.counters.fence))
    }

    async fn renew(&mut self, op: &Op, id: Option<SessionId>, fence: impl Fn(Fence) -> Fence) {
        let Some((there, here, current)) = self.handles(op, id).await else { return };
        self.fail_next(op);
        let (tested, model) = (self.tested(op), self.model.as_ref());
        let fence = fence(current);
        let answer = tested.renew(RenewRequest { handle: there, fence }).await;
        let was_kept = lease_of(tested, there).await != lease_of(model, here).await;
        match answer {
            Ok(outcome) => match model.renew(RenewRequest { handle: here, fence }).await {
                Ok(expected) => assert_eq!(outcome, expected, "a renewal under {fence} of {current}"),
                // Nobody can judge by an unusable clock; how a store says so is its own affair.
                Err(_) => assert!(!matches!(outcome, RenewOutcome::Renewed(_)), "by an unusable clock"),
            },
            Err(error) => {
                if self.wall.is_none() {
                    self.excuse(&error);
                }
                if was_kept {
                    model.renew(RenewRequest { handle: here, fence }).await.expect("it was live");
                }
            }
        }
        assert_eq!(lease_of(tested, there).await, lease_of(model, here).await, "after a renewal");
    }

    /// The oldest session that has ended: others were created for it, perhaps.
    async fn oldest_ended(&self) -> Option<SessionId> {
        for id in &self.known {
            let find = Find::Id { namespace: Namespace::default_name(), id: id.clone() };
            let found = self.model.find(find).await.expect("an answer");
            if found.current.session.is_some_and(|session| session.is_terminal()) {
                return Some(id.clone());
            }
        }
        None
    }

    async fn purge(&mut self, op: &Op, id: Option<SessionId>) {
        let Some((there, here, _)) = self.handles(op, id.clone()).await else { return };
        self.fail_next(op);
        let answer = self.tested(op).purge(there).await;
        let is_gone = self.tested(op).find(Find::Handle(there)).await.expect("an answer").handle.is_none();
        match answer {
            Ok(outcome) => {
                let expected = self.model.purge(here).await.expect("an answer");
                assert_eq!(outcome, expected, "a purge of {id:?}");
                assert_eq!(is_gone, outcome == PurgeOutcome::Purged, "a purge of {id:?}");
            }
            Err(error) => {
                self.excuse(&error);
                if is_gone {
                    assert_eq!(self.model.purge(here).await.expect("an answer"), PurgeOutcome::Purged);
                }
            }
        }
        if is_gone {
            self.known.retain(|known| Some(known) != id.as_ref());
            let find = Find::Id { namespace: Namespace::default_name(), id: id.expect("it was chosen") };
            for store in &self.stores {
                assert_eq!(store.find(find.clone()).await.expect("an answer").handle, None, "after a purge");
            }
        }
    }

    async fn append(
        &mut self,
        op: &Op,
        id: Option<SessionId>,
        (fence, events): (impl Fn(Fence) -> Option<Fence>, Vec<EventDraft>),
    ) {
        let Some((there, here, current)) = self.handles(op, id).await else { return };
        let fence = fence(current);
        self.fail_next(op);
        let (tested, model) = (self.tested(op), self.model.as_ref());
        let head = head_of(model, here).await;
        let (commit_id, after) = (commit_id(), head);
        let request = |handle| AppendRequest { commit_id, handle, fence, events: events.clone(), after };
        let answer = tested.append(request(there)).await;
        let was_kept = head_of(tested, there).await != head;
        match answer {
            Ok(outcome) => {
                let expected = model.append(request(here)).await.expect("an answer");
                assert_eq!(outcome, expected, "an append under {fence:?} of {current}");
                let has_new = match outcome {
                    AppendOutcome::Appended { .. } => true,
                    AppendOutcome::Known { new, .. } => new > 0,
                    _ => false,
                };
                assert_eq!(was_kept, has_new);
            }
            Err(error) => {
                self.excuse(&error);
                if was_kept {
                    model.append(request(here)).await.expect("an answer");
                }
            }
        }
        assert_eq!(head_of(tested, there).await, head_of(model, here).await, "after an append");
        let appended = (request(there), request(here));
        self.appended.push_front(appended);
        self.appended.truncate(LATE_MAX);
        self.compare_appends(op).await;
    }

    /// Both tell the same about the appends so far.
    async fn compare_appends(&self, op: &Op) {
        for (there, here) in &self.appended {
            let resolved = self.tested(op).resolve_append(there).await.expect("an answer");
            let expected = self.model.resolve_append(here).await.expect("an answer");
            // What was dropped may be told of or not.
            if !(self.was_compacted && resolved == AppendResolution::Untold) {
                assert_eq!(resolved, expected, "what became of {here:?}");
            }
        }
    }

    async fn compact(&mut self, op: &Op) {
        let Some((there, here, _)) = self.handles(op, self.chosen(op)).await else { return };
        self.was_compacted = true;
        self.fail_next(op);
        let before = u64::from(op.who) * 2 + u64::from(op.spot);
        let request = |handle| CompactRequest { handle, before: Seq(before) };
        if let Err(error) = self.tested(op).compact(request(there)).await {
            self.excuse(&error);
        }
        let earliest = compact(self.tested(op), there, before).await;
        assert_eq!(earliest, compact(self.model.as_ref(), here, before).await, "where the log begins");
    }
}

/// The fence that was given out before.
fn former(Fence(fence): Fence) -> Fence {
    Fence(fence.saturating_sub(1))
}

fn notes(op: &Op) -> Vec<EventDraft> {
    (0..=op.number).map(|number| note_or_message(op.who, number).into()).collect()
}

fn note_or_message(who: u8, number: u8) -> EventBody {
    given(if who.is_multiple_of(2) { "note" } else { "message" }, &number.to_string())
}

/// Most of them with one of few ids, which mostly names the same content.
fn named_notes(op: &Op) -> Vec<EventDraft> {
    let event = |number: u8| match (number + op.spot) % 4 {
        0 => given("note", "free").into(),
        id => named(&format!("id-{id}"), if op.number == 7 { "other" } else { "same" }),
    };
    (0..op.number % 3 + 1).map(event).collect()
}

/// The owner, a former one, or anybody.
fn whose(op: &Op) -> fn(Fence) -> Option<Fence> {
    match (op.number, op.who) {
        (6, _) => |fence| Some(former(fence)),
        (_, 0 | 1) => Some,
        _ => |_| None,
    }
}

/// An outcome without the handle, which each store gives as it likes.
fn comparable(outcome: CommitOutcome) -> CommitOutcome {
    match outcome {
        CommitOutcome::Committed(committed) => {
            CommitOutcome::Committed(Committed { handle: Handle(0), ..committed })
        }
        refused => refused,
    }
}

/// What a resolved commit is known by.
fn told(committed: Committed) -> tenure_core::id::Revision {
    committed.revision
}

async fn lease_of(store: &dyn Store, handle: Handle) -> Option<tenure_core::lease::Lease> {
    let found = store.find(Find::Handle(handle)).await.expect("an answer");
    found.current.session.and_then(|session| session.lease)
}

async fn head_of(store: &dyn Store, handle: Handle) -> Seq {
    store.find(Find::Handle(handle)).await.expect("an answer").head
}
