//! Shutting a run down, and running it again in the same session.

use std::time::Duration;

use super::decide::{granted, judge, owned};
use super::group::start_or_wait;
use super::hand_over::refuse_if_handed_over;
use super::{Change, Claimant, Context, Current, Decision, Exit, Judged, Session, State, StateName, Write};
use crate::id::{ActorId, Fence};
use crate::lease::{RunTimes, Standing};
use crate::refusal::{Existing, Held, Refusal};

/// Why a session is paused whose owner was asked to shut down. Only such a session goes on by itself.
pub const SHUTDOWN: &str = "shutdown";

/// What a command that was asked to end exits with to say that its work is not done: `EX_TEMPFAIL`.
const COME_AGAIN: i32 = 75;
/// SIGHUP, SIGKILL and SIGTERM: what a command gets that is to end.
const ENDING_SIGNALS: [i32; 3] = [1, 9, 15];
/// What shells add to a signal's number to make an exit code of it.
const SIGNAL_CODES: i32 = 128;

/// How `tenure run` runs a session's command again. Nothing of the environment is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The command's words as bytes; empty where the session's own say them exactly.
    pub raw_command: Vec<Vec<u8>>,
    /// The directory as bytes; `None` where the session's own says it exactly.
    pub raw_directory: Option<Vec<u8>>,
    /// Who runs it, if that was said.
    pub actor: Option<ActorId>,
    /// The lease's times.
    pub times: RunTimes,
    /// Whether the command goes on when the lease is lost.
    pub outlives_lease: bool,
    /// Most bytes of output to record; `None` records none of it.
    pub record_limit: Option<u64>,
    /// Below which directory changed files are recorded, if they are.
    pub watch: Option<Watched>,
    /// What the command saves itself in, and how often that is looked at.
    pub autosave: Option<Autosave>,
    /// This exit code says that the run was refused.
    pub refused_exit: u8,
    /// Whether it goes on by itself after a shutdown.
    pub auto_resume: bool,
    /// Whether it waits where its group has no place.
    pub waits: bool,
}

/// Where changes of files are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The directory as bytes, from the one the command runs in.
    pub directory: Vec<u8>,
    /// Most bytes of contents to keep.
    pub limit: u64,
}

/// A file in which a command keeps what it needs to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Autosave {
    /// The file as bytes, from the directory the command runs in.
    pub file: Vec<u8>,
    /// How often it is looked at.
    pub interval: Duration,
}

/// Run a session's command again, and hold the session meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rerun {
    /// Who will hold it.
    pub claimant: Claimant,
    /// Whether nobody asked for this very session: only what was paused for a shutdown goes on then.
    pub is_automatic: bool,
}

/// Whether somebody is there to be asked to shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopping {
    /// It was asked before, and has done it.
    Done,
    /// It is to be asked.
    Ask,
}

impl Session {
    /// Whether it was paused because its owner shut down, or was to be begun by a run that shut down while it waited.
    #[must_use]
    pub fn is_shut_down(&self) -> bool {
        match &self.state {
            State::Pending => self.recipe.is_some() && self.lease.is_none(),
            State::Paused { reason } => reason == SHUTDOWN,
            State::Active
            | State::Completed { .. }
            | State::Failed { .. }
            | State::Cancelled { .. }
            | State::Expired { .. } => false,
        }
    }

    /// Whether it goes on by itself: it is this store's, nobody but a shutdown has stopped it, and its run did not
    /// opt out.
    #[must_use]
    pub fn is_auto_resumed(&self) -> bool {
        self.handover.is_none()
            && self.is_shut_down()
            && self.recipe.as_ref().is_none_or(|recipe| recipe.auto_resume)
    }
}

