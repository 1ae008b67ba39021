//! Whoever looks after a store sees the runs of every tenant in it.

use tenure_core::id::Namespace;
use tenure_core::limits;
use tenure_core::session::Command;
use tenure_engine::Target;

use crate::bench::{Bench, cancel, start};

/// A run without a key in a namespace.
fn run(namespace: &str, actor: &str) -> Command {
    let Command::StartRun(mut run) = start("none", actor, None) else { panic!("it starts a run") };
    (run.key, run.namespace) = (None, Namespace::parse(namespace).unwrap());
    Command::StartRun(run)
}

#[tokio::test]
async fn every_open_run_of_every_tenant_is_shown_and_none_that_has_ended() {
    let bench = Bench::new();
    for (namespace, actor) in [("default", "a"), ("one", "b"), ("two", "c")] {
        bench.engine.apply(&Target::New, &run(namespace, actor)).await.unwrap();
    }
    let (_, ended) = bench.hold("nightly", "d").await;
    bench.engine.apply(&Target::Session(ended.handle), &cancel()).await.unwrap();
    let runs = bench.engine.open_runs().await.unwrap();
    let tenants: Vec<_> = runs.iter().map(|session| session.namespace.as_str()).collect();
    assert_eq!(tenants, ["default", "one", "two"]);
}

#[tokio::test]
async fn more_runs_than_a_page_holds_are_all_shown() {
    let bench = Bench::new();
    for number in 0..=limits::LIST_MAX {
        bench.engine.apply(&Target::New, &run("default", &format!("w{number}"))).await.unwrap();
    }
    assert_eq!(bench.engine.open_runs().await.unwrap().len(), limits::LIST_MAX + 1);
}
