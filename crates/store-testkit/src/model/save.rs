//! Checkpoints and forks among the random steps.

use std::sync::Arc;

use tenure_core::checkpoint::{Content, FileAction, FileVersion, Fork};
use tenure_core::id::{Fence, Incarnation, Seq, SessionId};
use tenure_store::payload::Packed;
use tenure_store::{
    Capture, CheckpointsRequest, CreateOutcome, CreateRequest, FileRequest, FilesRequest, Find, ForkOutcome,
    ForkRequest, Handle, ListedCheckpoint, RemoveOutcome, RemoveRequest,
};

use super::op::{Deed, Op};
use super::world::World;
use crate::fixture::{checkpoint_id, commit_id, noise, session_id};

/// The files that are changed.
const PATHS: [&str; 3] = ["a", "b/c", "d"];

/// Most values are their maker's, some are files.
fn content(op: &Op) -> Content {
    if !matches!(op.number, 3 | 6) {
        return Content::Given;
    }
    let actions = [FileAction::Created, FileAction::Modified, FileAction::Deleted];
    Content::File(FileVersion {
        path: PATHS[usize::from(op.spot) % 3].to_owned(),
        action: actions[usize::from(op.who) % 3],
        size: u64::from(op.number),
        is_kept: op.number > 3,
    })
}

impl World {
    /// Saves a value, now and then one that was saved before, or is sent twice.
    pub(super) async fn save(
        &mut self,
        op: &Op,
        id: Option<SessionId>,
        fence: impl Fn(Fence) -> Option<Fence>,
    ) {
        let Some((there, here, current)) = self.handles(op, id).await else { return };
        let lease = self.session(here).await.and_then(|session| session.lease);
        // Several pieces only now and then: they are what takes longest in all of this.
        let length = match (op.who, op.number) {
            (3, 6..) => 270_000,
            (who, _) => [0, 10, 5000, 600][usize::from(who) % 4],
        };
        let payload = if op.number.is_multiple_of(2) { noise(length) } else { vec![op.number; length] };
        let request = CreateRequest {
            commit_id: commit_id(),
            handle: there,
            fence: fence(current),
            gone: match op.number {
                5 => Some(Incarnation([0xEE; 16])),
                6 => lease.map(|lease| lease.incarnation),
                _ => None,
            },
            // Now and then the last one's.
            id: checkpoint_id(&format!(
                "ckp_{}",
                (self.saved - usize::from(op.spot == 0 && self.saved > 0)) % 12
            )),
            reason: (op.number > 3).then(|| "because".to_owned()),
            metadata: (op.number > 5).then(|| "{}".to_owned()),
            content: content(op),
            payload: Arc::new(Packed::of(payload)),
        };
        self.saved += usize::from(op.spot > 0);
        self.fail_next(op);
        let answer = self.tested(op).create_checkpoint(request.clone()).await;
        let answer = match answer {
            // Asking for the same again tells.
            Err(error) => {
                self.excuse(&error);
                self.tested(op).create_checkpoint(request.clone()).await.expect("one fault at a time")
            }
            Ok(outcome) => outcome,
        };
        let expected = self.model.create_checkpoint(CreateRequest { handle: here, ..request.clone() }).await;
        assert_eq!(answer, expected.expect("an answer"), "{request:?} of {current}");
        self.check_page(op, (there, here)).await;
        if matches!(answer, CreateOutcome::Created(_)) && op.number.is_multiple_of(3) {
            let again = self.tested(op).create_checkpoint(request).await.expect("an answer");
            assert_eq!(again, answer, "sent twice");
        }
    }

    /// What a pause saves, now and then under an id that is taken.
    pub(super) fn capture(&self, op: &Op, deed: Deed) -> Option<Capture> {
        let is_saved = deed == Deed::Pause && op.number.is_multiple_of(2);
        is_saved.then(|| Capture {
            id: checkpoint_id(&format!("ckp_{}", (self.saved + usize::from(op.spot)) % 12)),
            reason: Some("pause".to_owned()),
            content: Content::Record,
            payload: Arc::new(Packed::of(vec![op.number; 600])),
        })
    }

