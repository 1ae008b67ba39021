//! Terminal records waiting to be written together.

use tenure_core::event::{EventBody, Stream, TerminalEvent};
use tenure_core::limits;
use tenure_guard::BootTime;

/// Records in order; neighbouring output of one stream is joined up to the size of a chunk. A character is not cut
/// where its rest comes soon enough.
#[derive(Debug, Default)]
pub(super) struct Batch {
    records: Vec<TerminalEvent>,
    bytes: usize,
    since: Option<BootTime>,
    /// Beginnings of characters, held back from the last batch, at most one for each stream.
    begun: Vec<(Stream, Vec<u8>)>,
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
            _ => {
                let mut whole = self.take_begun(stream);
                whole.extend_from_slice(bytes);
                self.records.push(TerminalEvent::Output { stream, bytes: whole });
            }
        }
    }

    /// Adds anything else. Output does not move past it.
    pub(super) fn fact(&mut self, fact: TerminalEvent) {
        self.begin();
        self.release();
        self.records.push(fact);
    }

    /// Empties it. What only begins a character stays for the next batch, once: its rest may be on its way.
    pub(super) fn take(&mut self) -> Vec<EventBody> {
        let stays =
            [Stream::Terminal, Stream::Stdout, Stream::Stderr].map(|stream| (stream, self.cut(stream)));
        self.release();
        let taken = std::mem::take(self);
        self.begun = stays.into_iter().filter(|(_, bytes)| !bytes.is_empty()).collect();
        if !self.begun.is_empty() {
            self.begin();
        }
        taken.records.into_iter().map(EventBody::Terminal).collect()
    }

    /// Empties it altogether.
    pub(super) fn take_all(&mut self) -> Vec<EventBody> {
        self.release();
        std::mem::take(self).records.into_iter().map(EventBody::Terminal).collect()
    }

    fn begin(&mut self) {
        self.since.get_or_insert_with(BootTime::now);
    }

    /// What was held back is output like any other now.
    fn release(&mut self) {
        let begun = self.begun.drain(..).map(|(stream, bytes)| TerminalEvent::Output { stream, bytes });
        self.records.extend(begun);
    }

    /// The beginning of a character at the end of a stream, wherever it is now.
    fn take_begun(&mut self, stream: Stream) -> Vec<u8> {
        match self.begun.iter().position(|(of, _)| *of == stream) {
            Some(at) => self.begun.swap_remove(at).1,
            None => self.cut(stream),
        }
    }

    /// Cuts the beginning of a character off the newest output of a stream, if nothing but output came since.
    fn cut(&mut self, stream: Stream) -> Vec<u8> {
        let outputs = self.records.iter_mut().enumerate().rev().map_while(|(at, record)| match record {
            TerminalEvent::Output { stream, bytes } => Some((at, *stream, bytes)),
            _ => None,
        });
        let mut newest = outputs.filter(|(_, of, _)| *of == stream);
        let Some((at, _, bytes)) = newest.next() else {
            return Vec::new();
        };
        let begun = bytes.split_off(bytes.len() - begun_length(bytes));
        if bytes.is_empty() {
            self.records.remove(at);
        }
        begun
    }
}

/// How many bytes at the end are the beginning of a character whose rest is missing.
fn begun_length(bytes: &[u8]) -> usize {
    let is_begun = |length: &usize| {
        let end = &bytes[bytes.len() - length..];
        std::str::from_utf8(end).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    };
    (1..=bytes.len().min(3)).find(is_begun).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(records: Vec<EventBody>) -> Vec<(Stream, Vec<u8>)> {
        let output = |event| match event {
            EventBody::Terminal(TerminalEvent::Output { stream, bytes }) => (stream, bytes),
            other => panic!("only output was added, not {other:?}"),
        };
        records.into_iter().map(output).collect()
    }

    fn lengths(batch: &mut Batch) -> Vec<(Stream, usize)> {
        outputs(batch.take()).into_iter().map(|(stream, bytes)| (stream, bytes.len())).collect()
    }

    fn out(bytes: &[u8]) -> (Stream, Vec<u8>) {
        (Stream::Stdout, bytes.to_vec())
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

    #[test]
    fn a_character_that_has_begun_waits_for_its_rest_for_one_batch() {
        let mut batch = Batch::default();
        batch.output(Stream::Stdout, b"caf\xC3");
        assert_eq!(outputs(batch.take()), [out(b"caf")]);
        assert!(batch.due().is_some(), "it is not forgotten");
        batch.output(Stream::Stderr, b"x");
        batch.output(Stream::Stdout, b"\xA9 \xE2\x82");
        assert_eq!(outputs(batch.take()), [(Stream::Stderr, b"x".to_vec()), out(b"\xC3\xA9 ")]);
        assert_eq!(outputs(batch.take()), [out(b"\xE2\x82")]);
        assert_eq!((batch.due(), batch.take()), (None, Vec::new()));
    }

    #[test]
    fn within_a_batch_a_character_is_not_cut_by_the_other_stream_or_the_end_of_a_chunk() {
        let mut batch = Batch::default();
        batch.output(Stream::Stdout, b"\xF0\x9F");
        batch.output(Stream::Stderr, b"x");
        batch.output(Stream::Stdout, b"\x98\x80");
        assert_eq!(outputs(batch.take()), [(Stream::Stderr, b"x".to_vec()), out("\u{1F600}".as_bytes())]);
        let mut chunk = vec![b'x'; limits::RECORD_CHUNK_BYTES - 1];
        chunk.push(0xC3);
        batch.output(Stream::Stdout, &chunk);
        batch.output(Stream::Stdout, b"\xA9");
        chunk.pop();
        assert_eq!(outputs(batch.take()), [out(&chunk), out("é".as_bytes())]);
    }

    #[test]
    fn no_output_moves_past_a_fact_and_nothing_is_left_in_the_end() {
        let (begun, fact) = ((Stream::Stdout, b"\xC3"), TerminalEvent::Resized { cols: 1, rows: 1 });
        let output = EventBody::Terminal(TerminalEvent::Output { stream: begun.0, bytes: begun.1.to_vec() });
        let mut batch = Batch::default();
        batch.output(begun.0, begun.1);
        assert!(batch.take().is_empty());
        batch.fact(fact.clone());
        assert_eq!(batch.take(), [output.clone(), EventBody::Terminal(fact)]);
        batch.output(begun.0, begun.1);
        assert_eq!(batch.take_all(), [output]);
        assert_eq!(batch.take_all(), []);
    }

    #[test]
    fn only_what_can_become_a_character_is_held_back() {
        let cases: [(&[u8], usize); 9] = [
            (b"", 0),
            (b"abc", 0),
            (b"a\xC3", 1),
            (b"\xE2\x82", 2),
            (b"\xF0\x9F\x98", 3),
            ("é€😀".as_bytes(), 0),
            (b"\xFF", 0),
            (b"\xA9\xA9\xA9", 0),
            (b"\xE0\x80", 0),
        ];
        for (bytes, length) in cases {
            assert_eq!(begun_length(bytes), length, "{bytes:?}");
        }
    }
}
