//! Cases about checkpoints: saved once, found again, never half.

use std::sync::Arc;

use tenure_core::checkpoint::{Content, Record, Restore};
use tenure_core::event::EventBody;
use tenure_core::id::{Fence, Seq};
use tenure_core::limits;
use tenure_core::session::{StateName, Step};
use tenure_store::payload::Packed;
use tenure_store::{
    Capture, CommitOutcome, CommitRequest, CreateOutcome, Handle, ListedCheckpoint, PayloadOutcome,
    RemoveOutcome, StoreError,
};
use tokio::task::JoinSet;

use crate::fixture::{
    ALMOST_TTL, Bench, Held, TICK, TTL, cancel, checkpoint_id, claimant, committed, created, id_of, noise,
    note, owner, pause, resume, run, saving, slot, start, takeover,
};
use crate::{Capability, Damage, Fault, Harness};

/// More than one piece, so that a payload is not written by one transaction.
const LARGE: usize = limits::CHECKPOINT_PIECE_BYTES + 1;

/// Payloads of every sort come back: none, small, compressed, not to be compressed, in many pieces.
pub async fn a_payload_comes_back_as_it_was(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let piece = limits::CHECKPOINT_PIECE_BYTES;
    let payloads =
        [Vec::new(), vec![0], vec![7; piece], noise(100), noise(piece), noise(piece + 1), noise(3 * piece)];
    for (number, payload) in payloads.iter().enumerate() {
        bench.save(held, &format!("ckp_{number}"), payload).await;
    }
    for (number, payload) in payloads.iter().enumerate() {
        assert!(bench.payload_bytes(held.handle, &format!("ckp_{number}")).await == *payload, "{number}");
    }
}

/// A checkpoint has the position of its event; the revision stays, and it is the owner's activity.
pub async fn a_checkpoint_and_its_event_are_one_write(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let before = bench.found(held.handle).await;
    bench.clock.advance(TICK);
    let checkpoint = bench.save(held, "ckp_1", b"one").await;
    let found = bench.found(held.handle).await;
    assert_eq!((checkpoint.seq, found.head), (before.head.next(), before.head.next()));
    assert_eq!(checkpoint.created_at, bench.clock.wall(), "by the store's clock");
    assert_eq!(found.current.counters, before.current.counters);
    let session = found.current.session.expect("it is stored");
    assert_eq!(session.last_activity_at, bench.clock.wall());
    let log = bench.log(held.handle).await;
    let event = log.last().expect("an event");
    let data = EventBody::CheckpointCreated {
        id: checkpoint_id("ckp_1"),
        reason: Some("for ckp_1".to_owned()),
        size: 3,
    };
    assert_eq!((event.seq, event.fence, &event.data), (checkpoint.seq, Some(held.fence), &data));
}

/// Reason, metadata, what it is, sizes and hash are as they were given.
pub async fn everything_that_is_known_of_a_checkpoint_comes_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let session = bench.session(held.handle).await.id;
    for (number, content) in [Content::Record, Content::Given].into_iter().enumerate() {
        let mut request = saving(held.handle, Some(held.fence), &format!("ckp_{number}"), &vec![7; LARGE]);
        request.content = content.clone();
        request.reason = (number == 0).then(|| "ä\0'--".to_owned());
        request.metadata = (number == 1).then(|| "{\"a\": \"ü\"}".to_owned());
        let checkpoint = created(bench.create(&request).await);
        assert_eq!(checkpoint.id, request.id);
        assert_eq!((&checkpoint.session, &checkpoint.content), (&session, &content));
        assert_eq!((&checkpoint.reason, &checkpoint.metadata), (&request.reason, &request.metadata));
        let payload = &request.payload;
        assert_eq!((checkpoint.encoding, checkpoint.sha256), (payload.encoding, payload.sha256));
        let sizes = (payload.original_size, payload.bytes.len() as u64);
        assert_eq!((checkpoint.original_size, checkpoint.stored_size), sizes);
        let listed = bench.listed(held.handle, None, 1).await;
        assert_eq!(listed, [ListedCheckpoint::Readable(checkpoint)]);
    }
}

