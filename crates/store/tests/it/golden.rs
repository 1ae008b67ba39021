//! Bytes that were written once are understood for ever.
//!
//! Each file in `golden/` holds, in hexadecimal, a record as some released version wrote it. None is ever
//! changed or removed; a new form of a record gets a new file and a new sample here.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::checkpoint::{Checkpoint, Content, Encoding};
use tenure_core::event::{Event, EventBody, EventDraft, Request, Stream, TerminalEvent};
use tenure_core::id::{
    CheckpointId, CodeName, CommitId, EventId, EventType, Fence, GroupName, HandoverId, Incarnation, Key,
    Namespace, Operation, Principal, QueueName, Revision, Seq, SignalName,
};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::lease::{Holder, HolderKind, Lease, Place, RunTimes, Term, Ttl};
use tenure_core::orchestration::{
    Activity, Backoff, Cause, Child, Execution, Failure, HistoryEvent, Mail, ParentLink, Payload,
    RetryPolicy, Signal, Start, Version,
};
use tenure_core::session::{
    Activity as Said, Counters, Exit, Facts, Fingerprint, Handover, Mode, Parent, Progress, Recipe, Retained,
    SHUTDOWN, Session, State, StateName, Stats, Usage,
};
use tenure_core::time::{BootId, BootMoment, WallTime};
use tenure_core::trace::TraceParent;
use tenure_core::worker::{Queues, Serving};
use tenure_store::StoreError;
use tenure_store::record::{self, Batch, Chunk, Columns};

use crate::sample::{actor_of, session_id_of};

const AT: WallTime = WallTime::from_epoch_ms(1_767_225_600_123);

/// A field of a number that no version uses, as a newer writer might add.
const LATER: [u8; 3] = [0x80, 0x7D, 0x01];

/// Checks that the file is understood as `expected`, also with a field that this version does not know.
fn understood<T: PartialEq + Debug>(
    name: &str,
    (written, expected): (Vec<u8>, T),
    decode: impl Fn(&[u8]) -> Result<T, StoreError>,
) {
    let mut stored = stored(name, &written);
    assert_eq!(decode(&stored).unwrap(), expected, "{name}");
    stored.extend(LATER);
    assert_eq!(decode(&stored).unwrap(), expected, "{name} and a field of a later version");
}

/// What a file holds.
fn stored(name: &str, written: &[u8]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/it/golden/{name}.hex"));
    let hex: String = written.iter().map(|byte| format!("{byte:02x}")).collect();
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("{} is missing; this version would write\n{hex}", path.display()));
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

fn holder() -> Holder {
    Holder {
        kind: HolderKind::Run,
        id: actor_of("runner/α"),
        supervisor: Some(actor_of("boss")),
        place: Some(Place { host: "box".into(), pid: 4242 }),
    }
}

fn session(state: State) -> Session {
    Session {
        id: session_id_of("ses_1"),
        namespace: Namespace::default_name(),
        kind: Kind::Agent,
        key: Some(Key::parse("nightly").unwrap()),
        state,
        mode: Mode::Research,
        lease: None,
        counters: Counters { revision: Revision(3), fence: Fence(2) },
        created_at: AT,
        started_at: Some(AT.after(Duration::from_secs(1))),
        last_started_at: Some(AT.after(Duration::from_secs(2))),
        start_count: 2,
        last_activity_at: AT,
        activity: None,
        labels: BTreeMap::from([("team".to_owned(), "green".to_owned())]),
        command: vec!["cargo".to_owned(), "test".to_owned()],
        directory: Some("/work".to_owned()),
        facts: Facts::default(),
        execution: None,
        parent: None,
        idle: Some(IdleRule { after: Duration::new(90, 5), spares_held: true }),
        pending_timeout: None,
        expires_at: None,
        created_as: None,
        recipe: None,
        group: None,
        is_queued: false,
        predecessor: Some(session_id_of("ses_0")),
        successor: Some(session_id_of("ses_2")),
        anonymous: true,
        retained: None,
        handover: None,
        principal: None,
    }
}

fn decoded(session: &Session, body: &[u8]) -> Result<Session, StoreError> {
    let columns = Columns {
        id: session.id.clone(),
        namespace: session.namespace.clone(),
        kind: session.kind,
        key: session.key.clone(),
        state: session.state.name(),
        lease: None,
        counters: session.counters,
        last_activity_at: session.last_activity_at,
        activity: None,
        parent_deleted: true,
    };
    record::decode_session(body, columns)
}

