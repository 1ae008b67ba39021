//! Cases about sessions that come from elsewhere.

use std::sync::Arc;

use tenure_core::checkpoint::{Checkpoint, Content, FileAction, FileVersion};
use tenure_core::event::{Event, EventBody};
use tenure_core::id::{CheckpointId, EventId, EventType, Fence, Namespace, Revision, Seq};
use tenure_core::limits;
use tenure_core::session::{Counters, Session, StartRun, State};
use tenure_core::time::WallTime;
use tenure_store::payload::Packed;
use tenure_store::{
    AdmitOutcome, AdmitRequest, AppendOutcome, AppendRequest, ArriveOutcome, ArriveRequest,
    BringCheckpointOutcome, BringCheckpointRequest, BringOutcome, BringRequest, CheckpointRequest,
    CheckpointsRequest, CommitOutcome, FilesRequest, Find, Found, GroupRequest, Handle, LimitRequest,
    ListedCheckpoint, Origin, PayloadOutcome, Slot,
};

use crate::fixture::{
    Bench, Target, append, cancel, commit_id, complete, create, creating, group, noise, run, session_id,
    slot, start, try_prepare,
};
use crate::{Capability, Fault, Harness};

const AT: WallTime = WallTime::from_epoch_ms(1_767_225_600_123);
const ORIGIN: Origin = Origin([9; 32]);

/// A session that was active elsewhere, in the slot `key`.
async fn coming(bench: &Bench, name: &str, key: &str) -> Session {
    let request = bench.prepare(slot(key), &start(run(name, Some(key), 1))).await;
    let session = request.decision.session().expect("it starts").clone();
    Session { lease: None, counters: counters(5, 3), ..session }
}

const fn counters(revision: u64, fence: u64) -> Counters {
    Counters { revision: Revision(revision), fence: Fence(fence) }
}

fn event(seq: u64, id: Option<&str>) -> Event {
    let (kind, json) = (EventType::parse("note").expect("a type"), format!("{{\"n\":{seq}}}"));
    let id = id.map(|id| EventId::parse(id).expect("an id"));
    // Two of each append.
    let at = AT.after(std::time::Duration::from_secs(seq / 2));
    let fence = (seq % 4 < 2).then_some(Fence(2));
    Event { seq: Seq(seq), at, fence, id, data: EventBody::Given { kind, json } }
}

fn events(from: u64, to: u64) -> Vec<Event> {
    (from..=to).map(|seq| event(seq, None)).collect()
}

async fn arrive(bench: &Bench, session: &Session, earliest: u64) -> ArriveOutcome {
    let (namespace, id, slot) = (session.namespace.clone(), session.id.clone(), Slot::of(session));
    let request = ArriveRequest { namespace, id, slot, earliest: Seq(earliest) };
    bench.store.arrive(request).await.expect("an outcome")
}

async fn begin(bench: &Bench, session: &Session, earliest: u64) -> Handle {
    match arrive(bench, session, earliest).await {
        ArriveOutcome::Begun(arrival) => arrival,
        other => panic!("begun, not {other:?}"),
    }
}

async fn bring(bench: &Bench, arrival: Handle, events: Vec<Event>) -> BringOutcome {
    bench.store.bring(BringRequest { arrival, events }).await.expect("an outcome")
}

fn admission(arrival: Handle, session: &Session, head: u64) -> AdmitRequest {
    AdmitRequest {
        commit_id: commit_id(),
        arrival,
        session: session.clone(),
        counters: session.counters,
        head: Seq(head),
        origin: ORIGIN,
    }
}

async fn admit(bench: &Bench, request: &AdmitRequest) -> AdmitOutcome {
    bench.store.admit(request.clone()).await.expect("an outcome")
}

/// Brings a session in with `count` events.
async fn bring_in(bench: &Bench, session: &Session, count: u64) -> Handle {
    let arrival = begin(bench, session, 1).await;
    if count > 0 {
        assert_eq!(bring(bench, arrival, events(1, count)).await, BringOutcome::Brought);
    }
    assert_eq!(admit(bench, &admission(arrival, session, count)).await, AdmitOutcome::Admitted);
    arrival
}