/// Whoever saves what nobody holds does not make it look alive.
pub async fn an_operators_checkpoint_is_no_activity(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    let before = bench.session(held.handle).await;
    created(bench.create(&saving(held.handle, None, "ckp_1", b"one")).await);
    assert_eq!(bench.session(held.handle).await, before);
    assert_eq!(bench.log(held.handle).await.last().expect("an event").fence, None);
}

/// The same request tells the same again and writes nothing, even after the session changed hands and ended.
pub async fn a_checkpoint_sent_twice_happens_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for payload in [&b"one"[..], &noise(LARGE)] {
        let id = format!("ckp_{}", payload.len());
        let request = saving(held.handle, Some(held.fence), &id, payload);
        let first = bench.create(&request).await;
        let before = bench.dump().await;
        assert_eq!(bench.create(&request).await, first);
        assert_eq!(bench.dump().await, before);
    }
    let request = saving(held.handle, Some(held.fence), "ckp_last", b"one");
    let first = bench.create(&request).await;
    bench.clock.advance(TTL);
    bench.commit(held.handle, &takeover(2)).await;
    assert_eq!(bench.create(&request).await, first);
    bench.commit(held.handle, &cancel()).await;
    let before = bench.dump().await;
    assert_eq!(bench.create(&request).await, first);
    assert_eq!(bench.dump().await, before);
}

/// An id names one checkpoint of a session; who may not save at all hears that first.
pub async fn another_checkpoint_of_the_same_id_is_refused(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", b"one").await;
    let again = saving(held.handle, Some(held.fence), "ckp_1", b"two");
    assert_eq!(bench.refused_save(&again).await, CreateOutcome::IdTaken);
    let fenced = saving(held.handle, Some(held.fence.next()), "ckp_1", b"two");
    assert_eq!(bench.refused_save(&fenced).await, CreateOutcome::Fenced { current: held.fence });
    assert_eq!(bench.payload_bytes(held.handle, "ckp_1").await, b"one");
}

/// Sessions do not share their checkpoints' ids.
pub async fn the_same_id_may_exist_in_two_sessions(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (a, b) = (bench.hold("a", 1).await, bench.hold("b", 2).await);
    bench.save(a, "ckp_1", b"one").await;
    bench.save(b, "ckp_1", b"two").await;
    assert_eq!(bench.payload_bytes(a.handle, "ckp_1").await, b"one");
    assert_eq!(bench.payload_bytes(b.handle, "ckp_1").await, b"two");
    assert_eq!(bench.payload(a.handle, "ckp_2").await, PayloadOutcome::NotFound);
}

/// A former holder cannot save, however large what it saves is.
pub async fn a_checkpoint_under_another_fence_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.hold("a", 1).await;
    bench.clock.advance(TTL);
    bench.commit(old.handle, &takeover(2)).await;
    let current = bench.held(old.handle).await.fence;
    for payload in [&b"one"[..], &noise(LARGE)] {
        let request = saving(old.handle, Some(old.fence), "ckp_1", payload);
        assert_eq!(bench.refused_save(&request).await, CreateOutcome::Fenced { current });
    }
}

/// Without a fence nobody saves a session that is held.
pub async fn nobody_saves_what_somebody_else_holds(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    assert_eq!(bench.refused_save(&saving(held.handle, None, "ckp_1", b"one")).await, CreateOutcome::Held);
    bench.clock.advance(ALMOST_TTL);
    assert_eq!(bench.refused_save(&saving(held.handle, None, "ckp_1", b"one")).await, CreateOutcome::Held);
}

/// Lateness alone loses nothing.
pub async fn an_owner_that_is_late_still_saves(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(TTL * 2);
    bench.save(held, "ckp_1", b"one").await;
}

