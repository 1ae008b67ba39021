//! What is wrong with a file is told, and in which line.

use tenure_core::id::Seq;
use tenure_core::session::State;
use tenure_portable::{End, Flaw, FlawKind, Item, LINE_BYTES_MAX, Reader, Writer};

use crate::sample::{checkpoints, events, file, file_with, full, header};

fn good() -> Vec<u8> {
    file(&full(State::Active), &events(1), 1)
}

/// What becomes of a file.
fn read(bytes: &[u8]) -> Result<End, Flaw> {
    let mut reader = Reader::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        reader.line(line)?;
    }
    reader.finish()
}

fn flaw(bytes: &[u8]) -> (u64, FlawKind) {
    let Flaw { line, what } = read(bytes).unwrap_err();
    (line, what)
}

fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|byte| *byte == b'\n').collect()
}

#[test]
fn a_bit_that_is_flipped_anywhere_is_found_in_its_line() {
    let good = good();
    assert!(read(&good).is_ok());
    let (mut reader, mut begin) = (Reader::new(), 0);
    for (number, line) in (1..).zip(lines(&good)) {
        for bit in 0..line.len() * 8 {
            let mut rest = good[begin..].to_vec();
            rest[bit / 8] ^= 1 << (bit % 8);
            let mut reader = reader.clone();
            let mut found = lines(&rest).into_iter().map(|line| reader.line(line)).find_map(Result::err);
            let Flaw { line, what } = found.take().expect("it is found");
            assert_eq!(line, number, "bit {bit}: {what:?}");
        }
        reader.line(line).unwrap();
        begin += line.len();
    }
}

#[test]
fn a_file_that_is_cut_off_anywhere_says_where_it_ends() {
    let good = good();
    let mut line = 1;
    for length in 1..good.len() {
        let (found, what) = flaw(&good[..length]);
        // Where only the beginning of the first line is left, nothing tells what it was.
        let expected = if length < 16 { FlawKind::Foreign } else { FlawKind::CutOff };
        line += u64::from(good[length - 1] == b'\n');
        assert_eq!((found, what), (line, expected), "{length} bytes");
    }
    assert_eq!(flaw(b""), (1, FlawKind::Foreign));
}

#[test]
fn lines_that_are_missing_doubled_or_exchanged_are_found() {
    let good = good();
    let lines = lines(&good);
    let without = |at: usize| [&lines[..at], &lines[at + 1..]].concat().concat();
    assert_eq!(flaw(&without(0)), (1, FlawKind::Foreign));
    assert_eq!(flaw(&without(1)).1, FlawKind::Misplaced { found: "event".to_owned() });
    let gap = FlawKind::Position { expected: Seq(3), found: Seq(4) };
    assert_eq!(flaw(&without(4)), (5, gap));
    assert_eq!(flaw(&without(lines.len() - 2)).1, FlawKind::Miscounted);
    assert_eq!(flaw(&without(lines.len() - 1)).1, FlawKind::CutOff);
    let doubled = [&lines[..=4], &lines[4..]].concat().concat();
    assert_eq!(flaw(&doubled), (6, FlawKind::Position { expected: Seq(4), found: Seq(3) }));
    let header_twice = [&lines[..1], &lines[..]].concat().concat();
    assert_eq!(flaw(&header_twice), (2, FlawKind::Misplaced { found: "header".to_owned() }));
    let more = [&lines[..], &lines[2..3]].concat().concat();
    assert_eq!(flaw(&more), (lines.len() as u64 + 1, FlawKind::AfterEnd));
}

#[test]
fn a_line_of_another_file_is_found_though_it_is_whole() {
    let (good, events) = (good(), events(1));
    let mut other = full(State::Active);
    other.session.start_count = 99;
    let other_file = file(&other, &events, 1);
    let mut mixed = lines(&good);
    let others = lines(&other_file);
    mixed[1] = others[1];
    assert_eq!(flaw(&mixed.concat()), (mixed.len() as u64, FlawKind::Exchanged));
    let mut other = full(State::Active);
    other.session.id = tenure_core::id::SessionId::parse("ses_other").unwrap();
    let other_file = file(&other, &events, 1);
    mixed[1] = lines(&other_file)[1];
    assert_eq!(flaw(&mixed.concat()), (2, FlawKind::Stranger));
}

/// A line with a checksum that is right.
fn sealed(body: &str) -> Vec<u8> {
    let crc = !body.bytes().fold(u32::MAX, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(byte),
            |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 },
        )
    });
    format!("{body},\"crc\":\"{crc:08x}\"}}\n").into_bytes()
}

