//! One of everything that is stored, and random ones of each.

use std::time::Duration;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use tenure_core::checkpoint::{Checkpoint, Content, Encoding};
use tenure_core::event::{EventBody, EventDraft, Request, Stream, TerminalEvent};
use tenure_core::id::{
    ActorId, CheckpointId, EventId, EventType, Fence, GroupName, HandoverId, Incarnation, Key, Namespace,
    Principal, Revision, Seq, SessionId,
};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::lease::{Holder, HolderKind, Lease, Place, RunTimes, Term, Ttl};
use tenure_core::session::{
    Activity, Autosave, Counters, Exit, Facts, Fingerprint, Handover, Mode, Parent, Progress, Recipe,
    Retained, Session, State, StateName, Stats, Usage, Watched,
};
use tenure_core::time::{BootId, BootMoment, WallTime};

pub(crate) fn actor_of(text: &str) -> ActorId {
    ActorId::parse(text).unwrap()
}

pub(crate) fn session_id_of(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn wall() -> impl Strategy<Value = WallTime> {
    any::<u64>().prop_map(WallTime::from_epoch_ms)
}

fn length() -> impl Strategy<Value = Duration> {
    (any::<u64>(), 0..1_000_000_000_u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos))
}

fn ttl() -> impl Strategy<Value = Ttl> {
    length().prop_filter_map("a ttl is not zero", Ttl::stored)
}

fn actor() -> impl Strategy<Value = ActorId> {
    "\\PC{1,40}".prop_filter_map("not blank", |text| ActorId::parse(&text).ok())
}

fn session_id() -> impl Strategy<Value = SessionId> {
    "[!-~]{1,64}".prop_filter_map("allowed characters", |text| SessionId::parse(&text).ok())
}

pub(crate) fn holder() -> impl Strategy<Value = Holder> {
    let place = (".{0,20}", any::<u32>()).prop_map(|(host, pid)| Place { host: host.into(), pid });
    (select(HolderKind::ALL.to_vec()), actor(), option::of(actor()), option::of(place))
        .prop_map(|(kind, id, supervisor, place)| Holder { kind, id, supervisor, place })
}

fn term() -> impl Strategy<Value = Term> {
    let boot = (any::<[u8; 16]>(), any::<u64>()).prop_map(|(boot, ms)| BootMoment { boot: BootId(boot), ms });
    prop_oneof![
        wall().prop_map(|started| Term::Interactive { started }),
        (ttl(), wall()).prop_map(|(ttl, renewed)| Term::Wall { ttl, renewed }),
        (ttl(), boot, wall()).prop_map(|(ttl, renewed, renewed_wall)| Term::Boot {
            ttl,
            renewed,
            renewed_wall
        }),
        (option::of(ttl()), option::of(wall())).prop_map(|(ttl, renewed)| Term::Incomplete { ttl, renewed }),
    ]
}

pub(crate) fn lease() -> impl Strategy<Value = Lease> {
    (holder(), any::<[u8; 16]>(), any::<u64>(), term()).prop_map(|(holder, incarnation, fence, term)| Lease {
        holder,
        incarnation: Incarnation(incarnation),
        fence: Fence(fence),
        term,
    })
}

pub(crate) fn activity() -> impl Strategy<Value = Activity> {
    (".{0,280}", actor(), wall(), any::<u64>()).prop_map(|(text, actor, at, revision)| Activity {
        text,
        actor,
        at,
        revision: Revision(revision),
    })
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![
        Just(State::Pending),
        Just(State::Active),
        ".{0,30}".prop_map(|reason| State::Paused { reason }),
        wall().prop_map(|at| State::Completed { at }),
        (wall(), ".{0,30}").prop_map(|(at, error)| State::Failed { at, error }),
        (wall(), ".{0,30}").prop_map(|(at, reason)| State::Cancelled { at, reason }),
        (wall(), ".{0,30}").prop_map(|(at, reason)| State::Expired { at, reason }),
    ]
}

fn idle() -> impl Strategy<Value = IdleRule> {
    (length(), any::<bool>()).prop_map(|(after, spares_held)| IdleRule { after, spares_held })
}

