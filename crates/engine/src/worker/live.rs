//! One instance in a worker's memory.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashMapExt as _};
use tenure_core::event::EventBody;
use tenure_core::id::{EventType, Fence, Namespace, Operation, Principal, SessionId};
use tenure_core::orchestration;
use tenure_core::orchestration::{
    End, Execution, Failure, HistoryEvent, Mail, Message, MessageId, Payload, Start, Version,
};
use tenure_core::session::{Session, Write};
use tenure_core::time::WallTime;
use tenure_replay::{Code, Instance, Pending};
use tenure_store::{Handle, Out, PinGrant, Wake};
use tokio::sync::oneshot;

use super::attempt::Vitals;
use super::order::{Ended, Key};

/// One instance in a worker's memory.
pub(super) struct Live {
    pub(super) id: SessionId,
    /// Nothing before the commit that opens it.
    pub(super) handle: Option<Handle>,
    /// Its session as it is stored. Nothing before it is opened, nor while it is being written.
    pub(super) session: Option<Session>,
    /// How it is to be opened, with its first turn.
    pub(super) opening: Option<Box<(Write, Start)>>,
    pub(super) namespace: Namespace,
    /// On whose behalf it was started.
    pub(super) principal: Option<Principal>,
    /// Which execution its code runs.
    pub(super) execution: u64,
    pub(super) fence: Fence,
    /// How many commits were kept.
    pub(super) turn: u64,
    pub(super) code: Instance,
    /// Before its code is run, if several workers did not survive it.
    pub(super) trial: Option<Box<Trial>>,
    pub(super) pending: Pending,
    /// What the code is told next.
    pub(super) told: Vec<HistoryEvent>,
    /// The messages that is from.
    pub(super) taken: Vec<MessageId>,
    /// What is recorded beside the code.
    pub(super) asides: Vec<HistoryEvent>,
    /// What else the log says.
    pub(super) notes: Vec<EventBody>,
    /// Whether its first turn is still to be run.
    pub(super) is_new: bool,
    pub(super) is_committing: bool,
    pub(super) running: HashMap<Operation, Running>,
    /// Activities that are tasks, for whoever claims them.
    pub(super) out: BTreeMap<Operation, Out>,
    /// Activities that the next commit asks a place for.
    pub(super) asks: BTreeSet<Operation>,
    /// Attempts that others ended, and that were not judged yet.
    pub(super) reports: Vec<Report>,
    pub(super) waiting: Vec<oneshot::Sender<Ended>>,
    pub(super) newest_mail: MessageId,
    /// When it is ended whatever its code does.
    pub(super) ends_at: Option<WallTime>,
    /// Grows at every use: the oldest is put away first.
    pub(super) used: u64,
}

/// An execution that several workers did not survive, until its code was run here.
pub(super) struct Trial {
    pub(super) stage: Stage,
    /// How many workers were about to run its code.
    pub(super) attempts: u32,
    /// What its code is run on first.
    pub(super) code: Code,
    pub(super) history: Vec<Vec<HistoryEvent>>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// There is nothing for its code to do.
    Rests,
    /// It waits until it is the only one.
    Waits,
    /// It is being recorded, or is already, that its code is about to be run.
    Announced,
}

/// The end of an attempt, to be judged.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) op: Operation,
    pub(super) number: u32,
    /// How far it said that it was, unless that was recorded already.
    pub(super) said: Option<Payload>,
    pub(super) result: Result<Payload, Failure>,
}

/// An activity that has its key here, and runs as soon as the worker may begin something.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) key: Key,
    pub(super) op: Operation,
    pub(super) pin: PinGrant,
    /// After how many lapses of the worker's lease it was asked for.
    pub(super) lapses: u64,
}

/// An attempt that is under way.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) number: u32,
    pub(super) vitals: Vitals,
}

/// What happens to the session with a step. Said again of whatever the session turns out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Intent {
    /// It was accepted before, and its first turn is run as this version.
    Begin(Version),
    /// Its execution says something else of itself.
    Status(Option<String>),
    /// Its next execution begins.
    Anew(Version),
    /// Its log says more.
    Note(EventBody),
    /// It ends.
    End(End),
}

/// The session's write that comes of some intents.
pub(super) fn write(mut write: Write, intents: &[Intent], at: WallTime) -> Box<Write> {
    for intent in intents {
        write = match intent {
            Intent::Begin(version) => {
                let begun = orchestration::start(write, at);
                with_execution(begun, |kept| Execution { version: *version, ..kept })
            }
            Intent::Status(status) => with_execution(write, |kept| match kept.status == *status {
                true => kept,
                false => Execution {
                    status: status.clone(),
                    status_changes: kept.status_changes.saturating_add(1),
                    ..kept
                },
            }),
            Intent::Anew(version) => with_execution(write, |kept| Execution {
                version: *version,
                number: kept.number.saturating_add(1),
                ..kept
            }),
            Intent::Note(event) => {
                write.events.push(event.clone());
                write
            }
            Intent::End(end) => orchestration::end(write, end, at),
        };
    }
    Box::new(write)
}

