//! Cases about records: whatever can be decided or said comes back exactly as it was.

use std::collections::BTreeMap;
use std::time::Duration;

use tenure_core::event::{EventBody, Request, Stream, TerminalEvent};
use tenure_core::id::{Fence, Incarnation, Revision};
use tenure_core::kind::IdleRule;
use tenure_core::lease::{Holder, HolderKind, Lease, Place, RunTimes, Term};
use tenure_core::session::{
    Activity, Autosave, Change, Counters, Decision, Exit, Facts, Fingerprint, Mode, Progress, Recipe,
    Session, State, StateName, Stats, Usage, Watched, Write,
};
use tenure_core::time::{BootId, BootMoment, WallTime};
use tenure_store::{AppendOutcome, AppendRequest, CommitRequest};

use crate::Harness;
use crate::fixture::{
    Bench, TTL, Target, actor, append, checkpoint_id, commit_id, committed, given, group, import, principal,
    run, session_id, slot, start, storing, ttl, workspace,
};

/// Text that tempts a store: quotes, control bytes, no ASCII, nothing at all.
const TEMPTING: [&str; 6] =
    ["", "'; DROP TABLE session; --", "a\0b\n\x1b[31m", "\u{1F600} ä", "%_\\", "\"{}\""];

async fn plain(bench: &Bench, id: &str) -> Session {
    let request = bench.prepare(Target::New, &start(run(id, None, 1))).await;
    request.decision.session().expect("a session").clone()
}

async fn is_kept(bench: &Bench, session: Session) {
    let done = committed(bench.send(&storing(session.clone())).await);
    assert_eq!(bench.session(done.handle).await, session);
}

/// A session with every field set comes back with every field.
pub async fn a_session_with_every_field_comes_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let at = bench.clock.wall();
    let full = Session {
        mode: Mode::Research,
        counters: Counters { revision: Revision(7), fence: Fence(9) },
        started_at: Some(at.after(TTL)),
        last_started_at: Some(at.after(TTL * 2)),
        start_count: 12,
        last_activity_at: at.after(TTL * 3),
        activity: Some(Activity {
            text: TEMPTING.concat(),
            actor: actor("who\never"),
            at: at.after(TTL),
            revision: Revision(6),
        }),
        labels: TEMPTING.map(|text| (format!("name {text}"), text.to_owned())).into(),
        command: TEMPTING.map(str::to_owned).into(),
        directory: Some("/with space/ä".to_owned()),
        idle: Some(IdleRule { after: Duration::from_millis(1_500), spares_held: true }),
        recipe: Some(recipe()),
        principal: Some(principal("ann';--%_\\")),
        group: Some(group("gr\u{fc}n '; --")),
        is_queued: true,
        facts: facts(),
        pending_timeout: Some(Duration::from_millis(2_500)),
        expires_at: Some(WallTime::from_epoch_ms(1 << 41)),
        created_as: Some(Fingerprint([7; 16])),
        predecessor: Some(session_id("ses_before")),
        successor: Some(session_id("ses_after")),
        anonymous: true,
        ..plain(&bench, "ses_full").await
    };
    is_kept(&bench, full).await;
}

fn recipe() -> Box<Recipe> {
    Box::new(Recipe {
        raw_command: vec![Vec::new(), vec![0, 0xFF], b"'; --".to_vec()],
        raw_directory: Some(vec![b'/', 0xFE]),
        actor: Some(actor("who\never")),
        times: RunTimes::new(TTL, Duration::from_millis(1)).expect("they fit"),
        outlives_lease: true,
        record_limit: Some(u64::MAX),
        watch: Some(Watched { directory: vec![0xFF, b'.'], limit: u64::MAX }),
        autosave: Some(Autosave { file: vec![0xFE], interval: Duration::from_millis(1) }),
        refused_exit: u8::MAX,
        auto_resume: true,
        waits: true,
    })
}

fn facts() -> Facts {
    Facts {
        metadata: [("goal".to_owned(), "{\"a\":[1,\"é\"]}".to_owned())].into(),
        progress: Some(Progress { current: 3, total: Some(10) }),
        timings: [("build".to_owned(), Duration::from_millis(61_005))].into(),
        usage: usage(),
    }
}

const fn usage() -> Usage {
    Usage { iterations: 1, input_tokens: 2, output_tokens: 3, tool_calls: 4, cost_micros: 5 }
}

/// A session with as little as possible comes back with nothing added.
pub async fn a_session_with_no_field_set_comes_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let bare = Session {
        lease: None,
        started_at: None,
        last_started_at: None,
        start_count: 0,
        activity: None,
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: None,
        idle: None,
        ..plain(&bench, "ses_bare").await
    };
    is_kept(&bench, bare).await;
}

