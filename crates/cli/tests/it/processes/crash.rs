//! Processes killed at any moment leave a working store and no gap.

use std::process::Stdio;

use rustix::process::Signal;

use super::world::{Process, World, until};

const KILLS: usize = 100;

#[test]
fn a_runner_killed_while_it_records_leaves_a_log_without_a_gap_and_the_next_run_works() {
    let world = World::new();
    for round in 0..KILLS {
        let key = format!("job-{round}");
        let chatty = "i=0; while :; do i=$((i+1)); echo line $i; done";
        let mut command = world.tenure(&["run", "--key", &key, "--", "sh", "-c", chatty]);
        let runner = Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        until("a recorded chunk", || {
            let events = world.answer(&["events", &key, "--type", "terminal", "--output", "json"]);
            (events.stdout.split(|byte| *byte == b'\n').count() > 2 + round % 5).then_some(())
        });
        runner.send(Signal::KILL);
        let events = world.json(&["events", &key]);
        let positions: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
        assert_eq!(positions, (1..=positions.len() as u64).collect::<Vec<_>>());
        recorded_lines_are_whole(&world, &key);
        until("a takeover", || {
            let again = ["run", "--key", &key, "--takeover", "killed", "--", "true"];
            world.answer(&again).status.success().then_some(())
        });
    }
    world.ok(&["doctor", "--deep"]);
}

/// What was recorded is a beginning of what was printed.
fn recorded_lines_are_whole(world: &World, key: &str) {
    let raw = world.ok(&["events", key, "--raw"]);
    for (n, line) in raw.lines().take(raw.matches('\n').count()).enumerate() {
        assert_eq!(line, format!("line {}", n + 1));
    }
}
