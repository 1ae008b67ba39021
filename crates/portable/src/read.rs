//! From lines to a session, checking everything that can be checked on the way.

use sha2::{Digest, Sha256};
use tenure_core::checkpoint::Checkpoint;
use tenure_core::event::Event;
use tenure_core::id::Seq;

use crate::form::{self, CheckpointForm, EndForm, HeaderForm, PieceForm, RecordForm};
use crate::{End, Flaw, FlawKind, Header, Record, line};

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// What it is.
    Header(Header),
    /// The session.
    Record(Box<Record>),
    /// The next event.
    Event(Event),
    /// A checkpoint, whose payload follows. How that was stored is not told.
    Checkpoint(Checkpoint),
    /// The next piece of its payload. Whether it is what was saved is known with the last one.
    Piece {
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether it is the last one.
        is_last: bool,
    },
    /// The end.
    End(End),
}

/// Takes lines, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    hash: Sha256,
    lines: u64,
    events: u64,
    header: Option<Header>,
    has_record: bool,
    checkpoints: u64,
    saving: Option<Saving>,
    end: Option<End>,
}

/// A checkpoint whose payload is read.
#[derive(Debug, Clone)]
struct Saving {
    checkpoint: Checkpoint,
    pieces_left: u64,
    size: u64,
    hash: Sha256,
}

/// What a line is, before it is understood.
const KIND: &[u8] = b"{\"line\":\"";

impl Reader {
    /// Nothing is read yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next line, with the line feed at its end.
    ///
    /// # Errors
    /// What is wrong with it. Nothing that was read before is to be used then.
    pub fn line(&mut self, bytes: &[u8]) -> Result<Item, Flaw> {
        self.lines += 1;
        let line = self.lines;
        self.understand(bytes).map_err(|what| Flaw { line, what })
    }

    /// There are no more lines.
    ///
    /// # Errors
    /// When the end is missing.
    pub fn finish(self) -> Result<End, Flaw> {
        let what = if self.lines == 0 { FlawKind::Foreign } else { FlawKind::CutOff };
        self.end.ok_or(Flaw { line: self.lines + 1, what })
    }

    fn understand(&mut self, bytes: &[u8]) -> Result<Item, FlawKind> {
        if self.end.is_some() {
            return Err(FlawKind::AfterEnd);
        }
        // Whoever brings something else should not be told about checksums.
        if self.lines == 1 && !bytes.starts_with(b"{\"line\":\"header\"") {
            return Err(FlawKind::Foreign);
        }
        let body = line::open(bytes)?;
        let rest = body.strip_prefix(KIND).ok_or_else(|| wrong("it does not say what it is"))?;
        let length = rest.iter().position(|byte| *byte == b'"').unwrap_or(rest.len());
        let kind = String::from_utf8_lossy(&rest[..length]).into_owned();
        let mut whole = body.to_vec();
        whole.push(b'}');
        let item = match kind.as_str() {
            "header" => self.header(&whole)?,
            "record" => self.record(&whole)?,
            "event" => self.event(&whole)?,
            "checkpoint" => self.checkpoint(&whole)?,
            "piece" => self.piece(&whole)?,
            "end" => self.ended(&whole)?,
            _ => return Err(FlawKind::Unknown { kind }),
        };
        self.hash.update(bytes);
        Ok(item)
    }

    fn header(&mut self, json: &[u8]) -> Result<Item, FlawKind> {
        if self.header.is_some() {
            return Err(misplaced("header"));
        }
        let header = HeaderForm::read(json)?;
        self.header = Some(header.clone());
        Ok(Item::Header(header))
    }

    fn record(&mut self, json: &[u8]) -> Result<Item, FlawKind> {
        let Some(header) = self.header.as_ref().filter(|_| !self.has_record) else {
            return Err(misplaced("record"));
        };
        let record = RecordForm::read(json)?;
        let session = &record.session;
        if (&session.id, &session.namespace) != (&header.session, &header.namespace) {
            return Err(FlawKind::Stranger);
        }
        self.has_record = true;
        Ok(Item::Record(Box::new(record)))
    }

    fn event(&mut self, json: &[u8]) -> Result<Item, FlawKind> {
        let is_here = self.has_record && self.checkpoints == 0;
        let Some(header) = self.header.as_ref().filter(|_| is_here) else {
            return Err(misplaced("event"));
        };
        let event = form::read_event(json)?;
        let expected = Seq(header.earliest.0.saturating_add(self.events));
        if event.seq != expected {
            return Err(FlawKind::Position { expected, found: event.seq });
        }
        if event.seq > header.last {
            return Err(FlawKind::Miscounted);
        }
        self.events += 1;
        Ok(Item::Event(event))
    }

    fn checkpoint(&mut self, json: &[u8]) -> Result<Item, FlawKind> {
        let is_complete = self.header.as_ref().is_some_and(|header| self.events == header.events());
        if !self.has_record || !is_complete || self.saving.is_some() {
            return Err(misplaced("checkpoint"));
        }
        let (checkpoint, pieces) = CheckpointForm::read(json)?;
        self.checkpoints += 1;
        let saving =
            Saving { checkpoint: checkpoint.clone(), pieces_left: pieces, size: 0, hash: Sha256::new() };
        self.saved(saving)?;
        Ok(Item::Checkpoint(checkpoint))
    }

    fn piece(&mut self, json: &[u8]) -> Result<Item, FlawKind> {
        let Some(mut saving) = self.saving.take() else {
            return Err(misplaced("piece"));
        };
        let bytes = PieceForm::read(json)?;
        saving.hash.update(&bytes);
        saving.size = saving.size.saturating_add(bytes.len() as u64);
        saving.pieces_left -= 1;
        self.saved(saving)?;
        Ok(Item::Piece { bytes, is_last: self.saving.is_none() })
    }

    /// Goes on with the payload, or checks it if that was all of it.
    fn saved(&mut self, saving: Saving) -> Result<(), FlawKind> {
        if saving.size > saving.checkpoint.original_size {
            return Err(FlawKind::Miscounted);
        }
        if saving.pieces_left > 0 {
            self.saving = Some(saving);
            return Ok(());
        }
        if saving.size != saving.checkpoint.original_size {
            return Err(FlawKind::Miscounted);
        }
        if <[u8; 32]>::from(saving.hash.finalize()) != saving.checkpoint.sha256 {
            return Err(FlawKind::Exchanged);
        }
        Ok(())
    }

    fn ended(&mut self, json: &[u8]) -> Result<Item, FlawKind> {
        let is_here = self.has_record && self.saving.is_none();
        let Some(header) = self.header.as_ref().filter(|_| is_here) else {
            return Err(misplaced("end"));
        };
        let end = EndForm::read(json)?;
        let counted = (self.events, self.checkpoints, self.lines);
        if (end.events, end.checkpoints, end.lines) != counted || self.events != header.events() {
            return Err(FlawKind::Miscounted);
        }
        if <[u8; 32]>::from(self.hash.clone().finalize()) != end.sha256 {
            return Err(FlawKind::Exchanged);
        }
        self.end = Some(end);
        Ok(Item::End(end))
    }
}

pub(crate) fn wrong(why: impl Into<String>) -> FlawKind {
    FlawKind::Form { why: why.into() }
}

fn misplaced(found: &str) -> FlawKind {
    FlawKind::Misplaced { found: found.to_owned() }
}
