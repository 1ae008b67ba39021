//! Whatever can be stored comes back as it was.

use proptest::prelude::*;
use tenure_core::event::{Event, EventDraft};
use tenure_core::id::{CommitId, Fence, Seq};
use tenure_core::session::Session;
use tenure_core::time::WallTime;
use tenure_store::payload;
use tenure_store::record::{self, Batch, Chunk, Columns};

use crate::sample;

/// A session's columns, as a store keeps them.
fn columns(session: &Session) -> Columns {
    Columns {
        id: session.id.clone(),
        namespace: session.namespace.clone(),
        kind: record::kind_of(record::kind_code(session.kind)).unwrap(),
        key: session.key.clone(),
        state: record::state_of(record::state_code(session.state.name())).unwrap(),
        lease: session.lease.clone(),
        counters: session.counters,
        last_activity_at: session.last_activity_at,
        activity: session.activity.clone(),
        parent_deleted: session.parent.as_ref().is_some_and(|parent| parent.deleted),
    }
}

fn sealed(events: &[EventDraft], at: WallTime, fence: Option<Fence>) -> Vec<u8> {
    let mut bytes = record::encode_events(events.to_vec());
    record::seal_events(&mut bytes, at, fence);
    bytes
}

fn numbered(first: u64, events: &[EventDraft], at: WallTime, fence: Option<Fence>) -> Vec<Event> {
    let event =
        |(seq, EventDraft { id, data }): (u64, EventDraft)| Event { seq: Seq(seq), at, fence, id, data };
    (first..).zip(events.to_vec()).map(event).collect()
}

proptest! {
    #[test]
    fn sessions(session in sample::session()) {
        let body = record::encode_body(&session);
        prop_assert_eq!(record::decode_session(&body, columns(&session)).unwrap(), session);
    }

    #[test]
    fn leases(lease in sample::lease()) {
        let (grant, columns) = (record::encode_grant(&lease), record::term_columns(&lease.term));
        prop_assert_eq!(record::decode_lease(&grant, lease.fence, columns).unwrap(), lease);
    }

    #[test]
    fn activities(activity in sample::activity()) {
        let bytes = record::encode_activity(&activity);
        prop_assert_eq!(record::decode_activity(&bytes).unwrap(), activity);
    }

    #[test]
    fn events(
        events in proptest::collection::vec(sample::draft(), 1..6),
        first in 1..u64::MAX / 2,
        (at, fence) in any::<(u64, Option<u64>)>(),
        gone in 0..5_usize,
    ) {
        let (at, fence) = (WallTime::from_epoch_ms(at), fence.map(Fence));
        let bytes = sealed(&events, at, fence);
        let expected = numbered(first, &events, at, fence);
        prop_assert_eq!(&record::decode_events(Seq(first), &bytes).unwrap(), &expected);
        let alone: Vec<u8> = events.iter().flat_map(|event| record::encode_events(vec![event.clone()])).collect();
        prop_assert!(bytes.starts_with(&alone), "events that are encoded apart are the same");
        let gone = gone.min(events.len() - 1);
        let rest = record::skip_events(Seq(first), &bytes, gone as u64).unwrap();
        prop_assert_eq!(record::decode_events(expected[gone].seq, &rest).unwrap(), &expected[gone..]);
    }

    #[test]
    fn chunks(
        batches in proptest::collection::vec(proptest::collection::vec(sample::draft(), 1..5), 1..6),
        first in 1..u64::MAX / 2,
        at in any::<u64>(),
        (after, width, from) in (0..25_u64, 0..25_u64, 0..25_u64),
    ) {
        let at = WallTime::from_epoch_ms(at);
        let batch = |events: &Vec<EventDraft>| Batch { count: events.len() as u64, bytes: sealed(events, at, None) };
        let stored = record::encode_chunk(batches.iter().map(batch).collect()).unwrap();
        let chunk = Chunk::decode(Seq(first), &stored).unwrap();
        let all = numbered(first, &batches.concat(), at, None);
        let (after, last) = (Seq(first - 1 + after), Seq(first - 1 + after + width));
        let some: Vec<_> = all.iter().filter(|event| event.seq > after && event.seq <= last).cloned().collect();
        prop_assert_eq!(chunk.events(after, last).unwrap(), some);
        let from = Seq(first + from.min(all.len() as u64 - 1));
        let kept = record::encode_chunk(chunk.until(from).unwrap()).unwrap();
        let begun: Vec<_> = all.iter().filter(|event| event.seq <= from).cloned().collect();
        let kept = Chunk::decode(Seq(first), &kept).unwrap();
        prop_assert_eq!((kept.count(), kept.events(Seq(0), Seq(u64::MAX)).unwrap()), (begun.len() as u64, begun));
        let left = record::encode_chunk(chunk.from(from).unwrap()).unwrap();
        let left = Chunk::decode(from, &left).unwrap();
        let rest: Vec<_> = all.into_iter().filter(|event| event.seq >= from).collect();
        prop_assert_eq!(left.count(), rest.len() as u64);
        prop_assert_eq!(left.events(Seq(0), Seq(u64::MAX)).unwrap(), rest);
    }

    #[test]
    fn latest_appends(appends in proptest::collection::vec(any::<([u8; 16], u64, u64)>(), 0..70)) {
        let append = |(id, first, last)| record::Append { id: CommitId(id), first: Seq(first), last: Seq(last) };
        let appends: Vec<_> = appends.into_iter().map(append).collect();
        prop_assert_eq!(record::decode_recent(&record::encode_recent(&appends)).unwrap(), appends);
    }

    #[test]
    fn checkpoints(checkpoint in sample::checkpoint()) {
        let bytes = record::encode_checkpoint(&checkpoint);
        let decoded = record::decode_checkpoint(checkpoint.id.clone(), checkpoint.seq, &bytes).unwrap();
        prop_assert_eq!(decoded, checkpoint);
    }

    /// Bytes that nobody wrote are refused or read, but never end the program.
    #[test]
    fn noise(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        session in sample::session(),
        checkpoint in sample::checkpoint(),
    ) {
        drop(record::decode_session(&bytes, columns(&session)));
        drop(record::decode_activity(&bytes));
        drop(record::decode_events(Seq(1), &bytes));
        drop(record::skip_events(Seq(1), &bytes, 1));
        drop(record::decode_recent(&bytes));
        drop(Chunk::decode(Seq(1), &bytes));
        drop(Chunk::decode(Seq(1), &[&[1], &bytes[..]].concat()));
        drop(record::decode_checkpoint(checkpoint.id.clone(), Seq(1), &bytes));
        drop(payload::unpack(&checkpoint, bytes.clone()));
        let columns = record::TermColumns { renewed: None, renewed_wall: None };
        drop(record::decode_lease(&bytes, Fence(1), columns));
    }
}
