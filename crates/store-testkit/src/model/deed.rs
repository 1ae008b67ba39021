//! From a step's numbers to a command and what it is about.

use tenure_core::id::{Fence, Incarnation};
use tenure_core::session::{Claimant, Command, Current};
use tenure_core::time::Moment;

use super::op::{Deed, Op};
use crate::fixture::{
    actor, autonomous, cancel, claimant, clear, complete, fail, heartbeat, import, interactive, note, pause,
    regrant, resume, run, start, workspace_takeover,
};

/// The slots that agent sessions and workspaces are in.
pub(super) const AGENT_KEYS: [&str; 2] = ["a", WORKSPACE_KEY];
pub(super) const WORKSPACE_KEY: &str = "w";

/// Two names, each of which has started twice.
fn who(number: u8) -> Claimant {
    Claimant { incarnation: Incarnation([number + 1; 16]), ..claimant(number % 2) }
}

fn worker(number: u8) -> String {
    format!("worker-{}", number % 2)
}

impl Deed {
    pub(super) const fn is_about_workspaces(self) -> bool {
        match self {
            Self::Autonomous
            | Self::Interactive
            | Self::Heartbeat
            | Self::TakeWorkspaceOver
            | Self::Clear
            | Self::Import => true,
            Self::Start
            | Self::StartTakingOver
            | Self::Takeover
            | Self::Regrant
            | Self::Cancel
            | Self::Pause
            | Self::Resume
            | Self::Note
            | Self::Touch
            | Self::Complete
            | Self::Fail
            | Self::ExpireIdle => false,
        }
    }

    pub(super) const fn opens(self) -> bool {
        matches!(self, Self::Start | Self::StartTakingOver)
    }

    /// The command; what it opens, if anything, is called `id`.
    pub(super) fn command(self, op: &Op, current: &Current, id: &str, now: &Moment) -> Command {
        let lease = current.open().and_then(|session| session.lease.as_ref());
        let fence = lease.map_or(Fence(0), |lease| lease.fence);
        let text = format!("step {}", op.number);
        match self {
            Self::Start => start_run(op, id, None),
            Self::StartTakingOver => start_run(op, id, Some("it died")),
            Self::Takeover => {
                Command::Takeover { claimant: who(op.who), ttl: None, reason: "it died".to_owned() }
            }
            Self::Regrant => regrant(fence),
            Self::Cancel => cancel(),
            Self::Pause => pause(fence),
            Self::Resume => resume(fence),
            Self::Note => note(fence, Some(&text)),
            Self::Touch => note(fence, None),
            Self::Complete => complete(fence),
            Self::Fail => fail(fence),
            Self::ExpireIdle => Command::ExpireIdle,
            Self::Autonomous => autonomous(id, WORKSPACE_KEY, &worker(op.who), 15),
            Self::Interactive => interactive(id, WORKSPACE_KEY),
            Self::Heartbeat => heartbeat(&worker(op.who), (op.number > 3).then_some(text.as_str())),
            Self::TakeWorkspaceOver => workspace_takeover(id, &worker(op.who)),
            Self::Clear => clear(Some(actor(&worker(op.who)).as_str())),
            Self::Import => {
                let at = now.wall.unwrap_or(tenure_core::time::WallTime::from_epoch_ms(0));
                import(id, WORKSPACE_KEY, tenure_core::id::Revision(u64::from(op.number) / 2), at)
            }
        }
    }
}

/// A start by whom the step says, in the slot that it says.
fn start_run(op: &Op, id: &str, takeover: Option<&str>) -> Command {
    let mut run = run(id, agent_key(op.spot), 0);
    run.claimant = who(op.who);
    run.labels = (0..op.number % 4).map(|label| (format!("label{label}"), label.to_string())).collect();
    run.takeover = takeover.map(str::to_owned);
    start(run)
}

/// The agent slot of a spot, if it is one.
pub(super) fn agent_key(spot: u8) -> Option<&'static str> {
    match spot {
        0 | 1 => Some(AGENT_KEYS[0]),
        2 => Some(AGENT_KEYS[1]),
        _ => None,
    }
}
