//! Sessions and what belongs to them, with as much to tell as there can be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use tenure_core::checkpoint::{self, Content, Encoding};
use tenure_core::id::{
    ActorId, AffinityKey, CheckpointId, CodeName, Fence, GroupName, HandoverId, Incarnation, Key, Namespace,
    QueueName, Revision, Seq, SessionId, WorkerId,
};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::lease::{Holder, HolderKind, Lease, Place, RunTimes, Term, Ttl};
use tenure_core::orchestration::{Cause, Execution, Version};
use tenure_core::session::{
    self, Counters, Facts, Handover, Mode, Parent, Progress, Recipe, Retained, Session, State, StateName,
    Usage,
};
use tenure_core::time::{BootId, BootMoment, Moment, WallTime};
use tenure_core::worker::{Queues, Serving};

use super::{Alert, Figures, LastDay, LastHour, Pending, Stuck, Tally};
use crate::{Failure, Instant, PendingActivity, PendingChild, PendingTimer, PinSeen, WorkerSeen};

/// An odd number of milliseconds, and what lies so many after it.
pub(crate) fn wall(ms: u64) -> WallTime {
    WallTime::from_epoch_ms(1_700_000_000_123 + ms)
}

fn boot(ms: u64) -> BootMoment {
    BootMoment { boot: BootId([1; 16]), ms }
}

/// Another boot of the same machine, so many milliseconds after it began, at that time.
pub(crate) fn rebooted(ms: u64, at: u64) -> Moment {
    Moment { wall: Some(wall(at)), boot: BootMoment { boot: BootId([2; 16]), ms } }
}

pub(crate) fn moment(ms: u64) -> Moment {
    Moment { wall: Some(wall(ms)), boot: boot(ms) }
}

pub(crate) fn now() -> Moment {
    moment(4_000)
}

pub(crate) fn session_id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

fn actor(text: &str) -> ActorId {
    ActorId::parse(text).unwrap()
}

pub(crate) fn lease() -> Lease {
    let place = Place { host: "box".into(), pid: 42 };
    Lease {
        holder: Holder {
            kind: HolderKind::Run,
            id: actor("ada"),
            supervisor: Some(actor("boss")),
            place: Some(place),
        },
        incarnation: Incarnation([7; 16]),
        fence: Fence(3),
        term: Term::Boot {
            ttl: Ttl::stored(Duration::from_secs(15)).unwrap(),
            renewed: boot(3_000),
            renewed_wall: wall(3_000),
        },
    }
}

/// A session of which everything is told that there is to tell.
pub(crate) fn rich() -> Session {
    let pairs = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect::<BTreeMap<_, _>>()
    };
    Session {
        principal: tenure_core::id::Principal::parse("ann").ok(),
        id: session_id("ses_1"),
        key: Some(Key::parse("/repo#main").unwrap()),
        kind: Kind::Workspace,
        mode: Mode::Research,
        state: State::Failed { at: wall(9_000), error: "boom".to_owned() },
        group: Some(GroupName::parse("gpu").unwrap()),
        is_queued: true,
        lease: Some(lease()),
        started_at: Some(wall(1_000)),
        last_started_at: Some(wall(2_000)),
        activity: Some(session::Activity {
            text: "reading".to_owned(),
            actor: actor("ada"),
            at: wall(3_500),
            revision: Revision(6),
        }),
        labels: pairs(&[("team", "a"), ("area", "core")]),
        command: vec!["make".to_owned(), "-j".to_owned()],
        directory: Some("/repo".to_owned()),
        recipe: Some(Box::new(recipe())),
        facts: facts(pairs(&[("tags", "[1, 2.5]"), ("odd", "not json")])),
        execution: Some(Box::new(Execution {
            name: CodeName::parse("review").unwrap(),
            version: Version::parse("1.2.0").unwrap(),
            number: 2,
            status: None,
            status_changes: 1,
        })),
        parent: Some(Parent { id: session_id("ses_0"), deleted: true }),
        idle: Some(IdleRule { after: Duration::from_secs(60), spares_held: true }),
        pending_timeout: Some(Duration::from_secs(5)),
        expires_at: Some(wall(99_000)),
        predecessor: Some(session_id("ses_p")),
        successor: Some(session_id("ses_s")),
        retained: Some(Retained { reason: "audit".to_owned(), by: None, at: wall(9_500) }),
        handover: Some(Handover {
            id: HandoverId([0xab; 16]),
            to: "other.db".to_owned(),
            by: Some(actor("ops")),
            at: wall(9_700),
            fence: Fence(4),
            has_arrived: false,
        }),
        ..plain()
    }
}

fn recipe() -> Recipe {
    Recipe {
        raw_command: Vec::new(),
        raw_directory: None,
        actor: None,
        times: RunTimes::new(Duration::from_secs(15), Duration::from_secs(1)).unwrap(),
        outlives_lease: false,
        record_limit: None,
        watch: None,
        autosave: None,
        refused_exit: 3,
        auto_resume: true,
        waits: false,
    }
}

