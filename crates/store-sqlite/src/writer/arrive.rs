//! Taking in sessions that come from elsewhere, bit by bit and unseen.

use std::collections::HashSet;

use rusqlite::params;
use tenure_core::id::{CommitId, Namespace, Seq, SessionId};
use tenure_core::limits;
use tenure_core::session::{Counters, Session};
use tenure_core::time::{Moment, millis};
use tenure_store::{
    AdmitOutcome, AdmitRequest, ArriveOutcome, ArriveRequest, BringCheckpointOutcome, BringOutcome, Handle,
    Origin, Slot, record,
};

use super::work::{Evidence, Work, exactly_one};
use crate::error::WorkError;
use crate::heads::Head;
use crate::request::{Bring, BringCheckpoint};
use crate::row::{LogHead, SlotRow, signed, unsigned};
use crate::sql;

/// A session that is brought in.
#[derive(Debug, Clone, Copy)]
struct Arriving {
    earliest: Seq,
    next: Seq,
}

/// What stands in the way of a session.
enum Way {
    Free,
    IdTaken(Option<Origin>),
    SlotTaken(SessionId),
}

/// This boot, and since when in it something must have been brought, or it is given up.
pub(crate) fn idle_since(now: &Moment) -> ([u8; 16], i64) {
    // Of what came later than any length of time ago, nothing is idle: the machine was just started.
    let since = now.boot.ms.checked_sub(millis(limits::ARRIVAL_IDLE_MAX));
    (now.boot.boot.0, since.map_or(-1, signed))
}

