//! Terminal records waiting to be written together.

use tenure_core::event::{EventBody, Stream, TerminalEvent};
use tenure_core::limits;
use tenure_guard::BootTime;

/// Records in order; neighbouring output of one stream is joined up to the size of a chunk.
#[derive(Debug, Default)]
pub(super) struct Batch {
    records: Vec<TerminalEvent>,
    bytes: usize,
    since: Option<BootTime>,
}

impl Batch {
    /// When it must be written at the latest; `None` while it is empty.
    pub(super) fn due(&self) -> Option<BootTime> {
        self.since.map(|since| since.saturating_add(limits::RECORD_CHUNK_AGE))
    }

    /// Whether it holds a whole chunk, or many records.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= limits::RECORD_CHUNK_BYTES || self.records.len() >= limits::EVENTS_PER_APPEND_MAX / 2
    }

    /// Adds output.
    pub(super) fn output(&mut self, stream: Stream, bytes: &[u8]) {
        self.begin();
        self.bytes += bytes.len();
        match self.records.last_mut() {
            Some(TerminalEvent::Output { stream: last, bytes: kept })
                if *last == stream && kept.len() + bytes.len() <= limits::RECORD_CHUNK_BYTES =>
            {
                kept.extend_from_slice(bytes);
            }
            _ => self.records.push(TerminalEvent::Output { stream, bytes: bytes.to_vec() }),
        }
    }

    /// Adds anything else.
    pub(super) fn fact(&mut self, fact: TerminalEvent) {
        self.begin();
        self.records.push(fact);
    }

    /// Empties it.
    pub(super) fn take(&mut self) -> Vec<EventBody> {
        let taken = std::mem::take(self);
        taken.records.into_iter().map(EventBody::Terminal).collect()
    }

    fn begin(&mut self) {
        self.since.get_or_insert_with(BootTime::now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(batch: &mut Batch) -> Vec<(Stream, usize)> {
        batch
            .take()
            .into_iter()
            .map(|event| match event {
                EventBody::Terminal(TerminalEvent::Output { stream, bytes }) => (stream, bytes.len()),
                other => panic!("only output was added, not {other:?}"),
            })
            .collect()
    }

    #[test]
    fn output_of_one_stream_is_joined_up_to_a_chunk_and_never_across_streams() {
        let mut batch = Batch::default();
        let half = vec![b'x'; limits::RECORD_CHUNK_BYTES / 2];
        batch.output(Stream::Stdout, &half);
        assert!(!batch.is_full());
        batch.output(Stream::Stdout, &half);
        assert!(batch.is_full());
        batch.output(Stream::Stdout, b"y");
        batch.output(Stream::Stderr, b"z");
        batch.output(Stream::Stderr, b"z");
        let expected =
            [(Stream::Stdout, limits::RECORD_CHUNK_BYTES), (Stream::Stdout, 1), (Stream::Stderr, 2)];
        assert_eq!(lengths(&mut batch), expected);
        assert_eq!(batch.due(), None);
    }
}
