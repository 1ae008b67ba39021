//! Words that a race or a wait brings about; others are shown end to end.

use tenure_core::id::{ActorId, Fence, Revision, SessionId};
use tenure_core::lease::{Holder, HolderKind};
use tenure_core::refusal::{ClearRefusal, HeartbeatRefusal, Held, Refusal};
use tenure_core::session::StateName;
use tenure_core::time::WallTime;

use super::words;
use crate::{Blame, Problem};

fn said(refusal: &Refusal) -> String {
    let problem: Problem = words(refusal, true);
    assert_eq!(problem.blame, Blame::Refusal);
    [&[problem.primary.clone()][..], &problem.details, &problem.hints].concat().join("\n")
}

fn says(refusal: &Refusal, parts: &[&str]) {
    let text = said(refusal);
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
}

fn actor(name: &str) -> ActorId {
    ActorId::parse(name).unwrap()
}

#[test]
fn a_conflict_names_both_revisions_and_says_to_retry() {
    for verb in ["start", "heartbeat"] {
        let conflict = Refusal::Conflict { verb, expected: Revision(3), actual: Revision(5) };
        says(&conflict, &["expected revision 3, current is 5", &format!("retry `tenure {verb}`")]);
    }
}

#[test]
fn what_was_abandoned_was_left_by_a_process_that_is_gone_or_by_one_that_is_late() {
    let holder = Holder { kind: HolderKind::Run, id: actor("run/host/7"), supervisor: None, place: None };
    let held = Held {
        session: SessionId::parse("ses_1").unwrap(),
        key: None,
        state: StateName::Active,
        holder,
        fence: Fence(3),
        since: WallTime::from_epoch_secs(0),
        expires_at: Some(WallTime::from_epoch_secs(15)),
    };
    for (is_gone, why) in [(true, "whose process is gone"), (false, "whose lease is over")] {
        let abandoned = Refusal::Abandoned { held: Box::new(held.clone()), is_gone };
        says(&abandoned, &[&format!("session ses_1 was left by run/host/7, {why}\n")]);
        assert_eq!(words(&abandoned, false).facts["holder_gone"], is_gone);
    }
}

#[test]
fn a_heartbeat_that_waited_says_what_happened_meanwhile() {
    let beat = |why| Refusal::Heartbeat(why);
    says(&beat(HeartbeatRefusal::Disappeared), &["disappeared", "another caller cleared this workspace"]);
    says(&beat(HeartbeatRefusal::OwnershipChanged), &["ownership changed", "no longer the autonomous owner"]);
    let late = beat(HeartbeatRefusal::BecameStale { owner: actor("w\n1") });
    says(&late, &["the lease of `w\\n1` became stale before the heartbeat could be written"]);
}

#[test]
fn a_clear_that_waited_says_that_the_session_was_modified() {
    let refused = ClearRefusal::ActiveAutonomous { owner: actor("a"), actor: actor("b") };
    let parts = [
        "active autonomous session is owned by `a`",
        "modified between the pre-check and the lock",
        "most likely by a concurrent takeover",
    ];
    says(&Refusal::Clear(refused), &parts);
    says(&Refusal::IdentityChanged, &["session identity changed", "retry `tenure clear`"]);
}