impl Work<'_> {
    pub(super) fn arrive(&mut self, request: &ArriveRequest) -> Result<ArriveOutcome, WorkError> {
        let ArriveRequest { namespace, id, slot, earliest } = request;
        match self.way(namespace, id, slot.as_ref())? {
            Way::Free => {}
            Way::IdTaken(origin) => return Ok(ArriveOutcome::IdTaken { origin }),
            Way::SlotTaken(by) => return Ok(ArriveOutcome::SlotTaken { by }),
        }
        let ns = self.memory.namespace_or_new(self.conn, namespace)?;
        let other =
            sql::one(self.conn, sql::ARRIVAL_NAMED, (ns, id.as_str()), |row| Ok(Handle(row.get(0)?)))?;
        if let Some(other) = other {
            self.give_up(other)?;
        }
        let handle = self.next_handle()?;
        let boot = self.now.boot;
        let row = (handle.0, ns, id.as_str(), signed(earliest.0), boot.boot.0, signed(boot.ms));
        sql::write(self.conn, sql::ARRIVAL_INSERT, row)?;
        self.evidence = Some(Evidence::Brought { handle, next: *earliest });
        Ok(ArriveOutcome::Begun(handle))
    }

    fn next_handle(&self) -> Result<Handle, WorkError> {
        if let Some(handle) = sql::one(self.conn, sql::HANDLE_NEXT, [], |row| Ok(Handle(row.get(0)?)))? {
            return Ok(handle);
        }
        sql::write(self.conn, sql::HANDLE_FIRST, [])?;
        Ok(Handle(1))
    }

    /// What stands in its way.
    fn way(&mut self, namespace: &Namespace, id: &SessionId, slot: Option<&Slot>) -> Result<Way, WorkError> {
        if let Some(ns) = self.memory.namespace(self.conn, namespace)? {
            let origin = sql::one(self.conn, sql::ORIGIN_FIND, (ns, id.as_str()), |row| {
                Ok(row.get::<_, Option<[u8; 32]>>(0)?.map(Origin))
            })?;
            if let Some(origin) = origin {
                return Ok(Way::IdTaken(origin));
            }
        }
        let row = slot.map(|slot| self.find_slot(slot)).transpose()?.flatten();
        let newest = row.map(|row| self.stored(Handle(row.newest))).transpose()?.flatten();
        let open = newest.filter(|stored| !stored.session.is_terminal());
        Ok(open.map_or(Way::Free, |open| Way::SlotTaken(open.session.id)))
    }

    fn arriving(&self, handle: Handle) -> Result<Option<Arriving>, WorkError> {
        sql::one(self.conn, sql::ARRIVAL_FIND, [handle.0], |row| {
            Ok(Arriving { earliest: Seq(unsigned(row.get(0)?)?), next: Seq(unsigned(row.get(1)?)?) })
        })
    }

    pub(super) fn bring(&mut self, bring: &Bring) -> Result<BringOutcome, WorkError> {
        let handle = bring.arrival;
        let Some(arriving) = self.arriving(handle)? else {
            return Ok(BringOutcome::NotFound);
        };
        if bring.first != arriving.next {
            return Ok(BringOutcome::Gap { next: arriving.next });
        }
        let mut met = HashSet::new();
        for named in &bring.named {
            let is_known = sql::any(self.conn, sql::EVENT_ID_FIND, (handle.0, named.id.as_str()))?;
            if is_known || !met.insert(&named.id) {
                return Ok(BringOutcome::IdRepeated { seq: named.seq });
            }
        }
        for named in &bring.named {
            let row = (handle.0, named.id.as_str(), signed(named.seq.0), named.digest);
            sql::write(self.conn, sql::EVENT_ID_INSERT, row)?;
        }
        for piece in &bring.chunks {
            let none: Option<Vec<u8>> = None;
            let row = (handle.0, signed(piece.first.0), signed(piece.count), none, &piece.payload);
            sql::write(self.conn, sql::CHUNK_INSERT, row)?;
        }
        let boot = self.now.boot;
        let row = (handle.0, signed(bring.next.0), boot.boot.0, signed(boot.ms), signed(arriving.next.0));
        exactly_one(sql::write(self.conn, sql::ARRIVAL_UPDATE, row)?, "an arrival")?;
        self.evidence = Some(Evidence::Brought { handle, next: bring.next });
        Ok(BringOutcome::Brought)
    }

    /// Keeps a checkpoint; nothing if its pieces are not all there.
    pub(super) fn bring_checkpoint(
        &mut self,
        bring: &BringCheckpoint,
    ) -> Result<Option<BringCheckpointOutcome>, WorkError> {
        let handle = bring.arrival;
        let Some(arriving) = self.arriving(handle)? else {
            return Ok(Some(BringCheckpointOutcome::NotFound));
        };
        let key = (handle.0, bring.checkpoint.id.as_str(), signed(bring.checkpoint.seq.0));
        let other = sql::one(self.conn, sql::CHECKPOINT_BROUGHT, key, |row| Ok(CommitId(row.get(0)?)))?;
        if let Some(other) = other {
            let is_same = other == bring.value.commit_id;
            let outcome =
                if is_same { BringCheckpointOutcome::Brought } else { BringCheckpointOutcome::IdRepeated };
            return Ok(Some(outcome));
        }
        let Some(payload) = self.payload(&bring.value, bring.is_staged)? else {
            return Ok(None);
        };
        self.show_checkpoint(handle, &bring.checkpoint, (bring.value.commit_id, payload))?;
        let (next, boot) = (signed(arriving.next.0), self.now.boot);
        let row = (handle.0, next, boot.boot.0, signed(boot.ms), next);
        exactly_one(sql::write(self.conn, sql::ARRIVAL_UPDATE, row)?, "an arrival")?;
        Ok(Some(BringCheckpointOutcome::Brought))
    }

    pub(super) fn admit(&mut self, request: &AdmitRequest) -> Result<AdmitOutcome, WorkError> {
        let AdmitRequest { arrival: handle, session, head, .. } = request;
        let slot = Slot::of(session);
        let way = self.way(&session.namespace, &session.id, slot.as_ref())?;
        let arriving = match (way, self.arriving(*handle)?) {
            (Way::IdTaken(origin), _) => return Ok(AdmitOutcome::IdTaken { origin }),
            (Way::Free | Way::SlotTaken(_), None) => return Ok(AdmitOutcome::NotFound),
            (Way::SlotTaken(by), Some(_)) => return Ok(AdmitOutcome::SlotTaken { by }),
            (Way::Free, Some(arriving)) => arriving,
        };
        if arriving.next != head.next() {
            return Ok(AdmitOutcome::Incomplete { next: arriving.next });
        }
        let row = slot.as_ref().map(|slot| self.find_slot(slot)).transpose()?.flatten();
        if row.is_some_and(|row| row.newest > handle.0) {
            return Ok(AdmitOutcome::Overtaken);
        }
        let slot = slot.map(|slot| self.counting_on(&slot, row, request)).transpose()?;
        self.write_admitted(request, arriving, slot)?;
        Ok(AdmitOutcome::Admitted)
    }

    /// The slot's number, after it was told what comes and how far that had counted.
    fn counting_on(
        &mut self,
        slot: &Slot,
        row: Option<SlotRow>,
        request: &AdmitRequest,
    ) -> Result<i64, WorkError> {
        let (number, had) = match row {
            Some(row) => (row.slot, row.counters),
            None => {
                let ns = self.memory.namespace_or_new(self.conn, &slot.namespace)?;
                let key = (ns, record::kind_code(slot.kind), slot.key.as_str());
                sql::write(self.conn, sql::SLOT_INSERT, key)?;
                (self.conn.last_insert_rowid(), Counters::default())
            }
        };
        let own = request.session.counters;
        let revision = had.revision.max(request.counters.revision).max(own.revision);
        let fence = had.fence.max(request.counters.fence).max(own.fence);
        let row = (number, signed(revision.0), signed(fence.0), request.arrival.0, signed(had.revision.0));
        exactly_one(sql::write(self.conn, sql::SLOT_UPDATE, row)?, "a slot")?;
        Ok(number)
    }

    fn write_admitted(
        &mut self,
        request: &AdmitRequest,
        arriving: Arriving,
        slot: Option<i64>,
    ) -> Result<(), WorkError> {
        let AdmitRequest { commit_id, arrival: handle, session, head, origin, .. } = request;
        let ns = self.memory.namespace_or_new(self.conn, &session.namespace)?;
        let row = params![
            handle.0,
            ns,
            session.id.as_str(),
            record::kind_code(session.kind),
            slot,
            record::state_code(session.state.name()),
            signed(session.counters.revision.0),
            signed(session.counters.fence.0),
            self.first_look(session),
            commit_id.0,
            signed(head.0),
            signed(self.wall().epoch_ms()),
            session.activity.as_ref().map(record::encode_activity),
            record::encode_body(session),
            session.parent.as_ref().map(|parent| parent.id.as_str()),
        ];
        sql::write(self.conn, sql::SESSION_ADMIT, row)?;
        let log = LogHead { seq: *head, folded: *head, earliest: arriving.earliest, ..LogHead::default() };
        self.insert_head(*handle, log, session.last_activity_at)?;
        sql::write(self.conn, sql::ORIGIN_INSERT, (handle.0, origin.0))?;
        exactly_one(sql::write(self.conn, sql::ARRIVAL_DELETE, [handle.0])?, "an arrival")?;
        self.counts.opened(ns, session);
        if handle.0 <= self.memory.folded(self.conn)? {
            self.catalog.enter(ns, *handle, session);
        } else {
            self.opened = self.opened.max(Some(*handle));
        }
        self.memory.heads.keep(*handle, Head::of(ns, session, log, None));
        self.evidence = Some(Evidence::Commit { handle: *handle, id: *commit_id });
        self.changed.push(*handle);
        Ok(())
    }

    /// Not before its owner had the time to be heard here.
    fn first_look(&self, session: &Session) -> Option<i64> {
        let spared = session.idle.map_or_else(Default::default, |rule| rule.after);
        let due = session.due_at()?.max(self.wall().after(spared));
        Some(signed(due.epoch_ms()))
    }

    pub(super) fn give_up(&mut self, handle: Handle) -> Result<(), WorkError> {
        let Some(arriving) = self.arriving(handle)? else {
            return Ok(());
        };
        exactly_one(sql::write(self.conn, sql::ARRIVAL_DELETE, [handle.0])?, "an arrival")?;
        // What was brought of it is like what is left of a purged log, checkpoints included.
        let folded = signed(arriving.next.0 - 1);
        sql::write(self.conn, sql::PURGE_INSERT, (handle.0, 0_i64, folded, 0_i64)).map(drop)
    }

    /// Gives up what nobody went on with, if there is any.
    pub(super) fn give_up_idle(&mut self) -> Result<bool, WorkError> {
        let idle = idle_since(&self.now);
        let idle = sql::one(self.conn, sql::ARRIVAL_IDLE, idle, |row| Ok(Handle(row.get(0)?)))?;
        let Some(handle) = idle else {
            return Ok(false);
        };
        self.give_up(handle)?;
        Ok(true)
    }
}