fn facts(metadata: BTreeMap<String, String>) -> Facts {
    Facts {
        metadata,
        progress: Some(Progress { current: 3, total: Some(10) }),
        timings: BTreeMap::from([("build".to_owned(), Duration::from_millis(1_250))]),
        usage: Usage {
            iterations: 4,
            input_tokens: 5,
            output_tokens: 6,
            tool_calls: 7,
            cost_micros: 1_250_000,
        },
    }
}

/// A session that was created, and nothing else.
pub(crate) fn plain() -> Session {
    Session {
        principal: None,
        id: session_id("ses_plain"),
        namespace: Namespace::default_name(),
        kind: Kind::Agent,
        key: None,
        state: State::Pending,
        group: None,
        is_queued: false,
        mode: Mode::General,
        lease: None,
        counters: Counters { revision: Revision(7), fence: Fence(3) },
        created_at: wall(0),
        started_at: None,
        last_started_at: None,
        start_count: 0,
        last_activity_at: wall(3_500),
        activity: None,
        labels: BTreeMap::new(),
        command: Vec::new(),
        directory: None,
        recipe: None,
        facts: Facts::default(),
        execution: None,
        parent: None,
        idle: None,
        pending_timeout: None,
        expires_at: None,
        created_as: None,
        predecessor: None,
        successor: None,
        anonymous: false,
        retained: None,
        handover: None,
    }
}

pub(crate) fn checkpoint() -> checkpoint::Checkpoint {
    checkpoint::Checkpoint {
        id: CheckpointId::parse("ckp_1").unwrap(),
        session: session_id("ses_1"),
        seq: Seq(5),
        created_at: wall(5_000),
        reason: Some("before lunch".to_owned()),
        metadata: Some(r#"{"step": 3}"#.to_owned()),
        content: Content::Given,
        encoding: Encoding::Zstd,
        original_size: 1_000,
        stored_size: 200,
        sha256: [0xab; 32],
    }
}

pub(crate) fn serving() -> Serving {
    Serving {
        namespace: None,
        queues: Queues::These(BTreeSet::from([None, Some(QueueName::parse("gpu").unwrap())])),
        busy_max: 4,
        held_max: 100,
        idle_after: Duration::from_secs(60),
        is_exclusive: false,
    }
}

pub(crate) fn worker<'a>(lease: &'a Lease, serving: &'a Serving) -> WorkerSeen<'a> {
    WorkerSeen {
        lease,
        serving,
        is_gone: false,
        is_draining: false,
        progressed_at: wall(3_900),
        instances: 1,
        pins: 2,
        tasks: 3,
    }
}

pub(crate) fn with_pin<T>(use_it: impl FnOnce(PinSeen<'_>) -> T) -> T {
    let (namespace, key) = (Namespace::default_name(), AffinityKey::parse("user/7").unwrap());
    let worker = WorkerId::parse("w1").unwrap();
    use_it(PinSeen {
        namespace: &namespace,
        key: &key,
        worker: &worker,
        fence: Fence(2),
        is_live: true,
        since: wall(0),
        last_used: wall(1),
        waiting: 1,
        running: 1,
    })
}

pub(crate) fn pending() -> Pending {
    Pending {
        activities: vec![PendingActivity {
            operation: 1,
            name: "send".to_owned(),
            attempt: 2,
            queue: Some("mail".to_owned()),
            key: None,
            worker: None,
            attempts_max: 5,
            due_at: Some(Instant(wall(8_000))),
            failure: Some(Failure { cause: Cause::TimedOut.into(), message: "too slow".to_owned() }),
        }],
        timers: vec![PendingTimer { operation: 2, fires_at: Instant(wall(9_000)) }],
        children: vec![PendingChild { operation: 3, session: "ses_2".to_owned() }],
        cancel_requested: None,
        cancel_requested_by: None,
    }
}

pub(crate) fn figures() -> Figures {
    let counts = |value: Value| value.as_object().cloned().unwrap();
    Figures {
        namespace: "default".to_owned(),
        at: Some(Instant(wall(0))),
        total_sessions: 3,
        open_sessions: 2,
        active_sessions: 1,
        oldest_session_age_ms: 9,
        newest_session_age_ms: 1,
        avg_session_age_ms: 5,
        avg_duration_ms: 7,
        sessions: vec![Tally {
            kind: Kind::Agent.into(),
            state: StateName::Completed.into(),
            count: 1,
            duration_ms: Some(7),
        }],
        last_24h: LastDay {
            since: None,
            opened: 3,
            states: counts(json!({ "active": 1, "completed": 1 })),
            avg_duration_ms: 7,
            expiration_rate_percent: 33.25,
        },
        last_hour: LastHour { since: Some(Instant(wall(0))), events: counts(json!({ "state_changed": 4 })) },
        stuck: Stuck { after_ms: 1, count: 1, without_events: 1, sessions: vec!["ses_1".to_owned()] },
        alerts: vec![
            Alert::ExpirationRate { percent: 33.25, opened: 3, expired: 1 },
            Alert::Stuck { count: 1 },
            Alert::WithoutEvents { count: 1 },
        ],
    }
}