/// Every state comes back with what belongs to it.
pub async fn every_state_comes_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let at = bench.clock.wall();
    let states = TEMPTING.map(str::to_owned).into_iter().flat_map(|text| {
        [
            State::Pending,
            State::Active,
            State::Paused { reason: text.clone() },
            State::Completed { at },
            State::Failed { at, error: text.clone() },
            State::Cancelled { at, reason: text.clone() },
            State::Expired { at, reason: text },
        ]
    });
    let names = StateName::ALL.len() * TEMPTING.len();
    for (number, state) in states.enumerate() {
        assert!(number < names);
        let open = plain(&bench, &format!("ses_{number}")).await;
        // No rule leaves a lease with what has ended, and a store may refuse to.
        let lease = open.lease.clone().filter(|_| !state.name().is_terminal());
        is_kept(&bench, Session { state, lease, ..open }).await;
    }
}

/// Every sort of term comes back, and so does every sort of holder.
pub async fn every_lease_comes_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let at = bench.clock.wall();
    let odd = ttl(Duration::from_millis(1_001));
    let boot = BootMoment { boot: BootId([0xFE; 16]), ms: 1 };
    let terms = [
        Term::Interactive { started: at },
        Term::Wall { ttl: odd, renewed: at },
        Term::Boot { ttl: odd, renewed: boot, renewed_wall: at },
        Term::Incomplete { ttl: None, renewed: None },
        Term::Incomplete { ttl: Some(odd), renewed: None },
        Term::Incomplete { ttl: None, renewed: Some(at) },
        Term::Incomplete { ttl: Some(odd), renewed: Some(at) },
    ];
    let places = [None, Some(Place { host: "h\n'st".into(), pid: u32::MAX })];
    for (number, term) in terms.into_iter().enumerate() {
        for (kind, place) in HolderKind::ALL.into_iter().zip(places.iter().cycle()) {
            let supervisor = place.as_ref().map(|_| actor("super'visor"));
            let holder = Holder { kind, id: actor("\u{202E}who"), supervisor, place: place.clone() };
            let lease = Lease { holder, incarnation: Incarnation([0xFF; 16]), fence: Fence(3), term };
            let id = format!("ses_{number}_{}", kind.name());
            let counters = Counters { revision: Revision(1), fence: Fence(3) };
            is_kept(&bench, Session { lease: Some(lease), counters, ..plain(&bench, &id).await }).await;
        }
    }
}

/// Numbers come back up to the largest that a signed column can hold.
pub async fn large_numbers_come_back(harness: &dyn Harness) {
    const LARGE: u64 = i64::MAX as u64 - 1;
    let bench = Bench::new(harness).await;
    let at = WallTime::from_epoch_ms(LARGE);
    let large = Session {
        counters: Counters { revision: Revision(LARGE), fence: Fence(LARGE) },
        created_at: at,
        started_at: Some(at),
        last_started_at: Some(at),
        start_count: LARGE,
        last_activity_at: at,
        state: State::Completed { at },
        lease: None,
        ..plain(&bench, "ses_large").await
    };
    is_kept(&bench, large).await;
    let imported = import("ses_import", "w", Revision(LARGE), at);
    let done = bench.commit(workspace("w"), &imported).await;
    assert_eq!(done.revision, Revision(LARGE));
    let cleared = bench.commit(workspace("w"), &crate::fixture::clear(Some("legacy"))).await;
    assert_eq!(cleared.revision, Revision(LARGE + 1));
}

/// A record of an earlier tool comes back, whatever it lacks.
pub async fn an_import_comes_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    for revision in [0, 41] {
        let key = format!("w{revision}");
        let command = import(&format!("ses_{revision}"), &key, Revision(revision), bench.clock.wall());
        let request = bench.prepare(workspace(&key), &command).await;
        let done = committed(bench.send(&request).await);
        assert_eq!(Some(&bench.session(done.handle).await), request.decision.session());
        let found = bench.found(workspace(&key)).await;
        assert_eq!((found.handle, found.current.counters.revision), (Some(done.handle), Revision(revision)));
    }
}

/// Every sort of event comes back, whatever it says.
pub async fn every_event_comes_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let mut expected: Vec<_> = bench.log(held.handle).await.into_iter().map(|event| event.data).collect();
    for text in TEMPTING {
        let events = every_event(text);
        expected.extend(events.clone());
        let (fence, events) = (Some(held.fence), events.into_iter().map(Into::into).collect());
        let request = AppendRequest { events, ..append(held.handle, fence, 1) };
        bench.store.append(request).await.expect("an outcome");
    }
    let said: Vec<_> = bench.log(held.handle).await.into_iter().map(|event| event.data).collect();
    assert_eq!(said, expected);
}

