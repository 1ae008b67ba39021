//! A slot that random commands are sent to, and what was written there.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::fixture::{
    actor, agent_commands, boot, by_hand, id, nothing, other_boot, runner, wall, workspace_commands,
};
use crate::id::{Fence, Incarnation, SessionId};
use crate::kind::Kind;
use crate::refusal::Refusal;
use crate::session::{Command, Context, Current, Decision, Session, decide};
use crate::time::Moment;

/// Lengths of time at which something happens to some lease or rule, and some at which nothing does.
const WAITS: [u64; 9] = [0, 0, 1, 5_000, 14_999, 15_000, 30_000, 30 * 60 * 1000 + 1, 8 * 60 * 60 * 1000 + 1];

/// One random command, and what the clocks do before it.
#[derive(Debug, Clone)]
pub(super) struct Step {
    command: prop::sample::Index,
    who: u8,
    has_current_fence: bool,
    wait: u64,
    wall_jump: u64,
    reboots: bool,
    has_wall: bool,
    holder_is_gone: bool,
}

/// One command in forty loses the clock, another the machine: most of what happens is ordinary.
pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let rarely = || (0u8..40).prop_map(|number| number == 0);
    let often = || (0u8..8).prop_map(|number| number != 0);
    let clocks = (prop::sample::select(&WAITS[..]), prop::sample::select(vec![0, 0, 0, 100_000]), rarely());
    let step = (any::<prop::sample::Index>(), 1u8..4, often(), clocks, rarely(), rarely()).prop_map(
        |(command, who, has_current_fence, (wait, wall_jump, reboots), no_wall, holder_is_gone)| Step {
            command,
            who,
            has_current_fence,
            wait,
            wall_jump,
            reboots,
            has_wall: !no_wall,
            holder_is_gone,
        },
    );
    prop::collection::vec(step, 1..60)
}

/// What one step did.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) before: Current,
    pub(super) command: Command,
    pub(super) context: Context,
    pub(super) decided: Result<Decision, Refusal>,
    pub(super) after: Current,
    /// Every session that was ever written, as it is now.
    pub(super) kept: BTreeMap<SessionId, Session>,
}

/// Sends every step to one slot of that kind.
pub(super) fn walk(kind: Kind, steps: &[Step]) -> Vec<Taken> {
    let mut current = nothing();
    let mut kept = BTreeMap::new();
    let (mut ms, mut jumped, mut rebooted) = (0, 0, None);
    let mut walked = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        ms += step.wait;
        jumped += step.wall_jump;
        if step.reboots {
            rebooted.get_or_insert(ms);
        }
        let clock = rebooted.map_or_else(|| boot(ms), |at| other_boot(ms - at));
        let now = Moment { wall: step.has_wall.then(|| wall(ms + jumped)), boot: clock };
        let command = command(kind, number, step, current.open());
        let gone = current.open().and_then(|open| open.lease.as_ref()).filter(|_| step.holder_is_gone);
        let context =
            Context { now, gone: gone.map(|lease| lease.incarnation), seen: None, group: Default::default() };
        let taken = take(&current, command, context, kept);
        current.clone_from(&taken.after);
        kept = taken.kept.clone();
        walked.push(taken);
    }
    walked
}

fn take(
    before: &Current,
    command: Command,
    context: Context,
    mut kept: BTreeMap<SessionId, Session>,
) -> Taken {
    let decided = decide(before, &command, &context);
    let mut after = before.clone();
    if let Ok(decision) = &decided {
        let written = decision.writes.iter().map(|write| (write.session.id.clone(), write.session.clone()));
        kept.extend(written);
        after.counters = decision.counters;
        after.session = decision.session().cloned().or(after.session);
    }
    Taken { before: before.clone(), command, context, decided, after, kept }
}

/// The command of a step, with ids and incarnations that no other step has.
fn command(kind: Kind, number: usize, step: &Step, open: Option<&Session>) -> Command {
    let lease = open.and_then(|open| open.lease.as_ref());
    let fence = lease.filter(|_| step.has_current_fence).map_or(Fence(1), |lease| lease.fence);
    let commands = match kind {
        Kind::Agent | Kind::Workflow => agent_commands(fence),
        Kind::Workspace => workspace_commands(),
    };
    let fresh_id = id(&format!("ses_{number}"));
    let mut incarnation = Incarnation([step.who; 16]);
    incarnation.0[..8].copy_from_slice(&number.to_le_bytes());
    let who = actor(&format!("w{}", step.who));
    let mut command = step.command.get(&commands).clone();
    match &mut command {
        Command::StartRun(start) => {
            (start.id, start.claimant.holder) = (fresh_id, runner(step.who).holder);
            start.claimant.incarnation = incarnation;
        }
        Command::Create(create) => create.id = fresh_id,
        Command::Start(claim) | Command::Acquire(claim) => {
            (claim.claimant.holder, claim.claimant.incarnation) = (by_hand(step.who).holder, incarnation);
        }
        Command::Rerun(again) => {
            (again.claimant.holder, again.claimant.incarnation) = (runner(step.who).holder, incarnation);
        }
        Command::Takeover { claimant, .. } => {
            (claimant.holder, claimant.incarnation) = (runner(step.who).holder, incarnation);
        }
        Command::WorkspaceStart(start) => {
            (start.id, start.incarnation) = (fresh_id, incarnation);
            if let crate::workspace::Owner::Autonomous(owner) = &mut start.owner {
                owner.actor = who;
            }
        }
        Command::WorkspaceTakeover(takeover) => {
            (takeover.id, takeover.incarnation, takeover.actor) = (fresh_id, incarnation, who);
        }
        Command::WorkspaceHeartbeat(heartbeat) => heartbeat.actor = who,
        Command::WorkspaceClear(clear) => clear.actor = Some(who),
        Command::WorkspaceImport(import) => {
            (import.id, import.incarnation, import.recorded_id) = (fresh_id, incarnation, None);
        }
        Command::Regrant { .. }
        | Command::Cancel { .. }
        | Command::Pause { .. }
        | Command::Resume { .. }
        | Command::ShutDown { .. }
        | Command::Enter { .. }
        | Command::Note { .. }
        | Command::Complete { .. }
        | Command::Fail { .. }
        | Command::Drive(_)
        | Command::Retain { .. }
        | Command::EndRetention { .. }
        | Command::HandOver(_)
        | Command::Arrived { .. }
        | Command::ExpireIdle => {}
    }
    command
}

#[test]
fn a_walk_starts_with_nothing_and_keeps_what_was_written() {
    let strategy = steps();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut written = [0, 0];
    for _ in 0..50 {
        let steps = strategy.new_tree(&mut runner).unwrap().current();
        for (kind, written) in [Kind::Agent, Kind::Workspace].into_iter().zip(&mut written) {
            let walked = walk(kind, &steps);
            assert_eq!(walked[0].before, nothing());
            *written += walked.last().unwrap().kept.len();
        }
    }
    // Half of all walks open several sessions, or the properties would say little.
    assert!(written.iter().all(|sessions| *sessions > 50), "{written:?}");
}
