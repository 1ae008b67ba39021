//! Hears of changes in directories, from the system.

use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::Told;

/// Watches directories one by one, so that nobody listens where everything is ignored.
#[derive(Debug)]
pub(super) struct Watches {
    watcher: Option<RecommendedWatcher>,
    /// Whether something is not watched, and is looked at at the end only.
    is_partial: bool,
}

impl Watches {
    /// Tells `news` of changes from now on.
    pub(super) fn new(news: Sender<Told>) -> Self {
        let watcher = notify::recommended_watcher(move |event| {
            if let Some(told) = told(event) {
                // Whoever listens no longer needs nothing.
                drop(news.send(told));
            }
        });
        Self { watcher: watcher.ok(), is_partial: false }
    }

    /// Watches these, too. Returns whether this is the first time that one of them could not be.
    pub(super) fn add<'a>(&mut self, root: &Path, directories: impl Iterator<Item = &'a Path>) -> bool {
        let mut is_short = false;
        for directory in directories {
            let watched = self.watcher.as_mut().map(|watcher| {
                let path: PathBuf = root.join(directory);
                let watched = watcher.watch(&path, RecursiveMode::NonRecursive);
                // What went away again is told by the directory above.
                watched.is_ok() || !path.is_dir()
            });
            is_short |= watched != Some(true);
        }
        is_short && !std::mem::replace(&mut self.is_partial, true)
    }
}

/// What an event means to who keeps a tree; nothing where a file was only read.
fn told(event: notify::Result<notify::Event>) -> Option<Told> {
    match event {
        Ok(event) if event.need_rescan() => Some(Told::Everywhere),
        Ok(event) => match event.kind {
            EventKind::Access(_) => None,
            EventKind::Any
            | EventKind::Create(_)
            | EventKind::Modify(_)
            | EventKind::Remove(_)
            | EventKind::Other => Some(Told::At(event.paths)),
        },
        Err(_unheard) => Some(Told::Everywhere),
    }
}
