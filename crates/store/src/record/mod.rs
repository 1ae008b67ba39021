//! The stored form of records: versioned, and open to readers older than the writer.
//!
//! What has a column of its own in a store (ids, counters, the state's name, instants that change often) is
//! not in here; everything else of a session, a lease and a batch of events is kept as Protocol Buffers
//! messages. A field's number never changes its meaning and is never used again, so an older reader skips
//! what it does not know, and a newer one sees what an older writer left out as absent. A value that a
//! reader cannot do without, or cannot understand, is [`StoreError::Corrupt`]: nothing is made up.

mod body;
mod checkpoint;
mod chunk;
mod code;
mod event;
mod events;
mod facts;
mod grant;
mod history;
mod holder;
mod length;
mod mail;
mod recent;
mod recipe;
mod serving;
mod terminal;
mod wire;

pub use body::{Columns, decode_activity, decode_session, encode_activity, encode_body};
pub use checkpoint::{decode_checkpoint, encode_checkpoint};
pub use chunk::{Batch, Chunk, encode_chunk};
pub use code::{kind_code, kind_of, role_code, role_of, state_code, state_of};
pub use events::{decode_events, digest_event, encode_events, keep_events, seal_events, skip_events};
pub use grant::{TermColumns, decode_lease, encode_grant, term_columns};
pub use history::{decode_history, encode_history};
pub use mail::{decode_mail, encode_mail};
pub use recent::{Append, decode_recent, encode_recent};
pub use serving::{decode_serving, encode_serving};

use crate::StoreError;

/// What was read is not what was written.
fn corrupt(what: impl Into<String>) -> StoreError {
    StoreError::Corrupt { what: what.into() }
}

/// A part that every writer has always written.
fn required<T>(part: Option<T>, what: &str) -> Result<T, StoreError> {
    part.ok_or_else(|| corrupt(format!("{what} is missing")))
}

/// Sixteen bytes that name something.
fn sixteen(bytes: &[u8], what: &str) -> Result<[u8; 16], StoreError> {
    <[u8; 16]>::try_from(bytes)
        .map_err(|_length| corrupt(format!("{what} has {} bytes, not 16", bytes.len())))
}
