//! Whatever can be stored comes back as it was.

use proptest::prelude::*;
use tenure_core::event::Event;
use tenure_core::id::{Fence, Seq};
use tenure_core::session::Session;
use tenure_core::time::WallTime;
use tenure_store::record::{self, Columns};

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
    }
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
        events in proptest::collection::vec(sample::event(), 1..6),
        first in 1..u64::MAX / 2,
        (at, fence) in any::<(u64, Option<u64>)>(),
    ) {
        let (at, fence) = (WallTime::from_epoch_ms(at), fence.map(Fence));
        let mut bytes = record::encode_events(events.clone());
        record::seal_events(&mut bytes, at, fence);
        let numbered = (first..).zip(events).map(|(seq, data)| Event { seq: Seq(seq), at, fence, data });
        let expected: Vec<_> = numbered.collect();
        prop_assert_eq!(record::decode_events(Seq(first), &bytes).unwrap(), expected);
    }

    /// Bytes that nobody wrote are refused or read, but never end the program.
    #[test]
    fn noise(bytes in proptest::collection::vec(any::<u8>(), 0..200), session in sample::session()) {
        drop(record::decode_session(&bytes, columns(&session)));
        drop(record::decode_activity(&bytes));
        drop(record::decode_events(Seq(1), &bytes));
        let columns = record::TermColumns { renewed: None, renewed_wall: None };
        drop(record::decode_lease(&bytes, Fence(1), columns));
    }
}
