//! What a document tells is read back into what it is the form of.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tenure_core::access::{self, Role};
use tenure_core::checkpoint::{self, Content, FileAction, FileVersion};
use tenure_core::id::{
    AffinityKey, CheckpointId, CodeName, Fence, GroupName, Incarnation, Namespace, Operation, Principal,
    QueueName, Revision, Seq, TokenId, WorkerId,
};
use tenure_core::lease::{self, HolderKind, Standing, Term, Ttl};
use tenure_core::orchestration::{self, Cause};
use tenure_core::refusal::{Existing, Held};
use tenure_core::session::{self, Autosave, Recipe, State, StateName, Usage, Watched};
use tenure_core::worker::{Queues, Serving};

use super::fixture;
use crate::{
    Activity, Checkpoint, DamagedCheckpoint, Execution, Failure, FailureDetail, Group, GroupMember, Handover,
    HeldBy, KnownSession, Lease, Payload, Pin, Problem, Seen, Session, Skipped, Token, Unreadable, Worker,
    document,
};

/// The document as somebody far away gets it.
fn sent<T: Serialize + DeserializeOwned>(document: &T) -> T {
    serde_json::from_str(&serde_json::to_string(document).unwrap()).unwrap()
}

fn told(session: &session::Session, is_gone: bool) -> Session {
    let now = fixture::now();
    let seen = Seen { now: &now, is_gone, log: Some((Seq(9), Seq(2))) };
    sent(&Session::of(session, seen).with_recipe(session))
}

/// The session without what documents do not tell, in the form in which it is read.
fn tellable(mut session: session::Session) -> session::Session {
    if let Some(lease) = &mut session.lease {
        lease.incarnation = Lease::HERE;
        if let Term::Boot { ttl, renewed_wall, .. } = lease.term {
            lease.term = Term::Wall { ttl, renewed: renewed_wall };
        }
    }
    if let Some(activity) = &mut session.activity {
        activity.revision = Revision(0);
    }
    if let Some(execution) = &mut session.execution {
        execution.status_changes = 0;
    }
    if let Some(handover) = &mut session.handover {
        handover.fence = session.counters.fence;
    }
    let metadata = &mut session.facts.metadata;
    metadata.entry("odd".to_owned()).and_modify(|json| *json = "\"not json\"".to_owned());
    metadata.entry("tags".to_owned()).and_modify(|json| *json = "[1,2.5]".to_owned());
    session.created_as = None;
    session.anonymous = false;
    session
}

fn whole_recipe() -> Recipe {
    let session = fixture::rich();
    Recipe {
        raw_command: vec![b"make".to_vec(), b"\xFF\x00".to_vec(), Vec::new()],
        raw_directory: Some(b"/\xC3".to_vec()),
        actor: session.lease.map(|lease| lease.holder.id),
        outlives_lease: true,
        record_limit: Some(u64::MAX),
        watch: Some(Watched { directory: b"src".to_vec(), limit: 7 }),
        autosave: Some(Autosave { file: b"\x80".to_vec(), interval: Duration::from_millis(250) }),
        auto_resume: false,
        waits: true,
        ..*session.recipe.unwrap()
    }
}

#[test]
fn a_session_is_read_as_what_it_is() {
    let rich = fixture::rich();
    let whole = session::Session { recipe: Some(Box::new(whole_recipe())), ..rich.clone() };
    let odd = session::Session {
        facts: session::Facts {
            usage: Usage { cost_micros: 4_503_599_627_370_495, ..Usage::default() },
            ..rich.facts.clone()
        },
        ..rich.clone()
    };
    for session in [fixture::plain(), rich, whole, odd] {
        let known = told(&session, false).read().unwrap();
        let expected = KnownSession { session: tellable(session), head: Seq(9), earliest: Seq(2) };
        assert_eq!(known, expected);
    }
}

#[test]
fn a_session_is_read_in_every_state() {
    let at = fixture::wall(9_000);
    let why = || "why".to_owned();
    for state in [
        State::Pending,
        State::Active,
        State::Paused { reason: why() },
        State::Completed { at },
        State::Failed { at, error: why() },
        State::Cancelled { at, reason: why() },
        State::Expired { at, reason: why() },
    ] {
        let session = session::Session { state: state.clone(), ..fixture::plain() };
        assert_eq!(told(&session, false).read().unwrap().session.state, state);
    }
}

