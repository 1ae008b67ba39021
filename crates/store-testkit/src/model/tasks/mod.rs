//! Random verbs about tasks and pins against a store and the model side by side.

mod op;
mod side;

use proptest::strategy::{Strategy, ValueTree};

use crate::{Harness, MemoryHarness};
use side::Side;

use super::{caught, runner};

/// Plays `cases` random sequences on stores of `harness` and on the model, beginning with `seed`.
///
/// # Panics
/// When the store and the model disagree; it shows a short sequence after which they do.
pub(crate) async fn tasks(harness: &dyn Harness, cases: u32, seed: u64) {
    for seed in (0..u64::from(cases)).map(|case| seed.wrapping_add(case)) {
        let mut tree = op::sequence().new_tree(&mut runner(seed)).expect("sequences can be made");
        let Err(mut why) = play(harness, tree.current()).await else { continue };
        let mut worst = tree.current();
        let mut goes_on = tree.simplify();
        for _ in 0..super::SHRINKS_MAX {
            if !goes_on {
                break;
            }
            goes_on = match play(harness, tree.current()).await {
                Err(reason) => {
                    (worst, why) = (tree.current(), reason);
                    tree.simplify()
                }
                Ok(()) => tree.complicate(),
            };
        }
        let steps: Vec<_> = worst.iter().map(|op| format!("  {op:?}")).collect();
        panic!("{why}\nafter\n{}\nto see it again: seed {seed}", steps.join("\n"));
    }
}

async fn play(harness: &dyn Harness, sequence: Vec<op::Op>) -> Result<(), String> {
    caught(async {
        let (mut store, mut model) = (Side::new(harness).await, Side::new(&MemoryHarness).await);
        for op in sequence {
            assert_eq!(
                store.play(op).await,
                model.play(op).await,
                "what the store says, then the model, to {op:?}"
            );
            assert_eq!(
                store.shown().await,
                model.shown().await,
                "what the store shows, then the model, after {op:?}"
            );
        }
    })
    .await
}
