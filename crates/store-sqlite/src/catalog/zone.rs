//! Between which instants and ids the sessions of a stretch lie.
//!
//! Times and made ids go up with a session's number, more or less, so most stretches can be passed over
//! without a look at their sessions. A stretch is a block, or a *slice* of it.

use rusqlite::Connection;
use tenure_core::session::Session;
use tenure_core::time::WallTime;
use tenure_store::{Filter, Handle, Period};

use super::bits::{BLOCK, Bits, place_of};
use crate::error::WorkError;
use crate::row::signed;
use crate::sql;

/// Sessions in a slice: as many as one word of a set has bits.
const SLICE: i64 = 64;

/// Which stretch: of slices or of blocks, and the how-manieth.
pub(super) type Stretch = (i64, i64);

/// A first and a last instant, as columns.
type Span = (i64, i64);

/// Between which instants and ids the sessions of a stretch lie.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Zone {
    created: Option<Span>,
    started: Option<Span>,
    ids: Option<(String, String)>,
}

/// The stretches that a session belongs to.
pub(super) fn stretches(handle: Handle) -> [Stretch; 2] {
    [(0, handle.0.div_euclid(SLICE)), block(place_of(handle).0)]
}

/// A whole block.
pub(super) const fn block(number: i64) -> Stretch {
    (1, number)
}

impl Zone {
    /// That of one session.
    pub(super) fn of(session: &Session) -> Self {
        let span = |at: WallTime| (signed(at.epoch_ms()), signed(at.epoch_ms()));
        let id = session.id.as_str().to_owned();
        Self {
            created: Some(span(session.created_at)),
            started: session.started_at.map(span),
            ids: Some((id.clone(), id)),
        }
    }

    /// That of both.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            created: wider(self.created, other.created),
            started: wider(self.started, other.started),
            ids: wider(self.ids, other.ids),
        }
    }

    /// Whether everything of `other` is in it.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.clone().or(other.clone()) == *self
    }

    /// Whether a session of the stretch can be in the times of a filter.
    pub(super) fn can_hold(&self, filter: &Filter) -> bool {
        meets(self.created, filter.created) && meets(self.started, filter.started)
    }

    /// Whether an id of the stretch can begin like this.
    pub(super) fn can_have(&self, beginning: &str) -> bool {
        let meets = |(first, last): &(String, String)| {
            first.as_str() <= beginning && beginning <= last.as_str() || first.starts_with(beginning)
        };
        self.ids.as_ref().is_some_and(meets)
    }

    /// When the first of them was opened. Instants that no column holds are the last that one holds.
    pub(super) fn first_created(&self) -> WallTime {
        instant(self.created.map_or(i64::MAX, |(first, _)| first))
    }

    /// When the last of them was opened.
    pub(super) fn last_created(&self) -> WallTime {
        instant(self.created.map_or(0, |(_, last)| last))
    }

    pub(super) fn find(conn: &Connection, stretch: Stretch) -> Result<Self, WorkError> {
        Ok(sql::one(conn, sql::ZONE_FIND, stretch, Self::read)?.unwrap_or_default())
    }

    fn read(row: &rusqlite::Row<'_>) -> Result<Self, WorkError> {
        let started: (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
        Ok(Self {
            created: Some((row.get(1)?, row.get(2)?)),
            started: started.0.zip(started.1),
            ids: Some((row.get(5)?, row.get(6)?)),
        })
    }

    pub(super) fn write(&self, conn: &Connection, (level, number): Stretch) -> Result<(), WorkError> {
        let (Some(created), Some(ids)) = (self.created, &self.ids) else {
            return Ok(());
        };
        let started = self.started.unzip();
        let row = (level, number, created.0, created.1, started.0, started.1, &ids.0, &ids.1);
        sql::write(conn, sql::ZONE_WRITE, row).map(drop)
    }
}

/// The sessions of a block that lie in slices of which this is true.
pub(super) fn slices(
    conn: &Connection,
    block: i64,
    is_wanted: impl Fn(&Zone) -> bool,
) -> Result<Bits, WorkError> {
    let first = block * (BLOCK / SLICE);
    let range = (first, first + BLOCK / SLICE - 1);
    let slices =
        sql::all(conn, sql::ZONE_SLICES, range, |row| Ok((row.get::<_, i64>(0)?, Zone::read(row)?)))?;
    let mut bits = Bits::NONE;
    for (number, _) in slices.iter().filter(|(_, zone)| is_wanted(zone)) {
        let (first, last) =
            (place_of(Handle(number * SLICE)).1, place_of(Handle(number * SLICE + SLICE - 1)).1);
        bits = bits.or(&Bits::between(first, last));
    }
    Ok(bits)
}

fn instant(column: i64) -> WallTime {
    WallTime::from_epoch_ms(column.unsigned_abs())
}

fn wider<T: Ord>(one: Option<(T, T)>, two: Option<(T, T)>) -> Option<(T, T)> {
    match (one, two) {
        (Some(one), Some(two)) => Some((one.0.min(two.0), one.1.max(two.1))),
        (one, two) => one.or(two),
    }
}

fn meets(span: Option<Span>, period: Period) -> bool {
    let column = |at: Option<WallTime>| at.map(|at| signed(at.epoch_ms()));
    let (from, to) = (column(period.from), column(period.to));
    match span {
        Some((first, last)) => from.is_none_or(|from| from <= last) && to.is_none_or(|to| first <= to),
        None => period.is_open(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_begin_alike_may_lie_within_or_at_either_end() {
        let zone = Zone { ids: Some(("b5".to_owned(), "d7".to_owned())), ..Zone::default() };
        for beginning in ["b", "b5", "b6", "c", "d", "d7", ""] {
            assert!(zone.can_have(beginning), "{beginning:?}");
        }
        for beginning in ["a", "b4", "d8", "d77", "e"] {
            assert!(!zone.can_have(beginning), "{beginning:?}");
        }
        assert!(!Zone::default().can_have(""));
    }
}
