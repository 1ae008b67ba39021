//! Random verbs against a store and the model side by side: same outcomes, same records.

mod act;
mod check;
mod deed;
mod lifecycle;
mod op;
mod save;
mod tasks;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::Harness;
pub(crate) use lifecycle::lifecycles;
use op::Op;
pub(crate) use tasks::tasks;
use world::World;

/// Most attempts to make a failing sequence shorter.
const SHRINKS_MAX: usize = 400;

/// A sequence on which a store and the model disagreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// The seed that makes it again.
    pub seed: u64,
    /// What was seen.
    pub why: String,
}

/// Plays `cases` random sequences of verbs on stores of `harness` and on the model, beginning with `seed`.
///
/// A sequence that fails is made shorter, and shown with the seed that makes it again.
///
/// # Panics
/// When the store and the model disagree.
pub async fn model_test(harness: &dyn Harness, cases: u32, seed: u64) {
    let Some(Disagreement { seed, why }) = first_disagreement(harness, cases, seed).await else { return };
    let (steps, why) = shrink(harness, seed, why).await;
    let steps: Vec<_> = steps.iter().map(|op| format!("  {op:?}")).collect();
    panic!(
        "{why}\nafter\n{}\nto see it again: model_test(harness, 1, {seed}), or run the case with \
         TENURE_MODEL_SEED={seed} TENURE_MODEL_CASES=1",
        steps.join("\n")
    );
}

/// The first of `cases` random sequences, beginning with `seed`, on which store and model disagree.
pub async fn first_disagreement(harness: &dyn Harness, cases: u32, seed: u64) -> Option<Disagreement> {
    for case in 0..cases {
        let seed = seed.wrapping_add(u64::from(case));
        if let Err(why) = play(harness, tree(seed).current()).await {
            return Some(Disagreement { seed, why });
        }
    }
    None
}

fn tree(seed: u64) -> impl ValueTree<Value = Vec<Op>> + Send {
    op::sequence().new_tree(&mut runner(seed)).expect("sequences can be made")
}

fn runner(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// A shorter sequence that fails too, and how.
async fn shrink(harness: &dyn Harness, seed: u64, why: String) -> (Vec<Op>, String) {
    let mut tree = tree(seed);
    let mut worst = (tree.current(), why);
    let mut goes_on = tree.simplify();
    for _ in 0..SHRINKS_MAX {
        if !goes_on {
            break;
        }
        goes_on = match play(harness, tree.current()).await {
            Err(why) => {
                worst = (tree.current(), why);
                tree.simplify()
            }
            Ok(()) => tree.complicate(),
        };
    }
    worst
}

/// Plays one sequence on a fresh store and a fresh model.
async fn play(harness: &dyn Harness, sequence: Vec<Op>) -> Result<(), String> {
    caught(async {
        let mut world = World::new(harness).await;
        for (at, op) in sequence.iter().enumerate() {
            world.act(op).await;
            if at % 8 == 7 {
                world.compare_everything().await;
            }
        }
        world.compare_everything().await;
    })
    .await
}

/// The words of a panic, if there is one.
async fn caught(future: impl Future<Output = ()>) -> Result<(), String> {
    let mut future = Box::pin(future);
    std::future::poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            Poll::Ready(Err(text.unwrap_or_else(|| "a panic without words".to_owned())))
        }
    })
    .await
}
