//! Cases about requests that may be made twice: done once, and answered the same.

use std::time::Duration;

use tenure_core::answer::Asking;
use tenure_core::id::{IdempotencyKey, Incarnation, Namespace};
use tenure_core::limits;
use tenure_store::{AnswerKey, BeginAnswer, BeginOutcome, EndAnswer, EndOutcome, KeptAnswer};

use crate::fixture::{Bench, other_namespace, principal};
use crate::{Capability, Harness};

const TICK: Duration = Duration::from_millis(1);

fn key(text: &str) -> AnswerKey {
    AnswerKey {
        namespace: Namespace::default_name(),
        principal: Some(principal("ann")),
        key: IdempotencyKey::parse(text).expect("a key"),
    }
}

/// What number `asked` asks, by server `by`, with seed number `seed`.
const fn asking(asked: u8, by: u8, seed: u8) -> Asking {
    Asking { asked: [asked; 32], by: Incarnation([by; 16]), seed: [seed; 16] }
}

const fn begun(seed: u8) -> BeginOutcome {
    BeginOutcome::Begun { seed: [seed; 16] }
}

const fn resumed(seed: u8) -> BeginOutcome {
    BeginOutcome::Resumed { seed: [seed; 16] }
}

async fn begin(bench: &Bench, key: AnswerKey, asking: Asking) -> BeginOutcome {
    bench.store.begin_answer(BeginAnswer { key, asking }).await.expect("an outcome")
}

fn answer(body: &[u8]) -> KeptAnswer {
    KeptAnswer { status: 201, content_type: "application/json".to_owned(), body: body.to_vec() }
}

async fn end(bench: &Bench, key: AnswerKey, seed: u8, body: &[u8]) -> EndOutcome {
    let request = EndAnswer { key, seed: [seed; 16], answer: answer(body) };
    bench.store.end_answer(request).await.expect("an outcome")
}

/// Whoever asks again while it is under way waits; afterwards it is told the same answer, by any server.
pub async fn a_request_is_answered_the_same_to_whoever_asks_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    assert_eq!(begin(&bench, key("a"), asking(1, 1, 1)).await, begun(1));
    assert_eq!(begin(&bench, key("a"), asking(1, 1, 2)).await, BeginOutcome::UnderWay);
    let body = b"{\"a\":\0\xff}";
    assert_eq!(end(&bench, key("a"), 1, body).await, EndOutcome::Kept);
    let answered = BeginOutcome::Answered(answer(body));
    for (by, seed) in [(1, 3), (1, 1), (2, 4)] {
        assert_eq!(begin(&bench, key("a"), asking(1, by, seed)).await, answered);
    }
    assert_eq!(end(&bench, key("a"), 1, b"other").await, EndOutcome::Kept);
    assert_eq!(begin(&bench, key("a"), asking(1, 1, 5)).await, answered, "the first answer stays");
}

/// A key is its caller's: others use the same one for something else.
pub async fn a_key_is_its_callers_own(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let others = [
        key("b"),
        AnswerKey { principal: Some(principal("ben")), ..key("a") },
        AnswerKey { principal: None, ..key("a") },
        AnswerKey { namespace: other_namespace(), ..key("a") },
        AnswerKey { namespace: other_namespace(), principal: None, ..key("a") },
    ];
    assert_eq!(begin(&bench, key("a"), asking(1, 1, 1)).await, begun(1));
    for (number, other) in (2..).zip(&others) {
        assert_eq!(begin(&bench, other.clone(), asking(number, 1, number)).await, begun(number));
    }
    for (number, other) in (2..).zip(&others) {
        let again = begin(&bench, other.clone(), asking(number, 1, 99)).await;
        assert_eq!(again, BeginOutcome::UnderWay, "one key for each, also for nobody");
    }
}

/// A key that was used for something else is refused, whatever became of that.
pub async fn a_key_is_used_for_one_request_only(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    begin(&bench, key("a"), asking(1, 1, 1)).await;
    for by in [1, 2] {
        assert_eq!(begin(&bench, key("a"), asking(2, by, 2)).await, BeginOutcome::Other);
    }
    end(&bench, key("a"), 1, b"").await;
    assert_eq!(begin(&bench, key("a"), asking(2, 1, 2)).await, BeginOutcome::Other);
    assert_eq!(begin(&bench, key("a"), asking(1, 1, 2)).await, BeginOutcome::Answered(answer(b"")));
}

/// What a server that died had begun another start of it carries out, with the same seed.
pub async fn a_dead_servers_request_is_carried_out_with_its_seed(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    begin(&bench, key("a"), asking(1, 1, 1)).await;
    assert_eq!(begin(&bench, key("a"), asking(1, 2, 2)).await, resumed(1));
    assert_eq!(begin(&bench, key("a"), asking(1, 2, 3)).await, BeginOutcome::UnderWay, "it is at it now");
    assert_eq!(begin(&bench, key("a"), asking(1, 3, 4)).await, resumed(1));
    assert_eq!(end(&bench, key("a"), 4, b"x").await, EndOutcome::NotBegun, "that is not its seed");
    assert_eq!(end(&bench, key("a"), 1, b"x").await, EndOutcome::Kept);
    assert_eq!(begin(&bench, key("a"), asking(1, 3, 5)).await, BeginOutcome::Answered(answer(b"x")));
}

