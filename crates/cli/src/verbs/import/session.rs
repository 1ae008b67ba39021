//! A session that was exported.

use std::io::BufRead;

use tenure_core::checkpoint::Checkpoint;
use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_core::limits;
use tenure_engine::{Admission, Arrival, ArrivalError, Engine, EngineError};
use tenure_portable::{End, Flaw, FlawKind, Header, Item, LINE_BYTES_MAX, Reader, Record};
use tenure_store::{ArriveRequest, Find, Listed, Origin, Slot};

use crate::files::Progress;

/// Bytes of lines that are brought together.
const PART_BYTES: usize = 512 << 10;

/// What was taken in.
pub(super) struct Taken {
    pub(super) listed: Listed,
    pub(super) end: End,
    /// Whether it had been taken in before.
    pub(super) was_known: bool,
}

/// How the session gets in.
enum Way {
    /// It comes.
    Coming(Box<Arrival>),
    /// It is there, from something that this may be.
    There(Option<Origin>),
}

/// Takes a session in, checking each line on the way. Nothing is seen of it before its last one.
pub(super) async fn take_in(engine: &Engine, from: &mut dyn BufRead) -> anyhow::Result<Taken> {
    let mut lines = Lines { from, reader: Reader::new(), line: Vec::new() };
    let Some((Item::Header(header), _)) = lines.next()? else {
        return Err(flaw(1, FlawKind::Foreign));
    };
    let record = match lines.next()? {
        Some((Item::Record(record), _)) => *record,
        Some(_) | None => return Err(flaw(2, FlawKind::CutOff)),
    };
    let mut way = begin(engine, &header, &record).await?;
    let brought = bring(&mut lines, &header, &mut way).await;
    let end = match brought.and_then(|()| Ok(lines.reader.finish()?)) {
        Ok(end) => end,
        Err(why) => {
            if let Way::Coming(arrival) = way {
                arrival.give_up().await;
            }
            return Err(why);
        }
    };
    let origin = Origin(end.sha256);
    let was_known = match way {
        Way::There(Some(of)) if of == origin => true,
        Way::There(of) => return Err(EngineError::from(ArrivalError::IdTaken { origin: of }).into()),
        Way::Coming(arrival) => {
            let Record { session, slot } = record;
            arrival.admit(Admission { session, slot, origin }).await?;
            false
        }
    };
    let found = engine.store().find(Find::Id { namespace: header.namespace, id: header.session }).await?;
    let (Some(handle), Some(session)) = (found.handle, found.current.session) else {
        return Err(EngineError::from(ArrivalError::GivenUp).into());
    };
    let listed = Listed { handle, session, head: found.head, earliest: found.earliest };
    Ok(Taken { listed, end, was_known })
}

async fn begin(engine: &Engine, header: &Header, record: &Record) -> anyhow::Result<Way> {
    let request = ArriveRequest {
        namespace: header.namespace.clone(),
        id: header.session.clone(),
        slot: Slot::of(&record.session),
        earliest: header.earliest,
    };
    match engine.arrive(request).await {
        Ok(arrival) => Ok(Way::Coming(Box::new(arrival))),
        // Whether it came from this file is known at its end.
        Err(EngineError::Arrival(ArrivalError::IdTaken { origin })) => Ok(Way::There(origin)),
        Err(error) => Err(error.into()),
    }
}

async fn bring(lines: &mut Lines<'_>, header: &Header, way: &mut Way) -> anyhow::Result<()> {
    let mut progress = Progress::new("importing");
    let (mut part, mut bytes): (Vec<Event>, _) = (Vec::new(), 0);
    let mut saved: Option<(Checkpoint, Vec<u8>)> = None;
    loop {
        let item = lines.next()?;
        let is_over = !matches!(item, Some((Item::Event(_), _)));
        if is_over || bytes >= PART_BYTES || part.len() == limits::EVENTS_PER_READ_MAX {
            let last = part.last().map_or(Seq(0), |event| event.seq);
            if let Way::Coming(arrival) = &mut *way {
                arrival.bring(std::mem::take(&mut part)).await?;
            }
            part.clear();
            bytes = 0;
            progress.tell(last.0.saturating_sub(header.earliest.0), header.events());
        }
        match item {
            Some((Item::Event(event), length)) => {
                part.push(event);
                bytes += length;
            }
            Some((Item::Checkpoint(checkpoint), _)) if checkpoint.original_size > 0 => {
                saved = Some((checkpoint, Vec::new()));
            }
            Some((Item::Checkpoint(checkpoint), _)) => save(way, checkpoint, Vec::new()).await?,
            Some((Item::Piece { bytes, is_last }, _)) => {
                let Some((checkpoint, mut payload)) = saved.take() else { continue };
                payload.extend_from_slice(&bytes);
                if is_last {
                    save(way, checkpoint, payload).await?;
                } else {
                    saved = Some((checkpoint, payload));
                }
            }
            Some((Item::End(_), _)) => {}
            None => return Ok(()),
            Some((Item::Header(_) | Item::Record(_), _)) => unreachable!("a reader refuses them here"),
        }
    }
}

async fn save(way: &Way, checkpoint: Checkpoint, payload: Vec<u8>) -> anyhow::Result<()> {
    match way {
        Way::Coming(arrival) => Ok(arrival.bring_checkpoint(checkpoint, payload).await?),
        Way::There(_) => Ok(()),
    }
}

fn flaw(line: u64, what: FlawKind) -> anyhow::Error {
    Flaw { line, what }.into()
}

/// The lines of a file.
struct Lines<'a> {
    from: &'a mut dyn BufRead,
    reader: Reader,
    line: Vec<u8>,
}

impl Lines<'_> {
    /// What the next line says, and its length.
    fn next(&mut self) -> anyhow::Result<Option<(Item, usize)>> {
        next_line(self.from, &mut self.line)?;
        if self.line.is_empty() {
            return Ok(None);
        }
        Ok(Some((self.reader.line(&self.line)?, self.line.len())))
    }
}

/// Reads one line, but no more than one byte beyond what a line may have.
pub(in crate::verbs) fn next_line(from: &mut dyn BufRead, line: &mut Vec<u8>) -> std::io::Result<()> {
    line.clear();
    let mut left = LINE_BYTES_MAX + 1;
    loop {
        let there = match from.fill_buf() {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            there => there?,
        };
        let there = &there[..there.len().min(left)];
        let length = there.iter().position(|byte| *byte == b'\n').map_or(there.len(), |at| at + 1);
        line.extend_from_slice(&there[..length]);
        let is_over = length == 0 || line.ends_with(b"\n");
        from.consume(length);
        left -= length;
        if is_over || left == 0 {
            return Ok(());
        }
    }
}
