//! Makes a file with many sessions: `generate PATH COUNT`.

use std::path::PathBuf;
use std::time::Instant;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut words = std::env::args_os().skip(1);
    let (Some(path), Some(count)) = (words.next().map(PathBuf::from), words.next()) else {
        panic!("say where, and how many: generate PATH COUNT");
    };
    let count: usize = count.to_string_lossy().parse().expect("a number of sessions");
    let store = bench::many::open(&path);
    let start = Instant::now();
    bench::many::fill(&store, count).await;
    println!("{count} sessions in {:.1} s", start.elapsed().as_secs_f64());
}
