//! From a step's numbers to a command and what it is about.

use tenure_core::id::{Fence, Incarnation, SessionId};
use tenure_core::limits::AGENT_IDLE_AFTER;
use tenure_core::session::{
    Claimant, Command, Create, Current, Expiry, IdleLimit, Progress, Step, Update, Usage,
};
use tenure_core::time::Moment;

use super::op::{Deed, Op};
use crate::fixture::{
    TTL, acquire, actor, autonomous, cancel, claimant, clear, complete, create, creating, fail, heartbeat,
    import, interactive, note, operator, owner, pause, regrant, resume, run, start, start_by_hand,
    workspace_takeover,
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
            | Self::ExpireIdle
            | Self::Create
            | Self::StartByHand
            | Self::Acquire
            | Self::Step => false,
        }
    }

    pub(super) const fn opens(self) -> bool {
        matches!(self, Self::Start | Self::StartTakingOver | Self::Create)
    }

    /// The command; what it opens, if anything, is called `id`.
    pub(super) fn command(
        self,
        op: &Op,
        (current, now): (&Current, &Moment),
        (id, known): (&str, &[SessionId]),
    ) -> Command {
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
            Self::Create => create_one(op, id, known),
            Self::StartByHand => start_by_hand(op.who),
            Self::Acquire => acquire(op.who),
            Self::Step => step(op, fence),
        }
    }
}

/// A session for one that was opened before, now and then with times to expire.
fn create_one(op: &Op, id: &str, known: &[SessionId]) -> Command {
    let expiry = Expiry {
        pending: (op.number.is_multiple_of(3)).then_some(TTL),
        absolute: (op.number % 4 == 1).then_some(AGENT_IDLE_AFTER),
        idle: if op.number % 5 == 2 { IdleLimit::Never } else { IdleLimit::Kind },
    };
    // Most have the same one, so that it gets many.
    let parent = known.first().filter(|_| op.who > 0).cloned();
    creating(Create { parent, expiry, labels: labels(op), ..create(id, agent_key(op.spot)) })
}

/// One of the steps, by the owner, under a former fence, or by somebody else.
fn step(op: &Op, fence: Fence) -> Command {
    let reason = || "because".to_owned();
    let usage = Usage { iterations: u64::from(op.number), ..Usage::default() };
    let metadata = [("files_changed_delta".to_owned(), op.number.to_string())].into();
    let progress = Some(Progress { current: op.number.into(), total: None });
    let step = match op.number {
        0 => Step::Start,
        1 => Step::Pause { reason: reason() },
        2 => Step::Resume { reason: reason() },
        3 => Step::Complete { message: reason(), usage },
        4 => Step::Fail { error: reason(), usage },
        5 => Step::Release,
        _ => Step::Update(Box::new(Update { metadata, progress, usage, ..Update::default() })),
    };
    match op.who {
        0 => operator(step),
        1 => owner(Fence(fence.0.saturating_sub(1)), step),
        _ => owner(fence, step),
    }
}

/// A start by whom the step says, in the slot that it says.
fn start_run(op: &Op, id: &str, takeover: Option<&str>) -> Command {
    let mut run = run(id, agent_key(op.spot), 0);
    run.claimant = who(op.who);
    run.labels = labels(op);
    run.takeover = takeover.map(str::to_owned);
    start(run)
}

fn labels(op: &Op) -> std::collections::BTreeMap<String, String> {
    (0..op.number % 4).map(|label| (format!("label{label}"), label.to_string())).collect()
}

/// The agent slot of a spot, if it is one.
pub(super) fn agent_key(spot: u8) -> Option<&'static str> {
    match spot {
        0 | 1 => Some(AGENT_KEYS[0]),
        2 => Some(AGENT_KEYS[1]),
        _ => None,
    }
}
