//! Which trace a piece of work belongs to.
//!
//! The form is that of the header `traceparent` of W3C Trace Context, version 00:
//! <https://www.w3.org/TR/trace-context/#traceparent-header>.

use std::fmt;

use crate::hex;

#[cfg(test)]
mod tests;

/// How many bytes the header has in version 00.
const LENGTH: usize = 55;
/// What version 00 and its second level know: that it is recorded, and that its id was drawn at random.
const KNOWN_FLAGS: u8 = 0b11;

/// A span of a trace, under which what it led to is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace: [u8; 16],
    span: [u8; 8],
    flags: u8,
}

impl TraceParent {
    /// The span `span` of the trace `trace`; nothing if either is all zeros, which names none. Flags that the form does
    /// not know are left out.
    #[must_use]
    pub const fn of(trace: [u8; 16], span: [u8; 8], flags: u8) -> Option<Self> {
        if u128::from_be_bytes(trace) == 0 || u64::from_be_bytes(span) == 0 {
            return None;
        }
        Some(Self { trace, span, flags: flags & KNOWN_FLAGS })
    }

    /// Reads the header; nothing if it is not one. Of a later version what this one knows is read, as the form asks.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (known, rest) = text.split_at_checked(LENGTH)?;
        let mut fields = known.split('-');
        let version = hex::bytes::<1>(fields.next()?)?[0];
        let of_version = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let (trace, span) = (hex::bytes(fields.next()?)?, hex::bytes(fields.next()?)?);
        let [flags] = hex::bytes(fields.next()?)?;
        (of_version && fields.next().is_none()).then_some(())?;
        Self::of(trace, span, flags)
    }

    /// The trace's id.
    #[must_use]
    pub const fn trace(&self) -> [u8; 16] {
        self.trace
    }

    /// The span's id within it.
    #[must_use]
    pub const fn span(&self) -> [u8; 8] {
        self.span
    }

    /// Bit 0: whether whoever began it records it; bit 1: whether the trace's id was drawn at random.
    #[must_use]
    pub const fn flags(&self) -> u8 {
        self.flags
    }
}

/// As the header says it.
impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trace, span) = (u128::from_be_bytes(self.trace), u64::from_be_bytes(self.span));
        write!(f, "00-{trace:032x}-{span:016x}-{:02x}", self.flags)
    }
}