/// Nobody sees a session before all of it is there, and then it is as it was.
pub async fn what_arrives_is_seen_as_a_whole_and_not_before(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.hold("b", 2).await;
    let before = bench.dump().await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = begin(&bench, &session, 1).await;
    for (from, to) in [(1, 3), (4, 4), (5, 12)] {
        assert_eq!(bring(&bench, arrival, events(from, to)).await, BringOutcome::Brought);
        assert_eq!(bench.dump().await, before);
        assert_eq!(bench.found(slot("a")).await, Found::default());
    }
    assert_eq!(admit(&bench, &admission(arrival, &session, 12)).await, AdmitOutcome::Admitted);
    assert_eq!(bench.session(arrival).await, session);
    assert_eq!(bench.log(arrival).await, events(1, 12));
    assert_eq!(bench.dump().await.sessions.len(), 2);
    let found = bench.found(slot("a")).await;
    assert_eq!((found.handle, found.head, found.earliest), (Some(arrival), Seq(12), Seq(1)));
}

/// What arrived goes on like any other: the next holder, the next position, the next revision.
pub async fn what_arrived_goes_on(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = bring_in(&bench, &session, 3).await;
    let old = bench.store.append(append(arrival, Some(Fence(3)), 1)).await.expect("an outcome");
    assert_eq!(old, AppendOutcome::Fenced { current: Fence(3) });
    bench.append_inbox(arrival, 2).await;
    let done = bench.commit(slot("a"), &start(run("ses_y", Some("a"), 2))).await;
    assert_eq!((done.handle, done.revision), (arrival, Revision(6)));
    let held = bench.held(arrival).await;
    assert_eq!(held.fence, Fence(4));
    assert!(matches!(bench.append(held, 2).await, AppendOutcome::Appended { .. }));
    let positions: Vec<_> = bench.log(arrival).await.iter().map(|event| event.seq.0).collect();
    assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
    assert!(positions.len() > 7);
}

/// What was at work in a group is held by nobody when it arrives, so it takes no place; whoever starts it needs one.
pub async fn what_arrives_takes_a_place_once_it_is_held(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let web = GroupRequest { namespace: Namespace::default_name(), name: group("web") };
    let limit = LimitRequest { group: web.clone(), limit: Some(1), only_first: true };
    bench.store.limit_group(limit).await.expect("an answer");
    let first = StartRun { group: Some(group("web")), ..run("ses_b", Some("b"), 2) };
    let first = bench.commit(slot("b"), &start(first)).await.handle;
    let session = Session { group: Some(group("web")), ..coming(&bench, "ses_x", "a").await };
    let arrival = bring_in(&bench, &session, 3).await;
    assert_eq!(bench.session(arrival).await, session);
    let members = async || {
        let found = bench.store.group(web.clone()).await.expect("an answer");
        found.members.iter().map(|member| member.handle).collect::<Vec<_>>()
    };
    assert_eq!(members().await, [first]);
    let again = start(run("ses_y", Some("a"), 3));
    let refused = bench.prepare(slot("a"), &again).await;
    assert_eq!(bench.send(&refused).await, CommitOutcome::Full);
    bench.commit(first, &cancel()).await;
    bench.commit(slot("a"), &again).await;
    assert_eq!(members().await, [arrival]);
}

/// A log whose beginning had been dropped begins there still; one of which nothing is left goes on where it was.
pub async fn what_arrives_with_a_dropped_beginning_begins_there(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = begin(&bench, &session, 8).await;
    assert_eq!(bring(&bench, arrival, events(8, 10)).await, BringOutcome::Brought);
    assert_eq!(admit(&bench, &admission(arrival, &session, 10)).await, AdmitOutcome::Admitted);
    let found = bench.found(arrival).await;
    assert_eq!((found.earliest, found.head), (Seq(8), Seq(10)));
    assert_eq!(bench.log(arrival).await, events(8, 10));
    let session = coming(&bench, "ses_y", "b").await;
    let arrival = begin(&bench, &session, 8).await;
    assert_eq!(admit(&bench, &admission(arrival, &session, 7)).await, AdmitOutcome::Admitted);
    bench.append_inbox(arrival, 1).await;
    assert_eq!(bench.log(arrival).await.iter().map(|event| event.seq.0).collect::<Vec<_>>(), [8]);
}

