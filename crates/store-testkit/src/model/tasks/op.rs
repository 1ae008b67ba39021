//! What may be done.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::strategy::{Strategy, ValueTree};

/// The keys that are played with. The last one is the second tenant's.
pub(super) const KEYS: [&str; 4] = ["a", "b", "c", "d"];

/// The key that is the second tenant's.
pub(super) const OTHERS_KEY: usize = 3;

/// One step. Workers, keys and tasks are named by their places.
#[derive(Debug, Clone, Copy)]
pub(super) enum Op {
    Pass(Duration),
    Ask {
        key: Option<usize>,
        is_others: bool,
        is_exclusive: bool,
        is_elsewhere: bool,
        is_wanted: bool,
    },
    Claim {
        worker: usize,
        busy: Option<usize>,
        is_short: bool,
    },
    End {
        task: usize,
        regrants: bool,
    },
    Back {
        task: usize,
        is_later: bool,
        counts: bool,
        lacks_code: bool,
    },
    RenewTask {
        task: usize,
    },
    RenewWorker {
        worker: usize,
    },
    Touch {
        worker: usize,
        key: usize,
    },
    Move {
        key: usize,
        to: Option<usize>,
    },
    Withdraw {
        task: usize,
    },
    Start {
        worker: usize,
        replaces: bool,
    },
    Retire {
        worker: usize,
    },
    Dismiss {
        worker: usize,
        is_evicted: bool,
    },
    /// The machine starts anew right after every worker was renewed.
    Reboot,
}

/// A sequence of steps.
pub(super) fn sequence() -> impl Strategy<Value = Vec<Op>, Tree: ValueTree + Send> {
    vec(step(), 1..60)
}

fn step() -> impl Strategy<Value = Op, Tree: ValueTree + Send> {
    let (yes, maybe) = (any::<bool>(), any::<bool>());
    (0..69_u8, 0..3_usize, 0..KEYS.len(), 0..8_usize, yes, maybe, any::<bool>()).prop_map(made)
}

/// The step that some numbers stand for: how often each sort comes is how many of the first ones it has.
fn made((sort, worker, key, task, yes, maybe, sure): (u8, usize, usize, usize, bool, bool, bool)) -> Op {
    const LENGTHS: [u64; 7] = [400, 1000, 4000, 10_000, 15_000, 80_000, 170_000];
    match sort {
        0..8 if task == 0 => Op::Reboot,
        0..8 => Op::Pass(Duration::from_millis(LENGTHS[task - 1])),
        8..20 => {
            let key = (worker + task > 0).then_some(key);
            let is_others = key.map_or(sure, |key| key == OTHERS_KEY);
            Op::Ask { key, is_others, is_exclusive: yes, is_elsewhere: task < 3, is_wanted: maybe }
        }
        20..34 => Op::Claim { worker, busy: (task == 0).then_some(key), is_short: yes },
        34..40 => Op::End { task, regrants: yes },
        40..44 => Op::Back { task, is_later: yes, counts: maybe, lacks_code: sure },
        44..46 => Op::RenewTask { task },
        46..56 => Op::RenewWorker { worker },
        56..59 => Op::Touch { worker, key },
        59..61 => Op::Move { key, to: yes.then_some(worker) },
        61..63 => Op::Withdraw { task },
        63..67 => Op::Start { worker, replaces: yes },
        67 => Op::Retire { worker },
        _ => Op::Dismiss { worker, is_evicted: yes },
    }
}
