//! How often each side makes its file durable.
//!
//! It is counted by `strace`, in a pass of its own, because that slows what it counts.

use std::path::Path;
use std::process::Command;

use bench::measure::Measured;

use crate::floor::Floor;
use crate::{Chosen, LENGTH, SIDES, WORKLOADS, Workload, open, run, shape};

/// What a process is told that is only to be counted: `once=hello/floor/32`.
const ONCE: &str = "once=";

/// Prints the table.
pub(crate) fn count(home: &Path, chosen: &Chosen) {
    println!("{:<7} {:>9}  {:<9} {:>12} {:>18}", "", "in flight", "", "activities", "syncs per activity");
    for workload in WORKLOADS {
        if !chosen.has(workload.name, &WORKLOADS.map(|workload| workload.name)) {
            continue;
        }
        for in_flight in chosen.in_flight().into_iter().filter(|in_flight| *in_flight <= workload.most.0) {
            for side in SIDES.into_iter().filter(|side| chosen.has(side, &SIDES)) {
                if side == "duroxide" && in_flight > workload.most.1 {
                    continue;
                }
                match traced(home, workload.name, side, in_flight) {
                    Some((done, syncs)) => println!(
                        "{:<7} {in_flight:>9}  {side:<9} {done:>12.0} {:>18.4}",
                        workload.name,
                        syncs / done
                    ),
                    None => println!("{:<7} {in_flight:>9}  {side:<9} {:>12}", workload.name, "not there"),
                }
            }
        }
    }
}

/// How many activities were run, and how often something was made durable meanwhile.
fn traced(home: &Path, workload: &str, side: &str, in_flight: usize) -> Option<(f64, f64)> {
    let directory = tempfile::tempdir_in(home).expect("a directory in ours");
    let (trace, own) = (directory.path().join("trace"), std::env::current_exe().expect("a file"));
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o"]).arg(&trace);
    if side == "duroxide" {
        let peer = own.with_file_name("bench-peer");
        let (in_flight, seconds) = (in_flight.to_string(), LENGTH.as_secs().to_string());
        command.arg(peer).args([workload, &in_flight, &seconds]).arg(directory.path());
    } else {
        command.arg(own).arg(format!("{ONCE}{workload}/{side}/{in_flight}"));
    }
    let output = command.env("RUST_LOG", "off").output().ok().filter(|output| output.status.success())?;
    let said = String::from_utf8_lossy(&output.stdout);
    let said: f64 = said.split_whitespace().next()?.parse().expect("a number");
    // The peer says how many there were in each second.
    let done = if side == "duroxide" { said * LENGTH.as_secs_f64() } else { said };
    let trace = std::fs::read_to_string(trace).expect("strace wrote it");
    // One that was interrupted by another thread's has two lines, of which one says that it goes on.
    let syncs = trace.lines().filter(|line| line.contains("sync(") && !line.contains("resumed")).count();
    Some((done, syncs as f64))
}

/// Does what it was asked to do once, and says how many activities that were.
pub(crate) async fn once(home: &Path, words: &[String]) -> bool {
    let Some(asked) = words.iter().find_map(|word| word.strip_prefix(ONCE)) else { return false };
    let [name, side, in_flight] = asked.split('/').collect::<Vec<_>>()[..] else {
        panic!("{ONCE}WORKLOAD/SIDE/IN_FLIGHT")
    };
    let workload: Workload =
        WORKLOADS.into_iter().find(|workload| workload.name == name).expect("a workload");
    let in_flight: usize = in_flight.parse().expect("a number");
    let path = home.join("once.db");
    let measured: Measured = if side == "floor" {
        Floor::open(&path).during(LENGTH, in_flight, shape(workload))
    } else {
        let tenure = std::sync::Arc::new(open(&path).await);
        run(&tenure, workload, in_flight).await
    };
    println!("{}", measured.count);
    true
}