/// A session that can be run again, with bytes that are no text.
#[test]
fn a_recipe() {
    let recipe = Recipe {
        raw_command: vec![b"cat".to_vec(), vec![0xFF, b'a']],
        raw_directory: Some(vec![b'/', 0xFE]),
        actor: Some(actor_of("runner/α")),
        times: RunTimes::new(Duration::from_secs(15), Duration::from_millis(2500)).unwrap(),
        outlives_lease: true,
        record_limit: Some(1 << 20),
        watch: None,
        autosave: None,
        refused_exit: 4,
        auto_resume: true,
        waits: false,
    };
    let session =
        Session { recipe: Some(Box::new(recipe)), ..session(State::Paused { reason: SHUTDOWN.to_owned() }) };
    let written = record::encode_body(&session);
    understood("session_shut_down", (written, session.clone()), |body| decoded(&session, body));
}

#[test]
fn a_member_of_a_group_that_waits() {
    let session = Session {
        group: Some(GroupName::parse("web ä").unwrap()),
        is_queued: true,
        ..session(State::Pending)
    };
    let written = record::encode_body(&session);
    understood("session_queued", (written, session.clone()), |body| decoded(&session, body));
}

#[test]
fn a_session_that_was_opened_on_behalf_of_a_principal() {
    let session =
        Session { principal: Some(Principal::parse("ann@example.org").unwrap()), ..session(State::Pending) };
    let written = record::encode_body(&session);
    understood("session_principal", (written, session.clone()), |body| decoded(&session, body));
}

#[test]
fn sessions() {
    let states = [
        ("session_active", State::Active),
        ("session_paused", State::Paused { reason: "lunch".to_owned() }),
        ("session_completed", State::Completed { at: AT }),
        ("session_failed", State::Failed { at: AT, error: "broken".to_owned() }),
    ];
    for (name, state) in states {
        let session = session(state);
        understood(name, (record::encode_body(&session), session.clone()), |body| decoded(&session, body));
    }
}

/// What is retained, and what was handed over.
#[test]
fn kept_and_gone() {
    let by = Some(actor_of("me"));
    let retained = Retained { reason: "a case".to_owned(), by: by.clone(), at: AT };
    let handover = Handover {
        id: HandoverId([7; 16]),
        to: "/there/tenure.db".to_owned(),
        by: by.clone(),
        at: AT,
        fence: Fence(3),
        has_arrived: true,
    };
    let kept = Session { retained: Some(retained), ..session(State::Active) };
    understood("session_retained", (record::encode_body(&kept), kept.clone()), |body| decoded(&kept, body));
    let gone = Session { handover: Some(handover), ..session(State::Active) };
    understood("session_handed_over", (record::encode_body(&gone), gone.clone()), |body| {
        decoded(&gone, body)
    });
    let (id, to) = (HandoverId([7; 16]), "/there/tenure.db".to_owned());
    events_understood(
        "events_kept_and_gone",
        &[
            EventBody::Retained { reason: "a case".to_owned(), by: by.clone() },
            EventBody::RetentionEnded { by: None },
            EventBody::HandedOver { id, to, by, fence: Fence(3) },
        ],
    );
}

/// A session with everything that callers keep with one. Whether its parent is there is not in its body.
#[test]
fn facts() {
    let usage =
        Usage { iterations: 3, input_tokens: 1200, output_tokens: 340, tool_calls: 7, cost_micros: 25_000 };
    let created = Session {
        facts: Facts {
            metadata: BTreeMap::from([
                ("files_changed".to_owned(), "3".to_owned()),
                ("goal".to_owned(), "{\"ü\":[1,null]}".to_owned()),
            ]),
            progress: Some(Progress { current: 3, total: Some(10) }),
            timings: BTreeMap::from([("build".to_owned(), Duration::new(61, 5))]),
            usage,
        },
        parent: Some(Parent { id: session_id_of("ses_parent"), deleted: true }),
        pending_timeout: Some(Duration::from_secs(60)),
        expires_at: Some(AT.after(Duration::from_secs(3600))),
        created_as: Some(Fingerprint([6; 16])),
        ..session(State::Pending)
    };
    understood("session_created", (record::encode_body(&created), created.clone()), |body| {
        decoded(&created, body)
    });
    let stats = Stats { duration: Duration::new(3, 7), exit: None, output_bytes: 0, usage };
    let end = || vec![EventBody::Completion { message: "done".to_owned(), stats }];
    let mut bytes = record::encode_events(end().into_iter().map(Into::into).collect());
    record::seal_events(&mut bytes, AT, None);
    let [data] = <[EventBody; 1]>::try_from(end()).unwrap();
    let expected = vec![Event { seq: Seq(9), at: AT, fence: None, id: None, data }];
    understood("event_usage", (bytes, expected), |bytes| record::decode_events(Seq(9), bytes));
}