fn with_execution(write: Write, change: impl FnOnce(Execution) -> Execution) -> Write {
    let Some(kept) = write.session.execution.as_deref() else { return write };
    let changed = change(kept.clone());
    if changed == *kept { write } else { orchestration::go_on(write, changed) }
}

impl Live {
    /// An instance whose code is in memory and was told nothing yet.
    pub(super) fn new(
        (id, (namespace, principal), execution): (SessionId, (Namespace, Option<Principal>), u64),
        code: Instance,
    ) -> Self {
        Self {
            id,
            namespace,
            principal,
            execution,
            handle: None,
            session: None,
            opening: None,
            fence: Fence(0),
            turn: 0,
            code,
            trial: None,
            pending: Pending::default(),
            told: Vec::new(),
            taken: Vec::new(),
            asides: Vec::new(),
            notes: Vec::new(),
            is_new: false,
            is_committing: false,
            running: HashMap::new(),
            out: BTreeMap::new(),
            asks: BTreeSet::new(),
            reports: Vec::new(),
            waiting: Vec::new(),
            newest_mail: MessageId::default(),
            ends_at: None,
            used: 0,
        }
    }

    /// Whether there is something to do for it.
    pub(super) fn is_ready(&self) -> bool {
        !self.is_committing && (self.runs() || !self.asides.is_empty())
    }

    /// Whether it is said that its code is about to be run, which workers did not survive.
    pub(super) fn is_announced(&self) -> bool {
        self.trial.as_ref().is_some_and(|trial| trial.stage == Stage::Announced)
    }

    /// Whether there is something for its code to do.
    pub(super) fn runs(&self) -> bool {
        self.is_new || !self.told.is_empty() || !self.taken.is_empty()
    }

    /// Whether it only waits, so that its code can be put away.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_committing
            && !self.is_ready()
            && self.handle.is_some()
            && self.pending.activities().len() == self.out.len()
    }

    /// Takes a message in. One that was taken in before is passed over.
    pub(super) fn receive(&mut self, message: Message) {
        if message.id <= self.newest_mail {
            return;
        }
        self.newest_mail = message.id;
        self.taken.push(message.id);
        match message.mail {
            Mail::Signalled(signal) => self.told.push(HistoryEvent::EventRaised(signal)),
            Mail::ChildEnded { execution, op, result } => {
                let is_ours = execution == self.execution && self.pending.children.contains_key(&op);
                if is_ours {
                    self.told.push(match result {
                        Ok(result) => HistoryEvent::SubOrchestrationCompleted { op, result },
                        Err(failure) => HistoryEvent::SubOrchestrationFailed { op, failure },
                    });
                }
            }
            Mail::TaskEnded { execution, op, attempt, rescues: _, details: said, result } => {
                // How many were lost follows from the attempt's number.
                if execution == self.execution {
                    self.reports.push(Report { op, number: attempt, said, result });
                }
            }
            Mail::CancelRequested { reason, by } => {
                self.told.push(HistoryEvent::CancelRequested { reason, by });
            }
        }
    }

    /// Whether activities of it are under way here, or could be.
    pub(super) fn is_at_work(&self) -> bool {
        // What is out is under way.
        self.pending.under_way() > self.out.len()
    }

    /// The activities that wait for nothing but to be run.
    pub(super) fn may_begin(&self) -> Vec<Operation> {
        let activities = self.pending.activities().iter();
        activities.filter(|(_, pending)| pending.due_at.is_none()).map(|(op, _)| *op).collect()
    }

    /// When somebody has to look after it, should this worker be gone.
    pub(super) fn wake(&self) -> Wake {
        if self.is_new || self.is_at_work() || self.pending.cancel.is_some() {
            return Wake::Now;
        }
        self.pending.next_due().map_or(Wake::Never, Wake::At)
    }

    /// Nobody waits for its attempts any more.
    pub(super) fn stop_attempts(&mut self) {
        for (_, running) in self.running.drain() {
            running.vitals.cancelled.cancel();
        }
    }
}

/// What a log says of an attempt that failed and is followed by another.
pub(super) fn retry_note(
    (op, name): (Operation, &str),
    (attempt, failure): (u32, &Failure),
    due_at: WallTime,
) -> EventBody {
    let json = serde_json::json!({
        "activity": name,
        "operation": op.0,
        "attempt": attempt,
        "cause": failure.cause.name(),
        "message": failure.message,
        "dueAtMs": due_at.epoch_ms(),
    });
    note("retry_scheduled", &json)
}

/// What a log says of an instance whose code cannot go on.
pub(super) fn blocked_note(why: &str) -> EventBody {
    note("orchestration.blocked", &serde_json::json!({ "message": why }))
}

fn note(kind: &str, json: &serde_json::Value) -> EventBody {
    let kind = EventType::parse(kind).expect("our own types are names");
    EventBody::Given { kind, json: json.to_string() }
}

/// How an execution begins.
pub(super) fn next_start(live: &Live, input: Payload, version: Version, seed: u64) -> Start {
    let before = live.code.start();
    let mut carried = live.code.signals_left();
    carried.truncate(tenure_core::limits::SIGNALS_CARRIED_MAX);
    Start { version, input, seed, carried, execution: before.execution.saturating_add(1), ..before }
}
