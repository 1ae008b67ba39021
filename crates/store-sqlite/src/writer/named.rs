//! Appending events that have ids: each once, however often it is asked for.

use std::collections::HashMap;

use tenure_core::event::Event;
use tenure_core::id::{EventId, Seq};
use tenure_store::{AppendOutcome, Handle};

use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::request::{Append, Batch, Named, count_types};
use crate::row::{LogHead, corrupt, signed};
use crate::{sql, trail};

/// Where an event with an id is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the log.
    Known(Seq),
    /// Another event of the same append.
    Same(usize),
    /// Nowhere yet.
    New,
}

impl Work<'_> {
    /// Appends what is new of an append in which events have ids. The fence was judged before.
    pub(super) fn append_named(
        &mut self,
        append: &Append,
        log: LogHead,
        is_ended: bool,
    ) -> Result<AppendOutcome, WorkError> {
        let mut places = vec![Place::New; append.pieces.len()];
        let mut met = HashMap::new();
        for named in &append.named {
            match self.place((append.handle, log), named, &mut met)? {
                Ok(place) => places[named.at] = place,
                Err(seq) => return Ok(AppendOutcome::IdReused { at: named.at, seq }),
            }
        }
        let new = places.iter().filter(|place| **place == Place::New).count() as u64;
        if new > 0 && is_ended {
            return Ok(AppendOutcome::Ended);
        }
        let mut next = 0;
        if new > 0 {
            let mut batch = some_of(append, &places, new);
            let (first, last) = self.write_append(append.handle, append.fence, &mut batch)?;
            self.changed.push(append.handle);
            if new == places.len() as u64 {
                let seqs: Vec<_> = (first.0..=last.0).map(Seq).collect();
                self.keep_ids(append, &places, &seqs)?;
                return Ok(AppendOutcome::Appended { first, last });
            }
            next = first.0;
        }
        let mut seqs: Vec<Seq> = Vec::with_capacity(places.len());
        for place in &places {
            seqs.push(match place {
                Place::Known(seq) => *seq,
                Place::Same(at) => seqs[*at],
                Place::New => {
                    next += 1;
                    Seq(next - 1)
                }
            });
        }
        if new > 0 {
            self.keep_ids(append, &places, &seqs)?;
        }
        Ok(AppendOutcome::Known { seqs, new })
    }

    /// Where an event is, or that its id is another one's, and where that is.
    fn place<'a>(
        &self,
        (handle, log): (Handle, LogHead),
        named: &'a Named,
        met: &mut HashMap<&'a EventId, (usize, [u8; 16])>,
    ) -> Result<Result<Place, Option<Seq>>, WorkError> {
        if let Some((at, digest)) = met.get(&named.id) {
            return Ok(if *digest == named.digest { Ok(Place::Same(*at)) } else { Err(None) });
        }
        met.insert(&named.id, (named.at, named.digest));
        Ok(match trail::id_of(self.conn, (handle, log), &named.id)? {
            None => Ok(Place::New),
            Some((seq, digest)) if digest == named.digest => Ok(Place::Known(seq)),
            Some((seq, _)) => Err(Some(seq)),
        })
    }

    fn keep_ids(&self, append: &Append, places: &[Place], seqs: &[Seq]) -> Result<(), WorkError> {
        for named in append.named.iter().filter(|named| places[named.at] == Place::New) {
            let row = (append.handle.0, named.id.as_str(), signed(seqs[named.at].0), named.digest);
            sql::write(self.conn, sql::EVENT_ID_INSERT, row)?;
        }
        Ok(())
    }

    /// Forgets the ids of events that are dropped.
    pub(super) fn forget_ids(&self, handle: Handle, events: &[Event]) -> Result<(), WorkError> {
        for event in events {
            if let Some(id) = &event.id {
                let forgotten = sql::write(self.conn, sql::EVENT_ID_DELETE, (handle.0, id.as_str()))?;
                if forgotten != 1 {
                    return Err(corrupt(format!("the id of event {} is not known", event.seq)));
                }
            }
        }
        Ok(())
    }

    /// Leaves the ids of events to a trunk that takes them over.
    pub(super) fn give_ids(&self, from: Handle, to: Handle, events: &[Event]) -> Result<(), WorkError> {
        for event in events {
            if let Some(id) = &event.id {
                let given = sql::write(self.conn, sql::EVENT_ID_GIVE, (from.0, id.as_str(), to.0))?;
                exactly_one(given, "the id of an event")?;
            }
        }
        Ok(())
    }

    /// Whether any event of a session has an id.
    pub(super) fn has_ids(&self, handle: Handle) -> Result<bool, WorkError> {
        sql::any(self.conn, sql::EVENT_ID_ANY, [handle.0])
    }
}

/// The events of an append that are new, as a batch.
fn some_of(append: &Append, places: &[Place], count: u64) -> Batch {
    let mut bytes = Vec::new();
    let mut begin = 0;
    for (piece, place) in append.pieces.iter().zip(places) {
        if *place == Place::New {
            bytes.extend_from_slice(&append.batch.bytes[begin..piece.end]);
        }
        begin = piece.end;
    }
    let new = append.pieces.iter().zip(places).filter(|(_, place)| **place == Place::New);
    let types = count_types(new.map(|(piece, _)| piece.kind.as_str()));
    Batch { commit_id: append.batch.commit_id, unsealed: bytes.len(), bytes, count, types }
}
