//! Saving, bringing back, forking and pruning, over a store that may fail or be damaged.

use tenure_core::checkpoint::{Checkpoint, CheckpointRefusal, Content, Record};
use tenure_core::event::EventBody;
use tenure_core::id::{CheckpointId, Fence, Namespace, Seq, SessionId};
use tenure_core::limits;
use tenure_core::refusal::{Existing, Refusal};
use tenure_core::session::{Command, Session, StateName, Writer};
use tenure_core::workspace::ActivityText;
use tenure_engine::{EngineError, ForkAt, ForkWish, Kept, Prune, Save, Target, largest_parts};
use tenure_store::{Find, Handle, ListedCheckpoint};
use tenure_store_testkit::fixture::{created, saving};
use tenure_store_testkit::{Damage, Trouble, Verb, list_all, read_all};

use crate::bench::{Bench, cancel, takeover};

fn save(fence: Option<Fence>, payload: &[u8]) -> Save {
    Save { fence, payload: Some(payload.to_vec()), ..Save::default() }
}

async fn saved(bench: &Bench, kept: Kept, payload: &[u8]) -> Checkpoint {
    bench.engine.save(kept.handle, save(Some(kept.fence), payload)).await.unwrap()
}

fn writer(fence: Option<Fence>) -> Writer {
    fence.map_or(Writer::Operator(None), Writer::Owner)
}

async fn session(bench: &Bench, handle: Handle) -> Session {
    bench.engine.store().find(Find::Handle(handle)).await.unwrap().current.session.unwrap()
}

async fn say(bench: &Bench, kept: Kept, text: &str) {
    let activity = ActivityText::parse(text).unwrap();
    let note = Command::Note { fence: kept.fence, activity };
    bench.engine.apply(&Target::Session(kept.handle), &note).await.unwrap();
}

async fn ids(bench: &Bench, handle: Handle) -> Vec<CheckpointId> {
    let listed = bench.engine.checkpoints(handle, None, usize::MAX).await.unwrap();
    let id = |listed| match listed {
        ListedCheckpoint::Readable(Checkpoint { id, .. }) | ListedCheckpoint::Damaged { id, .. } => id,
    };
    listed.into_iter().map(id).collect()
}

fn prune(keep: usize) -> Prune {
    Prune { keep, fence: None, dry_run: false, known_valid: None }
}

#[tokio::test]
async fn without_a_payload_the_sessions_own_record_is_saved_and_brought_back() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    say(&bench, kept, "sorting").await;
    let then = session(&bench, kept.handle).await;
    let checkpoint =
        bench.engine.save(kept.handle, Save { fence: Some(kept.fence), ..Save::default() }).await;
    let checkpoint = checkpoint.unwrap();
    assert_eq!(checkpoint.content, Content::Record);
    let read = bench.engine.read_checkpoint(kept.handle, None).await.unwrap();
    let text = String::from_utf8(read.bytes.clone()).unwrap();
    assert!(
        text.contains("\"schema\": 1") && text.contains("nightly") && !text.contains("checkpoint"),
        "{text}"
    );

    say(&bench, kept, "something else").await;
    bench.clock.advance(kept.times.ttl().length());
    bench.engine.apply(&Target::Session(kept.handle), &takeover("w2")).await.unwrap();
    let before = session(&bench, kept.handle).await;
    assert_ne!(Record::of(&before), Record::of(&then));
    let fence = before.lease.as_ref().map(|lease| lease.fence);
    let restored = bench.engine.restore(kept.handle, &read, writer(fence)).await.unwrap().session.unwrap();
    assert_eq!(Record::of(&restored), Record::of(&then));
    assert_eq!(Record::of(&session(&bench, kept.handle).await), Record::of(&then));
    assert_eq!((&restored.lease, &restored.state), (&before.lease, &before.state), "who holds it goes on");
    let log = read_all(bench.engine.store().as_ref(), kept.handle).await;
    let last = log.last().map(|event| &event.data);
    assert_eq!(last, Some(&EventBody::CheckpointRestored { id: checkpoint.id, is_record: true }));
}

