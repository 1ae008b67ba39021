//! Checkpoints and files: saved, listed, read.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tenure_api::cursor;
use tenure_api::requests::{CreateCheckpoint, RecordFile};
use tenure_client::ClientError;
use tenure_core::checkpoint::{Checkpoint, Content, Encoding, FileVersion};
use tenure_core::id::{Seq, SessionId};
use tenure_store::payload::Packed;
use tenure_store::{
    CheckpointRequest, CheckpointStore, CheckpointsRequest, CreateOutcome, CreateRequest, FileRequest,
    FilesRequest, ForkOutcome, ForkRequest, ListedCheckpoint, ListedFile, PayloadOutcome, RemoveOutcome,
    RemoveRequest, StoreError,
};

use crate::sessions::current_fence;
use crate::{Remote, told};

#[async_trait]
impl CheckpointStore for Remote {
    /// The server names it, and makes the session's own record by itself.
    async fn create_checkpoint(&self, request: CreateRequest) -> Result<CreateOutcome, StoreError> {
        let id = self.id(request.handle)?;
        let created = match request.content.clone() {
            Content::File(version) => self.record(&id, &request, version).await?,
            content @ (Content::Given | Content::Record) => {
                self.save(&id, &request, content == Content::Given).await?
            }
        };
        match created {
            Ok(checkpoint) => Ok(CreateOutcome::Created(checkpoint)),
            Err(error) => match error.code() {
                Some("FENCED") => Ok(CreateOutcome::Fenced { current: current_fence(&error) }),
                Some("HELD") => Ok(CreateOutcome::Held),
                Some("ENDED") => Ok(CreateOutcome::Ended),
                Some("NOT_FOUND") => Ok(CreateOutcome::NotFound),
                _ => Err(self.error(error)),
            },
        }
    }

    async fn list_checkpoints(
        &self,
        request: CheckpointsRequest,
    ) -> Result<Vec<ListedCheckpoint>, StoreError> {
        let CheckpointsRequest { handle, before, limit, with_files } = request;
        if with_files {
            return Err(StoreError::NotOverTheWire { what: "list versions of files as checkpoints" });
        }
        let id = self.id(handle)?;
        let before = before.and_then(|seq| i64::try_from(seq.0).ok()).map(|seq| cursor::encode(seq, false));
        let limit = limit.clamp(1, tenure_core::limits::LIST_MAX);
        let page = self
            .ask(|client| async move { client.checkpoints(id.as_str(), limit, before.as_deref()).await })
            .await
            .map_err(|error| self.error(error))?;
        page.data.into_iter().map(told::checkpoint).collect()
    }