/// A part that is missing is noticed when the next one comes, and at the end.
pub async fn nothing_arrives_with_a_gap(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = begin(&bench, &session, 1).await;
    bring(&bench, arrival, events(1, 3)).await;
    for wrong in [events(5, 6), events(3, 4), events(1, 3)] {
        assert_eq!(bring(&bench, arrival, wrong).await, BringOutcome::Gap { next: Seq(4) });
    }
    for head in [2, 4] {
        let outcome = admit(&bench, &admission(arrival, &session, head)).await;
        assert_eq!(outcome, AdmitOutcome::Incomplete { next: Seq(4) });
    }
    assert_eq!(bench.dump().await.sessions, []);
}

/// Ids of events arrive with them: each once, and known from then on.
pub async fn ids_of_events_arrive_with_them(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = begin(&bench, &session, 1).await;
    bring(&bench, arrival, vec![event(1, Some("one")), event(2, None)]).await;
    let twice = vec![event(3, None), event(4, Some("one"))];
    assert_eq!(bring(&bench, arrival, twice).await, BringOutcome::IdRepeated { seq: Seq(4) });
    let twice = vec![event(3, Some("two")), event(4, Some("two"))];
    assert_eq!(bring(&bench, arrival, twice).await, BringOutcome::IdRepeated { seq: Seq(4) });
    let rest = vec![event(3, None), event(4, Some("four"))];
    assert_eq!(bring(&bench, arrival, rest).await, BringOutcome::Brought);
    assert_eq!(admit(&bench, &admission(arrival, &session, 4)).await, AdmitOutcome::Admitted);
    let Event { id, data, .. } = event(4, Some("four"));
    let events = vec![tenure_core::event::EventDraft { id, data }];
    let request =
        AppendRequest { commit_id: commit_id(), handle: arrival, fence: None, events, after: Seq(0) };
    let outcome = bench.store.append(request).await.expect("an outcome");
    assert_eq!(outcome, AppendOutcome::Known { seqs: vec![Seq(4)], new: 0 });
}

/// An id that exists does not arrive, and it is said what the session of that id came from.
pub async fn an_id_that_exists_does_not_arrive(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let there = Session { id: session_id("ses_c"), key: None, ..session.clone() };
    bench.commit(Target::New, &creating(create("ses_c", None))).await;
    assert_eq!(arrive(&bench, &there, 1).await, ArriveOutcome::IdTaken { origin: None });
    let elsewhere = Session { namespace: Namespace::parse("other").expect("a tenant"), ..there };
    let late = begin(&bench, &elsewhere, 1).await;
    bring_in(&bench, &session, 2).await;
    assert_eq!(arrive(&bench, &session, 1).await, ArriveOutcome::IdTaken { origin: Some(ORIGIN) });
    // It came to be while the other one was brought.
    let again = AdmitRequest { session: session.clone(), ..admission(late, &session, 0) };
    assert_eq!(admit(&bench, &again).await, AdmitOutcome::IdTaken { origin: Some(ORIGIN) });
}

/// An admission whose answer was lost is asked for again: it is taken by the same origin.
pub async fn an_admission_whose_answer_was_lost_is_asked_again(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    for fault in [Fault::BeforeDurable, Fault::AfterDurable] {
        let bench = Bench::new(harness).await;
        let session = coming(&bench, "ses_x", "a").await;
        let arrival = begin(&bench, &session, 1).await;
        bring(&bench, arrival, events(1, 3)).await;
        let request = admission(arrival, &session, 3);
        bench.inject(fault);
        drop(bench.store.admit(request.clone()).await);
        let outcome = admit(&bench, &request).await;
        let is_there = outcome == AdmitOutcome::IdTaken { origin: Some(ORIGIN) };
        assert!(is_there || outcome == AdmitOutcome::Admitted, "{outcome:?}");
        assert_eq!(bench.log(arrival).await, events(1, 3));
    }
}