#[test]
fn leases() {
    let ttl = Ttl::stored(Duration::from_millis(15_001)).unwrap();
    let renewed = BootMoment { boot: BootId([7; 16]), ms: 61_000 };
    let terms = [
        ("lease_interactive", Term::Interactive { started: AT }),
        ("lease_wall", Term::Wall { ttl, renewed: AT }),
        ("lease_boot", Term::Boot { ttl, renewed, renewed_wall: AT }),
        ("lease_incomplete", Term::Incomplete { ttl: Some(ttl), renewed: None }),
    ];
    for (name, term) in terms {
        let lease = Lease { holder: holder(), incarnation: Incarnation([9; 16]), fence: Fence(5), term };
        let columns = record::term_columns(&term);
        understood(name, (record::encode_grant(&lease), lease.clone()), |grant| {
            record::decode_lease(grant, lease.fence, columns)
        });
    }
}

#[test]
fn what_workers_serve() {
    let gpu = QueueName::parse("gpu ä").unwrap();
    let serving = Serving {
        queues: Queues::These(BTreeSet::from([None, Some(gpu)])),
        busy_max: 7,
        held_max: 300,
        idle_after: Duration::new(90, 5),
        is_exclusive: true,
        namespace: None,
    };
    understood("serving_some", (record::encode_serving(&serving), serving), record::decode_serving);
    let serving = Serving { queues: Queues::All, ..Serving::default() };
    understood("serving_all", (record::encode_serving(&serving), serving), record::decode_serving);
    let namespace = Some(Namespace::parse("tenant-a").unwrap());
    let serving = Serving { queues: Queues::All, namespace, ..Serving::default() };
    understood("serving_tenant", (record::encode_serving(&serving), serving), record::decode_serving);
}

#[test]
fn activities() {
    let activity =
        Said { text: "step 3".to_owned(), actor: actor_of("runner"), at: AT, revision: Revision(8) };
    understood("activity", (record::encode_activity(&activity), activity), record::decode_activity);
}

fn signal() -> Signal {
    Signal { name: SignalName::parse("go on").unwrap(), data: Payload(vec![0, 255]) }
}

fn failure() -> Failure {
    Failure { details: Some(Payload(vec![7])), ..Failure::new(Cause::TimedOut, "too slow") }
}

fn child() -> Box<Child> {
    let (id, name) = (session_id_of("ses_9"), CodeName::parse("child").unwrap());
    let version = Some(Version { major: 2, minor: 0, patch: 5 });
    Box::new(Child { id, name, version, input: Payload(b"in".to_vec()) })
}