#[tokio::test]
async fn a_record_of_an_unknown_form_is_not_guessed_at() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    for (number, record) in ["{\"schema\": 2}", "{}", "no JSON", "{\"schema\": 1}"].into_iter().enumerate() {
        let mut request = saving(kept.handle, Some(kept.fence), &format!("ckp_{number}"), record.as_bytes());
        request.content = Content::Record;
        created(bench.engine.store().create_checkpoint(request).await.unwrap());
        let read = bench.engine.read_checkpoint(kept.handle, None).await.unwrap();
        let before = session(&bench, kept.handle).await;
        let error = bench.engine.restore(kept.handle, &read, writer(Some(kept.fence))).await.unwrap_err();
        assert!(matches!(&error, EngineError::Damaged { what, .. } if what.contains("record")), "{error:?}");
        assert_eq!(session(&bench, kept.handle).await, before);
    }
}

#[tokio::test]
async fn a_restore_keeps_later_checkpoints() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let first = saved(&bench, kept, b"one").await;
    let second = saved(&bench, kept, b"two").await;
    let read = bench.engine.read_checkpoint(kept.handle, Some(&first.id)).await.unwrap();
    assert_eq!(read.bytes, b"one");
    bench.engine.restore(kept.handle, &read, writer(Some(kept.fence))).await.unwrap();
    assert_eq!(ids(&bench, kept.handle).await, [second.id, first.id]);
}

#[tokio::test]
async fn only_who_holds_it_saves_and_brings_back_and_others_hear_who_that_is() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    saved(&bench, kept, b"one").await;
    let read = bench.engine.read_checkpoint(kept.handle, None).await.unwrap();
    for error in [
        bench.engine.save(kept.handle, save(None, b"two")).await.unwrap_err(),
        bench.engine.restore(kept.handle, &read, writer(None)).await.unwrap_err(),
    ] {
        match error {
            EngineError::Refused { refusal: Refusal::Held(held), .. } => {
                assert_eq!(held.holder.id.as_str(), "w1")
            }
            other => panic!("expected the holder, not {other:?}"),
        }
    }
    let wrong = Some(kept.fence.next());
    for error in [
        bench.engine.save(kept.handle, save(wrong, b"two")).await.unwrap_err(),
        bench.engine.restore(kept.handle, &read, writer(wrong)).await.unwrap_err(),
        bench.engine.prune(kept.handle, &Prune { fence: wrong, ..prune(1) }).await.unwrap_err(),
    ] {
        match error {
            EngineError::Refused { refusal: Refusal::Fenced { given, current, holder }, .. } => {
                assert_eq!((Some(given), current), (wrong, kept.fence));
                assert_eq!(holder.unwrap().holder.id.as_str(), "w1");
            }
            other => panic!("expected to hear of the fence, not {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_operator_saves_what_a_dead_runner_left() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    assert!(bench.engine.save(kept.handle, save(None, b"one")).await.is_err());
    bench.told.dies(session.lease.unwrap().incarnation);
    bench.engine.save(kept.handle, save(None, b"one")).await.unwrap();
    let read = bench.engine.read_checkpoint(kept.handle, None).await.unwrap();
    // Its own record is changed by whoever takes it over.
    let refused = bench.engine.restore(kept.handle, &read, writer(None)).await.unwrap_err();
    let EngineError::Refused { refusal: Refusal::Abandoned { is_gone: true, .. }, .. } = refused else {
        panic!("expected to hear that it was left, not {refused:?}");
    };
}

#[tokio::test]
async fn what_has_ended_is_read_and_forked_but_neither_saved_nor_brought_back() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let checkpoint = saved(&bench, kept, b"one").await;
    bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    let read = bench.engine.read_checkpoint(kept.handle, None).await.unwrap();
    for error in [
        bench.engine.save(kept.handle, save(None, b"two")).await.unwrap_err(),
        bench.engine.restore(kept.handle, &read, writer(None)).await.unwrap_err(),
    ] {
        let EngineError::Refused { refusal: Refusal::Ended(existing), .. } = error else {
            panic!("it has ended");
        };
        assert_eq!(existing.state, StateName::Cancelled);
    }
    let wish = ForkWish { at: ForkAt::Checkpoint(checkpoint.id.clone()), id: None, principal: None };
    let fork = bench.engine.fork(kept.handle, wish).await.unwrap();
    assert_eq!((fork.at, fork.session.state.name()), (checkpoint.seq, StateName::Pending));
    assert_eq!(bench.engine.read_checkpoint(fork.handle, None).await.unwrap().bytes, b"one");
}

#[tokio::test]
async fn a_fork_of_a_record_is_about_what_was_saved_and_its_log_goes_on_from_there() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    say(&bench, kept, "sorting").await;
    let then = Record::of(&session(&bench, kept.handle).await);
    let checkpoint =
        bench.engine.save(kept.handle, Save { fence: Some(kept.fence), ..Save::default() }).await;
    let checkpoint = checkpoint.unwrap();
    say(&bench, kept, "something else").await;
    let wish = ForkWish {
        at: ForkAt::Checkpoint(checkpoint.id),
        id: SessionId::parse("ses_mine").ok(),
        principal: None,
    };
    let fork = bench.engine.fork(kept.handle, wish).await.unwrap();
    assert_eq!((fork.session.id.as_str(), Record::of(&fork.session)), ("ses_mine", then));
    let (store, parent) = (bench.engine.store(), fork.parent);
    let log = read_all(store.as_ref(), fork.handle).await;
    let shared = read_all(store.as_ref(), kept.handle).await;
    let at = usize::try_from(checkpoint.seq.0).unwrap();
    assert_eq!((&log[..at], log.len()), (&shared[..at], at + 1));
    assert_eq!(session(&bench, fork.handle).await.predecessor, Some(parent));
}

