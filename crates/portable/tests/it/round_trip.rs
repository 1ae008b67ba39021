//! What is read is what was written, and is the same bytes again.

use std::time::Duration;

use proptest::prelude::*;
use tenure_core::checkpoint::Checkpoint;
use tenure_core::event::{Event, EventBody, Stream, TerminalEvent};
use tenure_core::id::{EventType, Seq};
use tenure_core::session::State;
use tenure_core::time::WallTime;
use tenure_portable::{End, Header, Item, Reader, Record};

use crate::sample::{bare, checkpoints, events, file, file_with, full, header, states};

/// What a file says.
fn read(bytes: &[u8]) -> (Header, Record, Vec<Event>, End) {
    let (mut reader, mut events) = (Reader::new(), Vec::new());
    let (mut header, mut record) = (None, None);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match reader.line(line).unwrap() {
            Item::Header(found) => header = Some(found),
            Item::Record(found) => record = Some(*found),
            Item::Event(event) => events.push(event),
            Item::Checkpoint(_) | Item::Piece { .. } | Item::End(_) => {}
        }
    }
    (header.unwrap(), record.unwrap(), events, reader.finish().unwrap())
}

#[test]
fn every_session_and_every_event_comes_back_and_is_written_as_the_same_bytes() {
    for record in states().into_iter().map(full).chain([bare()]) {
        for earliest in [1, 1000] {
            let events = events(earliest);
            let bytes = file(&record, &events, earliest);
            let (found_header, found, found_events, end) = read(&bytes);
            assert_eq!(found_header, header(&record, &events, earliest));
            assert_eq!(found, record);
            assert_eq!(found_events, events);
            assert_eq!((end.events, end.lines), (events.len() as u64, events.len() as u64 + 3));
            assert_eq!(file(&found, &found_events, earliest), bytes);
        }
    }
}

#[test]
fn checkpoints_come_back_with_their_payloads_piece_by_piece() {
    let (record, events, checkpoints) = (full(State::Active), events(1), checkpoints());
    let bytes = file_with(&record, &events, 1, &checkpoints);
    let (mut reader, mut found): (_, Vec<(Checkpoint, Vec<u8>)>) = (Reader::new(), Vec::new());
    let mut pieces = 0;
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        match reader.line(line).unwrap() {
            Item::Checkpoint(checkpoint) => found.push((checkpoint, Vec::new())),
            Item::Piece { bytes, is_last } => {
                let (checkpoint, payload) = found.last_mut().unwrap();
                payload.extend(bytes);
                pieces += 1;
                assert_eq!(is_last, payload.len() as u64 == checkpoint.original_size);
            }
            Item::Header(_) | Item::Record(_) | Item::Event(_) | Item::End(_) => {}
        }
    }
    let end = reader.finish().unwrap();
    assert!(found == checkpoints, "every byte");
    assert_eq!((end.checkpoints, pieces), (6, 5));
    assert!(file_with(&record, &events, 1, &found) == bytes);
}

#[test]
fn a_session_without_events_comes_back() {
    let record = full(State::Active);
    for earliest in [1, 8] {
        let (found, _, events, end) = read(&file(&record, &[], earliest));
        assert_eq!((found.earliest.0, found.last.0, found.events()), (earliest, earliest - 1, 0));
        assert_eq!((events.len(), end.lines), (0, 3));
    }
}

#[test]
fn each_line_is_an_object_that_any_program_reads() {
    let bytes = file(&full(State::Active), &events(1), 1);
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<_> = lines.iter().map(|line| line["line"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[1], kinds[2], kinds[kinds.len() - 1]), ("header", "record", "event", "end"));
    assert_eq!((&lines[0]["format"], &lines[0]["version"]), (&"tenure-session".into(), &1.into()));
    assert_eq!(lines[0]["events"], events(1).len());
    // What a caller gave stands there as JSON, not as text in JSON.
    let given = lines.iter().find(|line| line["json"]["text"] == "hi").unwrap();
    assert_eq!(given["type"], "message");
}

#[test]
fn the_form_of_version_1_stays_what_it_is() {
    let saved = &checkpoints()[..5];
    let mut record = full(State::Active);
    record.session.principal = None;
    let text = String::from_utf8(file_with(&record, &events(1), 1, saved)).unwrap();
    // Whoever has a file of today reads it with the program of tomorrow.
    assert_eq!(text, include_str!("version_1.jsonl"));
}

proptest! {
    #[test]
    fn any_text_and_any_bytes_come_back(
        json in ".{0,60}",
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        ms in any::<u64>(),
        nanos in any::<u64>(),
    ) {
        let given = EventBody::Given { kind: EventType::parse("x").unwrap(), json };
        let output = EventBody::Terminal(TerminalEvent::Output { stream: Stream::Stdout, bytes });
        let at = WallTime::from_epoch_ms(ms);
        let event = |seq, data| Event { seq: Seq(seq), at, fence: None, id: None, data };
        let events = [event(1, given), event(2, output)];
        let mut record = bare();
        record.session.created_at = at;
        record.session.pending_timeout = Some(Duration::from_nanos(nanos));
        let written = file(&record, &events, 1);
        let (_, found, found_events, _) = read(&written);
        prop_assert_eq!(found, record);
        prop_assert_eq!(&found_events[..], &events[..]);
    }
}