fn every_history_event() -> Vec<HistoryEvent> {
    let (op, name) = (Operation(300), CodeName::parse("greet").unwrap());
    let start = Start {
        name: name.clone(),
        version: Version::FIRST,
        execution: 2,
        input: Payload(b"world".to_vec()),
        seed: u64::MAX,
        parent: Some(ParentLink { id: session_id_of("ses_0"), execution: 1, op: Operation(4) }),
        carried: vec![signal()],
        trace: None,
    };
    let once = Activity {
        op,
        name,
        input: Payload(Vec::new()),
        retry: RetryPolicy::ONCE,
        timeout: None,
        heartbeat_timeout: Some(Duration::from_millis(1500)),
        queue: None,
        affinity: None,
        trace: None,
    };
    let retry = RetryPolicy { attempts_max: 5, backoff: Backoff::default() };
    let again = Activity { retry, timeout: Some(Duration::from_secs(9)), ..once.clone() };
    vec![
        HistoryEvent::ExecutionStarted(Box::new(start)),
        HistoryEvent::TurnStarted { at: AT },
        HistoryEvent::ExecutionRescued,
        HistoryEvent::TaskScheduled(Arc::new(once)),
        HistoryEvent::TaskScheduled(Arc::new(again)),
        HistoryEvent::TaskCompleted { op, result: Payload(b"done".to_vec()) },
        HistoryEvent::TaskFailed { op, failure: failure() },
        HistoryEvent::TaskRetried { op, attempt: 2, failure: failure(), due_at: AT },
        HistoryEvent::TaskCancelled { op },
        HistoryEvent::TimerCreated { op, fire_at: AT },
        HistoryEvent::TimerFired { op },
        HistoryEvent::TimerCancelled { op },
        HistoryEvent::EventRaised(signal()),
        HistoryEvent::EventSent { to: session_id_of("ses_2"), signal: signal() },
        HistoryEvent::SubOrchestrationCreated { op, child: child() },
        HistoryEvent::SubOrchestrationCompleted { op, result: Payload(Vec::new()) },
        HistoryEvent::SubOrchestrationFailed { op, failure: Failure::new(Cause::Failed, "no") },
        HistoryEvent::SubOrchestrationCancelled { op, id: session_id_of("ses_9") },
        HistoryEvent::OrchestrationStarted(child()),
        HistoryEvent::StatusSet { status: Some("half done".to_owned()) },
        HistoryEvent::StatusSet { status: None },
        HistoryEvent::CancelRequested { reason: "enough".to_owned(), by: Some(actor_of("boss")) },
        HistoryEvent::ContinuedAsNew { input: Payload(b"again".to_vec()), version: Some(Version::FIRST) },
        HistoryEvent::ExecutionCompleted { output: Payload(b"hello".to_vec()) },
        HistoryEvent::ExecutionFailed { failure: failure() },
        HistoryEvent::ExecutionTerminated { reason: "enough".to_owned() },
    ]
}

/// The events that know a trace.
fn traced() -> Vec<HistoryEvent> {
    let trace = TraceParent::of([0x4b; 16], [0xf0; 8], 1);
    let events = every_history_event().into_iter().filter_map(|event| match event {
        HistoryEvent::ExecutionStarted(start) => {
            Some(HistoryEvent::ExecutionStarted(Box::new(Start { trace, ..*start })))
        }
        HistoryEvent::TaskScheduled(activity) => {
            Some(HistoryEvent::TaskScheduled(Arc::new(Activity { trace, ..(*activity).clone() })))
        }
        _ => None,
    });
    events.collect()
}

#[test]
fn histories() {
    // What is short is kept as it is, what is long is compressed.
    let mut first = every_history_event();
    let rest = first.split_off(14);
    for (name, events) in [("history_first", first), ("history_rest", rest)] {
        let written = record::encode_history(&events);
        understood(name, (written, events), record::decode_history);
    }
    let traced = traced();
    understood("history_traced", (record::encode_history(&traced), traced), record::decode_history);
    let op = Operation(300);
    let tried = vec![
        HistoryEvent::ExecutionRescued,
        HistoryEvent::TurnAttempted,
        HistoryEvent::TaskStarted { op, attempt: 2 },
        HistoryEvent::TaskHeartbeat { op, details: Payload(b"half".to_vec()) },
    ];
    understood("history_tried", (record::encode_history(&tried), tried), record::decode_history);
    let long: Vec<_> = (0..100).flat_map(|_| every_history_event()).collect();
    let written = record::encode_history(&long);
    assert!(written.len() < 4096, "{}", written.len());
    understood("history_long", (written, long), record::decode_history);
}

#[test]
fn what_a_commit_repeats_is_kept_once() {
    let payload = |text: &str| Payload(text.repeat(20).into_bytes());
    let activity = |op: u64, input: Payload| {
        HistoryEvent::TaskScheduled(Arc::new(Activity {
            op: Operation(op),
            name: CodeName::parse("greet").unwrap(),
            input,
            retry: RetryPolicy::ONCE,
            timeout: None,
            heartbeat_timeout: None,
            queue: None,
            affinity: None,
            trace: None,
        }))
    };
    let mut events = vec![HistoryEvent::ContinuedAsNew { input: payload("first"), version: None }];
    events.extend((1..=10).map(|op| activity(op, payload(&format!("{op}")))));
    events.push(activity(11, payload("first")));
    events.push(activity(12, payload("9")));
    events.push(HistoryEvent::TaskCompleted { op: Operation(1), result: payload("10") });
    events.push(HistoryEvent::SubOrchestrationCreated {
        op: Operation(13),
        child: Box::new(Child { input: payload("8"), ..*child() }),
    });
    events.push(HistoryEvent::ExecutionCompleted { output: payload("first") });
    let written = record::encode_history(&events);
    let alone: usize =
        events.iter().map(|event| record::encode_history(std::slice::from_ref(event)).len()).sum();
    assert_eq!(
        alone - written.len(),
        280,
        "five payloads; what says which they repeat is no longer than their lengths"
    );
    understood("history_repeated", (written, events), record::decode_history);
    let repeats_the_fifth_of_none = [0x0a, 3, 0xd8, 1, 5];
    assert!(matches!(record::decode_history(&repeats_the_fifth_of_none), Err(StoreError::Corrupt { .. })));
}

