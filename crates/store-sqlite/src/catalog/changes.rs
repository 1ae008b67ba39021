//! What a group of writes changes in the catalog, kept together and entered once.

use std::collections::BTreeMap;

use rusqlite::Connection;
use tenure_core::session::Session;
use tenure_store::Handle;

use super::bits::{Bits, place_of};
use super::postings::posting;
use super::terms;
use super::zone::{Stretch, Zone, stretches};
use crate::error::WorkError;
use crate::sql;

/// What becomes of one posting: at which places the term is true from now on, or no longer, in order.
type Flips = Vec<(u16, bool)>;

/// What a group of writes changes in the catalog.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    flips: BTreeMap<(i64, i64, String), Flips>,
    zones: BTreeMap<Stretch, Zone>,
}

impl Changes {
    /// A session is as it was not in the catalog before.
    pub(crate) fn enter(&mut self, ns: i64, handle: Handle, session: &Session) {
        for term in terms::of(session) {
            self.flip((ns, handle), term, true);
        }
        self.widen(handle, session);
    }

    /// All that is known of a session is its state, as it is stored.
    pub(super) fn enter_damaged(&mut self, ns: i64, handle: Handle, (kind, state): (i64, i64)) {
        self.flip((ns, handle), format!("{}{kind}.{state}", terms::STATES), true);
    }

    /// A session that is in the catalog is as it is now.
    pub(crate) fn change(&mut self, (ns, handle): (i64, Handle), old: &Session, now: &Session) {
        let (gone, come) = terms::difference(old, now);
        for term in gone {
            self.flip((ns, handle), term, false);
        }
        for term in come {
            self.flip((ns, handle), term, true);
        }
        if Zone::of(old) != Zone::of(now) {
            self.widen(handle, now);
        }
    }

    /// A session that is in the catalog is gone. The times of its block stay as wide as they are.
    pub(crate) fn leave(&mut self, (ns, handle): (i64, Handle), session: &Session) {
        for term in terms::of(session) {
            self.flip((ns, handle), term, false);
        }
    }

    fn flip(&mut self, (ns, handle): (i64, Handle), term: String, is_true: bool) {
        let (block, place) = place_of(handle);
        self.flips.entry((ns, block, term)).or_default().push((place, is_true));
    }

    fn widen(&mut self, handle: Handle, session: &Session) {
        for stretch in stretches(handle) {
            let zone = self.zones.entry(stretch).or_default();
            *zone = std::mem::take(zone).or(Zone::of(session));
        }
    }

    /// The postings that there would be if there were none before.
    pub(super) fn postings(&self) -> BTreeMap<(i64, String), Bits> {
        let set = self.flips.iter();
        set.map(|((ns, _, term), flips)| ((*ns, term.clone()), after(Bits::NONE, flips))).collect()
    }

    /// The zones that there would be if there were none before.
    pub(super) fn zones(&self) -> impl Iterator<Item = (Stretch, &Zone)> {
        self.zones.iter().map(|(stretch, zone)| (*stretch, zone))
    }

    /// Enters everything.
    pub(crate) fn write(&mut self, conn: &Connection) -> Result<(), WorkError> {
        for ((ns, block, term), flips) in std::mem::take(&mut self.flips) {
            let key = (ns, block, term.as_str());
            // Most terms are true of one session only, and are not there before it.
            if let [(place, true)] = flips[..]
                && sql::write(conn, sql::POSTING_INSERT, (ns, block, key.2, place.to_le_bytes()))? == 1
            {
                continue;
            }
            let before = posting(conn, key)?;
            let after = after(before, &flips);
            if after.is_empty() {
                sql::write(conn, sql::POSTING_DELETE, key)?;
            } else if after != before {
                sql::write(conn, sql::POSTING_WRITE, (ns, block, term.as_str(), after.encode()))?;
            }
        }
        for (stretch, zone) in std::mem::take(&mut self.zones) {
            let before = Zone::find(conn, stretch)?;
            if !before.covers(&zone) {
                before.or(zone).write(conn, stretch)?;
            }
        }
        Ok(())
    }
}

/// A posting after what becomes of it.
fn after(mut bits: Bits, flips: &Flips) -> Bits {
    for (place, is_true) in flips {
        if *is_true { bits.insert(*place) } else { bits.remove(*place) }
    }
    bits
}