pub(crate) fn session() -> impl Strategy<Value = Session> {
    let names = (session_id(), select(Kind::ALL.to_vec()), option::of(".{1,40}"), select(Mode::ALL.to_vec()));
    let times = (wall(), option::of(wall()), option::of(wall()), any::<u64>(), wall());
    let held = (option::of(lease()), option::of(activity()), any::<(u64, u64)>(), state());
    let work = (
        btree_map(".{0,12}", ".{0,12}", 0..4),
        vec(".{0,12}", 0..4),
        option::of(".{0,30}"),
        option::of(idle()),
    );
    let links = (
        option::of(session_id()),
        option::of(session_id()),
        any::<bool>(),
        option::of(retained()),
        option::of(handover()),
        option::of("[!-~]{1,128}".prop_map(|name| Principal::parse(&name).unwrap())),
    );
    let created =
        (option::of(session_id()), option::of(length()), option::of(wall()), any::<Option<[u8; 16]>>());
    let all =
        (names, times, held, work, links, created, (facts(), option::of(recipe()), option::of(".{1,20}")));
    all.prop_map(|(names, times, held, work, links, created, (facts, recipe, group))| Session {
        id: names.0,
        namespace: Namespace::default_name(),
        execution: None,
        kind: names.1,
        key: names.2.and_then(|key| Key::parse(&key).ok()),
        state: held.3,
        mode: names.3,
        lease: held.0,
        counters: Counters { revision: Revision(held.2.0), fence: Fence(held.2.1) },
        created_at: times.0,
        started_at: times.1,
        last_started_at: times.2,
        start_count: times.3,
        last_activity_at: times.4,
        activity: held.1,
        labels: work.0,
        command: work.1,
        directory: work.2,
        recipe: recipe.map(Box::new),
        group: group.and_then(|name| GroupName::parse(&name).ok()),
        is_queued: links.2,
        facts,
        parent: created.0.map(|id| Parent { id, deleted: links.2 }),
        idle: work.3,
        pending_timeout: created.1,
        expires_at: created.2,
        created_as: created.3.map(Fingerprint),
        predecessor: links.0,
        successor: links.1,
        anonymous: links.2,
        retained: links.3,
        handover: links.4,
        principal: links.5,
    })
}

fn retained() -> impl Strategy<Value = Retained> {
    (".{1,20}", option::of(actor()), wall()).prop_map(|(reason, by, at)| Retained { reason, by, at })
}

fn handover() -> impl Strategy<Value = Handover> {
    let all = (any::<[u8; 16]>(), ".{1,20}", option::of(actor()), wall(), any::<u64>(), any::<bool>());
    all.prop_map(|(id, to, by, at, fence, has_arrived)| Handover {
        id: HandoverId(id),
        to,
        by,
        at,
        fence: Fence(fence),
        has_arrived,
    })
}

fn recipe() -> impl Strategy<Value = Recipe> {
    let bytes = || vec(any::<u8>(), 0..8);
    let times = (10_000..600_000_u64, 0..1000_u64);
    let rest = (vec(bytes(), 0..3), option::of(bytes()), option::of(actor()), any::<(bool, bool)>());
    let watch = option::of((bytes(), any::<u64>()));
    let autosave = option::of((bytes(), length()));
    let all = (times, rest, any::<Option<u64>>(), any::<u8>(), (watch, autosave));
    all.prop_map(|((ttl, grace), rest, record_limit, refused_exit, beside)| Recipe {
        raw_command: rest.0,
        raw_directory: rest.1,
        actor: rest.2,
        times: RunTimes::new(Duration::from_millis(ttl), Duration::from_millis(grace)).unwrap(),
        outlives_lease: rest.3.0,
        record_limit,
        watch: beside.0.map(|(directory, limit)| Watched { directory, limit }),
        autosave: beside.1.map(|(file, interval)| Autosave { file, interval }),
        refused_exit,
        auto_resume: rest.3.1,
        waits: rest.3.0 != rest.3.1,
    })
}

fn exit() -> impl Strategy<Value = Exit> {
    prop_oneof![any::<i32>().prop_map(Exit::Code), any::<i32>().prop_map(Exit::Signal)]
}

fn stats() -> impl Strategy<Value = Stats> {
    (length(), option::of(exit()), any::<u64>(), usage())
        .prop_map(|(duration, exit, output_bytes, usage)| Stats { duration, exit, output_bytes, usage })
}

fn usage() -> impl Strategy<Value = Usage> {
    any::<[u64; 5]>().prop_map(|[iterations, input_tokens, output_tokens, tool_calls, cost_micros]| Usage {
        iterations,
        input_tokens,
        output_tokens,
        tool_calls,
        cost_micros,
    })
}

fn facts() -> impl Strategy<Value = Facts> {
    let progress = any::<(u64, Option<u64>)>().prop_map(|(current, total)| Progress { current, total });
    (
        btree_map(".{0,12}", ".{0,12}", 0..4),
        option::of(progress),
        btree_map(".{0,12}", length(), 0..4),
        usage(),
    )
        .prop_map(|(metadata, progress, timings, usage)| Facts { metadata, progress, timings, usage })
}

