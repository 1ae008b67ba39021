//! What is taken to be over at once, and for how long that is believed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::{CodeName, Fence, Operation, SessionId};
use tenure_core::orchestration::{Activity, Payload, RetryPolicy};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{AT_ONCE, Course, Crowd, IN_A_ROW, PATIENCE, Pace};
use crate::worker::attempt::{Attempt, Run};
use crate::worker::order::Whose;
use crate::worker::registry::KnownActivity;

fn after(begun: &[(bool, Duration)]) -> bool {
    let pace = Pace::default();
    for (is_over, took) in begun {
        pace.note(*is_over, *took);
    }
    pace.is_at_once()
}

#[test]
fn what_was_over_at_once_often_enough_is_expected_to_be_again() {
    let quick = (true, AT_ONCE);
    let enough = vec![quick; IN_A_ROW as usize];
    assert!(!after(&[]));
    assert!(!after(&enough[1..]));
    assert!(after(&enough));
    assert!(after(&[enough.clone(), enough.clone()].concat()));
    let slow = (true, AT_ONCE + Duration::from_nanos(1));
    let waits = (false, Duration::ZERO);
    for other in [slow, waits] {
        let begun = [enough.clone(), vec![other]].concat();
        assert!(!after(&begun), "the last one was not over at once");
        assert!(!after(&[begun.clone(), enough[1..].to_vec()].concat()), "too few since");
        assert!(after(&[begun, enough.clone()].concat()));
    }
}

fn run(number: u32) -> Run {
    let (op, name) = (Operation(1), CodeName::parse("work").unwrap());
    let attempt = Attempt {
        session: SessionId::parse("ses_a").unwrap(),
        execution: 1,
        op,
        name: name.clone(),
        number,
        fence: Fence(1),
        cancelled: CancellationToken::new(),
        details: None,
        pin: None,
        trace: None,
        whose: Whose::Here { key: 1, op, number },
        inputs: mpsc::unbounded_channel().0,
    };
    let activity = Arc::new(Activity {
        op,
        name,
        input: Payload(Vec::new()),
        retry: RetryPolicy::ONCE,
        timeout: None,
        heartbeat_timeout: None,
        queue: None,
        affinity: None,
        trace: None,
    });
    let code =
        KnownActivity { code: Arc::new(|_, input| Box::pin(async { Ok(input) })), pace: Arc::default() };
    Run { attempt, activity, code, grace: Duration::ZERO, in_use: None, pulse: Arc::default(), lapses: 0 }
}

fn numbers(waiting: VecDeque<Run>) -> Vec<u32> {
    waiting.iter().map(|run| run.attempt.number()).collect()
}

#[test]
fn the_others_leave_when_all_of_them_together_have_had_the_thread_for_too_long() {
    let crowd = Crowd::of((1..=4).map(run).collect());
    let late = Duration::from_secs(1);
    assert!(matches!(crowd.look(late), Course::GoesOn), "none of them has the thread yet");
    crowd.next(late, None).unwrap();
    crowd.next(late + PATIENCE / 2, None).unwrap();
    assert!(matches!(crowd.look(late + PATIENCE / 2), Course::GoesOn));
    let Course::BrokenUp(waiting, begun) = crowd.look(late + PATIENCE) else { panic!("it takes too long") };
    assert_eq!((numbers(waiting), begun.len()), (vec![3, 4], 0));
    assert!(crowd.next(late + PATIENCE, None).is_none());
    assert!(crowd.end().is_empty());
    assert!(matches!(crowd.look(late + PATIENCE), Course::Over));
}
