//! Sessions and events of every sort.

use std::collections::BTreeMap;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tenure_core::checkpoint::{Checkpoint, Content, Encoding, FileAction, FileVersion};
use tenure_core::event::{Event, EventBody, Request, Stream, TerminalEvent};
use tenure_core::id::{
    ActorId, CheckpointId, EventId, EventType, Fence, GroupName, HandoverId, Key, Namespace, Principal,
    Revision, Seq, SessionId,
};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::lease::{Holder, HolderKind, Place, RunTimes};
use tenure_core::session::{
    Activity, Autosave, Counters, Exit, Facts, Fingerprint, Mode, Parent, Progress, Recipe, Retained,
    Session, State, StateName, Stats, Usage, Watched,
};
use tenure_core::time::WallTime;
use tenure_portable::{Header, Record, Writer};

const AT: WallTime = WallTime::from_epoch_ms(1_767_225_600_123);

fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn actor(text: &str) -> ActorId {
    ActorId::parse(text).unwrap()
}

fn usage() -> Usage {
    Usage { iterations: 3, input_tokens: 1200, output_tokens: 340, tool_calls: 7, cost_micros: u64::MAX }
}

pub(crate) fn states() -> [State; 7] {
    let why = "lunch \"break\"\n".to_owned();
    [
        State::Pending,
        State::Active,
        State::Paused { reason: why.clone() },
        State::Completed { at: AT },
        State::Failed { at: AT, error: why.clone() },
        State::Cancelled { at: AT, reason: why.clone() },
        State::Expired { at: AT, reason: why },
    ]
}

fn recipe() -> Recipe {
    Recipe {
        raw_command: vec![b"cat".to_vec(), vec![0xFF, b'a']],
        raw_directory: Some(vec![b'/', 0xFE]),
        actor: Some(actor("runner")),
        times: RunTimes::new(Duration::from_secs(15), Duration::from_millis(2500)).unwrap(),
        outlives_lease: true,
        record_limit: Some(1 << 20),
        watch: Some(Watched { directory: b"src".to_vec(), limit: 9 }),
        autosave: Some(Autosave { file: vec![0xFD], interval: Duration::from_millis(500) }),
        refused_exit: 4,
        auto_resume: true,
        waits: true,
    }
}

/// A session in which nothing is missing that can be there.
pub(crate) fn full(state: State) -> Record {
    let text = |text: &str| text.to_owned();
    let session = Session {
        id: id("ses_01"),
        namespace: Namespace::parse("tenant.1").unwrap(),
        kind: Kind::Agent,
        key: Some(Key::parse("käy \u{1b}[31m/1").unwrap()),
        state,
        mode: Mode::Implement,
        lease: None,
        counters: Counters { revision: Revision(8), fence: Fence(3) },
        created_at: AT,
        started_at: Some(AT.after(Duration::from_millis(1))),
        last_started_at: Some(WallTime::from_epoch_ms(u64::MAX)),
        start_count: 2,
        last_activity_at: AT,
        activity: Some(Activity { text: text("step 3"), actor: actor("a/1"), at: AT, revision: Revision(4) }),
        labels: BTreeMap::from([(text("team"), text("web")), (text(""), text("\u{0}"))]),
        command: vec![text("sh"), text("-c"), text("exit 1")],
        directory: Some(text("/work")),
        facts: Facts {
            metadata: BTreeMap::from([(text("goal"), text("{\"a\":[1]}"))]),
            progress: Some(Progress { current: 1, total: Some(u64::MAX) }),
            timings: BTreeMap::from([(text("build"), Duration::new(61, 1))]),
            usage: usage(),
        },
        execution: None,
        parent: Some(Parent { id: id("ses_00"), deleted: false }),
        idle: Some(IdleRule { after: Duration::from_secs(90), spares_held: true }),
        pending_timeout: Some(Duration::from_millis(1)),
        expires_at: Some(AT),
        created_as: Some(Fingerprint([0xAB; 16])),
        predecessor: Some(id("a")),
        successor: Some(id("b")),
        anonymous: true,
        retained: Some(Retained { reason: text("a case"), by: Some(actor("counsel")), at: AT }),
        handover: None,
        principal: Some(Principal::parse("ann@example.org").unwrap()),
        group: Some(GroupName::parse("gpu").unwrap()),
        recipe: Some(Box::new(recipe())),
        is_queued: false,
    };
    Record { session, slot: Some(Counters { revision: Revision(9), fence: Fence(4) }) }
}