impl Exit {
    /// Whether a command that was asked to end was interrupted by that: by the signal, or by its own word, in the
    /// code that shells make of the signal or the one that asks to come again. Any other code is its own end.
    #[must_use]
    pub fn is_interruption(self) -> bool {
        match self {
            Self::Signal(signal) => ENDING_SIGNALS.contains(&signal),
            Self::Code(code) => {
                code == COME_AGAIN || ENDING_SIGNALS.contains(&code.saturating_sub(SIGNAL_CODES))
            }
        }
    }
}

/// Whether a session's owner can be asked to shut down.
///
/// # Errors
/// [`Refusal`] when nobody is there, or it has ended.
pub fn may_stop(current: &Current, context: &Context) -> Result<Stopping, Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    refuse_if_handed_over(session)?;
    if session.is_terminal() {
        return Err(Refusal::Ended(Box::new(Existing::of(session))));
    }
    let Some(lease) = &session.lease else {
        return if session.is_shut_down() {
            Ok(Stopping::Done)
        } else {
            Err(Refusal::NotHeld(Box::new(Existing::of(session))))
        };
    };
    match judge(session, lease, context)? {
        (Standing::Live, _) => Ok(Stopping::Ask),
        (Standing::Over, judged) => {
            let is_gone = matches!(judged, Judged::Gone(_));
            Err(Refusal::Abandoned { held: Box::new(Held::at(session, lease, &context.now)), is_gone })
        }
    }
}

/// The owner lets go, so that the work can go on later. What a person paused stays paused by that person.
pub(super) fn shut_down(current: &Current, fence: Fence, context: &Context) -> Result<Decision, Refusal> {
    let (session, _) = owned(current, fence)?;
    let write = Write::of(session.clone());
    let write = if session.state.name() == StateName::Active {
        let reason = || SHUTDOWN.to_owned();
        write.then(Change::Moved { to: State::Paused { reason: reason() }, reason: reason(), by: None })
    } else {
        write
    };
    let write = write.then(Change::Touched { at: context.now.wall()? }).then(Change::Released);
    Ok(Decision::new(vec![write], current.counters.revised(), None))
}

/// Becomes the holder of what nobody holds any more, to run its command again.
pub(super) fn rerun(current: &Current, rerun: &Rerun, context: &Context) -> Result<Decision, Refusal> {
    let session = current.session.as_ref().ok_or(Refusal::NotFound)?;
    let existing = || Box::new(Existing::of(session));
    if session.is_terminal() {
        return Err(Refusal::Ended(existing()));
    }
    let recipe = session.recipe.as_ref().ok_or_else(|| Refusal::NotARun(existing()))?;
    let now = context.now.wall()?;
    let counters = current.counters.raised();
    let lease = granted(&rerun.claimant, recipe.times.ttl(), counters.fence, &context.now, now);
    let reason = begins(session);
    let started = |write| start_or_wait(write, (&context.group, recipe.waits), (now, reason));
    let write = Write::of(session.clone());
    let Some(held) = &session.lease else {
        if rerun.is_automatic && !session.is_auto_resumed() {
            return Err(Refusal::NotShutDown(existing()));
        }
        return Ok(Decision::new(vec![started(write.then(Change::Granted(lease)))], counters, None));
    };
    let (standing, judged) = judge(session, held, context)?;
    if standing == Standing::Live {
        return Err(Refusal::Held(Box::new(Held::at(session, held, &context.now))));
    }
    if rerun.is_automatic {
        return Err(Refusal::NotShutDown(existing()));
    }
    let (from, reason) = (held.holder.id.clone(), RESUMED.to_owned());
    let write = write.then(Change::TakenOver { lease, from, reason });
    let write = started(write).then(Change::ActivityDropped);
    Ok(Decision::new(vec![write], counters, Some(judged)))
}

/// Why a session is active again whose command runs again.
const RESUMED: &str = "session resumed";

/// Why a session becomes active whose command runs: for the first time, or again.
pub(super) const fn begins(session: &Session) -> &'static str {
    if session.start_count == 0 { "session started" } else { RESUMED }
}
