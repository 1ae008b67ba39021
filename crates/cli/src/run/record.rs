//! Recording what the command prints: chunks, a size cap, back-pressure instead of loss.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::time::Timespec;
use tenure_core::event::{EventBody, EventDraft, Stream, TerminalEvent};
use tenure_core::id::{Fence, Seq};
use tenure_core::limits;
use tenure_engine::{Engine, EngineError};
use tenure_guard::BootTime;
use tenure_store::{AppendOutcome, AppendRequest, Handle};

use super::batch::Batch;
use super::gap::Gap;
use super::lane;
use super::notice::Notices;
use super::patience::Patience;

/// Pieces that may wait to be recorded before the command has to wait.
const QUEUE_PIECES: usize = 64;
/// Time from a failed append to the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How often the end of the recording is looked for.
const LOOK_AGAIN_AFTER: Timespec = Timespec { tv_sec: 0, tv_nsec: 5_000_000 };
/// How often output that is not recorded counts as activity, at most.
const TOUCH_INTERVAL: Duration = Duration::from_secs(1);

/// What goes to the recording.
enum Piece {
    /// Output, in order within its stream.
    Output(Stream, Vec<u8>),
    /// Anything else about the terminal.
    Fact(TerminalEvent),
    /// Nothing more comes.
    End,
}

/// What is recorded, where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recording {
    /// The session.
    pub(super) handle: Handle,
    /// The fence it is held under.
    pub(super) fence: Fence,
    /// Where its log ended when that was last heard of.
    pub(super) head: Seq,
    /// Most bytes of output; `None` records none of it.
    pub(super) limit: Option<u64>,
}

/// The runner's end of the recording.
#[derive(Debug)]
pub(super) struct Recorder {
    pieces: SyncSender<Piece>,
    seen: Arc<AtomicU64>,
    lost: Arc<AtomicU64>,
    patience: Patience,
    lane: JoinHandle<()>,
}

/// Takes output from the thread that reads it; waits while too much is waiting to be recorded.
#[derive(Debug, Clone)]
pub(super) struct Sink {
    pieces: SyncSender<Piece>,
    seen: Arc<AtomicU64>,
}

impl Sink {
    /// Hands over a piece of output.
    pub(super) fn take(&self, stream: Stream, bytes: &[u8]) {
        self.seen.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        for chunk in bytes.chunks(limits::RECORD_CHUNK_BYTES) {
            // The recording ends only after its last sink, so a closed queue means that the runner is leaving.
            drop(self.pieces.send(Piece::Output(stream, chunk.to_vec())));
        }
    }
}

impl Recorder {
    /// Begins to record.
    pub(super) fn start(engine: Engine, recording: Recording, notices: Notices) -> io::Result<Self> {
        let (pieces, queue) = sync_channel(QUEUE_PIECES);
        let (patience, lost) = (Patience::endless(), Arc::<AtomicU64>::default());
        let (until, lose) = (patience.clone(), Arc::clone(&lost));
        let lane = lane::spawn("recorder", move || async move {
            Writer::new(engine, recording, notices, (until, lose)).run(&queue).await;
        })?;
        Ok(Self { pieces, seen: Arc::default(), lost, patience, lane })
    }

    /// Where output goes.
    pub(super) fn sink(&self) -> Sink {
        Sink { pieces: self.pieces.clone(), seen: Arc::clone(&self.seen) }
    }

    /// Records something other than output. Never waits: whoever calls it has signals and a lease to attend to.
    pub(super) fn fact(&self, fact: TerminalEvent) {
        self.send(Piece::Fact(fact));
    }

    fn send(&self, piece: Piece) {
        if let Err(TrySendError::Full(piece)) = self.pieces.try_send(piece) {
            let pieces = self.pieces.clone();
            // Without a thread for it, it is lost like the output before it will be.
            drop(std::thread::Builder::new().spawn(move || drop(pieces.send(piece))));
        }
    }

    /// Bytes of output so far.
    pub(super) fn output_bytes(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Stops trying to record: the session is somebody else's, or the store is beyond help.
    pub(super) fn abandon(&self) {
        self.patience.end();
    }

    /// Stops trying then. Whatever still waits to be recorded waits no longer, whoever brought it.
    pub(super) fn end_by(&self, at: BootTime) {
        self.patience.end_by(at);
    }

    /// Waits until everything is durable or the patience is over, and says how many bytes were not recorded.
    pub(super) fn finish(self) -> u64 {
        self.send(Piece::End);
        while !self.lane.is_finished() && !self.patience.is_over() {
            // The lane wakes nobody; this is the last thing that a run waits for. A signal only ends it early.
            let _ = rustix::event::poll(&mut [], Some(&LOOK_AGAIN_AFTER));
        }
        self.abandon();
        // A recorder that panicked has said so on standard error.
        drop(self.lane.join());
        self.lost.load(Ordering::Relaxed)
    }
}

/// The lane that writes.
struct Writer {
    engine: Engine,
    recording: Recording,
    notices: Notices,
    patience: Patience,
    lost: Arc<AtomicU64>,
    recorded: u64,
    capped: bool,
    touched: Option<BootTime>,
    gap: Gap,
}

impl Writer {
    fn new(
        engine: Engine,
        recording: Recording,
        notices: Notices,
        (patience, lost): (Patience, Arc<AtomicU64>),
    ) -> Self {
        let gap = Gap::default();
        Self { engine, recording, notices, patience, lost, recorded: 0, capped: false, touched: None, gap }
    }