#[test]
fn messages() {
    let ended = |result| Mail::ChildEnded { execution: 3, op: Operation(5), result };
    let attempted = |details| Mail::TaskEnded {
        execution: 3,
        op: Operation(5),
        attempt: 2,
        rescues: 1,
        details,
        result: Err(failure()),
    };
    for (name, mail) in [
        ("mail_signal", Mail::Signalled(signal())),
        ("mail_ended_well", ended(Ok(Payload(b"done".to_vec())))),
        ("mail_ended_badly", ended(Err(failure()))),
        ("mail_task_ended", attempted(None)),
        ("mail_task_ended_details", attempted(Some(Payload(b"half".to_vec())))),
        ("mail_cancel", Mail::CancelRequested { reason: "enough".to_owned(), by: Some(actor_of("boss")) }),
    ] {
        understood(name, (record::encode_mail(mail.clone()), mail), record::decode_mail);
    }
}

#[test]
fn an_instance() {
    let name = CodeName::parse("greet").unwrap();
    let version = Version { major: 1, minor: 2, patch: 3 };
    let status = Some("half done".to_owned());
    let execution = Some(Box::new(Execution { name, version, number: 4, status, status_changes: 0 }));
    let session = Session { execution, ..session(State::Active) };
    let written = record::encode_body(&session);
    understood("session_instance", (written, session.clone()), |body| decoded(&session, body));
}

fn every_event() -> Vec<EventBody> {
    let (exit, usage) = (Some(Exit::Code(-1)), Usage::default());
    let stats = Stats { duration: Duration::new(3, 7), exit, output_bytes: 99, usage };
    let killed = Stats { exit: Some(Exit::Signal(9)), ..stats };
    let (reason, message) = ("because".to_owned(), "said".to_owned());
    vec![
        EventBody::StateChanged { from: None, to: StateName::Pending, reason: reason.clone(), by: None },
        EventBody::StateChanged {
            from: Some(StateName::Active),
            to: StateName::Cancelled,
            reason: reason.clone(),
            by: Some(actor_of("operator")),
        },
        EventBody::Completion { message: message.clone(), stats },
        EventBody::Error { message, stats: killed },
        EventBody::Activity { text: "step".to_owned() },
        EventBody::LeaseGranted { holder: holder(), fence: Fence(1), ttl: Some(Duration::from_secs(15)) },
        EventBody::LeaseTakenOver { from: actor_of("old"), holder: holder(), fence: Fence(2), reason },
        EventBody::LeaseReleased { fence: Fence(2) },
        EventBody::Succeeded { by: session_id_of("ses_2") },
        EventBody::Terminal(TerminalEvent::Started { command: vec!["sh".to_owned()], size: Some((80, 24)) }),
        EventBody::Terminal(TerminalEvent::Output { stream: Stream::Stderr, bytes: vec![0, 27, 255] }),
        EventBody::Terminal(TerminalEvent::Resized { cols: 132, rows: 50 }),
        EventBody::Terminal(TerminalEvent::Capped { limit: 1 << 28 }),
        EventBody::Terminal(TerminalEvent::Exited(Exit::Signal(15))),
        EventBody::Request(Request::Pause),
        EventBody::Request(Request::Resume),
        EventBody::Given { kind: EventType::parse("x.y").unwrap(), json: "{\"a\":[1,\"ü\"]}".to_owned() },
    ]
}

