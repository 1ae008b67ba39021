//! What a pause saves, and what going on says of it.

use std::time::Duration;

use tenure_core::checkpoint::{Checkpoint, CheckpointRefusal, Content, Record};
use tenure_core::event::EventBody;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, Drive, Progress, Session, Step, Update, Usage, Writer};
use tenure_engine::{EngineError, Kept, Save, Target};
use tenure_store::{Find, Handle, ListedCheckpoint};
use tenure_store_testkit::{Damage, Trouble, Verb, read_all};

use crate::bench::Bench;

fn pause(kept: Kept) -> Command {
    Command::Pause { fence: kept.fence, reason: "lunch".to_owned() }
}

fn resume(kept: Kept) -> Command {
    Command::Resume { fence: kept.fence, reason: "back".to_owned() }
}

fn update(kept: Kept, update: Update) -> Command {
    let step = Step::Update(Box::new(update));
    Command::Drive(Box::new(Drive { writer: Writer::Owner(kept.fence), step }))
}

fn goal(json: &str) -> Update {
    Update { metadata: [("goal".to_owned(), json.to_owned())].into(), ..Update::default() }
}

async fn apply(bench: &Bench, kept: Kept, command: &Command) -> Session {
    bench.engine.apply(&Target::Session(kept.handle), command).await.unwrap().session.unwrap()
}

async fn session(bench: &Bench, handle: Handle) -> Session {
    bench.engine.store().find(Find::Handle(handle)).await.unwrap().current.session.unwrap()
}

async fn checkpoints(bench: &Bench, handle: Handle) -> Vec<Checkpoint> {
    let listed = bench.engine.checkpoints(handle, None, usize::MAX).await.unwrap();
    let readable = listed.into_iter().filter_map(|listed| match listed {
        ListedCheckpoint::Readable(checkpoint) => Some(checkpoint),
        ListedCheckpoint::Damaged { .. } => None,
    });
    readable.collect()
}

async fn types(bench: &Bench, handle: Handle) -> Vec<String> {
    let log = read_all(bench.engine.store().as_ref(), handle).await;
    log.iter().map(|event| event.data.type_name().to_owned()).collect()
}

/// Everything that a session can be about.
fn everything() -> Update {
    Update {
        labels: [("team".to_owned(), "a".to_owned())].into(),
        metadata: [("exact".to_owned(), "123456789012345678901234567890.10".to_owned())].into(),
        progress: Some(Progress { current: 3, total: None }),
        timings: [("build".to_owned(), Duration::new(2, 7))].into(),
        usage: Usage { iterations: 1, cost_micros: 9, ..Usage::default() },
        error: None,
    }
}

#[tokio::test]
async fn a_pause_saves_everything_the_session_is_about_in_its_own_commit() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    apply(&bench, kept, &update(kept, everything())).await;
    let commits = bench.faults.count(Verb::Commit);
    let paused = apply(&bench, kept, &pause(kept)).await;
    assert_eq!(bench.faults.count(Verb::Commit), commits + 1);
    assert_eq!(types(&bench, kept.handle).await[4..], ["state_changed", "checkpoint_created"]);
    let [checkpoint] = &checkpoints(&bench, kept.handle).await[..] else { panic!("one checkpoint") };
    assert_eq!((checkpoint.reason.as_deref(), &checkpoint.content), (Some("pause"), &Content::Record));
    let read = bench.engine.read_checkpoint(kept.handle, None).await.unwrap();
    let text = String::from_utf8(read.bytes.clone()).unwrap();
    assert!(text.contains("\"state\": \"paused\"") && text.contains("\"cost_micros\":9"), "{text}");

    let other = Update { labels: [("team".to_owned(), "b".to_owned())].into(), ..goal("1") };
    apply(&bench, kept, &update(kept, other)).await;
    let restored = bench.engine.restore(kept.handle, &read, Writer::Owner(kept.fence)).await.unwrap();
    assert_eq!(Record::of(&restored.session.unwrap()), Record::of(&paused));
}