/// A session is free to be saved when its lease is over, or its holder is proven to be gone.
pub async fn an_operator_saves_what_nobody_holds(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut request = saving(held.handle, None, "ckp_1", b"one");
    request.gone = Some(claimant(2).incarnation);
    assert_eq!(bench.refused_save(&request).await, CreateOutcome::Held, "somebody else is gone");
    request.gone = Some(claimant(1).incarnation);
    created(bench.create(&request).await);
    bench.clock.advance(TTL);
    created(bench.create(&saving(held.handle, None, "ckp_2", b"two")).await);
    let wrong = saving(held.handle, Some(held.fence.next()), "ckp_3", b"three");
    assert_eq!(bench.refused_save(&wrong).await, CreateOutcome::Fenced { current: held.fence });
}

/// Nothing is saved of what has ended; what was saved before is still read.
pub async fn an_ended_session_takes_no_checkpoint_and_keeps_those_it_has(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", b"one").await;
    bench.commit(held.handle, &cancel()).await;
    for fence in [None, Some(held.fence), Some(Fence(99))] {
        let request = saving(held.handle, fence, "ckp_2", b"two");
        assert_eq!(bench.refused_save(&request).await, CreateOutcome::Ended);
    }
    assert_eq!(bench.saved(held.handle).await, ["ckp_1"]);
    assert_eq!(bench.payload_bytes(held.handle, "ckp_1").await, b"one");
}

/// There must be a session.
pub async fn a_checkpoint_of_nothing_is_not_found(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let nothing = Handle(99);
    assert_eq!(bench.create(&saving(nothing, None, "ckp_1", b"one")).await, CreateOutcome::NotFound);
    assert_eq!(bench.saved(nothing).await, [""; 0]);
    assert_eq!(bench.payload(nothing, "ckp_1").await, PayloadOutcome::NotFound);
    assert_eq!(bench.remove(nothing, None, &["ckp_1"]).await, RemoveOutcome::Removed { count: 0 });
}

/// Pages go back in time without a gap.
pub async fn checkpoints_are_listed_newest_first_in_pages(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut expected = Vec::new();
    for number in 0..7 {
        let id = format!("ckp_{number}");
        bench.save(held, &id, id.as_bytes()).await;
        bench.append(held, 2).await;
        expected.insert(0, id);
    }
    assert_eq!(bench.saved(held.handle).await, expected);
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let page = bench.listed(held.handle, before, 3).await;
        let Some(ListedCheckpoint::Readable(last)) = page.last() else { break };
        before = Some(last.seq);
        assert!(page.len() == 3 || found.len() + page.len() == 7, "a page is full, but for the last");
        found.extend(page.iter().map(id_of));
    }
    assert_eq!(found, expected);
    assert_eq!(bench.listed(held.handle, Some(Seq(1)), 3).await, []);
}

/// A list does not look at payloads, so it costs nothing and survives their damage.
pub async fn what_is_listed_reads_no_payload(harness: &dyn Harness) {
    if !harness.has(Capability::Damage) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let checkpoint = bench.save(held, "ckp_1", b"one").await;
    bench.damage(held.handle, "ckp_1", Damage::Payload);
    let listed = [ListedCheckpoint::Readable(checkpoint)];
    assert_eq!(bench.listed(held.handle, None, 9).await, listed);
}

/// One flipped bit is noticed wherever it is, and concerns only the payload that it is in.
pub async fn a_damaged_payload_is_reported_and_its_neighbours_are_read(harness: &dyn Harness) {
    if !harness.has(Capability::Damage) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let payloads = [b"one".to_vec(), vec![7; LARGE], noise(LARGE)];
    for (number, payload) in payloads.iter().enumerate() {
        for place in ["before", "damaged", "after"] {
            bench.save(held, &format!("ckp_{number}_{place}"), payload).await;
        }
        bench.damage(held.handle, &format!("ckp_{number}_damaged"), Damage::Payload);
    }
    for (number, payload) in payloads.iter().enumerate() {
        for place in ["before", "after"] {
            let read = bench.payload_bytes(held.handle, &format!("ckp_{number}_{place}")).await;
            assert!(read == *payload, "{number} {place}");
        }
        let damaged = bench.payload(held.handle, &format!("ckp_{number}_damaged")).await;
        assert!(matches!(damaged, PayloadOutcome::Damaged { .. }), "{number}");
    }
    bench.append(held, 1).await;
    bench.save(held, "ckp_next", b"next").await;
}

