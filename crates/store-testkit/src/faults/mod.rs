//! A store that fails on demand, around any other store.

mod answer;
mod checkpoint;
mod gate;
mod instance;
mod store;
mod task;
mod token;

use std::sync::{Arc, Mutex, MutexGuard};

use tenure_core::id::CommitId;
use tenure_store::StoreError;

pub use gate::Gate;
pub use store::FaultyStore;

/// A store's verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verb {
    /// [`tenure_store::SessionStore::now`].
    Now,
    /// [`tenure_store::SessionStore::find`].
    Find,
    /// [`tenure_store::SessionStore::commit`].
    Commit,
    /// [`tenure_store::SessionStore::renew`].
    Renew,
    /// [`tenure_store::SessionStore::resolve`].
    Resolve,
    /// [`tenure_store::LogStore::append`].
    Append,
    /// [`tenure_store::LogStore::resolve_append`].
    ResolveAppend,
    /// [`tenure_store::LogStore::read`].
    Read,
    /// [`tenure_store::LogStore::compact`].
    Compact,
    /// [`tenure_store::LogStore::watch`].
    Watch,
    /// [`tenure_store::LogStore::changes`].
    Changes,
    /// [`tenure_store::LogStore::heads`].
    Heads,
    /// [`tenure_store::Inspect::list`].
    List,
    /// [`tenure_store::Inspect::named`].
    Named,
    /// [`tenure_store::Inspect::namespaces`].
    Namespaces,
    /// [`tenure_store::Inspect::children`].
    Children,
    /// [`tenure_store::Inspect::due`].
    Due,
    /// [`tenure_store::Inspect::postpone`].
    Postpone,
    /// [`tenure_store::Statistics::figures`].
    Figures,
    /// [`tenure_store::Statistics::queues`].
    Queues,
    /// [`tenure_store::PurgeStore::purge`].
    Purge,
    /// [`tenure_store::PurgeStore::weigh`].
    Weigh,
    /// [`tenure_store::PurgeStore::reclaim`].
    Reclaim,
    /// [`tenure_store::CheckpointStore::create_checkpoint`].
    CreateCheckpoint,
    /// [`tenure_store::CheckpointStore::list_checkpoints`].
    ListCheckpoints,
    /// [`tenure_store::CheckpointStore::find_checkpoint`].
    FindCheckpoint,
    /// [`tenure_store::CheckpointStore::read_payload`].
    ReadPayload,
    /// [`tenure_store::CheckpointStore::list_files`].
    ListFiles,
    /// [`tenure_store::CheckpointStore::find_file`].
    FindFile,
    /// [`tenure_store::CheckpointStore::remove_checkpoints`].
    RemoveCheckpoints,
    /// [`tenure_store::CheckpointStore::fork`].
    Fork,
    /// [`tenure_store::ArrivalStore::arrive`].
    Arrive,
    /// [`tenure_store::ArrivalStore::bring`].
    Bring,
    /// [`tenure_store::ArrivalStore::bring_checkpoint`].
    BringCheckpoint,
    /// [`tenure_store::ArrivalStore::admit`].
    Admit,
    /// [`tenure_store::ArrivalStore::give_up`].
    GiveUp,
    /// [`tenure_store::GroupStore::group`].
    Group,
    /// [`tenure_store::GroupStore::limit_group`].
    LimitGroup,
    /// [`tenure_store::InstanceStore::commit_turns`].
    CommitTurn,
    /// [`tenure_store::InstanceStore::claim`].
    Claim,
    /// [`tenure_store::InstanceStore::free`].
    Free,
    /// [`tenure_store::InstanceStore::history`].
    History,
    /// [`tenure_store::InstanceStore::post`].
    Post,
    /// [`tenure_store::InstanceStore::mail`].
    Mail,
    /// [`tenure_store::InstanceStore::attend`].
    Attend,
    /// [`tenure_store::InstanceStore::next_wake`].
    NextWake,
    /// [`tenure_store::WorkerStore::register`].
    Register,
    /// [`tenure_store::WorkerStore::renew_worker`].
    RenewWorker,
    /// [`tenure_store::WorkerStore::retire`].
    Retire,
    /// [`tenure_store::WorkerStore::dismiss`].
    Dismiss,
    /// [`tenure_store::WorkerStore::workers`].
    Workers,
    /// [`tenure_store::TaskStore::claim_tasks`].
    ClaimTasks,
    /// [`tenure_store::TaskStore::end_task`].
    EndTask,
    /// [`tenure_store::TaskStore::hand_back`].
    HandBack,
    /// [`tenure_store::TaskStore::renew_tasks`].
    RenewTasks,
    /// [`tenure_store::TaskStore::touch_pins`].
    TouchPins,
    /// [`tenure_store::TaskStore::pins`].
    Pins,
    /// [`tenure_store::TaskStore::move_pin`].
    MovePin,
    /// [`tenure_store::TaskStore::next_task_at`].
    NextTaskAt,
    /// [`tenure_store::TaskStore::tasks_of`].
    TasksOf,
    /// [`tenure_store::TokenStore::create_token`].
    CreateToken,
    /// [`tenure_store::TokenStore::token_by_hash`].
    TokenByHash,
    /// [`tenure_store::TokenStore::tokens`].
    Tokens,
    /// [`tenure_store::TokenStore::revoke_token`].
    RevokeToken,
    /// [`tenure_store::TokenStore::rotate_token`].
    RotateToken,
    /// [`tenure_store::TokenStore::touch_token`].
    TouchToken,
    /// [`tenure_store::AnswerStore::begin_answer`].
    BeginAnswer,
    /// [`tenure_store::AnswerStore::end_answer`].
    EndAnswer,
    /// [`tenure_store::AnswerStore::drop_answer`].
    DropAnswer,
    /// [`tenure_store::AnswerStore::forget_answers`].
    ForgetAnswers,
}