    /// A page of checkpoints is the model's.
    async fn check_page(&self, op: &Op, (there, here): (Handle, Handle)) {
        let all = CheckpointsRequest { handle: here, before: None, limit: usize::MAX, with_files: false };
        let all = self.model.list_checkpoints(all).await.expect("a page");
        let before = all.get(usize::from(op.who)).and_then(|listed| match listed {
            ListedCheckpoint::Readable(checkpoint) => Some(checkpoint.seq),
            ListedCheckpoint::Damaged { .. } => None,
        });
        let page =
            |handle| CheckpointsRequest { handle, before, limit: usize::from(op.number), with_files: false };
        let shown = self.tested(op).list_checkpoints(page(there)).await.expect("a page");
        assert_eq!(shown, self.model.list_checkpoints(page(here)).await.expect("a page"), "{op:?}");
        let after = (op.who > 1).then(|| PATHS[usize::from(op.spot) % 3].to_owned());
        let page = |handle| FilesRequest { handle, after: after.clone(), limit: usize::from(op.number) };
        let shown = self.tested(op).list_files(page(there)).await.expect("a page");
        assert_eq!(shown, self.model.list_files(page(here)).await.expect("a page"), "{op:?}");
        let path = PATHS[usize::from(op.who) % 3].to_owned();
        let version = |handle| FileRequest { handle, path: path.clone(), at: before };
        let shown = self.tested(op).find_file(version(there)).await.expect("an answer");
        assert_eq!(shown, self.model.find_file(version(here)).await.expect("an answer"), "{op:?}");
    }

    /// Removes some checkpoints, some of which may never have been there.
    pub(super) async fn remove(&mut self, op: &Op, id: Option<SessionId>) {
        let Some((there, here, current)) = self.handles(op, id).await else { return };
        let fence = (op.who > 1).then_some(if op.who == 2 { current } else { Fence(current.0 + 1) });
        let numbers = (0..op.spot).map(|back| self.saved.saturating_sub(usize::from(back)) % 12);
        let ids: Vec<_> = numbers.map(|number| checkpoint_id(&format!("ckp_{number}"))).collect();
        let request = |handle| RemoveRequest { handle, fence, ids: ids.clone() };
        self.fail_next(op);
        let answer = match self.tested(op).remove_checkpoints(request(there)).await {
            Err(error) => {
                self.excuse(&error);
                self.tested(op).remove_checkpoints(request(there)).await.expect("one fault at a time");
                None
            }
            Ok(outcome) => Some(outcome),
        };
        let expected = self.model.remove_checkpoints(request(here)).await.expect("an answer");
        let told = |outcome| match outcome {
            RemoveOutcome::Removed { count } => Some(count),
            RemoveOutcome::Fenced { .. } => None,
            RemoveOutcome::Retained | RemoveOutcome::OnItsWay => panic!("nobody wants it kept, or elsewhere"),
        };
        assert!(answer.is_none_or(|answer| told(answer) == told(expected)), "{answer:?} {expected:?}");
    }

    /// Forks a session somewhere in its log, now and then beyond it.
    pub(super) async fn fork(&mut self, op: &Op, id: Option<SessionId>) {
        let Some((there, here, _)) = self.handles(op, id).await else { return };
        let Some(parent) = self.session(here).await else { return };
        let head = self.model.find(Find::Handle(here)).await.expect("an answer").head.0;
        let at = Seq((head * (u64::from(op.number) + 1)).div_ceil(7).max(1));
        let fork = Fork { id: session_id(&self.next_id(op)), at, record: None, principal: None };
        let write = fork.opening(&parent, tenure_core::time::WallTime::from_epoch_ms(0));
        let commit_id = commit_id();
        let request = |parent| ForkRequest { commit_id, parent, at, write: write.clone() };
        self.fail_next(op);
        let answer = match self.tested(op).fork(request(there)).await {
            Err(error) => {
                self.excuse(&error);
                self.tested(op).fork(request(there)).await.expect("one fault at a time")
            }
            Ok(outcome) => outcome,
        };
        let expected = self.model.fork(request(here)).await.expect("an answer");
        match (answer, expected) {
            (ForkOutcome::Forked(done), ForkOutcome::Forked(expected)) => {
                assert_eq!((done.head, done.revision), (expected.head, expected.revision));
                self.opened += 1;
                self.known.push(fork.id);
            }
            (answer, expected) => assert_eq!(answer, expected),
        }
    }

    async fn session(&self, here: Handle) -> Option<tenure_core::session::Session> {
        self.model.find(Find::Handle(here)).await.expect("an answer").current.session
    }
}
