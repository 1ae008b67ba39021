//! Requests about tasks and pins.

use tenure_core::id::{AffinityKey, Fence, Namespace};
use tenure_store::{
    ClaimedTask, Dismiss, DismissOutcome, HandBack, MovePin, MovePinOutcome, StoreError, TaskClaim, TaskId,
    TaskOutcome, TaskRenewal, TaskRequest, WorkerHandle,
};

use super::asked::{Asked, requests};

/// An activity that a turn asks for.
#[derive(Debug)]
pub(crate) struct Tasked {
    pub(crate) request: TaskRequest,
    /// Whether it is in what this turn adds to the newest execution's history.
    pub(crate) is_new: bool,
}

/// An attempt that was given, without what is to be run: whoever asked reads that.
#[derive(Debug)]
pub(crate) struct Drawn {
    pub(crate) task: ClaimedTask,
    /// The row of the history that says it.
    pub(crate) history: i64,
}

/// What a claim gave, and whether there is something to be done before more can be given.
#[derive(Debug, Default)]
pub(crate) struct Draw {
    pub(crate) drawn: Vec<Drawn>,
    /// Whether more might have been given, were no key busy.
    pub(crate) is_held_back: bool,
    pub(crate) is_more: bool,
}

/// The end of an attempt, encoded.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) worker: WorkerHandle,
    pub(crate) task: TaskId,
    pub(crate) fence: Fence,
    pub(crate) mail: Vec<u8>,
    /// Which attempt, and how many were lost before, as the mail says.
    pub(crate) counts: (u32, u32),
    pub(crate) regrants: bool,
}

/// Attempts that go on.
#[derive(Debug)]
pub(crate) struct Renewals {
    pub(crate) worker: WorkerHandle,
    pub(crate) renewals: Vec<TaskRenewal>,
}

/// Keys that are in use.
#[derive(Debug)]
pub(crate) struct Touch {
    pub(crate) worker: WorkerHandle,
    pub(crate) keys: Vec<(Namespace, AffinityKey)>,
}

requests! {
    /// What the writer can be asked about tasks and pins.
    #[derive(Debug)]
    pub(crate) enum Tasking {
        Claim(Asked<TaskClaim, Draw>),
        /// `None`: the mail does not say what the task says by now.
        End(Asked<Ending, Option<TaskOutcome>>),
        HandBack(Asked<HandBack, TaskOutcome>),
        Renew(Asked<Renewals, Vec<TaskOutcome>>),
        /// It cannot be read: nobody gets it.
        Shelve(Asked<(TaskId, Fence), ()>),
        Touch(Asked<Touch, Vec<bool>>),
        Move(Asked<MovePin, MovePinOutcome>),
        Dismiss(Asked<Dismiss, DismissOutcome>),
        /// Whether there is more to let go of.
        Sweep(Asked<(), bool>),
    }
}
