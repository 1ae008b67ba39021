//! Words for the refusals of start, clear, heartbeat and takeover.

use serde_json::json;
use tenure_core::id::ActorId;
use tenure_core::lease::Lifecycle;
use tenure_core::lease::{Holder, HolderKind};
use tenure_core::refusal::{ClearRefusal, HeartbeatRefusal, OwnerOption, StartRefusal, TakeoverRefusal};

use super::{held, with_held};
use crate::problem::Problem;

/// The literal words of the way out: placeholders, whatever the ids are.
const TAKE_OVER: &str = "tenure takeover --actor-id <actor-id> --reason <reason>";
const START: &str = "tenure start --lifecycle autonomous --actor-id <actor-id> --lease-seconds <seconds>";
const CLEAR: &str = "tenure clear --actor-id <actor-id>";

/// A start was refused.
pub(super) fn start(refusal: &StartRefusal) -> Problem {
    match refusal {
        StartRefusal::AutonomousOnly(option) => {
            owner_options(format!("`{}` is only valid with `--lifecycle autonomous`", flag(*option)))
        }
        StartRefusal::Required(option) => {
            owner_options(format!("`{}` is required with `--lifecycle autonomous`", flag(*option)))
        }
        StartRefusal::InteractiveOwnerKind => {
            owner_options("`--owner-kind interactive` is not valid with `--lifecycle autonomous`")
        }
        StartRefusal::ActiveInteractive => Problem::refused(
            "HELD",
            "an active interactive session exists: clear it or wait until it is stale",
        )
        .hint("tenure status")
        .hint("tenure clear")
        .fact("holder", tenure_api::document(&interactive())),
        StartRefusal::ActiveAutonomous { tried, owner } => start_of_active(*tried, owner.as_ref()),
        StartRefusal::StaleAutonomous { tried, owner } => start_of_stale(*tried, owner.as_ref()),
    }
}

/// There is one name for every person.
fn interactive() -> tenure_api::Holder {
    let (kind, id) = (HolderKind::Interactive, ActorId::interactive());
    tenure_api::Holder::of(&Holder { kind, id, supervisor: None, place: None })
}

fn owner_options(statement: impl Into<String>) -> Problem {
    Problem::refused("OWNER_OPTIONS", statement)
}

fn start_of_active(tried: Lifecycle, owner: Option<&ActorId>) -> Problem {
    let way_out = match tried {
        Lifecycle::Interactive => "clear it or wait until it is stale",
        Lifecycle::Autonomous => "an explicit takeover (once it is stale) or clear is required",
    };
    let primary = format!("an active autonomous session is owned by `{}`: {way_out}", name(owner));
    Problem::refused("HELD", primary).hint("tenure status").hint(CLEAR).fact("holder", holder(owner))
}

fn start_of_stale(tried: Lifecycle, owner: Option<&ActorId>) -> Problem {
    let way_out = match tried {
        Lifecycle::Interactive => "clear or an explicit takeover is required before an interactive start",
        Lifecycle::Autonomous => "use `tenure takeover`",
    };
    let primary = format!("a stale autonomous session is owned by `{}`: {way_out}", name(owner));
    let words = Problem::refused("ABANDONED", primary);
    let words = match tried {
        Lifecycle::Interactive => words.hint(CLEAR),
        Lifecycle::Autonomous => words,
    };
    words.hint(TAKE_OVER).fact("holder", holder(owner))
}

/// A clear was refused. Who may not take over is not told how to.
pub(super) fn clear(refusal: &ClearRefusal, raced: bool) -> Problem {
    let stranger = |standing: &str, owner: &ActorId, actor: &ActorId| {
        format!(
            "{standing} autonomous session is owned by `{owner}`, \
             and `{actor}` is neither its owner nor its supervisor"
        )
    };
    let (owner, words) = match refusal {
        ClearRefusal::ActorRequired { owner } => {
            let primary = format!(
                "an autonomous session is owned by `{owner}`: \
                 `--actor-id` matching the owner or supervisor is required to clear it"
            );
            (owner, Problem::refused("ACTOR_REQUIRED", primary).hint(CLEAR))
        }
        ClearRefusal::StaleAutonomous { owner, actor } => {
            (owner, Problem::refused("ABANDONED", stranger("a stale", owner, actor)).hint(TAKE_OVER))
        }
        ClearRefusal::ActiveAutonomous { owner, actor } => {
            (owner, Problem::refused("HELD", stranger("an active", owner, actor)))
        }
    };
    let words = words.fact("holder", holder(Some(owner)));
    if !raced {
        return words;
    }
    words.detail(
        "the session was modified between the pre-check and the lock, most likely by a concurrent takeover",
    )
}