impl Verb {
    /// Those that write.
    pub const WRITES: [Self; 37] = [
        Self::Commit,
        Self::Renew,
        Self::Append,
        Self::Compact,
        Self::Postpone,
        Self::Purge,
        Self::Reclaim,
        Self::CreateCheckpoint,
        Self::RemoveCheckpoints,
        Self::Fork,
        Self::Arrive,
        Self::Bring,
        Self::BringCheckpoint,
        Self::Admit,
        Self::GiveUp,
        Self::CommitTurn,
        Self::Claim,
        Self::Free,
        Self::Post,
        Self::Register,
        Self::RenewWorker,
        Self::Retire,
        Self::Dismiss,
        Self::ClaimTasks,
        Self::EndTask,
        Self::HandBack,
        Self::RenewTasks,
        Self::TouchPins,
        Self::MovePin,
        Self::CreateToken,
        Self::RevokeToken,
        Self::RotateToken,
        Self::TouchToken,
        Self::BeginAnswer,
        Self::EndAnswer,
        Self::DropAnswer,
        Self::ForgetAnswers,
    ];
}

/// What happens to one call.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// It fails before anything was done: [`StoreError::Unavailable`].
    FailBefore,
    /// It is not done, and whoever asked does not learn that: [`StoreError::Unknown`] for a write.
    LoseBefore,
    /// It is done, then its answer is lost: [`StoreError::Unknown`] for a write.
    FailAfter,
    /// It arrives twice; the answer is the first one's.
    Twice,
    /// It waits at the gate before anything is done.
    HoldBefore(Gate),
    /// It is done, and its answer waits at the gate.
    HoldAfter(Gate),
    /// It panics before anything is done.
    Panic,
}

/// What is planned to go wrong, and what was called. Clones are the same plan.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    plan: Arc<Mutex<Plan>>,
}

#[derive(Debug, Default)]
struct Plan {
    planned: Vec<(Vec<Verb>, Trouble)>,
    calls: Vec<Verb>,
}

impl Faults {
    /// Makes the next call of `verb` that has no trouble yet go wrong.
    pub fn next(&self, verb: Verb, trouble: Trouble) {
        self.next_of(&[verb], trouble);
    }

    /// Makes the next call of any of `verbs` that has no trouble yet go wrong.
    pub fn next_of(&self, verbs: &[Verb], trouble: Trouble) {
        self.lock().planned.push((verbs.to_vec(), trouble));
    }

    /// Makes the next `times` calls of `verb` go wrong.
    pub fn next_times(&self, times: usize, verb: Verb, trouble: &Trouble) {
        for _ in 0..times {
            self.next(verb, trouble.clone());
        }
    }

    /// Stops the next call of `verb` before anything is done, until the gate is opened.
    #[must_use]
    pub fn hold(&self, verb: Verb) -> Gate {
        let gate = Gate::new();
        self.next(verb, Trouble::HoldBefore(gate.clone()));
        gate
    }

    /// From now on nothing goes wrong.
    pub fn clear(&self) {
        self.lock().planned.clear();
    }

    /// What was called so far, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<Verb> {
        self.lock().calls.clone()
    }

    /// How often `verb` was called so far.
    #[must_use]
    pub fn count(&self, verb: Verb) -> usize {
        self.lock().calls.iter().filter(|called| **called == verb).count()
    }

    fn take(&self, verb: Verb) -> Option<Trouble> {
        let mut plan = self.lock();
        plan.calls.push(verb);
        let at = plan.planned.iter().position(|(verbs, _)| verbs.contains(&verb))?;
        Some(plan.planned.remove(at).1)
    }

    /// Makes one call, with what is planned for it.
    async fn around<T, C, F>(&self, verb: Verb, id: Option<CommitId>, call: C) -> Result<T, StoreError>
    where
        C: Fn() -> F + Send,
        F: Future<Output = Result<T, StoreError>> + Send,
    {
        match self.take(verb) {
            None => call().await,
            Some(Trouble::FailBefore) => Err(unavailable()),
            Some(Trouble::LoseBefore) => Err(lost(verb, id)),
            Some(Trouble::FailAfter) => match call().await {
                Ok(_) => Err(lost(verb, id)),
                failed => failed,
            },
            Some(Trouble::Twice) => {
                let first = call().await;
                // Whoever asked never hears of the second answer.
                drop(call().await);
                first
            }
            Some(Trouble::HoldBefore(gate)) => {
                gate.pass().await;
                call().await
            }
            Some(Trouble::HoldAfter(gate)) => {
                let answer = call().await;
                gate.pass().await;
                answer
            }
            Some(Trouble::Panic) => panic!("a planned panic"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().expect("nobody panics while planning")
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable { what: "work as planned", source: "a planned fault".into() }
}

fn lost(verb: Verb, id: Option<CommitId>) -> StoreError {
    if !Verb::WRITES.contains(&verb) {
        return unavailable();
    }
    StoreError::Unknown { commit_id: id.unwrap_or(CommitId([0; 16])), source: "a planned loss".into() }
}
