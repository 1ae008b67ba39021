//! Hello among many instances that have ended, and what one of those takes.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use bench::measure::Measured;
use rusqlite::Connection;
use tenure::Tenure;
use tokio::task::JoinSet;

use crate::{ROUNDS, WORKLOADS, open, print, run};

/// Those that fill the store are started so many at once.
const FILLING: usize = 1024;

/// Measures in an empty store and in one with `count` that have ended, in turn.
pub(crate) async fn among(home: &Path, count: usize, in_flight: &[usize]) {
    let [hello, ..] = WORKLOADS;
    let path = home.join("full.db");
    let begun = Instant::now();
    let full = Arc::new(open(&path).await);
    fill(&full, count).await;
    Arc::into_inner(full).expect("nobody else has it").stop().await;
    println!(
        "{count} hellos in {:.1} s; each finished one takes {:.0} bytes",
        begun.elapsed().as_secs_f64(),
        bytes(&path) as f64 / count as f64
    );
    let (full, empty) = (Arc::new(open(&path).await), Arc::new(open(&home.join("empty.db")).await));
    for in_flight in in_flight {
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            without.push(run(&empty, hello, *in_flight).await);
            with.push(run(&full, hello, *in_flight).await);
        }
        let (with, without) = (Measured::median(with), Measured::median(without));
        print("hello", (*in_flight, "empty"), &without);
        print("hello", (*in_flight, "full"), &with);
        println!("{:>20}{:.0} % of the rate in the empty store", "", 100.0 * with.rate / without.rate);
    }
}

async fn fill(tenure: &Arc<Tenure>, count: usize) {
    let mut tasks = JoinSet::new();
    for part in 0..FILLING {
        let tenure = Arc::clone(tenure);
        let times = (count + part) / FILLING;
        tasks.spawn(async move {
            let input = "x".repeat(98);
            for _ in 0..times {
                let instance = tenure.run("hello", &input).await.expect("it starts");
                instance.result::<String>().await.expect("it completes");
            }
        });
    }
    tasks.join_all().await;
}

/// What the file takes once everything is in it.
fn bytes(path: &Path) -> u64 {
    let connection = Connection::open(path).expect("a file");
    let emptied = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    assert_eq!(emptied, Ok(0), "nobody else reads it");
    std::fs::metadata(path).expect("a file").len()
}
