//! A session is replayed to any position of its log.

use tenure_core::id::Seq;
use tenure_core::kind::Kind;
use tenure_core::session::{Command, StateName, Told};
use tenure_engine::{EngineError, Target};
use tenure_store_testkit::fixture;

use crate::bench::{Bench, cancel};

#[tokio::test]
async fn each_position_shows_what_was_true_right_after_it() {
    let bench = Bench::new();
    let (session, kept) = bench.hold("nightly", "w1").await;
    bench.engine.append(fixture::append(kept.handle, Some(kept.fence), 1500)).await.unwrap();
    let pause = Command::Pause { fence: kept.fence, reason: "lunch".to_owned() };
    bench.engine.apply(&Target::Session(kept.handle), &pause).await.unwrap();
    bench.engine.apply(&Target::Session(kept.handle), &cancel()).await.unwrap();
    let replayed = |seq| bench.engine.replay(kept.handle, Kind::Agent, Seq(seq));
    let phase = |told: &Told<tenure_core::session::Phase>| match told {
        Told::This(phase) => (phase.name, phase.reason.clone()),
        other => panic!("it is told: {other:?}"),
    };
    let first = replayed(1).await.unwrap();
    assert_eq!((phase(&first.phase).0, first.seq), (StateName::Pending, Seq(1)));
    let Told::This(tenancy) = &first.tenancy else { panic!("{first:?}") };
    assert_eq!(
        (tenancy.fence, Some(&tenancy.holder)),
        (kept.fence, session.lease.as_ref().map(|lease| &lease.holder))
    );
    assert_eq!(phase(&replayed(2).await.unwrap().phase).0, StateName::Active);
    let middle = replayed(1000).await.unwrap();
    assert_eq!(
        (phase(&middle.phase).0, middle.seq, middle.at.is_some()),
        (StateName::Active, Seq(1000), true)
    );
    assert_eq!(phase(&replayed(1503).await.unwrap().phase), (StateName::Paused, "lunch".to_owned()));
    let last = replayed(1506).await.unwrap();
    // The one in between is the checkpoint that the pause made.
    assert_eq!((phase(&last.phase).0, &last.tenancy), (StateName::Cancelled, &Told::Nothing));
}

#[tokio::test]
async fn what_was_dropped_is_not_told_and_a_dropped_position_is_an_error() {
    let bench = Bench::new();
    let (_, kept) = bench.hold("nightly", "w1").await;
    bench.engine.append(fixture::append(kept.handle, Some(kept.fence), 10)).await.unwrap();
    bench.engine.compact(kept.handle, Seq(8)).await.unwrap();
    let replay = bench.engine.replay(kept.handle, Kind::Agent, Seq(9)).await.unwrap();
    assert_eq!((&replay.phase, &replay.tenancy, replay.seq), (&Told::Untold, &Told::Untold, Seq(9)));
    let error = bench.engine.replay(kept.handle, Kind::Agent, Seq(7)).await.unwrap_err();
    assert!(matches!(error, EngineError::Compacted { earliest: Seq(8) }), "{error:?}");
}