/// Whoever did not hear that it had begun asks again, and has begun.
pub async fn a_beginning_whose_answer_was_lost_is_a_beginning(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    for _ in 0..2 {
        assert_eq!(begin(&bench, key("a"), asking(1, 1, 1)).await, begun(1));
    }
}

/// What had no effect may be asked again, as if it never was.
pub async fn a_dropped_request_may_be_made_again(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let drop = async |seed| bench.store.drop_answer(key("a"), [seed; 16]).await.expect("it is dropped");
    drop(1).await;
    begin(&bench, key("a"), asking(1, 1, 1)).await;
    drop(2).await;
    assert_eq!(begin(&bench, key("a"), asking(1, 1, 2)).await, BeginOutcome::UnderWay, "not this attempt");
    drop(1).await;
    assert_eq!(end(&bench, key("a"), 1, b"late").await, EndOutcome::NotBegun);
    assert_eq!(begin(&bench, key("a"), asking(2, 1, 3)).await, begun(3));
    end(&bench, key("a"), 3, b"x").await;
    drop(3).await;
    let again = begin(&bench, key("a"), asking(2, 1, 4)).await;
    assert_eq!(again, BeginOutcome::Answered(answer(b"x")), "what was answered stays");
}

/// An answer may have so many bytes, and not one more.
pub async fn a_body_is_bounded(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    begin(&bench, key("a"), asking(1, 1, 1)).await;
    let longest = vec![7; limits::ANSWER_BYTES_MAX];
    assert_eq!(end(&bench, key("a"), 1, &[&longest[..], &[7]].concat()).await, EndOutcome::TooLong);
    assert_eq!(begin(&bench, key("a"), asking(1, 1, 2)).await, BeginOutcome::UnderWay, "nothing was written");
    assert_eq!(end(&bench, key("a"), 1, &longest).await, EndOutcome::Kept);
    assert_eq!(begin(&bench, key("a"), asking(1, 1, 2)).await, BeginOutcome::Answered(answer(&longest)));
}

/// After its time a key is as new, whether somebody tidied up or not.
pub async fn a_key_is_new_again_after_its_time(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    begin(&bench, key("a"), asking(1, 1, 1)).await;
    bench.clock.advance(limits::ANSWERS_KEPT_FOR.saturating_sub(TICK));
    end(&bench, key("a"), 1, b"x").await;
    bench.clock.advance(limits::ANSWERS_KEPT_FOR.saturating_sub(TICK));
    let again = begin(&bench, key("a"), asking(1, 1, 2)).await;
    assert_eq!(again, BeginOutcome::Answered(answer(b"x")), "it is kept from when it was answered");
    bench.clock.advance(TICK);
    assert_eq!(begin(&bench, key("a"), asking(2, 1, 3)).await, begun(3));
    assert_eq!(end(&bench, key("a"), 1, b"late").await, EndOutcome::NotBegun);
    assert_eq!(begin(&bench, key("a"), asking(2, 1, 4)).await, BeginOutcome::UnderWay);
}

/// What is old is forgotten in pieces, the oldest first, and nothing else is.
pub async fn old_answers_are_forgotten_in_pieces(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let forget = async |limit| bench.store.forget_answers(limit).await.expect("a number");
    assert_eq!(forget(10).await, 0);
    for number in 0..5 {
        begin(&bench, key(&format!("old{number}")), asking(1, 1, number)).await;
        end(&bench, key(&format!("old{number}")), number, b"x").await;
        bench.clock.advance(TICK);
    }
    bench.clock.advance(limits::ANSWERS_KEPT_FOR.saturating_sub(TICK * 2));
    begin(&bench, key("young"), asking(1, 1, 9)).await;
    assert_eq!(forget(3).await, 3);
    assert_eq!(forget(3).await, 1, "one is not old enough by one tick");
    assert_eq!(forget(3).await, 0);
    let last = begin(&bench, key("old4"), asking(1, 1, 8)).await;
    assert_eq!(last, BeginOutcome::Answered(answer(b"x")));
    assert_eq!(begin(&bench, key("young"), asking(1, 1, 8)).await, BeginOutcome::UnderWay);
    bench.clock.set_wall(None);
    assert_eq!(forget(10).await, 0, "without a clock nothing is old");
}

/// What was begun and answered outlives the server that did it.
pub async fn answers_outlive_their_server(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    begin(&bench, key("a"), asking(1, 1, 1)).await;
    begin(&bench, key("b"), asking(1, 1, 2)).await;
    end(&bench, key("b"), 2, b"x").await;
    let bench = bench.reopen().await;
    assert_eq!(begin(&bench, key("a"), asking(1, 2, 3)).await, resumed(1));
    assert_eq!(begin(&bench, key("b"), asking(1, 2, 3)).await, BeginOutcome::Answered(answer(b"x")));
}
