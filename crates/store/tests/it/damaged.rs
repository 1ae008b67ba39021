//! What cannot be understood is said to be damaged, by name; nothing is made up.

use tenure_core::id::{CheckpointId, Fence, Namespace, Seq};
use tenure_core::kind::Kind;
use tenure_core::session::{Counters, Session, StateName};
use tenure_core::time::WallTime;
use tenure_store::StoreError;
use tenure_store::record::{self, Batch, Chunk, Columns, TermColumns};

use crate::sample::session_id_of;

fn session(state: StateName, body: &[u8]) -> Result<Session, StoreError> {
    let columns = Columns {
        id: session_id_of("ses_1"),
        namespace: Namespace::default_name(),
        kind: Kind::Agent,
        key: None,
        state,
        lease: None,
        counters: Counters::default(),
        last_activity_at: WallTime::from_epoch_ms(0),
        activity: None,
        parent_deleted: false,
    };
    record::decode_session(body, columns)
}

/// Checks that it is damaged, and that the words say what is.
#[track_caller]
fn damaged<T: std::fmt::Debug>(decoded: Result<T, StoreError>, word: &str) {
    match decoded {
        Err(StoreError::Corrupt { what }) => assert!(what.contains(word), "{what:?} does not say {word:?}"),
        other => panic!("damaged, not {other:?}"),
    }
}

#[test]
fn numbers_that_stand_for_nothing_are_damage() {
    damaged(record::kind_of(0), "kind 0");
    damaged(record::kind_of(99), "kind 99");
    damaged(record::state_of(8), "state 8");
    damaged(session(StateName::Active, &[0x0A, 0, 0x10, 9]), "mode 9");
    // One event, a request of number 4.
    damaged(record::decode_events(Seq(1), &[0x1A, 2, 0x50, 4]), "request 4");
}

#[test]
fn parts_that_are_missing_are_damage() {
    damaged(session(StateName::Active, &[0x10, 1]), "state");
    damaged(session(StateName::Paused, &[0x0A, 0, 0x10, 1]), "reason");
    damaged(session(StateName::Completed, &[0x0A, 0, 0x10, 1]), "end");
    damaged(record::decode_activity(&[]), "actor");
    let nothing = TermColumns { renewed: None, renewed_wall: None };
    damaged(record::decode_lease(&[], Fence(1), nothing), "holder");
    damaged(record::decode_events(Seq(1), &[0x1A, 0]), "event");
}

#[test]
fn an_event_of_a_later_version_is_not_passed_over() {
    // Its field has the number 2000, which no version uses yet.
    damaged(record::decode_events(Seq(1), &[0x1A, 3, 0x80, 0x7D, 0x01]), "event");
}

#[test]
fn a_lease_without_its_term_is_damage() {
    let holder = [0x0A, 5, 0x08, 4, 0x12, 1, b'a'];
    let incarnation = [&[0x12, 16][..], &[1; 16]].concat();
    let interactive = [0x1A, 0];
    let grant = [&holder[..], &incarnation, &interactive].concat();
    let some = TermColumns { renewed: Some(5), renewed_wall: None };
    record::decode_lease(&grant, Fence(1), some).unwrap();
    damaged(record::decode_lease(&grant, Fence(1), TermColumns { renewed: None, ..some }), "renewal");
    damaged(record::decode_lease(&grant[..25], Fence(1), some), "clock");
    damaged(record::decode_lease(&grant[..12], Fence(1), some), "lease");
}

#[test]
fn bytes_cut_off_are_damage() {
    damaged(session(StateName::Active, &[0x0A]), "session");
    damaged(record::decode_activity(&[0x0A, 5, b'x']), "activity");
    damaged(record::decode_events(Seq(7), &[0x1A, 9, 0]), "events from 7");
}

#[test]
fn a_chunk_that_lost_a_bit_is_damage_and_not_another_chunk() {
    let mut events =
        record::encode_events(vec![tenure_core::event::EventBody::Activity { text: "x".repeat(400) }.into()]);
    record::seal_events(&mut events, WallTime::from_epoch_ms(1), None);
    let whole = record::encode_chunk(vec![Batch { count: 1, bytes: events }]).unwrap();
    for at in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        // Bits of the frame that nothing depends on may be other ones.
        if let Ok(chunk) = Chunk::decode(Seq(1), &flipped) {
            assert_eq!(chunk, Chunk::decode(Seq(1), &whole).unwrap(), "bit {at}");
        }
    }
    for length in 0..whole.len() {
        damaged(Chunk::decode(Seq(1), &whole[..length]), "chunk from 1");
    }
}

#[test]
fn a_chunk_whose_appends_have_other_numbers_of_events_is_damage() {
    let mut events =
        record::encode_events(vec![tenure_core::event::EventBody::Activity { text: "x".to_owned() }.into()]);
    record::seal_events(&mut events, WallTime::from_epoch_ms(1), None);
    let chunk = record::encode_chunk(vec![Batch { count: 2, bytes: events.clone() }]).unwrap();
    let chunk = Chunk::decode(Seq(5), &chunk).unwrap();
    damaged(chunk.events(Seq(0), Seq(9)), "append from 5");
    damaged(record::skip_events(Seq(5), &events, 1), "too few events");
}

#[test]
fn a_checkpoint_without_its_hash_is_damage() {
    let id = || CheckpointId::parse("ckp_1").unwrap();
    damaged(record::decode_checkpoint(id(), Seq(1), &[]), "hash");
    damaged(record::decode_checkpoint(id(), Seq(1), &[0x0A]), "ckp_1");
}
