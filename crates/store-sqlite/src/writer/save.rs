//! Saving values: pieces first, and then the small write that shows them.

use tenure_core::checkpoint::{Checkpoint, Content, Permit, permit};
use tenure_core::id::{CheckpointId, CommitId, Seq, SessionId};
use tenure_core::limits::CHECKPOINT_PIECE_BYTES;
use tenure_core::session::Needed;
use tenure_store::{CreateOutcome, Handle, ListedCheckpoint, RemoveOutcome, RemoveRequest, record};

use super::work::Work;
use crate::error::WorkError;
use crate::heads::Head;
use crate::request::{Create, SavedPiece, Saving, Value, pieces_of};
use crate::row::{CheckpointRow, LogHead, Stored, corrupt, signed, unsigned};
use crate::sql;

impl Work<'_> {
    pub(super) fn save(&mut self, saving: &mut Saving) -> Result<(), WorkError> {
        match saving {
            Saving::Stage(asked) => asked.answer = Some(Ok(self.stage(&asked.question).map(drop)?)),
            Saving::Create(asked) => asked.answer = Some(Ok(self.create(&mut asked.question)?)),
            Saving::Bring(asked) => asked.answer = Some(Ok(self.bring_checkpoint(&asked.question)?)),
            Saving::Remove(asked) => asked.answer = Some(Ok(self.remove(&asked.question)?)),
            Saving::Fork(asked) => asked.answer = Some(Ok(self.fork(&mut asked.question)?)),
        }
        Ok(())
    }

    /// Writes one piece, which may be there from an earlier attempt. Returns the payload's number.
    fn stage(&mut self, piece: &SavedPiece) -> Result<i64, WorkError> {
        let payload = match self.payload_named(piece.name)? {
            Some(payload) => payload,
            None => {
                // Never 0: that is what is no longer wanted.
                let at = signed(self.wall().epoch_ms()).max(1);
                sql::write(self.conn, sql::PAYLOAD_INSERT, (piece.name.0, at))?;
                self.conn.last_insert_rowid()
            }
        };
        let (first, _) = pieces_of(payload);
        sql::write(self.conn, sql::PIECE_WRITE, (first + i64::from(piece.number), &piece.bytes))?;
        Ok(payload)
    }

    fn payload_named(&self, name: CommitId) -> Result<Option<i64>, WorkError> {
        sql::one(self.conn, sql::PAYLOAD_FIND, [name.0], |row| Ok(row.get(0)?))
    }

    /// Makes a checkpoint; nothing if its pieces are not all there.
    fn create(&mut self, create: &mut Create) -> Result<Option<CreateOutcome>, WorkError> {
        let Some(stored) = self.stored(create.handle)? else {
            return Ok(Some(CreateOutcome::NotFound));
        };
        let same = self.checkpoint(create.handle, &create.value.id)?;
        if let Some(CheckpointRow { listed: ListedCheckpoint::Readable(checkpoint), commit_id, .. }) = &same
            && *commit_id == create.value.commit_id
        {
            return Ok(Some(CreateOutcome::Created(checkpoint.clone())));
        }
        match permit(&stored.session, create.fence, create.gone, &self.now) {
            Permit::Granted if same.is_some() => return Ok(Some(CreateOutcome::IdTaken)),
            Permit::Granted => {}
            Permit::Fenced => return Ok(Some(CreateOutcome::Fenced { current: stored.guard().fence })),
            Permit::Held => return Ok(Some(CreateOutcome::Held)),
            Permit::Ended => return Ok(Some(CreateOutcome::Ended)),
        }
        let Some(payload) = self.payload(&create.value, create.is_staged)? else {
            return Ok(None);
        };
        let log = self.write_event(create, stored.clone())?;
        let of = (create.handle, stored.session.id, log.seq);
        Ok(Some(CreateOutcome::Created(self.keep_checkpoint(of, &create.value, payload)?)))
    }

    /// Saves a value whose event was just written.
    pub(super) fn keep_value(
        &mut self,
        of: (Handle, SessionId, Seq),
        value: &Value,
    ) -> Result<Checkpoint, WorkError> {
        let payload = self.stage_all(value)?;
        self.keep_checkpoint(of, value, payload)
    }

    fn keep_checkpoint(
        &self,
        (handle, session, seq): (Handle, SessionId, Seq),
        value: &Value,
        payload: i64,
    ) -> Result<Checkpoint, WorkError> {
        let packed = &value.payload;
        let checkpoint = Checkpoint {
            id: value.id.clone(),
            session,
            seq,
            created_at: self.wall(),
            reason: value.reason.clone(),
            metadata: value.metadata.clone(),
            content: value.content.clone(),
            encoding: packed.encoding,
            original_size: packed.original_size,
            stored_size: packed.bytes.len() as u64,
            sha256: packed.sha256,
        };
        self.show_checkpoint(handle, &checkpoint, (value.commit_id, payload))?;
        Ok(checkpoint)
    }

    /// Writes a checkpoint whose payload is there.
    pub(super) fn show_checkpoint(
        &self,
        handle: Handle,
        checkpoint: &Checkpoint,
        (commit_id, payload): (CommitId, i64),
    ) -> Result<(), WorkError> {
        let body = record::encode_checkpoint(checkpoint);
        let path = match &checkpoint.content {
            Content::File(version) => Some(version.path.as_str()),
            Content::Record | Content::Given => None,
        };
        let (seq, id) = (signed(checkpoint.seq.0), checkpoint.id.as_str());
        let row = (handle.0, seq, id, commit_id.0, payload, body, path);
        sql::write(self.conn, sql::CHECKPOINT_INSERT, row)?;
        sql::write(self.conn, sql::PAYLOAD_SHOW, [payload]).map(drop)
    }

    pub(super) fn checkpoint(
        &self,
        handle: Handle,
        id: &CheckpointId,
    ) -> Result<Option<CheckpointRow>, WorkError> {
        sql::one(self.conn, sql::CHECKPOINT_FIND, (handle.0, id.as_str()), CheckpointRow::of)
    }

    /// The payload's number, if all of it is there.
    pub(super) fn payload(&mut self, value: &Value, is_staged: bool) -> Result<Option<i64>, WorkError> {
        if !is_staged {
            return self.stage_all(value).map(Some);
        }
        let Some(payload) = self.payload_named(value.commit_id)? else {
            return Ok(None);
        };
        let size = sql::one(self.conn, sql::PIECE_SIZE, pieces_of(payload), |row| unsigned(row.get(0)?))?;
        Ok((size == Some(value.payload.bytes.len() as u64)).then_some(payload))
    }

    /// Writes all pieces of a payload. Returns its number.
    fn stage_all(&mut self, value: &Value) -> Result<i64, WorkError> {
        let bytes = &value.payload.bytes;
        let mut payload = 0;
        for number in 0..bytes.len().div_ceil(CHECKPOINT_PIECE_BYTES).max(1) {
            let begin = number * CHECKPOINT_PIECE_BYTES;
            let bytes = bytes[begin..bytes.len().min(begin + CHECKPOINT_PIECE_BYTES)].to_vec();
            let number = u16::try_from(number).map_err(|_large| corrupt("a payload has too many pieces"))?;
            payload = self.stage(&SavedPiece { name: value.commit_id, number, bytes })?;
        }
        Ok(payload)
    }

    /// Adds the checkpoint's event to the log. An owner's is activity.
    fn write_event(&mut self, create: &mut Create, stored: Stored) -> Result<LogHead, WorkError> {
        let Stored { handle, ns, mut session, log: from, .. } = stored;
        if create.fence.is_some() {
            session.last_activity_at = session.last_activity_at.max(self.wall());
        }
        let mut chain = self.memory.heads.take_chain(handle);
        let log = self.write_batch((ns, handle), from, &mut chain, (&mut create.batch, create.fence))?;
        self.write_head(handle, (from, log), session.last_activity_at)?;
        self.memory.heads.keep(handle, Head::of(ns, &session, log, chain));
        self.changed.push(handle);
        Ok(log)
    }

    fn remove(&mut self, request: &RemoveRequest) -> Result<RemoveOutcome, WorkError> {
        let stored = self.stored(request.handle)?;
        if let (Some(stored), Some(fence)) = (&stored, request.fence)
            && stored.session.lease.as_ref().is_none_or(|lease| lease.fence != fence)
        {
            return Ok(RemoveOutcome::Fenced { current: stored.guard().fence });
        }
        match stored.and_then(|stored| stored.session.needed_parts()) {
            Some(Needed::Retained) => return Ok(RemoveOutcome::Retained),
            Some(Needed::OnItsWay) => return Ok(RemoveOutcome::OnItsWay),
            Some(Needed::Open) | None => {}
        }
        let mut count = 0;
        for id in &request.ids {
            let row = (request.handle.0, id.as_str());
            let payload = sql::one(self.conn, sql::CHECKPOINT_DELETE, row, |row| Ok(row.get::<_, i64>(0)?))?;
            if let Some(payload) = payload {
                count += 1;
                sql::write(self.conn, sql::PAYLOAD_DROP, [payload])?;
            }
        }
        Ok(RemoveOutcome::Removed { count })
    }
}
