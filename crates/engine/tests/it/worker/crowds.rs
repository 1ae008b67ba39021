//! Attempts that begin together, because those before were over at once.

use std::sync::{Arc, Condvar, Mutex};

use futures_util::future::{join, join_all};
use tenure_core::orchestration::{Payload, Version};
use tenure_engine::{ActivityFuture, Attempt, Ended, Registry, Starting};
use tenure_replay::{CodeFuture, Context, Ending, Wanted};

use super::bench::{Bench, name, starting, work};

/// So many that are over at once, and the next ones are expected to be.
const ENOUGH: usize = 8;

/// Where an activity blocks its thread until another one opens it.
#[derive(Debug, Default)]
struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn block(&self) {
        drop(self.opened.wait_while(self.is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
    }
}

fn step(what: &str) -> Wanted {
    Wanted { input: Payload(what.as_bytes().to_vec()), ..work(None, None) }
}

/// An orchestration that learns that steps are over at once, and then asks for some of which one blocks its thread.
async fn code(context: Context, input: Payload) -> Ending {
    let run = |what| context.activity(step(what));
    for _ in 0..ENOUGH {
        run("quick").await.unwrap();
    }
    match input.0.as_slice() {
        b"others" => drop(join_all([run("quick"), run("blocks"), run("quick"), run("opens")]).await),
        b"results" => {
            let opens = async {
                run("quick").await.unwrap();
                run("opens").await
            };
            drop(join(opens, run("blocks")).await);
        }
        b"heartbeats" => drop(join_all([run("says so"), run("blocks"), run("opens")]).await),
        _ => drop(join(run("waits, then opens"), run("blocks")).await),
    }
    Ending::Completed(Payload(Vec::new()))
}

fn registry(gate: &Arc<Gate>) -> Registry {
    let gate = Arc::clone(gate);
    let mut registry = Registry::default();
    let begin = |context: Context, input: Payload| -> CodeFuture { Box::pin(code(context, input)) };
    registry.add_orchestration(name("code"), Version::FIRST, Arc::new(begin));
    let step = move |attempt: Attempt, input: Payload| -> ActivityFuture {
        let gate = Arc::clone(&gate);
        Box::pin(async move {
            match input.0.as_slice() {
                b"blocks" => gate.block(),
                b"opens" => gate.open(),
                b"says so" => attempt.heartbeat(None),
                b"waits, then opens" => {
                    tokio::task::yield_now().await;
                    gate.open();
                }
                _ => {}
            }
            Ok(input)
        })
    };
    registry.add_activity(name("work"), Arc::new(step));
    registry
}

/// Whoever blocks its thread keeps neither those that were to begin after it, nor what came of those before, nor the loop that
/// one of those woke, nor those that wait for something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attempt_that_blocks_its_thread_keeps_nobody_else() {
    for what in ["others", "results", "heartbeats", "one that waits"] {
        let (bench, gate) = (Bench::new(), Arc::default());
        let (worker, orchestrations) = bench.start(registry(&gate), bench.options("one")).await;
        let input = Payload(what.as_bytes().to_vec());
        let outcome = orchestrations.start(Starting { input, ..starting("one") }).await.unwrap();
        let ended = bench.ended(&orchestrations, outcome).await;
        assert_eq!(ended, Ended::Completed(Payload(Vec::new())), "{what}");
        bench.stop(worker).await;
    }
}
