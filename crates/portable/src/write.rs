//! From a session to lines.

use serde::Serialize;
use sha2::{Digest, Sha256};
use tenure_core::checkpoint::Checkpoint;
use tenure_core::event::Event;

use crate::form::{CheckpointForm, EndForm, HeaderForm, PieceForm, RecordForm, write_event};
use crate::{End, Header, Record, line};

/// Payload bytes of one line.
const PIECE_BYTES: usize = 4 << 20;

/// Writes lines, one after the other: the header, the record, the events, the checkpoints, the end.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    hash: Sha256,
    lines: u64,
    events: u64,
    checkpoints: u64,
}

impl Writer {
    /// Nothing is written yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the first line to `to`.
    pub fn header(&mut self, to: &mut Vec<u8>, header: &Header) {
        self.line(to, |to| object(to, &HeaderForm::of(header)));
    }

    /// Appends the session to `to`.
    pub fn record(&mut self, to: &mut Vec<u8>, record: &Record) {
        self.line(to, |to| object(to, &RecordForm::of(record)));
    }

    /// Appends the next event to `to`.
    pub fn event(&mut self, to: &mut Vec<u8>, event: &Event) {
        self.events += 1;
        self.line(to, |to| write_event(to, event));
    }

    /// Appends a checkpoint with its payload, in as many pieces as it takes, and hands each line over.
    ///
    /// # Errors
    /// What whoever takes the lines says.
    pub fn checkpoint<E>(
        &mut self,
        (checkpoint, payload): (&Checkpoint, &[u8]),
        mut take: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut line = Vec::new();
        self.checkpoints += 1;
        let pieces = payload.chunks(PIECE_BYTES);
        self.line(&mut line, |to| object(to, &CheckpointForm::of(checkpoint, pieces.len())));
        take(&line)?;
        for piece in pieces {
            line.clear();
            self.line(&mut line, |to| object(to, &PieceForm::of(piece)));
            take(&line)?;
        }
        Ok(())
    }

    /// Appends the last line to `to`.
    pub fn end(mut self, to: &mut Vec<u8>) -> End {
        let sha256 = std::mem::take(&mut self.hash).finalize().into();
        let end = End { events: self.events, checkpoints: self.checkpoints, lines: self.lines + 1, sha256 };
        self.line(to, |to| object(to, &EndForm::of(&end)));
        end
    }

    fn line(&mut self, to: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
        let begin = to.len();
        write(to);
        // The closing brace comes after the checksum.
        let brace = to.pop();
        debug_assert_eq!(brace, Some(b'}'), "a line is an object");
        line::seal(to, begin);
        self.hash.update(&to[begin..]);
        self.lines += 1;
    }
}

pub(crate) fn object(to: &mut Vec<u8>, form: &impl Serialize) {
    serde_json::to_writer(to, form).expect("our forms can be written, and memory takes everything");
}
