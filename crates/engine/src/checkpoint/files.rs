//! Versions of files that the owner's work has changed.

use std::sync::Arc;

use tenure_core::checkpoint::{Checkpoint, Content, FileAction, FileVersion};
use tenure_core::id::{CheckpointId, Fence, Seq};
use tenure_core::limits;
use tenure_store::payload::Packed;
use tenure_store::{
    CheckpointRequest, CreateRequest, FileRequest, FilesRequest, Handle, ListedCheckpoint, ListedFile,
    PayloadOutcome,
};

use super::id_of;
use crate::{Engine, EngineError};

/// What has become of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Which file: a path from the directory that is watched.
    pub path: String,
    /// What has become of it.
    pub action: FileAction,
    /// Its size in bytes; 0 when it is gone.
    pub size: u64,
    /// Its content, if that is to be kept.
    pub content: Option<Vec<u8>>,
}

/// A version of a file, with its content if that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileContent {
    /// The version.
    pub checkpoint: Checkpoint,
    /// Which file, and what had become of it.
    pub version: FileVersion,
    /// Its content; `None` when it is gone, or was too large to be kept.
    pub bytes: Option<Vec<u8>>,
}

impl Engine {
    /// Keeps a version of a file, and tells of it in the log.
    ///
    /// # Errors
    /// As [`Engine::save`].
    pub async fn record_file(
        &self,
        (handle, fence): (Handle, Fence),
        change: FileChange,
    ) -> Result<Checkpoint, EngineError> {
        let now = self.store.now().await?;
        let FileChange { path, action, size, content } = change;
        let is_kept = content.is_some();
        let request = CreateRequest {
            commit_id: self.ids.commit_id(),
            handle,
            fence: Some(fence),
            gone: None,
            id: self.ids.checkpoint_id(now.wall),
            reason: None,
            metadata: None,
            content: Content::File(FileVersion { path, action, size, is_kept }),
            payload: Arc::new(Packed::of(content.unwrap_or_default())),
        };
        self.created(request).await
    }

    /// Every file that a session has changed, in its newest version, in the order of their paths.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub async fn files(&self, handle: Handle) -> Result<Vec<ListedFile>, EngineError> {
        let mut all: Vec<ListedFile> = Vec::new();
        loop {
            let after = all.last().map(|file| file.path.clone());
            let page = FilesRequest { handle, after, limit: limits::FILES_LISTED_MAX };
            let page = self.store.list_files(page).await?;
            let is_last = page.len() < limits::FILES_LISTED_MAX;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    /// A file as it was at a position of the session's log, or as it is now; `None` when the session had not
    /// changed it.
    ///
    /// # Errors
    /// [`EngineError::Damaged`] when it is not what was kept.
    pub async fn file(
        &self,
        handle: Handle,
        path: &str,
        at: Option<Seq>,
    ) -> Result<Option<FileContent>, EngineError> {
        let wanted = FileRequest { handle, path: path.to_owned(), at };
        let Some(listed) = self.store.find_file(wanted).await? else {
            return Ok(None);
        };
        let id = id_of(&listed).clone();
        let checkpoint = match listed {
            ListedCheckpoint::Readable(checkpoint) => checkpoint,
            ListedCheckpoint::Damaged { what, .. } => return Err(self.damaged(handle, id, what).await?),
        };
        let Content::File(version) = checkpoint.content.clone() else {
            unreachable!("what is found by a path is a version of a file")
        };
        if !version.is_kept || version.action == FileAction::Deleted {
            return Ok(Some(FileContent { checkpoint, version, bytes: None }));
        }
        match self.store.read_payload(CheckpointRequest { handle, id: id.clone() }).await? {
            PayloadOutcome::Payload { checkpoint, bytes } => {
                Ok(Some(FileContent { checkpoint, version, bytes: Some(bytes) }))
            }
            PayloadOutcome::Damaged { what } => Err(self.damaged(handle, id, what).await?),
            // Deleted with its session since it was found.
            PayloadOutcome::NotFound => Ok(None),
        }
    }

    async fn damaged(
        &self,
        handle: Handle,
        id: CheckpointId,
        what: String,
    ) -> Result<EngineError, EngineError> {
        let session = self.saved_id(handle).await?;
        Ok(EngineError::Damaged { session, id, what, newest_valid: None })
    }
}
