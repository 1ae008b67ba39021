//! W9: `tenure status` from nothing to its answer, as a whole process.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bench::{Spread, directory, print_disk};

const RUNS: usize = 200;

fn main() {
    let home = directory();
    if std::env::args().nth(1).as_deref() == Some("read-a-row") {
        return read_a_row(&std::env::args().nth(2).expect("a path"));
    }
    let tenure = std::env::var("TENURE_BIN").expect("TENURE_BIN names the built tenure");
    let tenure = std::fs::canonicalize(tenure).expect("it is built");
    fill(&tenure, home.path());
    println!("W9 cold start of `tenure status`, {RUNS} runs each, in turn (goal: p50 at most 10 ms)");
    print_disk(home.path());
    let own = std::env::current_exe().expect("this program has a file");
    let db = home.path().join("tenure.db");
    let (mut status, mut bare, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..RUNS {
        floor.push(time(&mut Command::new("/bin/true")));
        bare.push(time(Command::new(&own).arg("read-a-row").arg(&db)));
        status.push(time(tenure_in(&tenure, home.path()).arg("status")));
    }
    println!("{:<34} {:>8} {:>8} {:>8}", "", "p50 ms", "p99 ms", "p99.9");
    for (name, lengths) in
        [("tenure status", status), ("bare SQLite: open, read a row", bare), ("start and exit", floor)]
    {
        let spread = Spread::of(lengths);
        println!("{name:<34} {:>8.2} {:>8.2} {:>8.2}", spread.at(0.5), spread.at(0.99), spread.at(0.999));
    }
}

fn tenure_in(tenure: &Path, home: &Path) -> Command {
    let mut command = Command::new(tenure);
    command.env("TENURE_HOME", home).current_dir(home).stdin(Stdio::null());
    command
}

/// A store with a thousand finished sessions and one open workspace.
fn fill(tenure: &Path, home: &Path) {
    let ok = |arguments: &[&str]| {
        let status =
            tenure_in(tenure, home).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(status.expect("tenure starts").success(), "{arguments:?}");
    };
    for _ in 0..1000 {
        ok(&["start"]);
        ok(&["clear"]);
    }
    ok(&["start", "--mode", "implement"]);
}

fn time(command: &mut Command) -> Duration {
    let start = Instant::now();
    let status = command.stdout(Stdio::null()).status().expect("it starts");
    let length = start.elapsed();
    assert!(status.success(), "{command:?}");
    length
}

fn read_a_row(db: &str) {
    let connection = rusqlite::Connection::open(db).expect("the store opens");
    let count: i64 = connection
        .query_row("SELECT count(*) FROM (SELECT 1 FROM session LIMIT 1)", [], |row| row.get(0))
        .expect("it has sessions");
    assert_eq!(count, 1);
}
