//! Saving the file in which a command keeps what it needs to go on.
//!
//! A thread of its own looks at the file now and then, and once more when the command has ended. What it finds
//! changed is saved as a checkpoint; older ones beyond those that are kept by default are removed.

use std::fs::{self, Metadata};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use tenure_core::escape::Escaped;
use tenure_core::id::Fence;
use tenure_core::limits;
use tenure_engine::{Engine, EngineError, Prune, Save};
use tenure_guard::BootTime;
use tenure_store::Handle;

use super::lane;
use super::notice::Notices;
use super::patience::Patience;
use super::runner::End;

/// Why such a checkpoint was made.
const REASON: &str = "autosave";
/// Time from a failed write to the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// What is saved, where.
#[derive(Debug)]
pub(super) struct Saving {
    /// The file.
    pub(super) file: PathBuf,
    /// How often it is looked at.
    pub(super) interval: Duration,
    /// The session.
    pub(super) handle: Handle,
    /// The fence it is held under.
    pub(super) fence: Fence,
}

/// The runner's end of the saving.
#[derive(Debug)]
pub(super) struct Autosave {
    ended: Sender<()>,
    patience: Patience,
    lane: JoinHandle<()>,
}

/// What tells one content of a file from another, without reading it.
type Look = (u64, Option<SystemTime>);

impl Autosave {
    /// Begins to look at the file. What is in it by now is nothing new.
    pub(super) fn start(engine: Engine, saving: Saving, notices: Notices) -> io::Result<Self> {
        let (ended, told) = channel();
        let patience = Patience::endless();
        let seen = fs::metadata(&saving.file).ok().map(|metadata| look(&metadata));
        let mut saver = Saver { engine, saving, notices, patience: patience.clone(), seen, is_told: false };
        let lane = lane::spawn("autosave", move || async move {
            loop {
                let is_over = match told.recv_timeout(saver.saving.interval) {
                    Err(RecvTimeoutError::Timeout) => false,
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
                };
                saver.look().await;
                if is_over {
                    return;
                }
            }
        })?;
        Ok(Self { ended, patience, lane })
    }

    /// Looks once more and waits until what is there is durable, or it is that time. A session that is somebody
    /// else's by now takes nothing more.
    pub(super) fn finish(self, end: &End, give_up_at: BootTime) {
        self.patience.end_by(give_up_at);
        if end.loss.is_some() {
            self.patience.end();
        }
        // A thread that panicked has said so on standard error.
        let _ = self.ended.send(());
        drop(self.lane.join());
    }
}

/// The thread that looks and saves.
struct Saver {
    engine: Engine,
    saving: Saving,
    notices: Notices,
    patience: Patience,
    /// The content that needs no saving.
    seen: Option<Look>,
    /// Whether it was said that something goes wrong.
    is_told: bool,
}

impl Saver {
    async fn look(&mut self) {
        let Ok(before) = fs::metadata(&self.saving.file).map(|metadata| look(&metadata)) else {
            return;
        };
        if self.seen == Some(before) {
            return;
        }
        if before.0 > limits::CHECKPOINT_BYTES_MAX as u64 {
            return self.tell(&format!("it has more than {} bytes", limits::CHECKPOINT_BYTES_MAX));
        }
        let read = fs::read(&self.saving.file);
        let after = fs::metadata(&self.saving.file).map(|metadata| look(&metadata));
        match (read, after) {
            // Written while it was read: the next look finds it whole.
            (Ok(_), Ok(after)) if after != before => {}
            (Ok(payload), Ok(_)) => {
                if self.save(payload).await {
                    self.seen = Some(before);
                }
            }
            (Err(error), _) | (_, Err(error)) => self.tell(&error.to_string()),
        }
    }

    /// Tries until it is durable or known to be in vain. Returns whether it is durable.
    async fn save(&mut self, payload: Vec<u8>) -> bool {
        let Saving { handle, fence, .. } = self.saving;
        let save = Save {
            fence: Some(fence),
            reason: Some(REASON.to_owned()),
            metadata: None,
            payload: Some(payload),
        };
        while !self.patience.is_over() {
            match self.engine.save(handle, save.clone()).await {
                Ok(checkpoint) => {
                    let known_valid = Some(checkpoint.id);
                    let keep = limits::CHECKPOINTS_KEPT;
                    let prune = Prune { keep, fence: Some(fence), dry_run: false, known_valid };
                    // What is not removed now is removed with the next one.
                    drop(self.engine.prune(handle, &prune).await);
                    return true;
                }
                Err(EngineError::Store(error)) if error.is_retryable() => {
                    tokio::time::sleep(RETRY_AFTER).await;
                }
                // The session is no longer ours, which the runner hears and says by itself.
                Err(EngineError::Refused { .. } | EngineError::Ended) => self.patience.end(),
                Err(error) => {
                    self.tell(&format!("failed to {error}"));
                    return false;
                }
            }
        }
        false
    }

    fn tell(&mut self, what: &str) {
        if !std::mem::replace(&mut self.is_told, true) {
            let file = self.saving.file.to_string_lossy();
            self.notices.say(&format!("`{}` is not saved: {}", Escaped(&file), Escaped(what)));
        }
    }
}

fn look(metadata: &Metadata) -> Look {
    (metadata.len(), metadata.modified().ok())
}