/// A heartbeat was refused.
pub(super) fn heartbeat(refusal: &HeartbeatRefusal) -> Problem {
    match refusal {
        HeartbeatRefusal::NoSession => {
            Problem::refused("NO_SESSION", "the workspace has no session: run `tenure start` first").hint(START)
        }
        HeartbeatRefusal::NotAutonomous => {
            Problem::refused("NOT_AUTONOMOUS", "a heartbeat requires an active autonomous session").hint(START)
        }
        HeartbeatRefusal::OtherOwner { owner, actor } => {
            let primary = format!("the session is owned by `{owner}`, not by `{actor}`: only the owner may heartbeat");
            Problem::refused("HELD", primary).hint("tenure status").fact("holder", holder(Some(owner)))
        }
        HeartbeatRefusal::NoSessionId => {
            Problem::refused("NO_SESSION_ID", "the session record is missing session_id").hint(START)
        }
        HeartbeatRefusal::Stale { owner } => {
            let primary = format!(
                "the lease of `{owner}` is stale: restart with the same actor or use takeover deliberately"
            );
            Problem::refused("LEASE_OVER", primary).hint(START).hint(TAKE_OVER).fact("holder", holder(Some(owner)))
        }
        HeartbeatRefusal::Disappeared => Problem::refused(
            "SESSION_GONE",
            "the session disappeared before the heartbeat was written: another caller cleared this workspace",
        )
        .hint(START),
        HeartbeatRefusal::OwnershipChanged => Problem::refused(
            "OWNERSHIP_CHANGED",
            "ownership changed before the heartbeat was written: this actor is no longer the autonomous owner",
        )
        .hint("tenure status"),
        HeartbeatRefusal::BecameStale { owner } => {
            let primary = format!("the lease of `{owner}` became stale before the heartbeat could be written");
            Problem::refused("LEASE_OVER", primary).hint(START).fact("holder", holder(Some(owner)))
        }
    }
}

/// A takeover was refused.
pub(super) fn takeover(refusal: &TakeoverRefusal) -> Problem {
    match refusal {
        TakeoverRefusal::NoSession => {
            Problem::refused("NO_SESSION", "no stale autonomous session exists to take over")
                .hint("tenure start")
        }
        TakeoverRefusal::NotAutonomous => {
            Problem::refused("NOT_AUTONOMOUS", "takeover only applies to stale autonomous sessions")
                .hint("tenure status")
        }
        TakeoverRefusal::NotStale(held) => {
            let statement = "takeover is only allowed after the active autonomous lease becomes stale";
            let problem = Problem::refused("HELD", statement).details(held::lines(held));
            with_held(problem.hint("wait until its lease is over: tenure show <name>"), held)
        }
        TakeoverRefusal::SameActor { owner } => {
            let primary = format!("`{owner}` already owns the session: use `tenure start` to recover it");
            Problem::refused("SAME_ACTOR", primary).hint(START).fact("holder", holder(Some(owner)))
        }
        TakeoverRefusal::NoTtl => Problem::refused(
            "NO_TTL",
            "the stale session is missing lease_ttl_secs and cannot be taken over safely",
        )
        .hint("tenure clear"),
        TakeoverRefusal::NoSessionId => Problem::refused(
            "NO_SESSION_ID",
            "the stale session is missing session_id and cannot be taken over",
        )
        .hint("tenure clear"),
        TakeoverRefusal::NotHeld { state } => {
            Problem::refused("NOT_HELD", format!("nobody holds the session: it is {}", state.name()))
                .hint("tenure show <name>")
                .fact("state", state.name())
        }
    }
}

/// What was to be cleared is not there any more.
pub(super) fn identity_changed() -> Problem {
    Problem::refused("IDENTITY_CHANGED", "the session identity changed while it was to be cleared")
        .hint("retry `tenure clear`")
}

/// The workspace has a session already.
pub(super) fn import_not_empty() -> Problem {
    Problem::refused(
        "IMPORT_NOT_EMPTY",
        "the workspace already has a session, so the record was not brought in",
    )
    .detail("a slot that was ever used keeps its own history")
    .hint("tenure status")
}

const fn flag(option: OwnerOption) -> &'static str {
    match option {
        OwnerOption::OwnerKind => "--owner-kind",
        OwnerOption::ActorId => "--actor-id",
        OwnerOption::SupervisorId => "--supervisor-id",
        OwnerOption::LeaseSeconds => "--lease-seconds",
    }
}

fn name(owner: Option<&ActorId>) -> String {
    owner.map_or_else(|| "unknown".to_owned(), ActorId::to_string)
}

fn holder(owner: Option<&ActorId>) -> serde_json::Value {
    owner.map_or(serde_json::Value::Null, |owner| json!({ "id": owner.as_str() }))
}
