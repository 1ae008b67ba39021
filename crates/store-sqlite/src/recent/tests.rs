//! What is kept of a session's latest events, and when it is forgotten.

use tenure_core::event::EventDraft;
use tenure_core::id::{Revision, Seq};
use tenure_core::time::WallTime;
use tenure_store::{Handle, Heard as _, record};

use super::{Appended, Recent, events};
use crate::queue::Queue;
use crate::watches::{Standing, Watches};

const ROOM: usize = 1 << 20;
const HANDLE: Handle = Handle(1);

fn appended(first: u64, count: u64) -> Appended {
    let draft = |n: u64| EventDraft::from(tenure_store_testkit::fixture::given("note", &n.to_string()));
    let mut bytes = record::encode_events((0..count).map(draft).collect());
    record::seal_events(&mut bytes, WallTime::from_epoch_ms(1), None);
    Appended { handle: HANDLE, first: Seq(first), count, bytes }
}

fn rung() -> Recent {
    let mut recent = Recent::default();
    recent.begin();
    recent
}

fn after(recent: &Recent, seq: u64) -> Option<Vec<u64>> {
    let appends = recent.after(Seq(seq))?;
    Some(events(&appends, Seq(seq)).unwrap().iter().map(|event| event.seq.0).collect())
}

#[test]
fn any_position_that_is_kept_is_gone_on_from() {
    let mut recent = rung();
    assert_eq!(after(&recent, 0), None, "nothing is known");
    for first in [4, 6, 8] {
        recent.keep(appended(first, 2), ROOM);
    }
    assert_eq!(after(&recent, 2), None, "an event in between is not kept");
    assert_eq!(after(&recent, 3), Some(vec![4, 5, 6, 7, 8, 9]));
    assert_eq!(after(&recent, 4), Some(vec![5, 6, 7, 8, 9]));
    assert_eq!(after(&recent, 9), Some(vec![]));
    assert_eq!(after(&recent, 10), None, "somebody knows more");
}

#[test]
fn what_is_before_a_gap_is_forgotten() {
    let mut recent = rung();
    recent.keep(appended(4, 1), ROOM);
    recent.keep(appended(6, 1), ROOM);
    assert_eq!(after(&recent, 4), None);
    assert_eq!(after(&recent, 5), Some(vec![6]));
    recent.forget();
    assert_eq!(after(&recent, 5), None);
}

#[test]
fn what_does_not_fit_is_forgotten_oldest_first() {
    let mut recent = rung();
    recent.keep(appended(1, 1), ROOM);
    let each = recent.bytes;
    for first in 2..=5 {
        recent.keep(appended(first, 1), 2 * each);
    }
    assert_eq!((after(&recent, 2), after(&recent, 3)), (None, Some(vec![4, 5])));
    recent.keep(appended(6, 100), 2 * each);
    assert_eq!(after(&recent, 105), None, "not even the newest fits");
}

#[test]
fn small_events_are_counted_as_what_they_take_decoded() {
    let mut recent = rung();
    for first in 1..=1000 {
        recent.keep(appended(first, 1), 64 << 10);
    }
    let kept: Vec<_> = recent.appends.iter().flat_map(|kept| kept.events().unwrap()).collect();
    assert!(
        (10..=64 * 1024 / size_of::<tenure_core::event::Event>()).contains(&kept.len()),
        "{}",
        kept.len()
    );
}

#[test]
fn nothing_is_kept_before_others_say_when_they_write() {
    let mut recent = Recent::default();
    recent.keep(appended(4, 1), ROOM);
    assert_eq!(recent.head(), None);
}

#[tokio::test]
async fn what_was_told_wakes_once_and_the_net_wakes_for_what_was_not() {
    let watches = std::sync::Arc::new(Watches::default());
    let queue = std::sync::Arc::new(Queue::new(8));
    let (mut changes, watcher) = watches.add(&queue, HANDLE).unwrap();
    watcher.is_rung();
    let mut stands = |head, revision| {
        let (head, revision) = (Seq(head), Revision(revision));
        watches.compare([(HANDLE, Some(Standing { head, earliest: Seq(1), revision }))]);
        let woke = changes.has_changed().unwrap();
        changes.mark_unchanged();
        woke
    };
    assert!(stands(3, 1), "nothing was known");
    assert!(!stands(3, 1));
    watches.tell(vec![appended(4, 1)]);
    assert!(stands(4, 1), "by what was told");
    watches.tell(vec![appended(5, 1)]);
    assert!(stands(4, 1));
    assert!(!stands(5, 1), "it was told");
    assert_eq!(watcher.heard(Seq(3)).unwrap().len(), 2);
    assert!(stands(6, 1), "an event that was not told");
    assert_eq!(watcher.heard(Seq(5)), None);
    assert!(stands(6, 2), "a change without an event");
    watches.compare([(HANDLE, None)]);
    assert!(changes.has_changed().unwrap(), "it is gone");
}
