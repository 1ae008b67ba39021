//! Lengths of time, exact to the nanosecond.

use std::time::Duration;

#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(super) struct LengthRecord {
    #[prost(uint64, tag = "1")]
    pub(super) secs: u64,
    #[prost(uint32, tag = "2")]
    pub(super) nanos: u32,
}

impl From<Duration> for LengthRecord {
    fn from(length: Duration) -> Self {
        Self { secs: length.as_secs(), nanos: length.subsec_nanos() }
    }
}

impl From<LengthRecord> for Duration {
    /// Saturates where a damaged record says more nanoseconds than fit.
    fn from(record: LengthRecord) -> Self {
        Self::from_secs(record.secs).saturating_add(Self::from_nanos(u64::from(record.nanos)))
    }
}
