//! Figures, and what of them is worth a look.

use std::time::Duration;

use tenure_core::alert::Alert;
use tenure_core::event::EventBody;
use tenure_core::id::{Namespace, Seq};
use tenure_core::session::{Command, StateName, Stats};
use tenure_core::{limits, session::Session};
use tenure_engine::{Ages, Kept, Overview, Target, mean_length};
use tenure_store::AppendRequest;

use crate::bench::{Bench, cancel};

const MINUTE: Duration = Duration::from_secs(60);

async fn overview(bench: &Bench) -> Overview {
    bench.engine.overview(Namespace::default_name(), limits::STUCK_AFTER).await.unwrap()
}

async fn hold(bench: &Bench, key: &str) -> Kept {
    let (_, kept): (Session, _) = bench.hold(key, "w1").await;
    kept
}

async fn end(bench: &Bench, kept: Kept, command: Command) {
    bench.engine.apply(&Target::Session(kept.handle), &command).await.unwrap();
}

async fn say(bench: &Bench, kept: Kept) {
    let events = vec![EventBody::Activity { text: "step".to_owned() }];
    let (commit_id, handle) = (bench.engine.ids().commit_id(), kept.handle);
    bench
        .engine
        .append(AppendRequest {
            commit_id,
            handle,
            fence: Some(kept.fence),
            after: Seq(0),
            events: events.into_iter().map(Into::into).collect(),
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn where_nothing_is_everything_is_zero_and_nothing_is_worth_a_look() {
    let shown = overview(&Bench::new()).await;
    assert_eq!((shown.total(), shown.active(), shown.open(), shown.ages), (0, 0, 0, Ages::default()));
    assert_eq!((shown.alerts, mean_length(&shown.figures.sessions)), (vec![], Duration::ZERO));
}

#[tokio::test]
async fn ages_grow_and_are_those_of_open_sessions() {
    let bench = Bench::new();
    let first = hold(&bench, "a").await;
    bench.clock.advance(MINUTE * 4);
    hold(&bench, "b").await;
    bench.clock.advance(MINUTE);
    let shown = overview(&bench).await;
    assert_eq!((shown.total(), shown.active(), shown.open()), (2, 2, 2));
    assert_eq!(shown.ages, Ages { oldest: MINUTE * 5, newest: MINUTE, mean: MINUTE * 3 });
    end(&bench, first, cancel()).await;
    let shown = overview(&bench).await;
    assert_eq!((shown.total(), shown.active(), shown.open()), (2, 1, 1));
    assert_eq!(shown.ages, Ages { oldest: MINUTE, newest: MINUTE, mean: MINUTE });
}

#[tokio::test]
async fn the_mean_length_is_that_of_completed_and_failed_sessions() {
    let bench = Bench::new();
    let held = [hold(&bench, "a").await, hold(&bench, "b").await, hold(&bench, "c").await];
    let (message, stats) = (String::new(), Stats::default());
    bench.clock.advance(MINUTE);
    let fence = held[0].fence;
    end(&bench, held[0], Command::Complete { fence, message: message.clone(), stats }).await;
    bench.clock.advance(MINUTE);
    let fence = held[1].fence;
    end(&bench, held[1], Command::Fail { fence, message, stats }).await;
    bench.clock.advance(MINUTE);
    end(&bench, held[2], cancel()).await;
    assert_eq!(mean_length(&overview(&bench).await.figures.sessions), MINUTE * 3 / 2);
}

#[tokio::test]
async fn a_session_without_activity_is_stuck_and_one_that_never_had_any_is_silent() {
    let bench = Bench::new();
    let (talking, _silent) = (hold(&bench, "a").await, hold(&bench, "b").await);
    bench.clock.advance(MINUTE);
    say(&bench, talking).await;
    bench.clock.advance(limits::STUCK_AFTER);
    assert_eq!(overview(&bench).await.alerts, [Alert::Stuck { count: 1 }, Alert::Silent { count: 1 }]);
    bench.clock.advance(MINUTE);
    assert_eq!(overview(&bench).await.alerts, [Alert::Stuck { count: 2 }, Alert::Silent { count: 1 }]);
}

#[tokio::test]
async fn many_expired_sessions_are_worth_a_look() {
    let bench = Bench::new();
    for key in ["a", "b"] {
        hold(&bench, key).await;
    }
    bench.clock.advance(limits::AGENT_IDLE_AFTER + MINUTE);
    bench.engine.sweep().await.unwrap();
    for number in 0..18 {
        let kept = hold(&bench, &format!("c{number}")).await;
        end(&bench, kept, cancel()).await;
    }
    let shown = overview(&bench).await;
    assert_eq!((shown.expired_percent(), &shown.alerts[..]), (10.0, &[][..]), "a tenth is not too many");
    bench.clock.advance(MINUTE * 60 * 25);
    let shown = overview(&bench).await;
    assert_eq!(
        shown.figures.sessions.iter().find(|tally| tally.state == StateName::Expired).unwrap().count,
        2
    );
    assert_eq!((shown.expired_percent(), shown.alerts), (0.0, vec![]), "that was yesterday");
    hold(&bench, "d").await;
    bench.clock.advance(limits::AGENT_IDLE_AFTER + MINUTE);
    bench.engine.sweep().await.unwrap();
    assert_eq!(overview(&bench).await.alerts, [Alert::ManyExpire { opened: 1, expired: 1 }]);
}