#[tokio::test]
async fn a_fork_that_cannot_be_says_why() {
    let bench = Bench::new();
    let (parent, kept) = bench.hold("nightly", "w1").await;
    let head = bench.engine.store().find(Find::Handle(kept.handle)).await.unwrap().head;
    let fork = async |at, id: Option<&str>| {
        let wish = ForkWish { at, id: id.map(|id| SessionId::parse(id).unwrap()), principal: None };
        match bench.engine.fork(kept.handle, wish).await {
            Err(EngineError::Refused { refusal, .. }) => refusal,
            other => panic!("expected a refusal, not {other:?}"),
        }
    };
    let at = head.next();
    let beyond = Refusal::Checkpoint(CheckpointRefusal::Beyond { session: parent.id.clone(), at, head });
    assert_eq!(fork(ForkAt::Seq(at), None).await, beyond);
    let taken = Refusal::IdInUse(Box::new(Existing::of(&parent)));
    assert_eq!(fork(ForkAt::Seq(Seq(1)), Some(parent.id.as_str())).await, taken);
    let id = CheckpointId::parse("ckp_none").unwrap();
    let none = CheckpointRefusal::NotFound { session: parent.id, id: id.clone() };
    assert_eq!(fork(ForkAt::Checkpoint(id), None).await, Refusal::Checkpoint(none));
}

#[tokio::test]
async fn the_newest_valid_one_is_used_and_what_was_passed_over_is_told() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    let mut made = Vec::new();
    for payload in [b"one", b"two", b"six"] {
        made.push(saved(&bench, kept, payload).await.id);
    }
    bench.memory.damage(kept.handle, &made[2], Damage::Payload);
    bench.memory.damage(kept.handle, &made[1], Damage::Record);
    let read = bench.engine.read_checkpoint(kept.handle, None).await.unwrap();
    assert_eq!((read.bytes.as_slice(), &read.checkpoint.id), (&b"one"[..], &made[0]));
    let skipped: Vec<_> = read.skipped.iter().map(|skipped| &skipped.id).collect();
    assert_eq!(skipped, [&made[2], &made[1]]);
    match bench.engine.read_checkpoint(kept.handle, Some(&made[2])).await.unwrap_err() {
        EngineError::Damaged { session: whose, id, newest_valid, .. } => {
            assert_eq!((whose, &id, newest_valid.as_ref()), (session.id, &made[2], Some(&made[0])));
        }
        other => panic!("expected damage, not {other:?}"),
    }
    bench.memory.damage(kept.handle, &made[0], Damage::Payload);
    let every = bench.engine.read_checkpoint(kept.handle, None).await.unwrap_err();
    assert!(matches!(every, EngineError::Damaged { newest_valid: None, .. }), "{every:?}");
}

#[tokio::test]
async fn pruning_keeps_the_newest_and_never_touches_the_last_valid_one_of_an_open_session() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let mut made = Vec::new();
    for payload in [b"one", b"two", b"six", b"ten"] {
        made.insert(0, saved(&bench, kept, payload).await.id);
    }
    bench.memory.damage(kept.handle, &made[0], Damage::Payload);
    bench.memory.damage(kept.handle, &made[1], Damage::Payload);
    let dry = Prune { dry_run: true, ..prune(1) };
    let would = bench.engine.prune(kept.handle, &dry).await.unwrap();
    assert_eq!((would.kept.len(), would.removed.len()), (2, 2));
    assert!(!would.kept[0].1 && would.kept[1].1, "the second only because it is valid");
    assert_eq!(ids(&bench, kept.handle).await, made, "nothing was removed");
    bench.engine.prune(kept.handle, &prune(1)).await.unwrap();
    assert_eq!(ids(&bench, kept.handle).await, [made[0].clone(), made[2].clone()]);
    bench.engine.prune(kept.handle, &prune(0)).await.unwrap();
    assert_eq!(ids(&bench, kept.handle).await, [made[2].clone()]);
    bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    bench.engine.prune(kept.handle, &prune(0)).await.unwrap();
    assert_eq!(ids(&bench, kept.handle).await, []);
}

