//! The stored form of a lease: what a renewal leaves alone. What it moves are columns.

use prost::Message;
use tenure_core::id::{Fence, Incarnation};
use tenure_core::lease::{Lease, Term, Ttl};
use tenure_core::time::{BootId, BootMoment, WallTime};

use super::holder::HolderRecord;
use super::length::LengthRecord;
use super::{corrupt, required, sixteen};
use crate::StoreError;

/// What a renewal moves: two numbers of the term, read together with what the grant says about its clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermColumns {
    /// When it was last granted or renewed, in milliseconds of the clock that judges it.
    pub renewed: Option<u64>,
    /// The same on the wall clock, where another clock judges.
    pub renewed_wall: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct GrantRecord {
    #[prost(message, optional, tag = "1")]
    holder: Option<HolderRecord>,
    #[prost(bytes = "vec", tag = "2")]
    incarnation: Vec<u8>,
    #[prost(oneof = "ClockRecord", tags = "3, 4, 5, 6")]
    clock: Option<ClockRecord>,
}

/// Which clock judges the term.
#[derive(Clone, PartialEq, prost::Oneof)]
enum ClockRecord {
    /// None: a person's.
    #[prost(message, tag = "3")]
    Interactive(EmptyRecord),
    /// The wall clock; how long it holds.
    #[prost(message, tag = "4")]
    Wall(LengthRecord),
    /// The boot-time clock.
    #[prost(message, tag = "5")]
    Boot(BootRecord),
    /// Unknown: from an incomplete record; how long it held, if known.
    #[prost(message, tag = "6")]
    Incomplete(IncompleteRecord),
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct EmptyRecord {}

#[derive(Clone, PartialEq, Message)]
struct BootRecord {
    #[prost(message, optional, tag = "1")]
    ttl: Option<LengthRecord>,
    #[prost(bytes = "vec", tag = "2")]
    boot: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct IncompleteRecord {
    #[prost(message, optional, tag = "1")]
    ttl: Option<LengthRecord>,
}

/// The columns of a term.
#[must_use]
pub fn term_columns(term: &Term) -> TermColumns {
    let (renewed, renewed_wall) = match *term {
        Term::Interactive { started: renewed } | Term::Wall { renewed, .. } => {
            (Some(renewed.epoch_ms()), None)
        }
        Term::Boot { renewed, renewed_wall, .. } => (Some(renewed.ms), Some(renewed_wall.epoch_ms())),
        Term::Incomplete { renewed, .. } => (renewed.map(WallTime::epoch_ms), None),
    };
    TermColumns { renewed, renewed_wall }
}

/// Everything of a lease but its fence and [`term_columns`].
#[must_use]
pub fn encode_grant(lease: &Lease) -> Vec<u8> {
    let clock = match lease.term {
        Term::Interactive { .. } => ClockRecord::Interactive(EmptyRecord {}),
        Term::Wall { ttl, .. } => ClockRecord::Wall(ttl.length().into()),
        Term::Boot { ttl, renewed, .. } => {
            ClockRecord::Boot(BootRecord { ttl: Some(ttl.length().into()), boot: renewed.boot.0.to_vec() })
        }
        Term::Incomplete { ttl, .. } => {
            ClockRecord::Incomplete(IncompleteRecord { ttl: ttl.map(|ttl| ttl.length().into()) })
        }
    };
    let record = GrantRecord {
        holder: Some(HolderRecord::of(&lease.holder)),
        incarnation: lease.incarnation.0.to_vec(),
        clock: Some(clock),
    };
    record.encode_to_vec()
}

/// A lease from its stored parts.
///
/// # Errors
/// [`StoreError::Corrupt`] when they do not make one.
pub fn decode_lease(grant: &[u8], fence: Fence, columns: TermColumns) -> Result<Lease, StoreError> {
    let record = GrantRecord::decode(grant).map_err(|why| corrupt(format!("lease cannot be read: {why}")))?;
    Ok(Lease {
        holder: required(record.holder, "the lease's holder")?.into_holder()?,
        incarnation: Incarnation(sixteen(&record.incarnation, "the holder's incarnation")?),
        fence,
        term: term(required(record.clock, "the lease's clock")?, columns)?,
    })
}

fn term(clock: ClockRecord, columns: TermColumns) -> Result<Term, StoreError> {
    let renewed = || required(columns.renewed, "the time of the last renewal");
    let wall = |ms| WallTime::from_epoch_ms(ms);
    Ok(match clock {
        ClockRecord::Interactive(_) => Term::Interactive { started: wall(renewed()?) },
        ClockRecord::Wall(length) => Term::Wall { ttl: ttl(length)?, renewed: wall(renewed()?) },
        ClockRecord::Boot(record) => Term::Boot {
            ttl: ttl(required(record.ttl, "the lease's length")?)?,
            renewed: BootMoment { boot: BootId(sixteen(&record.boot, "the boot's id")?), ms: renewed()? },
            renewed_wall: wall(required(columns.renewed_wall, "the wall time of the last renewal")?),
        },
        ClockRecord::Incomplete(record) => {
            Term::Incomplete { ttl: record.ttl.map(ttl).transpose()?, renewed: columns.renewed.map(wall) }
        }
    })
}

fn ttl(record: LengthRecord) -> Result<Ttl, StoreError> {
    required(Ttl::stored(record.into()), "a lease's length that is not zero")
}