/// A slot takes none while it has an open session, neither at the beginning nor in the end.
pub async fn a_slot_with_an_open_session_takes_none(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = begin(&bench, &session, 1).await;
    bring(&bench, arrival, events(1, 2)).await;
    let held = bench.hold("a", 1).await;
    let by = bench.session(held.handle).await.id;
    let taken = admit(&bench, &admission(arrival, &session, 2)).await;
    assert_eq!(taken, AdmitOutcome::SlotTaken { by: by.clone() });
    assert_eq!(arrive(&bench, &session, 1).await, ArriveOutcome::SlotTaken { by });
    // What came later and has ended is newer all the same.
    bench.commit(held.handle, &complete(held.fence)).await;
    assert_eq!(admit(&bench, &admission(arrival, &session, 2)).await, AdmitOutcome::Overtaken);
    let arrival = bring_in(&bench, &session, 2).await;
    assert_eq!(bench.found(slot("a")).await.handle, Some(arrival));
}

/// A slot counts on from the higher of what it had and what comes.
pub async fn a_slot_counts_on_from_the_higher_counters(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    for round in 0..4 {
        let held = bench.hold("a", 1).await;
        bench.commit(held.handle, &complete(held.fence)).await;
        let _ = round;
    }
    let had = bench.found(slot("a")).await.current.counters;
    let session = coming(&bench, "ses_x", "a").await;
    let session = Session { counters: counters(2, had.fence.0 + 40), ..session };
    let arrival = bring_in(&bench, &session, 1).await;
    let found = bench.found(slot("a")).await.current;
    assert_eq!(found.counters, counters(had.revision.0, had.fence.0 + 40));
    assert_eq!(found.session.expect("it is there").counters, session.counters);
    bench.commit(slot("a"), &start(run("ses_y", Some("a"), 2))).await;
    assert_eq!(bench.held(arrival).await.fence, Fence(had.fence.0 + 41));
}

/// What is given up, or begun anew by somebody else, never arrives.
pub async fn what_is_given_up_leaves_nothing(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let first = begin(&bench, &session, 1).await;
    bring(&bench, first, events(1, 5)).await;
    let second = begin(&bench, &session, 1).await;
    assert_eq!(bring(&bench, first, events(6, 6)).await, BringOutcome::NotFound);
    assert_eq!(admit(&bench, &admission(first, &session, 5)).await, AdmitOutcome::NotFound);
    bench.store.give_up(second).await.expect("it is done");
    bench.store.give_up(second).await.expect("again, nothing is done");
    assert_eq!(bring(&bench, second, events(1, 1)).await, BringOutcome::NotFound);
    while bench.store.reclaim().await.expect("an answer") {}
    assert_eq!(bench.dump().await.sessions, []);
    let third = bring_in(&bench, &session, 2).await;
    assert!(third > second && second > first, "no handle is given out twice");
}

/// What nobody goes on with is given up after a while, which counts from the machine's next start.
pub async fn what_nobody_goes_on_with_is_given_up(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = begin(&bench, &session, 1).await;
    let step = limits::ARRIVAL_IDLE_MAX.saturating_sub(std::time::Duration::from_millis(1));
    for seq in 1..4 {
        bench.clock.advance(step);
        while bench.store.reclaim().await.expect("an answer") {}
        assert_eq!(bring(&bench, arrival, events(seq, seq)).await, BringOutcome::Brought);
    }
    bench.clock.advance(limits::ARRIVAL_IDLE_MAX);
    while bench.store.reclaim().await.expect("an answer") {}
    assert_eq!(bring(&bench, arrival, events(4, 4)).await, BringOutcome::NotFound);
    let arrival = begin(&bench, &session, 1).await;
    for seq in 1..3 {
        bench.clock.reboot();
        bench.clock.advance(step);
        while bench.store.reclaim().await.expect("an answer") {}
        assert_eq!(bring(&bench, arrival, events(seq, seq)).await, BringOutcome::Brought);
    }
    bench.clock.reboot();
    bench.clock.advance(limits::ARRIVAL_IDLE_MAX);
    while bench.store.reclaim().await.expect("an answer") {}
    assert_eq!(bring(&bench, arrival, events(3, 3)).await, BringOutcome::NotFound);
}