/// A session of which only that is there which must be.
pub(crate) fn bare() -> Record {
    let Record { session, .. } = full(State::Pending);
    let session = Session {
        namespace: Namespace::default_name(),
        kind: Kind::Workspace,
        key: None,
        started_at: None,
        last_started_at: None,
        activity: None,
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: None,
        facts: Facts::default(),
        parent: None,
        idle: None,
        pending_timeout: None,
        expires_at: None,
        created_as: None,
        predecessor: None,
        successor: None,
        anonymous: false,
        retained: None,
        principal: None,
        group: None,
        recipe: None,
        ..session
    };
    Record { session, slot: None }
}

fn given(kind: &str, json: &str) -> EventBody {
    EventBody::Given { kind: EventType::parse(kind).unwrap(), json: json.to_owned() }
}

fn bodies() -> Vec<EventBody> {
    let text = |text: &str| text.to_owned();
    let person =
        Holder { kind: HolderKind::Interactive, id: actor("interactive"), supervisor: None, place: None };
    let holder = Holder {
        kind: HolderKind::Run,
        id: actor("runner/α"),
        supervisor: Some(actor("s")),
        place: Some(Place { host: "host".into(), pid: u32::MAX }),
    };
    let stats = Stats {
        duration: Duration::new(3, 4),
        exit: Some(Exit::Signal(9)),
        output_bytes: u64::MAX,
        usage: usage(),
    };
    let (fence, by) = (Fence(3), Some(actor("me")));
    let terminal = |event| EventBody::Terminal(event);
    let output = |stream, bytes: &[u8]| terminal(TerminalEvent::Output { stream, bytes: bytes.to_vec() });
    let sorts = vec![
        EventBody::StateChanged { from: None, to: StateName::Pending, reason: text(""), by: None },
        EventBody::StateChanged {
            from: Some(StateName::Pending),
            to: StateName::Active,
            reason: text("\u{2028}"),
            by: by.clone(),
        },
        EventBody::Completion { message: text("done"), stats: Stats::default() },
        EventBody::Error { message: text("no"), stats },
        EventBody::Activity { text: text("a\nb") },
        EventBody::LeaseGranted { holder: person, fence, ttl: None },
        EventBody::LeaseGranted { holder: holder.clone(), fence, ttl: Some(Duration::from_millis(1500)) },
        EventBody::LeaseTakenOver { from: actor("old"), holder, fence, reason: text("late") },
        EventBody::LeaseReleased { fence },
        EventBody::Succeeded { by: id("ses_02") },
        EventBody::Retained { reason: text("a case"), by: by.clone() },
        EventBody::RetentionEnded { by: by.clone() },
        EventBody::HandedOver { id: HandoverId([7; 16]), to: text("/there"), by, fence },
        EventBody::CheckpointCreated { id: CheckpointId::parse("ckp_1").unwrap(), reason: None, size: 7 },
        EventBody::CheckpointRestored { id: CheckpointId::parse("ckp_1").unwrap(), is_record: true },
        terminal(TerminalEvent::Started { command: vec![text("sh")], size: Some((80, 24)) }),
        terminal(TerminalEvent::Started { command: Vec::new(), size: None }),
        output(Stream::Terminal, b"plain\r\n\x1b[31m"),
        output(Stream::Stdout, b"\xFF\x00\n"),
        output(Stream::Stderr, b""),
        terminal(TerminalEvent::Resized { cols: 1, rows: u16::MAX }),
        terminal(TerminalEvent::Capped { limit: 7 }),
        terminal(TerminalEvent::Lost { bytes: 8 }),
        terminal(TerminalEvent::Exited(Exit::Code(-1))),
        // Types of ours that callers may use as well, and JSON whose every byte counts.
        given("message", "{\"text\":\"hi\"}"),
        given("terminal", "{\"request\":\"pause\"}"),
        given("activity", "{ \"a\" : 1.0e+2, \"a\":\"\\u00e9é\" }"),
        given("x.y", " {}"),
        given("x.y", "{\n}"),
        given("x.y", "\"\u{2028}\u{7f}\""),
        given("x.y", "12345678901234567890.12345678901234567890"),
        given("x.y", "not json at all \u{0}"),
    ];
    sorts.into_iter().chain(Request::ALL.map(EventBody::Request)).collect()
}