/// What is known of a checkpoint can be damaged, too, without hiding the others.
pub async fn a_damaged_record_is_reported_and_its_neighbours_are_listed(harness: &dyn Harness) {
    if !harness.has(Capability::Damage) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for id in ["ckp_1", "ckp_2", "ckp_3"] {
        bench.save(held, id, id.as_bytes()).await;
    }
    bench.damage(held.handle, "ckp_2", Damage::Record);
    let listed = bench.listed(held.handle, None, 9).await;
    let damaged: Vec<_> =
        listed.iter().map(|listed| matches!(listed, ListedCheckpoint::Damaged { .. })).collect();
    assert_eq!(damaged, [false, true, false]);
    assert_eq!(bench.saved(held.handle).await, ["ckp_3", "ckp_2", "ckp_1"]);
    assert!(matches!(bench.payload(held.handle, "ckp_2").await, PayloadOutcome::Damaged { .. }));
    assert_eq!(bench.payload_bytes(held.handle, "ckp_1").await, b"ckp_1");
    assert_eq!(bench.remove(held.handle, None, &["ckp_2"]).await, RemoveOutcome::Removed { count: 1 });
    assert_eq!(bench.saved(held.handle).await, ["ckp_3", "ckp_1"]);
}

/// What is removed is gone, whatever it is; the log still says that it was made.
pub async fn removed_checkpoints_are_gone_and_the_others_stay(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for number in 0..4 {
        bench.save(held, &format!("ckp_{number}"), &noise(50_000)).await;
    }
    let before = bench.found(held.handle).await;
    let removed = bench.remove(held.handle, Some(held.fence), &["ckp_0", "ckp_2", "ckp_9"]).await;
    assert_eq!(removed, RemoveOutcome::Removed { count: 2 });
    assert_eq!(bench.saved(held.handle).await, ["ckp_3", "ckp_1"]);
    assert_eq!(bench.payload(held.handle, "ckp_0").await, PayloadOutcome::NotFound);
    assert!(bench.payload_bytes(held.handle, "ckp_1").await == noise(50_000));
    assert_eq!(bench.found(held.handle).await, before);
    let again = bench.remove(held.handle, None, &["ckp_0"]).await;
    assert_eq!(again, RemoveOutcome::Removed { count: 0 });
}

/// A former holder removes nothing.
pub async fn a_removal_under_another_fence_is_fenced(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", b"one").await;
    let refused = bench.remove(held.handle, Some(held.fence.next()), &["ckp_1"]).await;
    assert_eq!(refused, RemoveOutcome::Fenced { current: held.fence });
    assert_eq!(bench.saved(held.handle).await, ["ckp_1"]);
}

/// Checkpoints and their payloads are there when the store is opened again.
pub async fn checkpoints_outlive_the_store(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", &noise(LARGE)).await;
    bench.save(held, "ckp_2", b"two").await;
    bench.remove(held.handle, None, &["ckp_2"]).await;
    let before = bench.dump().await;
    let bench = bench.reopen().await;
    assert_eq!(bench.dump().await, before);
    bench.save(held, "ckp_3", b"three").await;
    assert_eq!(bench.saved(held.handle).await, ["ckp_3", "ckp_1"]);
}

/// Small and large ones at once, with appends in between, are all kept, and the log has no gap.
pub async fn checkpoints_of_many_writers_are_each_kept(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut tasks = JoinSet::new();
    for number in 0..8_usize {
        let store = Arc::clone(&bench.store);
        let length = if number % 2 == 0 { LARGE } else { 10 };
        let request =
            saving(held.handle, Some(held.fence), &format!("ckp_{number}"), &noise(length + number));
        tasks.spawn(async move { store.create_checkpoint(request).await.map(created).map(|_| ()) });
    }
    for _ in 0..20 {
        bench.append(held, 2).await;
    }
    for answer in tasks.join_all().await {
        answer.expect("it is held");
    }
    for number in 0..8_usize {
        let length = if number % 2 == 0 { LARGE } else { 10 };
        let read = bench.payload_bytes(held.handle, &format!("ckp_{number}")).await;
        assert!(read == noise(length + number), "{number}");
    }
    bench.dump().await;
}

