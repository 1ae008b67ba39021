//! Words for what only a race brings about; the rest is shown end to end.

use tenure_core::id::{ActorId, Revision};
use tenure_core::refusal::{ClearRefusal, HeartbeatRefusal, Refusal};

use super::words;
use crate::exit::Exit;
use crate::problem::Problem;
use crate::render::{Look, Report};

fn said(refusal: &Refusal) -> String {
    let problem: Problem = words(refusal, true);
    assert_eq!(problem.exit, Exit::Refused);
    problem.text(&Look::default())
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