#[tokio::test]
async fn what_was_just_made_need_not_be_read_again() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    saved(&bench, kept, b"one").await;
    let id = saved(&bench, kept, b"two").await.id;
    let reads = bench.faults.count(Verb::ReadPayload);
    let pruned = bench.engine.prune(kept.handle, &Prune { known_valid: Some(id), ..prune(1) }).await.unwrap();
    assert_eq!((pruned.kept.len(), pruned.removed.len()), (1, 1));
    assert_eq!(bench.faults.count(Verb::ReadPayload), reads);
}

#[tokio::test]
async fn a_lost_answer_is_found_out_and_nothing_happens_twice() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.faults.next(Verb::CreateCheckpoint, Trouble::FailAfter);
    let checkpoint = saved(&bench, kept, b"one").await;
    assert_eq!(ids(&bench, kept.handle).await, [checkpoint.id]);
    bench.faults.next(Verb::Fork, Trouble::FailAfter);
    bench.engine.fork(kept.handle, ForkWish { at: ForkAt::Head, id: None, principal: None }).await.unwrap();
    let all = list_all(bench.engine.store().as_ref(), &Namespace::default_name()).await;
    assert_eq!(all.len(), 2, "the parent and one fork");
}

#[tokio::test]
async fn a_takeover_between_the_look_and_the_write_is_told() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.clock.advance(kept.times.ttl().length());
    let gate = bench.faults.hold(Verb::CreateCheckpoint);
    let slow = bench.engine.save(kept.handle, save(Some(kept.fence), b"one"));
    let fast = async {
        gate.reached().await;
        bench.engine.apply(&Target::Session(kept.handle), &takeover("w2")).await.unwrap();
        gate.open();
    };
    let (slow, ()) = tokio::join!(slow, fast);
    match slow.unwrap_err() {
        EngineError::Refused { refusal: Refusal::Fenced { holder: Some(held), .. }, .. } => {
            assert_eq!(held.holder.id.as_str(), "w2");
        }
        other => panic!("expected to hear of the new holder, not {other:?}"),
    }
}

#[tokio::test]
async fn a_payload_that_is_too_large_is_refused_and_its_largest_parts_are_named() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    let large = format!("{{\"small\": 1, \"history\": \"{}\"}}", "x".repeat(limits::CHECKPOINT_BYTES_MAX));
    match bench.engine.save(kept.handle, save(Some(kept.fence), large.as_bytes())).await.unwrap_err() {
        EngineError::Refused {
            refusal: Refusal::Checkpoint(CheckpointRefusal::TooLarge { size, max, largest }),
            ..
        } => {
            assert_eq!((size, max), (large.len() as u64, limits::CHECKPOINT_BYTES_MAX as u64));
            assert_eq!(largest[0], ("history".to_owned(), limits::CHECKPOINT_BYTES_MAX as u64 + 2));
            assert_eq!(largest[1], ("small".to_owned(), 1));
        }
        other => panic!("expected a limit, not {other:?}"),
    }
    assert_eq!(ids(&bench, kept.handle).await, []);
    assert_eq!(largest_parts(b"[1, 2]"), []);
    assert_eq!(largest_parts(b"\xFF"), []);
}

#[tokio::test]
async fn nothing_is_dated_by_an_unusable_clock() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.clock.set_wall(None);
    let error = bench.engine.save(kept.handle, save(Some(kept.fence), b"one")).await.unwrap_err();
    assert!(matches!(error, EngineError::Refused { refusal: Refusal::Clock, .. }), "{error:?}");
    let error = bench
        .engine
        .fork(kept.handle, ForkWish { at: ForkAt::Head, id: None, principal: None })
        .await
        .unwrap_err();
    assert!(matches!(error, EngineError::Refused { refusal: Refusal::Clock, .. }), "{error:?}");
}