#[tokio::test]
async fn going_on_says_which_pause_it_goes_on_from() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let paused = apply(&bench, kept, &pause(kept)).await;
    let id = checkpoints(&bench, kept.handle).await[0].id.clone();
    let resumed = apply(&bench, kept, &resume(kept)).await;
    assert_eq!(Record::of(&resumed), Record::of(&paused));
    let log = read_all(bench.engine.store().as_ref(), kept.handle).await;
    let [.., moved, told] = &log[..] else { panic!("two events") };
    assert_eq!(moved.data.type_name(), "state_changed");
    assert_eq!(told.data, EventBody::CheckpointRestored { id, is_record: false });
}

#[tokio::test]
async fn what_was_said_while_it_was_paused_is_newer_and_stays() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    apply(&bench, kept, &pause(kept)).await;
    let said = apply(&bench, kept, &update(kept, goal("\"ship\""))).await;
    let resumed = apply(&bench, kept, &resume(kept)).await;
    assert_eq!(Record::of(&resumed), Record::of(&said));
    assert_eq!(types(&bench, kept.handle).await.last().map(String::as_str), Some("state_changed"));
}

#[tokio::test]
async fn a_damaged_checkpoint_keeps_nobody_from_going_on() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    for damage in [Damage::Payload, Damage::Record] {
        apply(&bench, kept, &pause(kept)).await;
        let id = checkpoints(&bench, kept.handle).await[0].id.clone();
        bench.memory.damage(kept.handle, &id, damage);
        apply(&bench, kept, &resume(kept)).await;
        assert_eq!(types(&bench, kept.handle).await.last().map(String::as_str), Some("state_changed"));
    }
}

#[tokio::test]
async fn only_the_last_pause_is_kept_and_everybody_elses_checkpoints_are() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let save = Save { fence: Some(kept.fence), reason: Some("mine".to_owned()), ..Save::default() };
    let mine = bench.engine.save(kept.handle, save).await.unwrap();
    for _ in 0..5 {
        apply(&bench, kept, &pause(kept)).await;
        let [newest, oldest] = &checkpoints(&bench, kept.handle).await[..] else { panic!("two of them") };
        assert_eq!((newest.reason.as_deref(), &oldest.id), (Some("pause"), &mine.id));
        apply(&bench, kept, &resume(kept)).await;
    }
}

#[tokio::test]
async fn a_pause_whose_answer_was_lost_saved_once() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.faults.next(Verb::Commit, Trouble::FailAfter);
    apply(&bench, kept, &pause(kept)).await;
    assert_eq!(checkpoints(&bench, kept.handle).await.len(), 1);
    let created = types(&bench, kept.handle).await;
    assert_eq!(created.iter().filter(|name| *name == "checkpoint_created").count(), 1);
    let paused = session(&bench, kept.handle).await;
    assert_eq!(paused.state.name(), tenure_core::session::StateName::Paused);
}

#[tokio::test]
async fn a_record_that_somebody_else_saves_is_never_a_pauses() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let save = |payload| Save {
        fence: Some(kept.fence),
        reason: Some("pause".to_owned()),
        payload,
        ..Save::default()
    };
    let refused = bench.engine.save(kept.handle, save(None)).await;
    let is_refused = |refusal: &Refusal| *refusal == Refusal::Checkpoint(CheckpointRefusal::PauseReason);
    assert!(
        matches!(&refused, Err(EngineError::Refused { refusal, .. }) if is_refused(refusal)),
        "{refused:?}"
    );
    assert_eq!(checkpoints(&bench, kept.handle).await, []);

    // A payload is its maker's, whatever reason is given: it stays, and nobody goes on from it.
    let given = bench.engine.save(kept.handle, save(Some(b"mine".to_vec()))).await.unwrap();
    apply(&bench, kept, &pause(kept)).await;
    apply(&bench, kept, &resume(kept)).await;
    let left: Vec<_> = checkpoints(&bench, kept.handle).await.into_iter().map(|one| one.id).collect();
    assert_eq!((left.len(), &left[1]), (2, &given.id));
    let log = read_all(bench.engine.store().as_ref(), kept.handle).await;
    let restored = EventBody::CheckpointRestored { id: left[0].clone(), is_record: false };
    assert_eq!(log.last().map(|event| &event.data), Some(&restored));
}
