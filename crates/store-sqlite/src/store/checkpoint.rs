//! The role that keeps checkpoints and forks.

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_core::id::{CommitId, Seq};
use tenure_core::limits;
use tenure_store::payload::unpack;
use tenure_store::{
    BringCheckpointOutcome, BringCheckpointRequest, CheckpointRequest, CheckpointStore, CheckpointsRequest,
    CreateOutcome, CreateRequest, FileRequest, FilesRequest, ForkOutcome, ForkRequest, ListedCheckpoint,
    ListedFile, PayloadOutcome, PurgeStore as _, RemoveOutcome, RemoveRequest, StoreError,
};

use super::SqliteStore;
use crate::error::{Code, WorkError, code_of};
use crate::request::{Asked, BringCheckpoint, Create, Request, SavedPiece, Saving, pieces_of};
use crate::row::{CheckpointRow, signed};
use crate::sql;

/// Most steps that one caller takes to remove what is left over: others will take the next ones.
const SWEEPS_MAX: usize = 1000;

#[async_trait]
impl CheckpointStore for SqliteStore {
    async fn create_checkpoint(&self, request: CreateRequest) -> Result<CreateOutcome, StoreError> {
        let is_large = request.payload.bytes.len() > limits::CHECKPOINT_PIECE_BYTES;
        if !is_large {
            return self.create(request, false).await?.ok_or_else(swept);
        }
        if let Some(done) = self.created_before(&request)? {
            return Ok(done);
        }
        self.stage(request.commit_id, &request.payload.bytes).await?;
        let mut outcome = self.create(request.clone(), true).await?;
        if outcome.is_none() {
            self.stage(request.commit_id, &request.payload.bytes).await?;
            outcome = self.create(request, true).await?;
        }
        self.sweep_leftovers().await;
        outcome.ok_or_else(swept)
    }

    async fn list_checkpoints(
        &self,
        request: CheckpointsRequest,
    ) -> Result<Vec<ListedCheckpoint>, StoreError> {
        let before = signed(request.before.unwrap_or(Seq(u64::MAX)).0);
        let limit = request.limit.min(limits::CHECKPOINTS_LISTED_MAX) as u64;
        let range = (request.handle.0, before, signed(limit));
        let list = if request.with_files { sql::CHECKPOINT_LIST_ALL } else { sql::CHECKPOINT_LIST };
        let read = move |conn: &Connection| sql::all(conn, list, range, CheckpointRow::of);
        let rows = self.read_much("list checkpoints", read).await?;
        Ok(rows.into_iter().map(|row| row.listed).collect())
    }

    async fn find_checkpoint(
        &self,
        request: CheckpointRequest,
    ) -> Result<Option<ListedCheckpoint>, StoreError> {
        let found = self.shared.readers.read("find a checkpoint", |conn| find(conn, &request))?;
        Ok(found.map(|row| row.listed))
    }

    async fn read_payload(&self, request: CheckpointRequest) -> Result<PayloadOutcome, StoreError> {
        self.read_much("read a payload", move |conn| payload(conn, &request)).await
    }

    async fn list_files(&self, request: FilesRequest) -> Result<Vec<ListedFile>, StoreError> {
        let limit = signed(request.limit.min(limits::FILES_LISTED_MAX) as u64);
        let after = request.after.unwrap_or_default();
        let read = move |conn: &Connection| {
            sql::all(conn, sql::FILE_LIST, (request.handle.0, after.as_str(), limit), |row| {
                Ok(ListedFile { path: row.get(5)?, version: CheckpointRow::of(row)?.listed })
            })
        };
        self.read_much("list changed files", read).await
    }

    async fn find_file(&self, request: FileRequest) -> Result<Option<ListedCheckpoint>, StoreError> {
        let at = signed(request.at.unwrap_or(Seq(u64::MAX)).0);
        let wanted = (request.handle.0, request.path.as_str(), at);
        let find = |conn: &Connection| sql::one(conn, sql::FILE_FIND, wanted, CheckpointRow::of);
        let found = self.shared.readers.read("find a changed file", find)?;
        Ok(found.map(|row| row.listed))
    }

    async fn remove_checkpoints(&self, request: RemoveRequest) -> Result<RemoveOutcome, StoreError> {
        let outcome = self.ask(request, |asked| save(Saving::Remove(asked))).await?;
        if matches!(outcome, RemoveOutcome::Removed { count: 1.. }) {
            self.sweep_leftovers().await;
        }
        Ok(outcome)
    }

    async fn fork(&self, request: ForkRequest) -> Result<ForkOutcome, StoreError> {
        self.ask(request.into(), |asked| save(Saving::Fork(Box::new(asked)))).await
    }
}