/// A sweep leaves what arrived alone for as long as it may be idle: its owner could not be heard on the way.
pub async fn what_arrived_is_not_due_at_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let idle = session.idle.expect("it may be idle for a while").after;
    bench.clock.advance(idle * 3);
    let arrival = bring_in(&bench, &session, 1).await;
    assert_eq!(bench.store.due(9).await.expect("an answer"), []);
    bench.clock.advance(idle);
    let due: Vec<_> = bench.store.due(9).await.expect("an answer").iter().map(|due| due.handle).collect();
    assert_eq!(due, [arrival]);
}

/// What had ended arrives as it ended, and its slot is free.
pub async fn what_had_ended_arrives(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let session = Session { state: State::Completed { at: AT }, ..session };
    let arrival = bring_in(&bench, &session, 2).await;
    assert_eq!(bench.session(arrival).await, session);
    let refused = bench.store.append(append(arrival, None, 1)).await.expect("an outcome");
    assert_eq!(refused, AppendOutcome::Ended);
    let next = bench.hold("a", 1).await;
    assert_eq!(next.fence, Fence(4));
}

/// What arrived is there after reopening, and what did not is not.
pub async fn what_arrived_outlives_the_store(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = bring_in(&bench, &session, 5).await;
    let other = coming(&bench, "ses_y", "b").await;
    let coming = begin(&bench, &other, 1).await;
    bring(&bench, coming, events(1, 2)).await;
    let bench = bench.reopen().await;
    assert_eq!(bench.log(arrival).await, events(1, 5));
    assert_eq!(bench.dump().await.sessions.len(), 1);
    assert_eq!(bring(&bench, coming, events(3, 3)).await, BringOutcome::Brought);
    assert_eq!(admit(&bench, &admission(coming, &other, 3)).await, AdmitOutcome::Admitted);
    let found = bench.store.find(Find::Handle(coming)).await.expect("an answer");
    assert_eq!((found.head, found.current.session), (Seq(3), Some(other)));
    let _ = try_prepare(bench.store.as_ref(), &slot("b").into(), &start(run("ses_z", Some("b"), 1))).await;
}

/// Checkpoints arrive with their session, small and large, and can be read there.
pub async fn checkpoints_arrive_with_their_session(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("here", 1).await;
    let payloads = [b"small".to_vec(), noise(3 * limits::CHECKPOINT_PIECE_BYTES / 2), Vec::new()];
    let mut made = Vec::new();
    for (number, payload) in payloads.iter().enumerate() {
        made.push(bench.save(held, &format!("ckp_{number}"), payload).await);
    }
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = begin(&bench, &session, 1).await;
    bring(&bench, arrival, events(1, 9)).await;
    // In any order: what is listed is in that of their positions.
    for (checkpoint, payload) in made.iter().zip(&payloads).rev() {
        let packed = Arc::new(Packed::of(payload.clone()));
        let checkpoint = checkpoint.clone();
        let request = BringCheckpointRequest { commit_id: commit_id(), arrival, checkpoint, payload: packed };
        for _ in 0..2 {
            let outcome = bench.store.bring_checkpoint(request.clone()).await.expect("an outcome");
            assert_eq!(outcome, BringCheckpointOutcome::Brought, "asked twice, it is brought once");
        }
        let again = BringCheckpointRequest { commit_id: commit_id(), ..request };
        let outcome = bench.store.bring_checkpoint(again).await.expect("an outcome");
        assert_eq!(outcome, BringCheckpointOutcome::IdRepeated);
    }
    assert_eq!(bench.listed(arrival, None, 100).await, []);
    assert_eq!(admit(&bench, &admission(arrival, &session, 9)).await, AdmitOutcome::Admitted);
    let listed: Vec<_> = made.iter().rev().cloned().map(ListedCheckpoint::Readable).collect();
    assert_eq!(bench.listed(arrival, None, 100).await, listed);
    for (checkpoint, payload) in made.iter().zip(payloads) {
        let request = CheckpointRequest { handle: arrival, id: checkpoint.id.clone() };
        let read = bench.store.read_payload(request).await.expect("an outcome");
        assert_eq!(read, PayloadOutcome::Payload { checkpoint: checkpoint.clone(), bytes: payload });
    }
}