    async fn run(&mut self, queue: &Receiver<Piece>) {
        let mut batch = Batch::default();
        loop {
            let piece = match batch.due() {
                None => queue.recv().map_err(|_closed| RecvTimeoutError::Disconnected),
                Some(due) => queue.recv_timeout(due.saturating_since(BootTime::now())),
            };
            let is_over = match piece {
                Ok(Piece::Output(stream, bytes)) => {
                    self.output(&mut batch, stream, bytes).await;
                    false
                }
                Ok(Piece::Fact(fact)) => {
                    batch.fact(fact);
                    false
                }
                Ok(Piece::End) | Err(RecvTimeoutError::Disconnected) => true,
                Err(RecvTimeoutError::Timeout) => false,
            };
            if is_over {
                return self.write(batch.take_all()).await;
            }
            if batch.is_full() || batch.due().is_some_and(|due| due <= BootTime::now()) {
                self.write(batch.take()).await;
            }
        }
    }

    async fn output(&mut self, batch: &mut Batch, stream: Stream, bytes: Vec<u8>) {
        let Some(limit) = self.recording.limit else {
            return self.touch().await;
        };
        if self.capped {
            return self.touch().await;
        }
        let room = usize::try_from(limit.saturating_sub(self.recorded)).unwrap_or(usize::MAX);
        let kept = &bytes[..bytes.len().min(room)];
        self.recorded += kept.len() as u64;
        if !kept.is_empty() {
            batch.output(stream, kept);
        }
        if kept.len() < bytes.len() {
            self.capped = true;
            batch.fact(TerminalEvent::Capped { limit });
        }
    }

    /// Output that is not recorded still shows that the command is at work.
    async fn touch(&mut self) {
        let now = BootTime::now();
        if self.touched.is_some_and(|at| now.saturating_since(at) < TOUCH_INTERVAL) {
            return;
        }
        self.touched = Some(now);
        let command = tenure_core::session::Command::Note { fence: self.recording.fence, activity: None };
        let target = tenure_engine::Target::Session(self.recording.handle);
        // Not being heard once changes nothing; a lost lease is the keeper's to find.
        drop(self.engine.apply(&target, &command).await);
    }

    /// Tries until it is durable or known to be in vain. Meanwhile the queue fills, and the command waits.
    async fn write(&mut self, events: Vec<EventBody>) {
        if events.is_empty() {
            return;
        }
        let Recording { handle, fence, head: after, .. } = self.recording;
        let commit_id = self.engine.ids().commit_id();
        let events = self.gap.mark(events).into_iter().map(EventDraft::from).collect();
        let request = AppendRequest { commit_id, handle, fence: Some(fence), events, after };
        let mut is_told = false;
        while !self.patience.is_over() {
            match self.engine.append(request.clone()).await {
                Err(EngineError::Store(error)) if error.is_retryable() => {
                    if !std::mem::replace(&mut is_told, true) {
                        self.notices.say(&format!("recording waits: failed to {error}"));
                    }
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                Err(EngineError::Refused { .. } | EngineError::Ended) => {
                    // The session is no longer ours, which the runner hears and says by itself.
                    self.patience.end();
                }
                // What cannot be told to be there is not repeated: doubled is as wrong as lost.
                Err(error) => {
                    self.notices.say(&format!("output was not recorded: failed to {error}"));
                    break;
                }
                Ok(AppendOutcome::Appended { last, .. }) => {
                    self.recording.head = last;
                    return self.gap.close();
                }
                Ok(AppendOutcome::Known { .. }) => unreachable!("what has no id is never known"),
                Ok(
                    AppendOutcome::Fenced { .. }
                    | AppendOutcome::IdReused { .. }
                    | AppendOutcome::Ended
                    | AppendOutcome::NotFound,
                ) => unreachable!("the engine makes errors of these"),
            }
        }
        let bytes = self.gap.widen(request.events.iter().map(|event| &event.data));
        self.lost.fetch_add(bytes, Ordering::Relaxed);
    }
}