/// Who follows a session hears of its checkpoints.
pub async fn a_watch_wakes_on_a_checkpoint(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut watch = bench.store.watch(held.handle).await.expect("a watch");
    bench.save(held, "ckp_1", b"one").await;
    bench.wakes(&mut watch).await;
}

/// Every instance shows what one of them saved.
pub async fn another_instance_shows_a_checkpoint(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let other = bench.second().await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", &noise(LARGE)).await;
    let mine = bench.dump().await;
    assert_eq!(crate::dump(other.as_ref(), &[tenure_core::id::Namespace::default_name()]).await, mine);
    let theirs = saving(held.handle, Some(held.fence), "ckp_2", b"two");
    created(other.create_checkpoint(theirs).await.expect("an outcome"));
    assert_eq!(bench.saved(held.handle).await, ["ckp_2", "ckp_1"]);
    bench.append(held, 1).await;
    bench.dump().await;
}

/// An answer that was lost is found out by asking for the same again.
pub async fn a_checkpoint_whose_answer_was_lost_is_there_once(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut number = 0;
    for payload in [&b"one"[..], &noise(LARGE)] {
        for fault in [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup] {
            number += 1;
            let request = saving(held.handle, Some(held.fence), &format!("ckp_{number}"), payload);
            bench.inject(fault);
            match bench.store.create_checkpoint(request.clone()).await {
                Ok(outcome) => drop(created(outcome)),
                Err(StoreError::Unknown { commit_id, .. }) => assert_eq!(commit_id, request.commit_id),
                Err(error) => assert!(error.is_retryable(), "{fault:?}: {error:?}"),
            }
            let created = created(bench.create(&request).await);
            assert_eq!(bench.saved(held.handle).await.len(), number, "{fault:?}");
            let log = bench.log(held.handle).await;
            let named = |event: &&tenure_core::event::Event| matches!(&event.data, EventBody::CheckpointCreated { id, .. } if *id == created.id);
            assert_eq!(log.iter().filter(named).count(), 1, "{fault:?}");
            assert!(bench.payload_bytes(held.handle, created.id.as_str()).await == payload);
        }
    }
}

/// Whoever stops waiting leaves a whole checkpoint or none, and disturbs nobody.
pub async fn a_dropped_checkpoint_is_there_whole_or_not_at_all(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for polls in 0..6 {
        let request = saving(held.handle, Some(held.fence), &format!("ckp_{polls}"), &noise(LARGE));
        super::crash::poll_and_drop(bench.store.create_checkpoint(request), polls).await;
        // Behind the dropped one in whatever line there is.
        bench.commit(held.handle, &note(held.fence, Some("here"))).await;
        let created = bench.log(held.handle).await.into_iter().filter_map(|event| match event.data {
            EventBody::CheckpointCreated { id, .. } => Some(id.as_str().to_owned()),
            _ => None,
        });
        let mut created: Vec<_> = created.collect();
        created.reverse();
        assert_eq!(bench.saved(held.handle).await, created);
        for id in created {
            assert!(bench.payload_bytes(held.handle, &id).await == noise(LARGE));
        }
    }
}

