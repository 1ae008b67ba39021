//! The store under test, the model, and what was done to both so far.

use std::collections::VecDeque;
use std::sync::Arc;

use tenure_core::id::{Namespace, SessionId};
use tenure_core::session::{Context, Current, GroupView};
use tenure_core::time::WallTime;
use tenure_store::{AppendRequest, Clock as _, CommitRequest, Find, Found, Handle, Store};

use super::deed::{WORKSPACE_KEY, agent_key};
use super::op::{Deed, Op};
use crate::fixture::{Target, decided, find, slot, workspace};
use crate::{Capability, Disk, Harness, ManualClock, MemoryStore, dump};

/// One decision, as each of the two stores is asked to commit it.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) tested: CommitRequest,
    pub(super) model: CommitRequest,
}

/// Most decisions that wait to be committed late.
pub(super) const LATE_MAX: usize = 6;

#[derive(Debug)]
pub(super) struct World {
    pub(super) disk: Box<dyn Disk>,
    pub(super) stores: Vec<Arc<dyn Store>>,
    pub(super) model: Arc<dyn Store>,
    pub(super) clock: ManualClock,
    pub(super) can_reopen: bool,
    pub(super) can_fail: bool,
    /// Whether anything was made to fail, so that errors are to be expected.
    pub(super) was_failed: bool,
    /// Whether the beginning of any log was dropped.
    pub(super) was_compacted: bool,
    pub(super) late: VecDeque<Pair>,
    /// The latest appends, made or refused, as each of the two stores was asked for them.
    pub(super) appended: VecDeque<(AppendRequest, AppendRequest)>,
    /// Every session that was opened and not purged, in order.
    pub(super) known: Vec<SessionId>,
    /// How many sessions were opened, purged ones too.
    pub(super) opened: usize,
    /// How many values were saved.
    pub(super) saved: usize,
    /// The wall clock's reading before it became unusable.
    pub(super) wall: Option<WallTime>,
}

impl World {
    pub(super) async fn new(harness: &dyn Harness) -> Self {
        let disk = harness.fresh().await;
        let clock = disk.clock();
        let mut stores = vec![disk.open().await];
        if harness.has(Capability::SecondInstance) {
            stores.push(disk.open().await);
        }
        Self {
            stores,
            model: Arc::new(MemoryStore::new(Arc::new(clock.clone()))),
            can_reopen: harness.has(Capability::Reopen),
            can_fail: harness.has(Capability::Faults),
            was_failed: false,
            was_compacted: false,
            late: VecDeque::new(),
            appended: VecDeque::new(),
            known: Vec::new(),
            opened: 0,
            saved: 0,
            wall: None,
            clock,
            disk,
        }
    }

    pub(super) fn tested(&self, op: &Op) -> &dyn Store {
        self.stores[op.via % self.stores.len()].as_ref()
    }

    /// The session that a step's numbers mean, newest first.
    pub(super) fn chosen(&self, op: &Op) -> Option<SessionId> {
        let count = self.known.len();
        let back = usize::from(op.number) % count.max(1);
        self.known.get(count.checked_sub(back + 1)?).cloned()
    }

    /// The handle of a session in one of the stores.
    pub(super) async fn handle(&self, store: &dyn Store, id: &SessionId) -> Option<Handle> {
        let find = Find::Id { namespace: Namespace::default_name(), id: id.clone() };
        store.find(find).await.expect("an answer").handle
    }

    async fn target(&self, store: &dyn Store, op: &Op, deed: Deed) -> Option<Target> {
        if deed.is_about_workspaces() {
            return Some(Target::Slot(workspace(WORKSPACE_KEY)));
        }
        if let Some(key) = agent_key(op.spot) {
            return Some(Target::Slot(slot(key)));
        }
        if deed.opens() {
            return Some(Target::New);
        }
        let id = self.chosen(op)?;
        self.handle(store, &id).await.map(Target::Session)
    }

    /// Decides on what each store shows, which must be the same. Nothing when the rules refuse.
    pub(super) async fn prepare(&self, op: &Op, deed: Deed) -> Option<Pair> {
        let (tested, model) = (self.tested(op), self.model.as_ref());
        let there = self.target(tested, op, deed).await?;
        let here = self.target(model, op, deed).await.expect("the model knows it too");
        let (found, expected) = (find(tested, &there).await, find(model, &here).await);
        assert_eq!(without_handle(&found), without_handle(&expected), "what is found");
        let context = self.context(op, &expected.current);
        assert_eq!(tested.now().await.expect("the time"), context.now, "what time it is");
        let names = (self.next_id(op), &self.known[..]);
        let command = deed.command(op, (&expected.current, &context.now), (&names.0, names.1));
        let tested = decided(&there, &found, &command, &context);
        let model = decided(&here, &expected, &command, &context);
        assert_eq!(tested.as_ref().err(), model.as_ref().err(), "why {command:?} is refused");
        let (tested, model) = (tested.ok()?, model.ok()?);
        let capture = self.capture(op, deed);
        let tested = CommitRequest { commit_id: model.commit_id, capture: capture.clone(), ..tested };
        Some(Pair { tested, model: CommitRequest { capture, ..model } })
    }

    /// Now and then the holder is proven to be gone.
    fn context(&self, op: &Op, current: &Current) -> Context {
        let lease = current.open().and_then(|session| session.lease.as_ref());
        let gone = lease.filter(|_| op.number == 6).map(|lease| lease.incarnation);
        Context { now: self.clock.now(), gone, seen: None, group: GroupView::default() }
    }

    /// The id of a session to open: now and then one that is taken.
    pub(super) fn next_id(&self, op: &Op) -> String {
        let taken = self.known.last().filter(|_| op.number == 7);
        taken.map_or_else(|| format!("ses_{}", self.opened), |id| id.as_str().to_owned())
    }

    pub(super) async fn compare_everything(&self) {
        let namespaces = [Namespace::default_name()];
        let expected = dump(self.model.as_ref(), &namespaces).await.sessions;
        for store in &self.stores {
            let shown = dump(store.as_ref(), &namespaces).await.sessions;
            for (shown, expected) in shown.iter().zip(&expected) {
                assert_eq!(shown, expected, "everything about a session");
            }
            assert_eq!(shown.len(), expected.len(), "the number of sessions");
            self.compare_names(store.as_ref()).await;
            self.compare_children(store.as_ref()).await;
        }
    }
}

pub(super) fn without_handle(found: &Found) -> Found {
    Found { handle: None, ..found.clone() }
}