#[test]
fn a_payload_that_is_not_what_was_saved_is_found_though_each_line_is_whole() {
    let (record, saved) = (full(State::Active), checkpoints());
    let whole = file_with(&record, &[], 1, &saved[..1]);
    let parts = lines(&whole);
    assert_eq!(parts.len(), 5);
    let piece = sealed("{\"line\":\"piece\",\"base64\":\"eyJhIjoyfQ==\"");
    let other = [parts[0], parts[1], parts[2], &piece, parts[4]].concat();
    assert_eq!(flaw(&other), (4, FlawKind::Exchanged));
    let short = sealed("{\"line\":\"piece\",\"base64\":\"eyJhIjoy\"");
    let other = [parts[0], parts[1], parts[2], &short, parts[4]].concat();
    assert_eq!(flaw(&other), (4, FlawKind::Miscounted));
    let missing = [parts[0], parts[1], parts[2], parts[4]].concat();
    assert_eq!(flaw(&missing), (4, FlawKind::Misplaced { found: "end".to_owned() }));
    let twice = [parts[0], parts[1], parts[2], parts[3], parts[3], parts[4]].concat();
    assert_eq!(flaw(&twice), (5, FlawKind::Misplaced { found: "piece".to_owned() }));
    let without = [parts[0], parts[1], parts[4]].concat();
    assert_eq!(flaw(&without), (3, FlawKind::Miscounted));
}

#[test]
fn what_a_newer_program_wrote_is_refused_as_such() {
    let newer = sealed("{\"line\":\"header\",\"format\":\"tenure-session\",\"version\":2,\"else\":[]");
    assert_eq!(flaw(&newer), (1, FlawKind::Newer { version: 2 }));
    let (mut writer, mut bytes) = (Writer::new(), Vec::new());
    let record = full(State::Active);
    writer.header(&mut bytes, &header(&record, &[], 1));
    bytes.extend(sealed("{\"line\":\"later\",\"id\":\"x\""));
    assert_eq!(flaw(&bytes), (2, FlawKind::Unknown { kind: "later".to_owned() }));
}

#[test]
fn a_field_that_is_not_known_or_is_missing_is_told() {
    let good = good();
    let first = lines(&good)[0];
    for (line, word) in [
        ("{\"line\":\"event\",\"seq\":1,\"at\":\"x\",\"type\":\"x\",\"json\":1", "line 1 column"),
        ("{\"line\":\"event\",\"seq\":1,\"at\":1,\"type\":\"X Y\",\"json\":1", "event type"),
        ("{\"line\":\"event\",\"seq\":1,\"at\":1,\"type\":\"x\"", "one of data, json and text"),
        ("{\"line\":\"event\",\"seq\":1,\"at\":1,\"type\":\"x\",\"data\":{}", "no data of ours"),
        ("{\"line\":\"event\",\"seq\":1,\"at\":1,\"type\":\"x\",\"json\":1,\"later\":2", "later"),
        (
            "{\"line\":\"event\",\"seq\":1,\"at\":1,\"type\":\"message\",\"data\":{\"request\":\"go\"}",
            "request",
        ),
    ] {
        let mut reader = Reader::new();
        reader.line(first).unwrap();
        reader.line(lines(&good)[1]).unwrap();
        let Flaw { line: at, what: FlawKind::Form { why } } = reader.line(&sealed(line)).unwrap_err() else {
            panic!("{line}");
        };
        assert!(at == 3 && why.contains(word), "{line}: {why}");
    }
}

#[test]
fn what_is_no_session_at_all_is_told_apart() {
    for other in [&b"{\"schema_version\":4}\n"[..], b"PK\x03\x04", b"SQLite format 3\0", b"\n"] {
        assert_eq!(flaw(other), (1, FlawKind::Foreign));
    }
    let other = sealed("{\"line\":\"header\",\"format\":\"other\",\"version\":1");
    assert_eq!(flaw(&other), (1, FlawKind::Foreign));
    let mut long = b"{\"line\":\"header\"".to_vec();
    long.resize(LINE_BYTES_MAX + 1, b' ');
    assert_eq!(flaw(&long), (1, FlawKind::TooLong));
}

#[test]
fn a_header_that_counts_wrongly_is_told() {
    for (earliest, last, events) in [(0, 4, 5), (1, 4, 5), (9, 4, 0), (1, u64::MAX, 3)] {
        let line = sealed(&format!(
            "{{\"line\":\"header\",\"format\":\"tenure-session\",\"version\":1,\"session\":\"a\",\
             \"namespace\":\"b\",\"earliest\":{earliest},\"last\":{last},\"events\":{events}"
        ));
        assert_eq!(flaw(&line), (1, FlawKind::Miscounted), "{earliest} {last} {events}");
    }
}

#[test]
fn nothing_is_taken_after_a_header_of_another_count() {
    let (record, all) = (full(State::Active), events(1));
    let (mut writer, mut bytes) = (Writer::new(), Vec::new());
    writer.header(&mut bytes, &header(&record, &all[..2], 1));
    writer.record(&mut bytes, &record);
    all[..3].iter().for_each(|event| writer.event(&mut bytes, event));
    writer.end(&mut bytes);
    assert_eq!(flaw(&bytes), (5, FlawKind::Miscounted));
    let mut reader = Reader::new();
    assert!(matches!(reader.line(lines(&bytes)[0]), Ok(Item::Header(_))));
}