/// The versions of its files arrive with a session, and are found by their paths there.
pub async fn versions_of_files_arrive_with_their_session(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = begin(&bench, &session, 1).await;
    bring(&bench, arrival, events(1, 9)).await;
    let version = |number: u64, path: &str, action, is_kept| {
        let payload = Packed::of(if is_kept { vec![b'x'; 9] } else { Vec::new() });
        let size = if action == FileAction::Deleted { 0 } else { 9 };
        Checkpoint {
            id: CheckpointId::parse(&format!("ckp_{number}")).expect("an id"),
            session: session.id.clone(),
            seq: Seq(number),
            created_at: AT,
            reason: None,
            metadata: None,
            content: Content::File(FileVersion { path: path.to_owned(), action, size, is_kept }),
            encoding: payload.encoding,
            original_size: payload.original_size,
            stored_size: payload.bytes.len() as u64,
            sha256: payload.sha256,
        }
    };
    let made = [
        version(2, "b", FileAction::Created, true),
        version(4, "a", FileAction::Modified, false),
        version(6, "b", FileAction::Deleted, false),
    ];
    for checkpoint in &made {
        let payload =
            Arc::new(Packed::of(vec![b'x'; usize::try_from(checkpoint.original_size).expect("small")]));
        let checkpoint = checkpoint.clone();
        let request = BringCheckpointRequest { commit_id: commit_id(), arrival, checkpoint, payload };
        let outcome = bench.store.bring_checkpoint(request).await.expect("an outcome");
        assert_eq!(outcome, BringCheckpointOutcome::Brought);
    }
    assert_eq!(admit(&bench, &admission(arrival, &session, 9)).await, AdmitOutcome::Admitted);
    let request = CheckpointsRequest { handle: arrival, before: None, limit: 9, with_files: true };
    let all = bench.store.list_checkpoints(request).await.expect("an answer");
    assert_eq!(all, made.iter().rev().cloned().map(ListedCheckpoint::Readable).collect::<Vec<_>>());
    assert_eq!(bench.listed(arrival, None, 9).await, [], "they are no checkpoints that somebody made");
    let files = FilesRequest { handle: arrival, after: None, limit: 9 };
    let files = bench.store.list_files(files).await.expect("an answer");
    let found: Vec<_> = files.into_iter().map(|file| (file.path, file.version)).collect();
    let newest = |made: &Checkpoint| ListedCheckpoint::Readable(made.clone());
    assert_eq!(found, [("a".to_owned(), newest(&made[1])), ("b".to_owned(), newest(&made[2]))]);
    let request = CheckpointRequest { handle: arrival, id: made[0].id.clone() };
    let read = bench.store.read_payload(request).await.expect("an outcome");
    assert_eq!(read, PayloadOutcome::Payload { checkpoint: made[0].clone(), bytes: vec![b'x'; 9] });
}

/// What is given up leaves no checkpoint, and takes none any more.
pub async fn checkpoints_of_what_is_given_up_are_removed(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("here", 1).await;
    let checkpoint = bench.save(held, "ckp_1", b"small").await;
    let session = coming(&bench, "ses_x", "a").await;
    let arrival = begin(&bench, &session, 1).await;
    let payload = Arc::new(Packed::of(b"small".to_vec()));
    let request = BringCheckpointRequest { commit_id: commit_id(), arrival, checkpoint, payload };
    let outcome = bench.store.bring_checkpoint(request.clone()).await.expect("an outcome");
    assert_eq!(outcome, BringCheckpointOutcome::Brought);
    bench.store.give_up(arrival).await.expect("it is done");
    while bench.store.reclaim().await.expect("an answer") {}
    let outcome = bench.store.bring_checkpoint(request).await.expect("an outcome");
    assert_eq!(outcome, BringCheckpointOutcome::NotFound);
    assert_eq!(bench.listed(arrival, None, 100).await, []);
}
