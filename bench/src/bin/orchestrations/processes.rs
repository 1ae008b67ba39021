//! Pinned conversations on one store, with one process and with two.
//!
//! The process that asks works too; the other one only works. Each holds its share of the keys.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bench::measure::{Beside, Measured, ready_until_let_go};

use crate::floor::Floor;
use crate::{Chosen, LENGTH, ROUNDS, SIDES, WORKLOADS, Workload, open, open_as, peer, print, run, shape};

/// What a process is told that is to work beside another one: `worker=PATH`.
const WORKER: &str = "worker=";
/// In flight unless numbers say otherwise.
const IN_FLIGHT: usize = 128;

/// Works on a store that another process drives, if this one was asked to.
pub(crate) async fn helped(words: &[String]) -> bool {
    let Some(path) = words.iter().find_map(|word| word.strip_prefix(WORKER)) else { return false };
    let tenure = open_as(Path::new(path), "beside").await;
    tokio::task::spawn_blocking(ready_until_let_go).await.expect("it is let go");
    tenure.stop().await;
    true
}

/// Prints the table: one process and two of each side, and the floor, in turn.
pub(crate) async fn compare(home: &Path, chosen: &Chosen) {
    let [.., pinned] = WORKLOADS;
    let numbers = chosen.in_flight();
    let numbers = if numbers.len() > 1 { vec![IN_FLIGHT] } else { numbers };
    for in_flight in numbers {
        let mut rounds: [Vec<Measured>; 5] = [const { Vec::new() }; 5];
        let mut floor = Floor::open(&home.join(format!("processes-floor-{in_flight}.db")));
        for round in 0..ROUNDS {
            for processes in [1, 2] {
                let path = home.join(format!("processes-{in_flight}-{round}-{processes}.db"));
                if chosen.has("tenure", &SIDES) {
                    rounds[processes - 1].push(ours(&path, (pinned, in_flight), processes).await);
                }
                if chosen.has("duroxide", &SIDES) {
                    let measured = peer::run(home, pinned.name, (in_flight, processes));
                    rounds[processes + 1].extend(measured);
                }
            }
            if chosen.has("floor", &SIDES) {
                rounds[4].push(floor.during(LENGTH, in_flight, shape(pinned)));
            }
        }
        let sides = ["tenure 1", "tenure 2", "duroxi. 1", "duroxi. 2", "floor"];
        for (side, rounds) in sides.into_iter().zip(rounds).filter(|(_, rounds)| !rounds.is_empty()) {
            print(pinned.name, (in_flight, side), &Measured::median(rounds));
        }
    }
}

async fn ours(path: &Path, (workload, in_flight): (Workload, usize), processes: usize) -> Measured {
    let tenure = Arc::new(open(path).await);
    let other = (processes > 1).then(|| {
        let own = std::env::current_exe().expect("this program has a file");
        Beside::start(Command::new(own).arg(format!("{WORKER}{}", path.display())))
    });
    let before = other.as_ref().map(Beside::used);
    let mut measured = run(&tenure, workload, in_flight).await;
    if let Some((other, (cpu, kib))) = other.zip(before) {
        let (cpu_now, kib_now) = other.used();
        measured = measured.beside((cpu_now.saturating_sub(cpu), kib_now - kib));
        other.stop();
    }
    Arc::into_inner(tenure).expect("nobody else has it").stop().await;
    measured
}