#[test]
fn where_a_log_begins_and_ends_is_0_where_it_is_not_told() {
    let (session, now) = (fixture::plain(), fixture::now());
    let bare = Session::of(&session, Seen { now: &now, is_gone: false, log: None });
    let known = sent(&bare).read().unwrap();
    assert_eq!((known.head, known.earliest), (Seq(0), Seq(0)));
}

#[test]
fn people_are_not_told_how_a_command_is_run_again() {
    let (session, now) = (fixture::rich(), fixture::now());
    let bare = Session::of(&session, Seen { now: &now, is_gone: false, log: None });
    assert_eq!(bare.recipe, None);
    assert_eq!(sent(&bare).read().unwrap().session.recipe, None);
}

/// The lease of a session that is told with this one at `ms`.
fn read_lease(lease: lease::Lease, is_gone: bool, ms: u64) -> lease::Lease {
    let (session, now) = (session::Session { lease: Some(lease), ..fixture::rich() }, fixture::moment(ms));
    let document = sent(&Session::of(&session, Seen { now: &now, is_gone, log: None }));
    document.read().unwrap().session.lease.unwrap()
}

#[test]
fn a_lease_says_whether_its_holder_is_gone_and_no_more() {
    let read = |is_gone| read_lease(fixture::lease(), is_gone, 4_000);
    assert_eq!(read(false).incarnation, Lease::HERE);
    assert_eq!(read(true).incarnation, Lease::GONE);
    assert_eq!((Lease::HERE, Lease::GONE), (Incarnation([0; 16]), Incarnation([0xFF; 16])));
}

#[test]
fn a_lease_stands_where_it_is_told_to_stand() {
    let ttl = Ttl::stored(Duration::from_secs(15)).unwrap();
    let renewed = fixture::wall(3_000);
    let live = read_lease(fixture::lease(), false, 4_000);
    assert_eq!(live.term, Term::Wall { ttl, renewed });
    assert_eq!(live.term.standing(&fixture::moment(17_999)), Ok(Standing::Live));
    assert_eq!(live.term.standing(&fixture::moment(18_000)), Ok(Standing::Over));
    let over = read_lease(fixture::lease(), false, 18_000);
    assert_eq!(over.term.standing(&fixture::moment(0)), Ok(Standing::Over));
    assert_eq!((over.term.ttl(), over.term.renewed_at()), (Some(ttl), Some(renewed)));
    assert_eq!(over.term.expires_at(), live.term.expires_at());
}

#[test]
fn after_another_boot_a_lease_is_told_to_last_as_long_from_that_and_is_read_so() {
    for (ms, standing) in [(0, Standing::Live), (14_999, Standing::Live), (15_000, Standing::Over)] {
        let now = fixture::rebooted(ms, 10_000 + ms);
        let seen = Seen { now: &now, is_gone: false, log: None };
        let told = sent(&Lease::of(&fixture::rich(), seen).unwrap());
        assert_eq!(told.renewed_at, Some(fixture::wall(3_000).into()));
        assert_eq!(told.expires_at, Some(fixture::wall(25_000).into()), "{ms}");
        let read = told.read(fixture::wall(0)).unwrap();
        assert_eq!(read.term.standing(&now), Ok(standing), "{ms}");
    }
}

#[test]
fn every_term_is_read_as_what_is_told_of_it() {
    let ttl = Ttl::stored(Duration::from_millis(1_500)).unwrap();
    let renewed = fixture::wall(3_000);
    let holder = |kind| lease::Holder { kind, supervisor: None, place: None, ..fixture::lease().holder };
    let read = |kind, term| {
        let lease = lease::Lease { holder: holder(kind), term, ..fixture::lease() };
        let read = read_lease(lease.clone(), false, 4_000);
        assert_eq!((&read.holder, read.fence), (&lease.holder, lease.fence));
        read.term
    };
    let started = fixture::rich().last_started_at.unwrap();
    let person = Term::Interactive { started };
    assert_eq!(read(HolderKind::Interactive, person), person);
    for term in [
        Term::Wall { ttl, renewed },
        Term::Incomplete { ttl: None, renewed: None },
        Term::Incomplete { ttl: Some(ttl), renewed: None },
        Term::Incomplete { ttl: None, renewed: Some(renewed) },
    ] {
        for kind in [HolderKind::RuntimeSupervisor, HolderKind::RuntimeWorker, HolderKind::Worker] {
            assert_eq!(read(kind, term), term);
        }
    }
}