fn events_understood(name: &str, events: &[EventBody]) {
    let numbered = (41..).zip(events.iter().cloned());
    let expected: Vec<_> = numbered
        .map(|(seq, data)| Event { seq: Seq(seq), at: AT, fence: Some(Fence(5)), id: None, data })
        .collect();
    let mut bytes = record::encode_events(events.iter().cloned().map(EventDraft::from).collect());
    record::seal_events(&mut bytes, AT, Some(Fence(5)));
    understood(name, (bytes, expected), |bytes| record::decode_events(Seq(41), bytes));
}

#[test]
fn events() {
    events_understood("events", &every_event());
    events_understood("events_stop", &[EventBody::Request(Request::Stop)]);
    events_understood("events_lost", &[EventBody::Terminal(TerminalEvent::Lost { bytes: 1 << 16 })]);
}

fn named_event() -> EventDraft {
    let data = EventBody::Given { kind: EventType::parse("tool.call").unwrap(), json: "{}".to_owned() };
    EventDraft { id: Some(EventId::parse("call-7").unwrap()), data }
}

#[test]
fn an_event_with_an_id() {
    let EventDraft { id, data } = named_event();
    let expected = vec![Event { seq: Seq(7), at: AT, fence: None, id, data }];
    let mut bytes = record::encode_events(vec![named_event()]);
    record::seal_events(&mut bytes, AT, None);
    understood("event_with_id", (bytes, expected), |bytes| record::decode_events(Seq(7), bytes));
}

/// Ids are compared by it for ever.
#[test]
fn what_tells_two_contents_apart() {
    let digest: String =
        record::digest_event(&named_event().data).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, "fd966821005552a986d55161c316df38");
}

#[test]
fn the_latest_appends_of_a_folded_log() {
    let append = |n: u8| record::Append { id: CommitId([n; 16]), first: Seq(u64::from(n)), last: Seq(300) };
    let appends = vec![append(1), append(200)];
    let bytes = record::encode_recent(&appends);
    understood("recent", (bytes, appends), record::decode_recent);
}

/// Compressed as some version of the library did it, so what was written once is read, not written again.
#[test]
fn a_chunk() {
    let batch = |events: Vec<EventBody>| {
        let count = events.len() as u64;
        let mut bytes = record::encode_events(events.into_iter().map(EventDraft::from).collect());
        record::seal_events(&mut bytes, AT, Some(Fence(5)));
        Batch { count, bytes }
    };
    let expected = every_event();
    let (one, two) = expected.split_at(3);
    let batches = vec![batch(one.to_vec()), batch(two.to_vec())];
    let written = record::encode_chunk(batches).unwrap();
    let stored = stored("chunk", &written);
    let chunk = Chunk::decode(Seq(41), &stored).unwrap();
    let events = chunk.events(Seq(0), Seq(u64::MAX)).unwrap();
    assert_eq!(events.iter().map(|event| event.data.clone()).collect::<Vec<_>>(), expected);
    assert_eq!((events[0].seq, chunk.count()), (Seq(41), expected.len() as u64));
}

#[test]
fn checkpoints() {
    let id = CheckpointId::parse("ckp_1").unwrap();
    let checkpoint = Checkpoint {
        id: id.clone(),
        session: session_id_of("ses_1"),
        seq: Seq(7),
        created_at: AT,
        reason: Some("before the move".to_owned()),
        metadata: Some("{\"step\":3}".to_owned()),
        content: Content::Given,
        encoding: Encoding::Zstd,
        original_size: 5000,
        stored_size: 70,
        sha256: [0xAB; 32],
    };
    let written = record::encode_checkpoint(&checkpoint);
    understood("checkpoint", (written, checkpoint), |bytes| {
        record::decode_checkpoint(id.clone(), Seq(7), bytes)
    });
}

#[test]
fn checkpoint_events() {
    let id = CheckpointId::parse("ckp_1").unwrap();
    let events = vec![
        EventBody::CheckpointCreated { id: id.clone(), reason: Some("why".to_owned()), size: 5000 },
        EventBody::CheckpointRestored { id, is_record: true },
    ];
    let numbered = (1..).zip(events.clone());
    let expected: Vec<_> =
        numbered.map(|(seq, data)| Event { seq: Seq(seq), at: AT, fence: None, id: None, data }).collect();
    let mut bytes = record::encode_events(events.into_iter().map(EventDraft::from).collect());
    record::seal_events(&mut bytes, AT, None);
    understood("checkpoint_events", (bytes, expected), |bytes| record::decode_events(Seq(1), bytes));
}
