//! Recording what the command prints: chunks, a size cap, back-pressure instead of loss.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tenure_core::event::{EventBody, Stream, TerminalEvent};
use tenure_core::id::Fence;
use tenure_core::limits;
use tenure_engine::{Engine, EngineError};
use tenure_guard::BootTime;
use tenure_store::{AppendRequest, Handle};

use super::batch::Batch;
use super::lane;

/// Pieces that may wait to be recorded before the command has to wait.
const QUEUE_PIECES: usize = 64;
/// Time from a failed append to the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(200);
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
    /// Most bytes of output; `None` records none of it.
    pub(super) limit: Option<u64>,
}

/// The runner's end of the recording.
#[derive(Debug)]
pub(super) struct Recorder {
    pieces: SyncSender<Piece>,
    seen: Arc<AtomicU64>,
    abandoned: Arc<AtomicBool>,
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
    pub(super) fn start(engine: Engine, recording: Recording) -> io::Result<Self> {
        let (pieces, queue) = sync_channel(QUEUE_PIECES);
        let abandoned = Arc::new(AtomicBool::new(false));
        let give_up = Arc::clone(&abandoned);
        let lane = lane::spawn("recorder", move || async move {
            Writer::new(engine, recording, give_up).run(&queue).await;
        })?;
        Ok(Self { pieces, seen: Arc::default(), abandoned, lane })
    }

    /// Where output goes.
    pub(super) fn sink(&self) -> Sink {
        Sink { pieces: self.pieces.clone(), seen: Arc::clone(&self.seen) }
    }

    /// Records something other than output.
    pub(super) fn fact(&self, fact: TerminalEvent) {
        drop(self.pieces.send(Piece::Fact(fact)));
    }

    /// Bytes of output so far.
    pub(super) fn output_bytes(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Stops trying to record: the session is somebody else's, or the store is beyond help.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    /// Returns once everything is durable, or recording was given up.
    pub(super) fn finish(self) {
        drop(self.pieces.send(Piece::End));
        drop(self.pieces);
        // A recorder that panicked has said so on standard error.
        drop(self.lane.join());
    }
}

/// The lane that writes.
struct Writer {
    engine: Engine,
    recording: Recording,
    give_up: Arc<AtomicBool>,
    recorded: u64,
    capped: bool,
    touched: Option<BootTime>,
}

impl Writer {
    const fn new(engine: Engine, recording: Recording, give_up: Arc<AtomicBool>) -> Self {
        Self { engine, recording, give_up, recorded: 0, capped: false, touched: None }
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
            if is_over || batch.is_full() || batch.due().is_some_and(|due| due <= BootTime::now()) {
                self.write(batch.take()).await;
            }
            if is_over {
                return;
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
    async fn write(&self, events: Vec<EventBody>) {
        if events.is_empty() {
            return;
        }
        let (handle, fence) = (self.recording.handle, Some(self.recording.fence));
        let commit_id = self.engine.ids().commit_id();
        let request = AppendRequest { commit_id, handle, fence, events };
        while !self.give_up.load(Ordering::Relaxed) {
            match self.engine.append(request.clone()).await {
                Err(EngineError::Store(error)) if error.is_retryable() => {
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                // An append whose outcome is unknown is not repeated: a doubled piece is as wrong as a lost one.
                Err(_) => return self.give_up.store(true, Ordering::Relaxed),
                Ok(_) => return,
            }
        }
    }
}