/// One event of every sort.
pub(crate) fn events(earliest: u64) -> Vec<Event> {
    let numbered = (earliest..).zip(bodies());
    let event = |(seq, data): (u64, EventBody)| Event {
        seq: Seq(seq),
        at: AT.after(Duration::from_secs(seq)),
        fence: (seq % 2 == 0).then_some(Fence(seq)),
        id: (seq % 3 == 0).then(|| EventId::parse(&format!("id/\"{seq}")).unwrap()),
        data,
    };
    numbered.map(event).collect()
}

pub(crate) fn header(record: &Record, events: &[Event], earliest: u64) -> Header {
    Header {
        session: record.session.id.clone(),
        namespace: record.session.namespace.clone(),
        earliest: Seq(earliest),
        last: Seq(earliest - 1 + events.len() as u64),
    }
}

/// Checkpoints of every sort, and payloads of none, one and several pieces.
pub(crate) fn checkpoints() -> Vec<(Checkpoint, Vec<u8>)> {
    let large = (0..9_000_000_u32).map(|number| number.to_le_bytes()[1]).collect::<Vec<_>>();
    let version = |path: &str, action, size, is_kept| {
        Content::File(FileVersion { path: path.to_owned(), action, size, is_kept })
    };
    let payloads = [
        (Content::Record, b"{\"a\":1}".to_vec()),
        (Content::Given, Vec::new()),
        (version("src/\"ä\".rs", FileAction::Created, 4, true), b"main".to_vec()),
        (version("big", FileAction::Modified, 1 << 40, false), Vec::new()),
        (version("big", FileAction::Deleted, 0, false), Vec::new()),
        (Content::Given, large),
    ];
    let checkpoint = |(number, (content, payload)): (u64, (Content, Vec<u8>))| {
        let checkpoint = Checkpoint {
            id: CheckpointId::parse(&format!("ckp_{number}")).unwrap(),
            session: id("ses_00"),
            seq: Seq(number),
            created_at: AT,
            reason: (number > 1).then(|| "before\nlunch".to_owned()),
            metadata: (number > 1).then(|| "{ \"a\": [1] }".to_owned()),
            content,
            encoding: Encoding::Plain,
            original_size: payload.len() as u64,
            stored_size: payload.len() as u64,
            sha256: Sha256::digest(&payload).into(),
        };
        (checkpoint, payload)
    };
    (1..).zip(payloads).map(checkpoint).collect()
}

/// A whole file.
pub(crate) fn file(record: &Record, events: &[Event], earliest: u64) -> Vec<u8> {
    file_with(record, events, earliest, &[])
}

/// A whole file with checkpoints.
pub(crate) fn file_with(
    record: &Record,
    events: &[Event],
    earliest: u64,
    checkpoints: &[(Checkpoint, Vec<u8>)],
) -> Vec<u8> {
    let (mut writer, mut bytes) = (Writer::new(), Vec::new());
    writer.header(&mut bytes, &header(record, events, earliest));
    writer.record(&mut bytes, record);
    events.iter().for_each(|event| writer.event(&mut bytes, event));
    for (checkpoint, payload) in checkpoints {
        let take = |line: &[u8]| {
            bytes.extend_from_slice(line);
            Ok::<_, ()>(())
        };
        writer.checkpoint((checkpoint, payload), take).unwrap();
    }
    writer.end(&mut bytes);
    bytes
}