/// Bringing a record back is a commit like any other: what it says is stored, and so is the event.
pub async fn a_restored_record_is_kept(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let then = run("ses_a", Some("a"), 1);
    bench.commit(slot("a"), &start(then)).await;
    let found = bench.found(slot("a")).await;
    let held = bench.held(found.handle.expect("it is stored")).await;
    bench.commit(held.handle, &note(held.fence, Some("sorting"))).await;
    let mut record = Record::of(&bench.session(held.handle).await);
    record.labels.insert("step".to_owned(), "1".to_owned());
    record.command = vec!["then".to_owned()];
    bench.commit(held.handle, &note(held.fence, Some("something else"))).await;
    let restore = Restore { id: checkpoint_id("ckp_1"), record: Some(record.clone()) };
    bench.commit(held.handle, &owner(held.fence, Step::Restore(Box::new(restore)))).await;
    assert_eq!(Record::of(&bench.session(held.handle).await), record);
    let log = bench.log(held.handle).await;
    let restored = EventBody::CheckpointRestored { id: checkpoint_id("ckp_1"), is_record: true };
    assert_eq!(log.last().map(|event| &event.data), Some(&restored));
}

/// A pause with what was to be saved with it, as `id`.
async fn pausing(bench: &Bench, held: Held, id: &str, payload: &[u8]) -> CommitRequest {
    let capture = Capture {
        id: checkpoint_id(id),
        reason: Some("pause".to_owned()),
        content: Content::Record,
        payload: Arc::new(Packed::of(payload.to_vec())),
    };
    let request = bench.prepare(held.handle, &pause(held.fence)).await;
    CommitRequest { capture: Some(capture), ..request }
}

/// What a commit writes and what is saved with it are one write.
pub async fn a_commit_saves_with_what_it_writes(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for (id, payload) in [("ckp_1", noise(1000)), ("ckp_2", noise(LARGE))] {
        let before = bench.found(held.handle).await.head;
        let done = committed(bench.send(&pausing(&bench, held, id, &payload).await).await);
        assert_eq!(done.head, before.next().next());
        let log = bench.log(held.handle).await;
        let expected = EventBody::CheckpointCreated {
            id: checkpoint_id(id),
            reason: Some("pause".to_owned()),
            size: payload.len() as u64,
        };
        let last = log.last().expect("an event");
        assert_eq!((&last.data, last.fence), (&expected, Some(held.fence)), "it is the commit's last event");
        let PayloadOutcome::Payload { checkpoint, bytes } = bench.payload(held.handle, id).await else {
            panic!("it was saved");
        };
        assert_eq!((checkpoint.seq, checkpoint.content), (done.head, Content::Record));
        assert!(bytes == payload);
        assert_eq!(bench.session(held.handle).await.state.name(), StateName::Paused);
        bench.commit(held.handle, &resume(held.fence)).await;
    }
}

/// What refuses a commit keeps it from saving.
pub async fn a_refused_commit_saves_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.save(held, "ckp_1", b"one").await;
    let request = pausing(&bench, held, "ckp_1", b"two").await;
    assert_eq!(bench.refused(&request).await, CommitOutcome::IdTaken, "an id names one checkpoint");
    let request = pausing(&bench, held, "ckp_2", b"two").await;
    bench.commit(held.handle, &note(held.fence, Some("busy"))).await;
    let late = bench.prepare(held.handle, &pause(held.fence)).await;
    committed(bench.send(&late).await);
    assert!(matches!(bench.refused(&request).await, CommitOutcome::RevisionConflict { .. }));
    assert_eq!(bench.saved(held.handle).await, ["ckp_1"]);
}

/// A commit whose answer was lost has saved exactly if it was made.
pub async fn what_a_lost_commit_saves_is_there_with_it(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    for fault in [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup] {
        let bench = Bench::new(harness).await;
        let held = bench.hold("a", 1).await;
        let request = pausing(&bench, held, "ckp_1", b"one").await;
        bench.inject(fault);
        drop(bench.store.commit(request.clone()).await);
        let is_paused = bench.session(held.handle).await.state.name() == StateName::Paused;
        assert_eq!(bench.saved(held.handle).await.len(), usize::from(is_paused), "{fault:?}");
        let resolved = bench.store.resolve(&request).await.expect("an answer");
        let head = bench.found(held.handle).await.head;
        assert_eq!(resolved.map(|done| done.head), is_paused.then_some(head));
        bench.dump().await;
    }
}