fn every_event(text: &str) -> Vec<EventBody> {
    let holder = crate::fixture::claimant(1).holder;
    let exits = [None, Some(Exit::Code(-1)), Some(Exit::Signal(9))];
    let duration = Duration::from_millis(123_456);
    let stats = |exit| Stats { duration, exit, output_bytes: 1 << 40, usage: usage() };
    let text = || text.to_owned();
    let mut events: Vec<_> = exits
        .into_iter()
        .flat_map(|exit| {
            let (well, badly) = (text(), text());
            [
                EventBody::Completion { message: well, stats: stats(exit) },
                EventBody::Error { message: badly, stats: stats(exit) },
            ]
        })
        .collect();
    events.extend(StateName::ALL.map(|to| {
        let from = (to != StateName::Pending).then_some(to);
        EventBody::StateChanged { from, to, reason: text(), by: from.map(|_| actor("operator")) }
    }));
    events.extend([
        EventBody::Activity { text: text() },
        EventBody::LeaseGranted { holder: holder.clone(), fence: Fence(1), ttl: Some(TTL) },
        EventBody::LeaseGranted { holder: holder.clone(), fence: Fence(1), ttl: None },
        EventBody::LeaseTakenOver { from: actor("old"), holder, fence: Fence(2), reason: text() },
        EventBody::LeaseReleased { fence: Fence(2) },
        EventBody::Succeeded { by: session_id("ses_next") },
        EventBody::CheckpointCreated { id: checkpoint_id("ckp_1"), reason: None, size: 0 },
        EventBody::CheckpointCreated { id: checkpoint_id("ckp_1"), reason: Some(text()), size: 1 << 40 },
        EventBody::CheckpointRestored { id: checkpoint_id("ckp_1"), is_record: true },
        EventBody::Request(Request::Pause),
        EventBody::Request(Request::Resume),
        EventBody::Request(Request::Stop),
        given("x.y-z_1", &text()),
    ]);
    events.extend(every_terminal_record(&text()).into_iter().map(EventBody::Terminal));
    events
}

fn every_terminal_record(text: &str) -> Vec<TerminalEvent> {
    let bytes = [text.as_bytes(), &[0xFF, 0xFE, 0x00, 0x80]].concat();
    let mut records: Vec<_> = [Stream::Terminal, Stream::Stdout, Stream::Stderr]
        .map(|stream| TerminalEvent::Output { stream, bytes: bytes.clone() })
        .into();
    records.extend([
        TerminalEvent::Started { command: vec![text.to_owned()], size: Some((80, 24)) },
        TerminalEvent::Started { command: Vec::new(), size: None },
        TerminalEvent::Output { stream: Stream::Stdout, bytes: Vec::new() },
        TerminalEvent::Resized { cols: u16::MAX, rows: 0 },
        TerminalEvent::Capped { limit: 1 << 40 },
        TerminalEvent::Lost { bytes: 1 << 40 },
        TerminalEvent::Exited(Exit::Code(3)),
        TerminalEvent::Exited(Exit::Signal(15)),
    ]);
    records
}

/// The largest event and the longest append are kept whole.
pub async fn the_largest_append_is_kept_whole(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let bytes: Vec<u8> = (0..tenure_core::limits::EVENT_BYTES_MAX).map(|at| at.to_le_bytes()[0]).collect();
    let large = EventBody::Terminal(TerminalEvent::Output { stream: Stream::Terminal, bytes });
    let fence = Some(held.fence);
    let events = vec![large.clone().into()];
    let request = AppendRequest { events, ..append(held.handle, fence, 1) };
    bench.store.append(request).await.expect("an outcome");
    let AppendOutcome::Appended { first, last } =
        bench.append(held, tenure_core::limits::EVENTS_PER_APPEND_MAX).await
    else {
        panic!("it is held");
    };
    let log = bench.log(held.handle).await;
    assert_eq!(log.last().map(|event| event.seq), Some(last));
    assert_eq!(log.iter().find(|event| event.seq.next() == first).map(|event| &event.data), Some(&large));
}

/// Keys and names with anything in them lead back to where they were given.
pub async fn names_with_anything_in_them_are_kept(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let long = "ä".repeat(tenure_core::limits::KEY_BYTES_MAX / 2);
    let mut keys: Vec<_> = TEMPTING.into_iter().filter(|text| !text.is_empty()).collect();
    keys.extend(["../a", " a", "a ", "A", "a", &long]);
    let mut handles = Vec::new();
    for (number, key) in keys.iter().enumerate() {
        let started = start(run(&format!("ses_{number}"), Some(key), 1));
        handles.push(bench.commit(slot(key), &started).await.handle);
    }
    for (key, handle) in keys.iter().zip(handles) {
        assert_eq!(bench.found(slot(key)).await.handle, Some(handle), "{key:?}");
    }
}

/// A change that a kind's rules do not make yet is stored all the same: the store has no rules.
pub async fn a_pending_session_is_kept_and_started(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let counters = Counters { revision: Revision(1), fence: Fence(0) };
    let pending = Session { state: State::Pending, lease: None, counters, ..plain(&bench, "ses_a").await };
    let done = committed(bench.send(&storing(pending.clone())).await);
    let at = bench.clock.wall();
    let write = Write::of(pending).then(Change::Started { at, reason: "now".to_owned() });
    let counters = Counters { revision: Revision(2), ..counters };
    let decision = Decision::new(vec![write], counters, None);
    let on = Some(done.handle);
    let (slot, fence) = (None, None);
    let request = CommitRequest {
        commit_id: commit_id(),
        slot,
        on,
        expected: Revision(1),
        fence,
        decision,
        capture: None,
    };
    committed(bench.send(&request).await);
    assert_eq!(bench.session(done.handle).await.state, State::Active);
}