fn save(saving: Saving) -> Request {
    Request::Save(Box::new(saving))
}

/// Its pieces were removed twice while it was being saved.
fn swept() -> StoreError {
    let source = "its pieces were removed meanwhile: the wall clock has jumped".into();
    StoreError::Unavailable { what: "save a payload", source }
}

impl SqliteStore {
    async fn create(
        &self,
        request: CreateRequest,
        is_staged: bool,
    ) -> Result<Option<CreateOutcome>, StoreError> {
        let create = Create::of(request, is_staged);
        self.ask(create, |asked: Asked<_, _>| save(Saving::Create(Box::new(asked)))).await
    }

    /// The outcome of the same request, if it was carried out before: its payload need not be written again.
    fn created_before(&self, request: &CreateRequest) -> Result<Option<CreateOutcome>, StoreError> {
        let same = CheckpointRequest { handle: request.handle, id: request.id.clone() };
        let found = self.shared.readers.read("find a checkpoint", |conn| find(conn, &same))?;
        Ok(match found.filter(|row| row.commit_id == request.commit_id).map(|row| row.listed) {
            Some(ListedCheckpoint::Readable(checkpoint)) => Some(CreateOutcome::Created(checkpoint)),
            Some(ListedCheckpoint::Damaged { .. }) | None => None,
        })
    }

    /// Writes the pieces of a payload, one by one, so that others get their turn in between.
    async fn stage(&self, name: CommitId, bytes: &[u8]) -> Result<(), StoreError> {
        for (number, bytes) in (0..).zip(bytes.chunks(limits::CHECKPOINT_PIECE_BYTES)) {
            let piece = SavedPiece { name, number, bytes: bytes.to_vec() };
            self.ask(piece, |asked| save(Saving::Stage(asked))).await?;
        }
        Ok(())
    }

    /// Keeps a checkpoint that was made elsewhere.
    pub(super) async fn keep_brought(
        &self,
        request: BringCheckpointRequest,
    ) -> Result<BringCheckpointOutcome, StoreError> {
        let is_large = request.payload.bytes.len() > limits::CHECKPOINT_PIECE_BYTES;
        if is_large {
            self.stage(request.commit_id, &request.payload.bytes).await?;
        }
        let bring = BringCheckpoint::of(request, is_large);
        let outcome = self.ask(bring, |asked: Asked<_, _>| save(Saving::Bring(Box::new(asked)))).await?;
        outcome.ok_or_else(swept)
    }

    /// Removes what nobody needs any more. Not being able to is no failure of what was asked for.
    async fn sweep_leftovers(&self) {
        for _ in 0..SWEEPS_MAX {
            match self.reclaim().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(why) => return self.shared.troubles.note("remove what is left over", &why),
            }
        }
    }
}

fn find(conn: &Connection, request: &CheckpointRequest) -> Result<Option<CheckpointRow>, WorkError> {
    sql::one(conn, sql::CHECKPOINT_FIND, (request.handle.0, request.id.as_str()), CheckpointRow::of)
}

fn payload(conn: &Connection, request: &CheckpointRequest) -> Result<PayloadOutcome, WorkError> {
    match find(conn, request)? {
        Some(row) => read_row(conn, row),
        None => Ok(PayloadOutcome::NotFound),
    }
}

/// The payload that a checkpoint shows. What is wrong with it is wrong with it alone.
pub(crate) fn read_row(conn: &Connection, row: CheckpointRow) -> Result<PayloadOutcome, WorkError> {
    let checkpoint = match row.listed {
        ListedCheckpoint::Readable(checkpoint) => checkpoint,
        ListedCheckpoint::Damaged { what, .. } => return Ok(PayloadOutcome::Damaged { what }),
    };
    let stored = match stored(conn, row.payload) {
        Err(WorkError::Sqlite(why)) if code_of(&why) == Some(Code::Corrupt) => {
            return Ok(PayloadOutcome::Damaged { what: why.to_string() });
        }
        stored => stored?,
    };
    Ok(match unpack(&checkpoint, stored) {
        Ok(bytes) => PayloadOutcome::Payload { checkpoint, bytes },
        Err(what) => PayloadOutcome::Damaged { what },
    })
}

fn stored(conn: &Connection, payload: i64) -> Result<Vec<u8>, WorkError> {
    let mut statement = conn.prepare_cached(sql::PIECE_LIST)?;
    let mut rows = statement.query(pieces_of(payload))?;
    let mut bytes = Vec::new();
    while let Some(row) = rows.next()? {
        bytes.extend_from_slice(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
    }
    Ok(bytes)
}
