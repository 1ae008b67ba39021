//! What an orchestration's code sees of the world.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::Serialize;
use tenure_core::orchestration::{Payload, Signal, Version};
use tenure_core::time::{WallTime, millis};
use tenure_replay::Context;

use crate::call::{ActivityCall, ChildCall, SignalCall, Sleep, code_name, session_id, signal_name};
use crate::failure::encode;
use crate::{Cause, Failure};

/// What an orchestration's code sees of the world, and what it can ask for. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Orchestration {
    replay: Context,
    anew: Arc<Mutex<Option<Anew>>>,
}

/// How the next execution begins.
#[derive(Debug, Clone)]
pub(crate) struct Anew {
    pub(crate) input: Payload,
    pub(crate) version: Option<Version>,
}

impl Orchestration {
    pub(crate) fn new(replay: Context) -> Self {
        Self { replay, anew: Arc::default() }
    }

    /// The instance's id.
    #[must_use]
    pub fn id(&self) -> &str {
        self.replay.id().as_str()
    }

    /// The version of the code that this execution keeps, whatever is registered since.
    #[must_use]
    pub fn version(&self) -> Version {
        self.replay.version()
    }

    /// Which execution of the instance this is, from 1: continuing as new begins the next.
    #[must_use]
    pub fn execution(&self) -> u64 {
        self.replay.execution()
    }

    /// The time. It stands still between two awaits, and is the same whenever the code is run again.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(self.replay.now().epoch_ms())
    }

    /// A random number, the same whenever the code is run again. Not for secrets.
    #[must_use]
    pub fn random(&self) -> u64 {
        self.replay.random()
    }

    /// An id that nobody else makes, the same whenever the code is run again: 32 digits, ascending with time.
    #[must_use]
    pub fn new_id(&self) -> String {
        let at = self.replay.now().epoch_ms() & 0xffff_ffff_ffff;
        format!("{at:012x}{:04x}{:016x}", self.replay.random() & 0xffff, self.replay.random())
    }

    /// Whether the code runs again what it ran before. For logging only.
    #[must_use]
    pub fn is_replaying(&self) -> bool {
        self.replay.is_replaying()
    }

    /// Runs an activity.
    pub fn activity<O>(&self, name: &str, input: &impl Serialize) -> ActivityCall<O> {
        ActivityCall::new(&self.replay, name, encode("an activity's input", input))
    }

    /// Runs another orchestration, and waits for its end.
    pub fn child<O>(&self, name: &str, input: &impl Serialize) -> ChildCall<O> {
        ChildCall::new(&self.replay, name, encode("a child's input", input))
    }

    /// Starts another orchestration without waiting for it; it goes on when this one ends. Returns its id.
    ///
    /// # Errors
    /// When the name, the id or the input cannot be used.
    pub fn detach(&self, name: &str, id: Option<&str>, input: &impl Serialize) -> Result<String, Failure> {
        let input = encode("an orchestration's input", input)?;
        let id = id.map(session_id).transpose()?;
        let id = self.replay.start(id, (code_name(name)?, None), input);
        Ok(id.as_str().to_owned())
    }

    /// Waits for so long, also through restarts.
    ///
    /// It is interrupted when somebody wishes the instance to end.
    pub fn sleep(&self, length: Duration) -> Sleep {
        Sleep::length(&self.replay, length)
    }

    /// Waits until then, also through restarts.
    pub fn sleep_until(&self, at: SystemTime) -> Sleep {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Sleep::until(&self.replay, WallTime::from_epoch_ms(millis(since)))
    }

    /// Waits for the next signal of that name: the oldest that was not taken, whenever it came. Signals are not
    /// lost by continuing as new.
    pub fn signal<T>(&self, name: &str) -> SignalCall<T> {
        SignalCall::new(&self.replay, name)
    }

    /// Sends a signal to another instance. One that has ended, or never was, does not get it.
    ///
    /// # Errors
    /// When the name, the id or the data cannot be used.
    pub fn send(&self, to: &str, name: &str, data: &impl Serialize) -> Result<(), Failure> {
        let signal = Signal { name: signal_name(name)?, data: encode("a signal", data)? };
        self.replay.send(session_id(to)?, signal);
        Ok(())
    }

    /// Says how the work stands, for people and for those who ask.
    ///
    /// # Errors
    /// When the text is too long.
    pub fn set_status(&self, status: &str) -> Result<(), Failure> {
        let max = tenure_core::limits::STATUS_BYTES_MAX;
        if status.len() > max {
            return Err(Failure::rejected(format!("a status has at most {max} bytes")));
        }
        self.replay.set_status(Some(status.to_owned()));
        Ok(())
    }

    /// Whether somebody wishes the instance to end. What it waited for was interrupted then, once; it may go on for
    /// a while to tidy up.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.replay.is_cancelled()
    }

    /// Waits until somebody wishes the instance to end, and says why.
    pub async fn cancelled(&self) -> String {
        self.replay.cancelled().await
    }

    /// Begins anew with this input: the history is over, and a new one begins. What is returned is to be returned at
    /// once: `return Err(ctx.continue_as_new(&next))`.
    #[must_use = "return it from the orchestration"]
    pub fn continue_as_new(&self, input: &impl Serialize) -> Failure {
        self.anew_as(input, None)
    }

    /// As [`Self::continue_as_new`], as another version of the code.
    #[must_use = "return it from the orchestration"]
    pub fn continue_as_version(&self, version: Version, input: &impl Serialize) -> Failure {
        self.anew_as(input, Some(version))
    }

    fn anew_as(&self, input: &impl Serialize, version: Option<Version>) -> Failure {
        match encode("the next execution's input", input) {
            Ok(input) => {
                *self.anew.lock().unwrap_or_else(PoisonError::into_inner) = Some(Anew { input, version });
                Failure::of(Cause::Failed, "it was to continue as new, and went on instead")
            }
            Err(failure) => failure,
        }
    }

    pub(crate) fn take_anew(&self) -> Option<Anew> {
        self.anew.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
