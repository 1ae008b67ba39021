//! The peer: a program of its own, because it links another SQLite.

use std::path::Path;
use std::process::Command;

use bench::measure::Measured;

use crate::LENGTH;

/// What it says of one run; `None` where it is not built.
pub(crate) fn run(home: &Path, workload: &str, (in_flight, processes): (usize, usize)) -> Option<Measured> {
    let directory = tempfile::tempdir_in(home).expect("a directory in ours");
    let (in_flight, length) = (in_flight.to_string(), LENGTH.as_secs().to_string());
    let processes = processes.to_string();
    let said = ask(&[workload, in_flight.as_str(), length.as_str()], directory.path(), &processes)?;
    let [rate, p50, p99, p999, cpu_micros, kib, failed] = said[..] else {
        panic!("seven numbers, not {said:?}")
    };
    let latencies = [p50, p99, p999];
    let count = rate * LENGTH.as_secs_f64();
    Some(Measured { count, rate, latencies, cpu_micros, kib, failed: failed as usize })
}

/// The part of a core that it uses when nothing is to be done.
pub(crate) fn idle(home: &Path) -> Option<f64> {
    let directory = tempfile::tempdir_in(home).expect("a directory in ours");
    ask(&["idle", "128", "0"], directory.path(), "1")?.first().copied()
}

fn ask(words: &[&str], directory: &Path, processes: &str) -> Option<Vec<f64>> {
    let beside = std::env::current_exe().expect("this program has a file");
    let program = beside.with_file_name("bench-peer");
    if !program.exists() {
        return None;
    }
    // It logs to where it prints, every busy SQLite a line.
    let output =
        Command::new(program).args(words).arg(directory).arg(processes).env("RUST_LOG", "off").output();
    let output = output.expect("the peer runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    Some(said.split_whitespace().map(|word| word.parse().expect("a number")).collect())
}
