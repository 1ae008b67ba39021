//! Stores that break one promise each: the cases must notice every one of them.

mod answer;
mod arrival;
mod checkpoint;
mod flaw;
mod group;
mod harness;
mod inspect;
mod instance;
mod log;
mod purge;
mod session;
mod statistics;
mod store;
mod task;
mod token;

use std::panic::{AssertUnwindSafe, catch_unwind};

use tenure_store_testkit::{Case, Harness, cases, first_disagreement, model_test};
use tokio::runtime::{Builder, Runtime};

pub(crate) use flaw::Flaw;
pub(crate) use harness::MutantHarness;
pub(crate) use store::MutantStore;

/// The cases that play random verbs: they are looked at apart from the others.
const RANDOM: [&str; 2] = ["random_verbs_do_what_the_model_does", "random_tasks_go_where_the_models_go"];

fn runtime() -> Runtime {
    // One thread: what panics says so in this test's output.
    Builder::new_current_thread().enable_time().build().expect("a runtime")
}

fn fails(case: &Case, harness: &dyn Harness) -> bool {
    catch_unwind(AssertUnwindSafe(|| runtime().block_on((case.run)(harness)))).is_err()
}

fn fails_at_random(harness: &dyn Harness) -> bool {
    runtime().block_on(first_disagreement(harness, 500, 1)).is_some()
}

#[test]
fn every_mutant_is_caught_by_a_case() {
    let cases: Vec<_> = cases().into_iter().filter(|case| !RANDOM.contains(&case.name)).collect();
    let (mut missed, mut first) = (Vec::new(), 0);
    for flaw in Flaw::ALL {
        let harness = MutantHarness::new(flaw);
        // Neighbours among the flaws are caught by cases of one module, so that these are tried first.
        match (first..cases.len()).chain(0..first).find(|at| fails(&cases[*at], &harness)) {
            Some(at) => first = cases.iter().position(|case| case.module == cases[at].module).unwrap_or(0),
            None => missed.push(flaw),
        }
    }
    assert_eq!(missed, [], "no case noticed these");
}

#[test]
fn random_verbs_catch_the_mutants_that_they_can_meet() {
    let is_met = |flaw: &Flaw| !Flaw::OUT_OF_REACH.contains(flaw) && !Flaw::UNPLAYED.contains(flaw);
    let within_reach = Flaw::ALL.into_iter().filter(is_met);
    let missed: Vec<_> = within_reach.filter(|flaw| !fails_at_random(&MutantHarness::new(*flaw))).collect();
    assert_eq!(missed, [], "found by no sequence of verbs");
}

#[test]
fn what_catches_the_mutants_accepts_the_store_without_a_flaw() {
    let harness = MutantHarness::new(Flaw::None);
    let failed: Vec<_> =
        cases().into_iter().filter(|case| fails(case, &harness)).map(|case| case.name).collect();
    assert_eq!(failed, [""; 0]);
}

#[test]
fn a_disagreement_is_shortened_and_says_how_to_see_it_again() {
    let harness = MutantHarness::new(Flaw::LosesRenewal);
    let panic = catch_unwind(AssertUnwindSafe(|| runtime().block_on(model_test(&harness, 100, 1))))
        .expect_err("it is found");
    let words = panic.downcast_ref::<String>().expect("a message");
    let seed = words.rsplit_once("TENURE_MODEL_SEED=").and_then(|(_, rest)| rest.split(' ').next());
    let seed = seed.and_then(|seed| seed.parse().ok()).expect("a seed");
    assert!(runtime().block_on(first_disagreement(&harness, 1, seed)).is_some(), "the seed makes it again");
    let steps = words.lines().filter(|line| line.starts_with("  Op {")).count();
    assert!((1..=4).contains(&steps), "somebody starts, time passes, somebody renews: {words}");
}
