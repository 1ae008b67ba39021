//! Output that was not recorded, until the log has a mark where it belongs.

use tenure_core::event::{EventBody, TerminalEvent};

/// What is missing from the log.
#[derive(Debug, Default)]
pub(super) struct Gap {
    /// Bytes without a mark.
    unmarked: u64,
}

impl Gap {
    /// The same events, after a mark for what is missing before them.
    pub(super) fn mark(&self, mut events: Vec<EventBody>) -> Vec<EventBody> {
        if self.unmarked > 0 {
            events.insert(0, EventBody::Terminal(TerminalEvent::Lost { bytes: self.unmarked }));
        }
        events
    }

    /// What was marked is recorded: nothing is missing after it.
    pub(super) fn close(&mut self) {
        self.unmarked = 0;
    }

    /// These events were not recorded. How many bytes of output they are.
    pub(super) fn widen<'e>(&mut self, events: impl IntoIterator<Item = &'e EventBody>) -> u64 {
        let bytes = |event: &EventBody| match event {
            EventBody::Terminal(TerminalEvent::Output { bytes, .. }) => bytes.len() as u64,
            _ => 0,
        };
        let bytes = events.into_iter().map(bytes).sum();
        self.unmarked += bytes;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_core::event::Stream;

    fn output(text: &str) -> EventBody {
        EventBody::Terminal(TerminalEvent::Output { stream: Stream::Stdout, bytes: text.into() })
    }

    #[test]
    fn what_was_lost_is_marked_before_what_is_recorded_next_and_only_there() {
        let mut gap = Gap::default();
        assert_eq!(gap.mark(vec![output("a")]), [output("a")]);
        assert_eq!(gap.widen(&[output("bc")]), 2);
        // Lost with its mark, it is as if there had been none.
        let more = gap.mark(vec![output("def"), EventBody::Terminal(TerminalEvent::Capped { limit: 1 })]);
        assert_eq!(gap.widen(&more), 3);
        let mark = EventBody::Terminal(TerminalEvent::Lost { bytes: 5 });
        assert_eq!(gap.mark(vec![output("g")]), [mark, output("g")]);
        gap.close();
        assert_eq!(gap.mark(vec![output("h")]), [output("h")]);
    }
}