    async fn find_checkpoint(
        &self,
        request: CheckpointRequest,
    ) -> Result<Option<ListedCheckpoint>, StoreError> {
        let CheckpointRequest { handle, id } = request;
        let session = self.id(handle)?;
        let found =
            self.ask(|client| async move { client.checkpoint(session.as_str(), id.as_str()).await }).await;
        match found {
            Ok(found) => told::checkpoint(found).map(Some),
            Err(error) if is_not_there(&error) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    async fn read_payload(&self, request: CheckpointRequest) -> Result<PayloadOutcome, StoreError> {
        let CheckpointRequest { handle, id } = request;
        let session = self.id(handle)?;
        if let Some((path, seq)) = self.0.files.of(&id) {
            let at = Some(seq.0);
            let found = self.ask(|client| {
                let path = path.clone();
                async move { client.file_content(session.as_str(), &path, at).await }
            });
            return match found.await {
                Ok(bytes) => {
                    let version = FileRequest { handle, path, at: Some(seq) };
                    match self.find_file(version).await? {
                        Some(ListedCheckpoint::Readable(checkpoint)) => {
                            Ok(PayloadOutcome::Payload { checkpoint, bytes: bytes.to_vec() })
                        }
                        Some(ListedCheckpoint::Damaged { what, .. }) => Ok(PayloadOutcome::Damaged { what }),
                        None => Ok(PayloadOutcome::NotFound),
                    }
                }
                Err(error) => self.not_read(error),
            };
        }
        let wanted = (session.clone(), id.clone());
        let read =
            self.ask(|client| async move { client.payload(wanted.0.as_str(), wanted.1.as_str()).await });
        match read.await {
            Ok(bytes) => match self.find_checkpoint(CheckpointRequest { handle, id }).await? {
                Some(ListedCheckpoint::Readable(checkpoint)) => {
                    Ok(PayloadOutcome::Payload { checkpoint, bytes: bytes.to_vec() })
                }
                Some(ListedCheckpoint::Damaged { what, .. }) => Ok(PayloadOutcome::Damaged { what }),
                None => Ok(PayloadOutcome::NotFound),
            },
            Err(error) => self.not_read(error),
        }
    }

    async fn list_files(&self, request: FilesRequest) -> Result<Vec<ListedFile>, StoreError> {
        let FilesRequest { handle, after, limit } = request;
        let session = self.id(handle)?;
        let id = session.clone();
        let page = self
            .ask(|client| async move { client.files(id.as_str(), limit, after.as_deref()).await })
            .await
            .map_err(|error| self.error(error))?;
        page.data.into_iter().map(|file| self.listed_file(&session, file)).collect()
    }

    async fn find_file(&self, request: FileRequest) -> Result<Option<ListedCheckpoint>, StoreError> {
        let FileRequest { handle, path, at } = request;
        let session = self.id(handle)?;
        let (id, at) = (session.clone(), at.map(|seq| seq.0));
        match self.ask(|client| async move { client.file(id.as_str(), &path, at).await }).await {
            Ok(found) => Ok(Some(self.listed_file(&session, found)?.version)),
            Err(error) if is_not_there(&error) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    async fn remove_checkpoints(&self, _: RemoveRequest) -> Result<RemoveOutcome, StoreError> {
        Err(StoreError::NotOverTheWire { what: "choose which checkpoints are removed" })
    }

    async fn fork(&self, _: ForkRequest) -> Result<ForkOutcome, StoreError> {
        Err(StoreError::NotOverTheWire { what: "write what they decided" })
    }
}

fn is_not_there(error: &ClientError) -> bool {
    matches!(error.code(), Some("NOT_FOUND" | "CHECKPOINT_NOT_FOUND" | "FILE_NOT_FOUND"))
}

impl Remote {
    async fn save(
        &self,
        id: &SessionId,
        request: &CreateRequest,
        has_payload: bool,
    ) -> Result<Result<Checkpoint, ClientError>, StoreError> {
        let payload = if has_payload { Some(unpacked(request)?) } else { None };
        let metadata = request.metadata.as_deref().map(serde_json::from_str).transpose();
        let metadata =
            metadata.map_err(|wrong| StoreError::Corrupt { what: format!("metadata: {wrong}") })?;
        let wish = CreateCheckpoint {
            reason: request.reason.clone(),
            metadata,
            payload_base64: payload.map(|bytes| STANDARD.encode(bytes)),
            keep: None,
        };
        let (id, fence) = (id.clone(), request.fence.map(|fence| fence.0));
        let saved =
            self.ask(|client| async move { client.create_checkpoint(id.as_str(), fence, &wish).await }).await;
        Ok(match saved {
            Ok(saved) => Ok(saved.checkpoint.read().map_err(told::unreadable)?),
            Err(error) => Err(error),
        })
    }

    async fn record(
        &self,
        id: &SessionId,
        request: &CreateRequest,
        version: FileVersion,
    ) -> Result<Result<Checkpoint, ClientError>, StoreError> {
        let content = if version.is_kept { Some(unpacked(request)?) } else { None };
        let wish = RecordFile {
            path: version.path,
            action: version.action.into(),
            size: version.size,
            content_base64: content.map(|bytes| STANDARD.encode(bytes)),
        };
        let (session, fence) = (id.clone(), request.fence.unwrap_or_default().0);
        let recorded =
            self.ask(|client| async move { client.record_file(session.as_str(), fence, &wish).await }).await;
        Ok(match recorded {
            Ok(file) => Ok(self.file(id, file)?),
            Err(error) => Err(error),
        })
    }

    fn not_read(&self, error: ClientError) -> Result<PayloadOutcome, StoreError> {
        if let ClientError::Refused(problem) = &error
            && problem.code == "CHECKPOINT_DAMAGED"
        {
            return Ok(PayloadOutcome::Damaged {
                what: problem.details.first().cloned().unwrap_or_default(),
            });
        }
        if is_not_there(&error) { Ok(PayloadOutcome::NotFound) } else { Err(self.error(error)) }
    }
}

/// What was packed to be stored here is sent as it was.
fn unpacked(request: &CreateRequest) -> Result<Vec<u8>, StoreError> {
    Packed::clone(&request.payload).unpacked().map_err(|what| StoreError::Corrupt { what })
}

impl Remote {
    fn listed_file(
        &self,
        session: &SessionId,
        file: tenure_api::ListedFile,
    ) -> Result<ListedFile, StoreError> {
        Ok(match file {
            tenure_api::ListedFile::Readable(file) => {
                let path = file.path.clone();
                ListedFile { path, version: ListedCheckpoint::Readable(self.file(session, file)?) }
            }
            tenure_api::ListedFile::Damaged(damaged) => {
                let seq = Seq(damaged.seq);
                let id = self.0.files.id((&self.0.handles, session), &damaged.path, seq);
                let version = ListedCheckpoint::Damaged { id, seq, what: damaged.damaged };
                ListedFile { path: damaged.path, version }
            }
        })
    }

    /// A version of a file, as the checkpoint that it is. Its own id is not told: it is found by path and position.
    fn file(&self, session: &SessionId, file: tenure_api::File) -> Result<Checkpoint, StoreError> {
        let action = file.action.get().ok_or_else(|| told::unreadable("what became of a file"))?;
        let (seq, size) = (Seq(file.seq), file.size.unwrap_or_default());
        let version = FileVersion { path: file.path, action, size, is_kept: file.kept.unwrap_or_default() };
        Ok(Checkpoint {
            id: self.0.files.id((&self.0.handles, session), &version.path, seq),
            session: session.clone(),
            seq,
            created_at: file.at.0,
            reason: None,
            metadata: None,
            content: Content::File(version),
            encoding: Encoding::Plain,
            original_size: size,
            stored_size: size,
            sha256: [0; 32],
        })
    }
}
