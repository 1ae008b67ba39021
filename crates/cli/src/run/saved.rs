//! What a command that goes on finds of what it saved before.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tenure_core::checkpoint::{Checkpoint, Content};
use tenure_engine::{Engine, EngineError};
use tenure_store::{Handle, ListedCheckpoint};

use super::notice::Notices;

/// A private file with the newest payload that is what was saved. Dropped, it is gone.
#[derive(Debug)]
pub(super) struct Saved(PathBuf);

impl Saved {
    /// Writes it to `path`; `None` if nothing but the session's own record was ever saved.
    ///
    /// # Errors
    /// When the store cannot be asked, or the file not be written. What is damaged is told and passed over.
    pub(super) async fn write(
        engine: &Engine,
        handle: Handle,
        path: PathBuf,
        notices: Notices,
    ) -> anyhow::Result<Option<Self>> {
        for listed in engine.checkpoints(handle, None, usize::MAX).await? {
            let id = match listed {
                ListedCheckpoint::Readable(Checkpoint { content: Content::Given, id, .. })
                | ListedCheckpoint::Damaged { id, .. } => id,
                ListedCheckpoint::Readable(_) => continue,
            };
            match engine.read_checkpoint(handle, Some(&id)).await {
                Ok(read) => {
                    fill(&path, &read.bytes)?;
                    return Ok(Some(Self(path)));
                }
                Err(EngineError::Damaged { .. }) => {
                    notices.say(&format!("checkpoint {id} is damaged and was passed over"));
                }
                // Removed since it was listed.
                Err(EngineError::Refused { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

fn fill(path: &Path, bytes: &[u8]) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(bytes)
}