#[test]
fn a_session_that_cannot_be_is_refused() {
    let refused = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut document = document(&told(&fixture::rich(), false));
        change(&mut document);
        serde_json::from_value::<Session>(document).unwrap().read().unwrap_err().to_string()
    };
    let set = |path: &'static str, value: serde_json::Value| {
        refused(&move |document| *document.pointer_mut(path).unwrap() = value.clone())
    };
    let without = |name: &str| refused(&|document| drop(document.as_object_mut().unwrap().remove(name)));
    assert_eq!(set("/id", json!("a b")), "`id` holds a character that is not allowed in it, at byte 1");
    assert_eq!(set("/namespace", json!(" ")), "`namespace` is blank");
    assert_eq!(set("/kind", json!("swarm")), r#"`kind` is "swarm", which is not known here"#);
    assert_eq!(set("/state", json!("asleep")), r#"`state` is "asleep", which is not known here"#);
    assert_eq!(set("/mode", json!("idle")), r#"`mode` is "idle", which is not known here"#);
    assert_eq!(without("completed_at"), "`completed_at` is missing");
    assert_eq!(without("error"), "`error` is missing");
    assert_eq!(set("/lease/holder/id", json!("")), "`lease.holder.id` is blank");
    let kind = r#"`lease.holder.kind` is "cat", which is not known here"#;
    assert_eq!(set("/lease/holder/kind", json!("cat")), kind);
    assert_eq!(set("/lease/holder/pid", json!(null)), "`lease.holder.pid` is missing");
    assert_eq!(set("/lease/holder/host", json!(null)), "`lease.holder.host` is missing");
    assert_eq!(set("/lease/ttl_ms", json!(0)), "`lease.ttl_ms` is not a time");
    assert_eq!(set("/activity/actor_id", json!("")), "`activity.actor_id` is blank");
    assert_eq!(set("/retained/by", json!("")), "`retained.by` is blank");
    let id = r#"`handed_over.id` is "x", which is not known here"#;
    assert_eq!(set("/handed_over/id", json!("x")), id);
    let cost = "`usage.cost` is not an amount that can be counted in millionths";
    assert_eq!(set("/usage/cost", json!(-1.5)), cost);
    let version = r#"`execution.version` is "1.2", which is not known here"#;
    assert_eq!(set("/execution/version", json!("1.2")), version);
    let base64 = "`recipe.raw_directory.base64` is not base64";
    assert_eq!(set("/recipe", recipe(json!({ "raw_directory": { "base64": "!" } }))), base64);
    let times = "`recipe.ttl_ms` is not a ttl of a run with room for the grace";
    assert_eq!(set("/recipe", recipe(json!({ "grace_ms": 14_000 }))), times);
    let file = "`recipe.autosave.file.base64` is not base64";
    let autosave = json!({ "autosave": { "file": { "base64": "a" }, "interval_ms": 1 } });
    assert_eq!(set("/recipe", recipe(autosave)), file);
}

/// A recipe's document with `changes`.
fn recipe(changes: serde_json::Value) -> serde_json::Value {
    let mut document = document(&crate::Recipe::of(&whole_recipe()));
    document.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    document
}

#[test]
fn a_recipe_has_this_form() {
    let form = json!({
        "raw_command": ["make", { "base64": "/wA=" }, ""],
        "raw_directory": { "base64": "L8M=" },
        "actor_id": "ada",
        "ttl_ms": 15_000,
        "grace_ms": 1_000,
        "outlives_lease": true,
        "record_limit": u64::MAX,
        "watch": { "directory": "src", "limit": 7 },
        "autosave": { "file": { "base64": "gA==" }, "interval_ms": 250 },
        "refused_exit": 3,
        "auto_resume": false,
        "waits": true,
    });
    assert_eq!(recipe(json!({})).to_string(), form.to_string());
}

#[test]
fn what_belongs_to_a_session_is_read_without_one() {
    let session = tellable(fixture::rich());
    let activity = session.activity.unwrap();
    assert_eq!(sent(&Activity::of(&activity)).read(), Ok(activity));
    let execution = *session.execution.unwrap();
    assert_eq!(sent(&Execution::of(&execution)).read(), Ok(execution));
    let handover = session.handover.unwrap();
    assert_eq!(sent(&Handover::of(&handover)).read(handover.fence), Ok(handover));
}

#[test]
fn who_holds_a_session_is_read_from_a_problem() {
    let session = fixture::rich();
    let held = Held::of(&session, session.lease.as_ref().unwrap());
    assert_eq!(sent(&HeldBy::of(&held)).read(Existing::of(&session)), Ok(held.clone()));
    let facts = json!({ "session": "ses_1", "key": "/repo#main", "holder": HeldBy::of(&held) });
    let problem = |facts: serde_json::Value| {
        let mut problem = json!({
            "type": "t", "title": "t", "status": 409, "detail": "d", "code": "HELD", "retryable": true,
        });
        problem.as_object_mut().unwrap().extend(facts.as_object().unwrap().clone());
        serde_json::from_value::<Problem>(problem).unwrap()
    };
    assert_eq!(problem(facts).held(StateName::Failed), Ok(Some(held.clone())));
    assert_eq!(problem(json!({ "session": "ses_1" })).held(StateName::Active), Ok(None));
    let workspace = json!({ "session": "ses_1", "holder": { "kind": "runtime_worker", "id": "w" } });
    assert_eq!(problem(workspace).held(StateName::Active), Ok(None));
    let odd = json!({ "session": "", "holder": HeldBy::of(&held) });
    assert_eq!(problem(odd).held(StateName::Active).unwrap_err().to_string(), "`session` is blank");
}

#[test]
fn a_checkpoint_is_read_as_what_it_is() {
    let given = fixture::checkpoint();
    let compact = Some(r#"{"step":3}"#.to_owned());
    let null = checkpoint::Checkpoint { metadata: Some("null".to_owned()), ..given.clone() };
    let record = checkpoint::Checkpoint {
        content: Content::Record,
        encoding: checkpoint::Encoding::Plain,
        reason: None,
        metadata: None,
        ..given.clone()
    };
    for checkpoint in [checkpoint::Checkpoint { metadata: compact, ..given.clone() }, null, record] {
        assert_eq!(sent(&Checkpoint::of(&checkpoint)).read(), Ok(checkpoint));
    }
    let version = FileVersion { path: "a".into(), action: FileAction::Created, size: 1, is_kept: true };
    let file = checkpoint::Checkpoint { content: Content::File(version), ..given };
    let refused = Checkpoint::of(&file).read().unwrap_err();
    assert_eq!(refused.field, "content");
    let wrong = |change: fn(&mut Checkpoint)| {
        let mut document = Checkpoint::of(&fixture::checkpoint());
        change(&mut document);
        document.read().unwrap_err().to_string()
    };
    let hash = "`sha256` is not 32 bytes in hexadecimal";
    assert_eq!(wrong(|document| document.sha256.truncate(62)), hash);
    assert_eq!(wrong(|document| document.id.clear()), "`id` is blank");
}

#[test]
fn what_is_damaged_or_passed_over_is_read_by_name() {
    let id = CheckpointId::parse("ckp_0").unwrap();
    let damaged = DamagedCheckpoint::of(&id, Seq(3), "cut short");
    assert_eq!(sent(&damaged).read(), Ok((id.clone(), Seq(3), "cut short".to_owned())));
    assert_eq!(sent(&Skipped::of(&id, "cut short")).read(), Ok((id, "cut short".to_owned())));
}

#[test]
fn a_token_is_read_as_what_it_is() {
    let token = access::Token {
        id: TokenId::parse("tok_1").unwrap(),
        namespace: Namespace::parse("acme").unwrap(),
        principal: Principal::parse("ann").unwrap(),
        role: Role::Owner,
        note: "laptop".to_owned(),
        created_at: fixture::wall(0),
        expires_at: Some(fixture::wall(1)),
        revoked_at: None,
        last_used_at: Some(fixture::wall(2)),
        previous_until: None,
    };
    assert_eq!(sent(&Token::of(&token)).read(), Ok(token.clone()));
    let rotated = access::Token { previous_until: Some(fixture::wall(9)), ..token.clone() };
    assert_eq!(sent(&Token::of(&rotated)).read(), Ok(rotated));
    let odd = Token { role: "king".to_owned(), ..Token::of(&token) };
    assert_eq!(odd.read().unwrap_err().to_string(), r#"`role` is "king", which is not known here"#);
}

#[test]
fn a_worker_is_read_as_far_as_it_is_told() {
    let (lease, serving, now) = (fixture::lease(), fixture::serving(), fixture::now());
    let seen = fixture::worker(&lease, &serving);
    let worker = sent(&Worker::of(&seen, Some(&now)));
    let told = worker.lease().unwrap();
    assert_eq!((told.incarnation, told.fence), (lease.incarnation, Fence(0)));
    let expected = lease::Holder { kind: HolderKind::Worker, supervisor: None, ..fixture::lease().holder };
    assert_eq!(told.holder, expected);
    let ttl = lease.term.ttl().unwrap();
    assert_eq!(told.term, Term::Wall { ttl, renewed: fixture::wall(3_000) });
    let expected = Serving { idle_after: Serving::default().idle_after, ..serving.clone() };
    assert_eq!(worker.serving(), Ok(expected));
    let gone = crate::WorkerSeen { is_gone: true, ..seen };
    let gone = sent(&Worker::of(&gone, Some(&now))).lease().unwrap();
    assert_eq!(gone.term.standing(&now), Ok(Standing::Over));
    let all = Serving { queues: Queues::All, namespace: Namespace::parse("acme").ok(), ..serving };
    let read = sent(&Worker::of(&fixture::worker(&lease, &all), None)).serving().unwrap();
    assert_eq!((read.queues, read.namespace), (all.queues, all.namespace));
    let odd = Worker { incarnation: "07".to_owned(), ..worker };
    assert_eq!(odd.lease().unwrap_err().field, "incarnation");
}

#[test]
fn keys_and_groups_have_their_names() {
    let pin = sent(&fixture::with_pin(|pin| Pin::of(&pin)));
    assert_eq!(pin.key(), Ok((Namespace::default_name(), AffinityKey::parse("user/7").unwrap())));
    assert_eq!(pin.worker(), Ok(WorkerId::parse("w1").unwrap()));
    let name = GroupName::parse("gpu").unwrap();
    assert_eq!(sent(&Group::of(&name, None)).name(), Ok(name));
    let session = fixture::rich();
    assert_eq!(sent(&GroupMember::of(&session, true)).read(), Ok(Existing::of(&session)));
}

#[test]
fn why_something_failed_is_read_with_all_that_it_said() {
    let payload = |bytes: &[u8]| orchestration::Payload(bytes.to_vec());
    let causes = Cause::ALL.map(|cause| (cause, None));
    let details = [&b"\xFF\x00"[..], br#"{"b":[2.5],"a":null}"#, b"\"text\""];
    let told = details.map(|bytes| (Cause::Failed, Some(payload(bytes))));
    for (cause, details) in causes.into_iter().chain(told) {
        let failure = orchestration::Failure { cause, message: "too slow".to_owned(), details };
        assert_eq!(sent(&FailureDetail::of(&failure)).read(), Ok(failure));
    }
    assert_eq!(sent(&Payload::of(&payload(b""))).read(), Ok(payload(b"null")));
    let failure = orchestration::Failure::new(Cause::Failed, "");
    let odd = FailureDetail { cause: "fate".to_owned(), ..FailureDetail::of(&failure) };
    assert_eq!(odd.read().unwrap_err().to_string(), r#"`cause` is "fate", which is not known here"#);
    let bytes = Payload::Bytes { base64: "!".to_owned() };
    let odd = FailureDetail { details: Some(bytes), ..FailureDetail::of(&failure) };
    assert_eq!(odd.read().unwrap_err().to_string(), "`details.$base64` is not base64");
}

#[test]
fn what_an_instance_waits_for_is_read() {
    let pending = sent(&fixture::pending());
    let activity = &pending.activities[0];
    assert_eq!(activity.code(), Ok((Operation(1), CodeName::parse("send").unwrap())));
    assert_eq!(activity.queue(), Ok(QueueName::parse("mail").ok()));
    assert_eq!((activity.key(), activity.worker()), (Ok(None), Ok(None)));
    let failure = activity.failure.clone().unwrap();
    let read = failure.clone().read().unwrap();
    assert_eq!((&Failure::of(&read), read.details), (&failure, None));
    assert_eq!(pending.timers[0].read(), (Operation(2), fixture::wall(9_000)));
    assert_eq!(pending.children[0].read(), Ok((Operation(3), fixture::session_id("ses_2"))));
    let odd = Failure { cause: crate::Named::Unknown("fate".to_owned()), ..failure };
    assert_eq!(odd.read().map_err(|Unreadable { field, .. }| field), Err("cause".to_owned()));
}