fn terminal() -> impl Strategy<Value = TerminalEvent> {
    let stream = select(vec![Stream::Terminal, Stream::Stdout, Stream::Stderr]);
    prop_oneof![
        (vec(".{0,12}", 0..4), option::of(any::<(u16, u16)>()))
            .prop_map(|(command, size)| TerminalEvent::Started { command, size }),
        (stream, vec(any::<u8>(), 0..200))
            .prop_map(|(stream, bytes)| TerminalEvent::Output { stream, bytes }),
        any::<(u16, u16)>().prop_map(|(cols, rows)| TerminalEvent::Resized { cols, rows }),
        any::<u64>().prop_map(|limit| TerminalEvent::Capped { limit }),
        any::<u64>().prop_map(|bytes| TerminalEvent::Lost { bytes }),
        exit().prop_map(TerminalEvent::Exited),
    ]
}

pub(crate) fn event() -> impl Strategy<Value = EventBody> {
    let state = || select(StateName::ALL.to_vec());
    let changed = (option::of(state()), state(), ".{0,30}", option::of(actor()));
    let granted = (holder(), any::<u64>(), option::of(length()));
    let taken = (actor(), holder(), any::<u64>(), ".{0,30}");
    prop_oneof![
        changed.prop_map(|(from, to, reason, by)| EventBody::StateChanged { from, to, reason, by }),
        (".{0,30}", stats()).prop_map(|(message, stats)| EventBody::Completion { message, stats }),
        (".{0,30}", stats()).prop_map(|(message, stats)| EventBody::Error { message, stats }),
        ".{0,30}".prop_map(|text| EventBody::Activity { text }),
        granted.prop_map(|(holder, fence, ttl)| EventBody::LeaseGranted { holder, fence: Fence(fence), ttl }),
        taken.prop_map(|(from, holder, fence, reason)| EventBody::LeaseTakenOver {
            from,
            holder,
            fence: Fence(fence),
            reason
        }),
        any::<u64>().prop_map(|fence| EventBody::LeaseReleased { fence: Fence(fence) }),
        session_id().prop_map(|by| EventBody::Succeeded { by }),
        (checkpoint_id(), option::of(".{0,30}"), any::<u64>())
            .prop_map(|(id, reason, size)| EventBody::CheckpointCreated { id, reason, size }),
        (checkpoint_id(), any::<bool>())
            .prop_map(|(id, is_record)| EventBody::CheckpointRestored { id, is_record }),
        (".{1,20}", option::of(actor())).prop_map(|(reason, by)| EventBody::Retained { reason, by }),
        option::of(actor()).prop_map(|by| EventBody::RetentionEnded { by }),
        handover().prop_map(|Handover { id, to, by, fence, .. }| EventBody::HandedOver { id, to, by, fence }),
        terminal().prop_map(EventBody::Terminal),
        select(Request::ALL.to_vec()).prop_map(EventBody::Request),
        ("[a-z][a-z0-9_.-]{0,20}", ".{0,100}")
            .prop_map(|(kind, json)| EventBody::Given { kind: EventType::parse(&kind).unwrap(), json }),
    ]
}

pub(crate) fn draft() -> impl Strategy<Value = EventDraft> {
    let id = "[!-~]{1,128}".prop_map(|text| EventId::parse(&text).unwrap());
    (option::of(id), event()).prop_map(|(id, data)| EventDraft { id, data })
}

fn checkpoint_id() -> impl Strategy<Value = CheckpointId> {
    "[!-~]{1,64}".prop_filter_map("a valid id", |text| CheckpointId::parse(&text).ok())
}

pub(crate) fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    let named = (checkpoint_id(), session_id(), any::<u64>(), wall());
    let said = (option::of(".{0,30}"), option::of(".{0,30}"));
    let form = (
        select(vec![Content::Record, Content::Given]),
        select(vec![Encoding::Plain, Encoding::Zstd]),
        any::<(u64, u64, [u8; 32])>(),
    );
    (named, said, form).prop_map(|((id, session, seq, created_at), (reason, metadata), form)| {
        let (content, encoding, (original_size, stored_size, sha256)) = form;
        Checkpoint {
            id,
            session,
            seq: Seq(seq),
            created_at,
            reason,
            metadata,
            content,
            encoding,
            original_size,
            stored_size,
            sha256,
        }
    })
}
