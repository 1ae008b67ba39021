//! Recording which files the command changes, with their contents.
//!
//! A thread of its own hears of changes, waits a moment for more, and looks at what they are about. At the end it
//! looks at everything once more, so that what the system did not tell is not missed.

mod tree;
mod watch;

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tenure_core::checkpoint::FileAction;
use tenure_core::id::Fence;
use tenure_core::limits;
use tenure_engine::{Engine, EngineError, FileChange};
use tenure_guard::BootTime;
use tenure_store::Handle;

use self::tree::{Found, Tree};
use self::watch::Watches;
use super::lane;
use super::notice::Notices;
use super::patience::Patience;
use super::runner::End;

/// How long more changes are waited for: who writes one file often writes others, and the same again.
const GATHER: Duration = Duration::from_millis(250);
/// Time from a failed write to the next attempt.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// Changes that are on their way to the store at once: they become durable together.
const AT_ONCE: usize = 16;

/// The system watches so many directories and no more.
const PARTIAL: &str =
    "not every directory can be watched: changes there are recorded once the command has ended";

/// What the watching thread is told.
#[derive(Debug)]
enum Told {
    /// Something happened to these, absolute paths.
    At(Vec<PathBuf>),
    /// Something may have happened anywhere.
    Everywhere,
    /// The command has ended.
    End,
}

/// What is recorded, where.
#[derive(Debug)]
pub(super) struct Watching {
    /// The directory.
    pub(super) root: PathBuf,
    /// The session.
    pub(super) handle: Handle,
    /// The fence it is held under.
    pub(super) fence: Fence,
    /// Most bytes of contents to keep in all.
    pub(super) limit: u64,
}

/// The runner's end of the recording of files.
#[derive(Debug)]
pub(super) struct Changes {
    news: Sender<Told>,
    patience: Patience,
    lane: JoinHandle<()>,
}

impl Changes {
    /// Begins to watch. When it returns, everything that happens from now on is a change.
    pub(super) fn start(engine: Engine, watching: Watching, notices: Notices) -> io::Result<Self> {
        let (news, told) = channel();
        let patience = Patience::endless();
        let mut watches = Watches::new(news.clone());
        let tree = Tree::new(watching.root.clone());
        if watches.add(tree.root(), tree.directories()) {
            notices.say(PARTIAL);
        }
        let recording = Recording {
            engine,
            tree,
            watches,
            notices,
            patience: patience.clone(),
            kept: 0,
            is_told: false,
            watching,
        };
        let lane = lane::spawn("files", move || recording.run(told))?;
        Ok(Self { news, patience, lane })
    }

    /// Looks at everything once more and waits until what was found is durable, or it is that time. A session that
    /// is somebody else's by now takes nothing more.
    pub(super) fn finish(self, end: &End, give_up_at: BootTime) {
        self.patience.end_by(give_up_at);
        if end.loss.is_some() {
            self.patience.end();
        }
        // A recording that panicked has said so on standard error.
        drop(self.news.send(Told::End));
        drop(self.lane.join());
    }
}

/// The thread that looks and writes.
struct Recording {
    engine: Engine,
    watching: Watching,
    tree: Tree,
    watches: Watches,
    notices: Notices,
    patience: Patience,
    /// Bytes of contents so far.
    kept: u64,
    /// Whether it was said that the store does not take them.
    is_told: bool,
}

/// Where to look.
#[derive(Default)]
struct Due {
    directories: BTreeSet<PathBuf>,
    is_everywhere: bool,
    at: Option<BootTime>,
}

impl Recording {
    async fn run(mut self, told: Receiver<Told>) {
        let mut due = Due::default();
        loop {
            let next = match due.at {
                None => told.recv().map_err(|_closed| RecvTimeoutError::Disconnected),
                Some(at) => told.recv_timeout(at.saturating_since(BootTime::now())),
            };
            match next {
                Ok(Told::At(paths)) => {
                    due.directories.extend(paths.iter().flat_map(|path| self.tree.around(path)));
                    if due.directories.is_empty() {
                        continue;
                    }
                }
                Ok(Told::Everywhere) => due.is_everywhere = true,
                Ok(Told::End) | Err(RecvTimeoutError::Disconnected) => {
                    let found = self.tree.look_everywhere();
                    return self.record(found).await;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.look(std::mem::take(&mut due)).await;
                    continue;
                }
            }
            due.at.get_or_insert_with(|| BootTime::now().saturating_add(GATHER));
        }
    }

    async fn look(&mut self, due: Due) {
        if due.is_everywhere {
            let found = self.tree.look_everywhere();
            return self.record(found).await;
        }
        for directory in due.directories {
            let found = self.tree.look(&directory);
            self.record(found).await;
        }
    }

    async fn record(&mut self, found: Found) {
        let new = found.directories.iter().map(PathBuf::as_path);
        if self.watches.add(self.tree.root(), new) {
            self.notices.say(PARTIAL);
        }
        let mut changes = found.changes.into_iter().peekable();
        while changes.peek().is_some() && !self.patience.is_over() {
            let mut together = tokio::task::JoinSet::new();
            for (path, action) in changes.by_ref().take(AT_ONCE) {
                let Some(change) = self.change(&path, action) else {
                    continue;
                };
                let (engine, patience) = (self.engine.clone(), self.patience.clone());
                let (handle, fence) = (self.watching.handle, self.watching.fence);
                together.spawn(async move { write(&engine, (handle, fence), change, &patience).await });
            }
            while let Some(written) = together.join_next().await {
                if let Ok(Err(error)) = written {
                    self.failed(&error);
                }
            }
        }
    }

    fn failed(&mut self, error: &EngineError) {
        if !std::mem::replace(&mut self.is_told, true) {
            self.notices.say(&format!("changes of files are not all recorded: failed to {error}"));
        }
    }

    /// What is told of a change. What went away before it could be read will be looked at again.
    fn change(&mut self, path: &Path, action: FileAction) -> Option<FileChange> {
        let name = path.to_string_lossy().into_owned();
        if action == FileAction::Deleted {
            return Some(FileChange { path: name, action, size: 0, content: None });
        }
        let file = File::open(self.tree.root().join(path)).ok()?;
        let size = file.metadata().ok()?.len();
        let room = self.watching.limit.saturating_sub(self.kept).min(limits::FILE_BYTES_MAX);
        let content = if size <= room { read(file, room) } else { None };
        self.kept += content.as_ref().map_or(0, |content| content.len() as u64);
        let size = content.as_ref().map_or(size, |content| content.len() as u64);
        Some(FileChange { path: name, action, size, content })
    }
}

/// A file's content, if there is no more of it than there is room.
fn read(file: File, room: u64) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    file.take(room + 1).read_to_end(&mut content).ok()?;
    (content.len() as u64 <= room).then_some(content)
}

/// Tries until it is durable or known to be in vain.
async fn write(
    engine: &Engine,
    (handle, fence): (Handle, Fence),
    change: FileChange,
    patience: &Patience,
) -> Result<(), EngineError> {
    while !patience.is_over() {
        match engine.record_file((handle, fence), change.clone()).await {
            Err(EngineError::Store(error)) if error.is_retryable() => tokio::time::sleep(RETRY_AFTER).await,
            // The session is no longer ours, which the runner hears and says by itself.
            Err(EngineError::Refused { .. } | EngineError::Ended) => patience.end(),
            answer => return answer.map(drop),
        }
    }
    Ok(())
}
