//! Getting to hold the session: at once, after waiting, or not at all.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use tenure_core::id::{ActorId, Fence, GroupName, Incarnation, Key, Namespace};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::lease::{Holder, HolderKind, Place, RunTimes};
use tenure_core::refusal::{Held, Refusal};
use tenure_core::session::{Claimant, Command, Recipe, Rerun, Session, StartRun};
use tenure_engine::{Engine, EngineError, Kept, Steady, Target};
use tenure_guard::HoldLock;
use tenure_store::{Committed, Find, Handle, Slot};

use super::lease::Granted;
use super::queue::Queue;
use super::steady::BootClock;
use crate::args::run::{IfHeld, OnLost};
use crate::living;

/// What is to be claimed.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    /// The tenant.
    pub(super) namespace: Namespace,
    /// The slot, if any.
    pub(super) key: Option<Key>,
    /// Who runs it.
    pub(super) actor: ActorId,
    /// Where.
    pub(super) place: Place,
    /// The lease's times.
    pub(super) times: RunTimes,
    /// Labels to keep.
    pub(super) labels: BTreeMap<String, String>,
    /// The command's words, for people.
    pub(super) command: Vec<String>,
    /// Where it runs.
    pub(super) directory: Option<String>,
    /// The session's own idle rule.
    pub(super) idle: IdleRule,
    /// The reason to take an abandoned session over.
    pub(super) takeover: Option<String>,
    /// Whether what a shutdown has paused is ended instead of going on with it.
    pub(super) is_fresh: bool,
    /// The group, if any.
    pub(super) group: Option<GroupName>,
    /// Whether it waits where its group has no place.
    pub(super) waits: bool,
    /// How it is run again.
    pub(super) recipe: Recipe,
    /// What to do when somebody holds it.
    pub(super) if_held: IfHeld,
    /// What happens when it is lost.
    pub(super) on_lost: OnLost,
}

/// What came of a wish.
#[derive(Debug)]
pub(super) enum Claim {
    /// It is held now.
    Granted(Box<Claimed>),
    /// Somebody else holds it, and that was to be accepted.
    Skipped(Box<Held>),
}

/// A session that this process holds.
#[derive(Debug)]
pub(super) struct Claimed {
    /// The session.
    pub(super) session: Session,
    /// What was written.
    pub(super) committed: Committed,
    /// The lease.
    pub(super) granted: Granted,
    /// Whether an earlier run of this session goes on.
    pub(super) is_resumed: bool,
}

impl Claimed {
    /// The fence it is held under.
    pub(super) fn fence(&self) -> Fence {
        self.granted.kept.fence
    }

    /// Who holds it: this process.
    pub(super) fn holder(&self) -> &ActorId {
        let lease = self.session.lease.as_ref().expect("what was claimed is held");
        &lease.holder.id
    }

    /// The session's row.
    pub(super) fn handle(&self) -> Handle {
        self.granted.kept.handle
    }
}

/// Claims the session that `wish` describes. `lock` must be held under the incarnation's name already.
///
/// Nothing is taken over while processes of its late holder live.
pub(super) async fn claim(
    (engine, db): (&Engine, &Path),
    wish: &Wish,
    incarnation: Incarnation,
    _lock: &HoldLock,
) -> anyhow::Result<Claim> {
    let now = engine.store().now().await?;
    let start = StartRun {
        id: engine.ids().session_id(now.wall),
        namespace: wish.namespace.clone(),
        principal: None,
        key: wish.key.clone(),
        claimant: claimant(wish, incarnation),
        ttl: wish.times.ttl(),
        labels: wish.labels.clone(),
        command: wish.command.clone(),
        directory: wish.directory.clone(),
        idle: Some(wish.idle),
        group: wish.group.clone(),
        waits: wish.waits,
        recipe: Some(Box::new(wish.recipe.clone())),
        takeover: wish.takeover.clone(),
        is_fresh: wish.is_fresh,
    };
    let command = Command::StartRun(Box::new(start));
    let slot = slot(wish);
    let target = slot.clone().map_or(Target::New, Target::Slot);
    let mut queue = slot.as_ref().map(|slot| Queue::new(engine, slot));
    loop {
        if let (Some(_), Some(slot)) = (&wish.takeover, &slot) {
            living::ensure_gone(engine, db, Find::Slot(slot.clone())).await?;
        }
        let at = BootClock.now();
        let (refusal, raced) = match engine.apply(&target, &command).await {
            Ok(applied) => match (applied.session, applied.committed) {
                (Some(session), Some(committed)) => {
                    let goes_on = |before: Session| {
                        before.id == session.id && before.is_shut_down() && before.start_count > 0
                    };
                    let is_resumed = applied.before.is_some_and(goes_on);
                    return Ok(Claim::Granted(Box::new(granted(wish, session, (committed, at), is_resumed))));
                }
                _ => unreachable!("a start that is not refused writes a session"),
            },
            Err(EngineError::Refused { refusal, raced }) => (refusal, raced),
            Err(error) => return Err(error.into()),
        };
        // Abandoned for long enough, it is ended here and now, whoever sweeps or does not.
        let is_abandoned = matches!(refusal, Refusal::Abandoned { .. });
        if is_abandoned && engine.apply(&target, &Command::ExpireIdle).await.is_ok() {
            continue;
        }
        match (refusal, wish.if_held, &mut queue) {
            (Refusal::Held(held), IfHeld::Skip, _) => return Ok(Claim::Skipped(held)),
            (refusal @ (Refusal::Held(_) | Refusal::Abandoned { .. }), IfHeld::Wait, Some(queue)) => {
                queue.wait(&refusal).await?;
            }
            (refusal, _, _) => return Err(EngineError::Refused { refusal, raced }.into()),
        }
    }
}

fn slot(wish: &Wish) -> Option<Slot> {
    let key = wish.key.clone()?;
    Some(Slot { namespace: wish.namespace.clone(), kind: Kind::Agent, key })
}

/// Claims a session that was run before, to run it again. Nothing is taken over while processes of its late
/// holder live.
pub(super) async fn again(
    (engine, db): (&Engine, &Path),
    (handle, is_automatic): (Handle, bool),
    wish: &Wish,
    incarnation: Incarnation,
) -> anyhow::Result<Claimed> {
    living::ensure_gone(engine, db, Find::Handle(handle)).await?;
    let at = BootClock.now();
    let rerun = Rerun { claimant: claimant(wish, incarnation), is_automatic };
    let applied = engine.apply(&Target::Session(handle), &Command::Rerun(Box::new(rerun))).await?;
    match (applied.session, applied.committed) {
        (Some(session), Some(committed)) => {
            // One that only waited until now is begun by this.
            let is_resumed = applied.before.is_some_and(|before| before.start_count > 0);
            Ok(granted(wish, session, (committed, at), is_resumed))
        }
        _ => unreachable!("a rerun that is not refused writes a session"),
    }
}

fn claimant(wish: &Wish, incarnation: Incarnation) -> Claimant {
    let holder = Holder {
        kind: HolderKind::Run,
        id: wish.actor.clone(),
        supervisor: None,
        place: Some(wish.place.clone()),
    };
    Claimant { holder, incarnation }
}

fn granted(
    wish: &Wish,
    session: Session,
    (committed, at): (Committed, Duration),
    is_resumed: bool,
) -> Claimed {
    let fence = session.counters.fence;
    let kept = Kept { handle: committed.handle, fence, times: wish.times };
    let granted = Granted { kept, at, on_lost: wish.on_lost };
    Claimed { session, committed, granted, is_resumed }
}
