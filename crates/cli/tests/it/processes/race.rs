//! Many real processes want one thing at once: one gets it, the others hear who.

use std::process::{Command, Output, Stdio};

use rustix::process::Signal;

use super::side_effects::Scene;
use super::world::{Process, World, told};

/// Races of each verb; with three verbs a thousand and more.
const RACES: usize = 334;
const CONTENDERS: usize = 3;

/// Starts all at once; the last line that a winner prints, or a refusal, tells them apart.
fn answers(commands: impl Iterator<Item = Command>) -> Vec<Output> {
    let spawn = |mut command: Command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut contenders = Vec::new();
    // All are started before the first is waited for.
    contenders.extend(commands.map(spawn));
    contenders.into_iter().map(|contender| contender.wait_with_output().unwrap()).collect()
}

/// The one that won; every other one was refused and named it as `name` says.
fn winner(answers: &[Output], name: impl Fn(usize) -> String) -> usize {
    let won: Vec<usize> = (0..answers.len()).filter(|n| answers[*n].status.success()).collect();
    let [winner] = won[..] else {
        panic!("{} winners:\n{}", won.len(), answers.iter().map(told).collect::<Vec<_>>().join("\n"));
    };
    for loser in answers.iter().enumerate().filter(|(n, _)| *n != winner).map(|(_, answer)| answer) {
        assert_eq!(loser.status.code(), Some(3), "{}", told(loser));
        let said = String::from_utf8_lossy(&loser.stderr);
        assert!(said.contains(&name(winner)), "{said} does not name {}", name(winner));
    }
    winner
}

#[test]
fn of_many_runs_of_one_key_exactly_one_holds_it_and_refusals_name_it() {
    let world = World::new();
    for race in 0..RACES {
        let actor = |n: usize| format!("racer-{race}-{n}");
        let actors: Vec<String> = (0..CONTENDERS).map(actor).collect();
        let run = |actor: &String| {
            // The winner stays until its input ends, so that nobody can win after it.
            let words = ["run", "--key", "race", "--no-record", "--actor-id", actor, "--", "cat"];
            let mut command = world.tenure(&words);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let mut contenders: Vec<_> = actors.iter().map(run).map(Process).collect();
        let losers = first_to_end(&mut contenders, CONTENDERS - 1);
        let mut winner = contenders.pop().unwrap();
        drop(winner.0.stdin.take());
        assert!(winner.end().success());
        let shown = world.json(&["show", "race"]).remove(0);
        assert_eq!(shown["state"], "completed", "{shown}");
        for loser in losers {
            assert_eq!(loser.status.code(), Some(3), "{}", told(&loser));
            let said = String::from_utf8_lossy(&loser.stderr);
            assert!(said.contains(&format!("racer-{race}-")), "{said}");
        }
    }
}

/// Takes `count` contenders out as they end.
fn first_to_end(contenders: &mut Vec<Process>, count: usize) -> Vec<Output> {
    (0..count)
        .map(|_| {
            let at = super::world::until("a refusal", || {
                contenders.iter_mut().position(|contender| contender.0.try_wait().unwrap().is_some())
            });
            let mut ended = contenders.remove(at);
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            std::io::Read::read_to_end(ended.0.stdout.as_mut().unwrap(), &mut stdout).unwrap();
            std::io::Read::read_to_end(ended.0.stderr.as_mut().unwrap(), &mut stderr).unwrap();
            Output { status: ended.end(), stdout, stderr }
        })
        .collect()
}

#[test]
fn of_many_autonomous_starts_of_one_workspace_exactly_one_wins_and_refusals_name_it() {
    let world = World::new();
    for race in 0..RACES {
        let actors: Vec<String> = (0..CONTENDERS).map(|n| format!("runtime/{race}-{n}")).collect();
        let start = |actor: &String| {
            let who = ["--lifecycle", "autonomous", "--actor-id", actor, "--lease-seconds", "600"];
            world.tenure(&[&["start"][..], &who[..]].concat())
        };
        let won = winner(&answers(actors.iter().map(start)), |n| actors[n].clone());
        world.ok(&["clear", "--actor-id", &actors[won]]);
    }
}

#[test]
fn of_many_takeovers_of_one_dead_run_exactly_one_wins_and_refusals_name_it() {
    let world = World::new();
    for race in 0..RACES {
        let scene = Scene::new(&world, format!("race-{race}"));
        let runner = scene.start(&["--no-record", "--grace", "50ms"]);
        runner.send(Signal::KILL);
        let key = scene.key.as_str();
        is_gone(&world, key);
        let actors: Vec<String> = (0..CONTENDERS).map(|n| format!("taker-{race}-{n}")).collect();
        let take =
            |actor: &String| world.tenure(&["takeover", key, "--actor-id", actor, "--reason", "runner died"]);
        winner(&answers(actors.iter().map(take)), |n| actors[n].clone());
        world.ok(&["cancel", key]);
    }
}

/// Waits until nothing holds the dead runner's lock any more.
fn is_gone(world: &World, key: &str) {
    super::world::until("the end of the tree", || {
        let locks = std::fs::read_dir(world.path("tenure.db-run/hold")).unwrap();
        let held = locks.flatten().any(|lock| {
            let file = std::fs::File::open(lock.path());
            file.is_ok_and(|file| file.try_lock_shared().is_err())
        });
        (!held).then_some(())
    });
    assert_eq!(world.json(&["show", key]).remove(0)["state"], "active");
}

#[test]
fn twenty_processes_open_a_fresh_store_at_once_without_an_error() {
    for _ in 0..200 {
        let world = World::new();
        let directories: Vec<String> = (0..20).map(|n| format!("w{n}")).collect();
        for directory in &directories {
            std::fs::create_dir(world.path(directory)).unwrap();
        }
        let start = |directory: &String| world.tenure(&["start", "--path", directory]);
        for answer in answers(directories.iter().map(start)) {
            assert!(answer.status.success(), "{}", told(&answer));
        }
        assert_eq!(world.json(&["list", "--limit", "100"]).remove(0)["data"].as_array().unwrap().len(), 20);
    }
}
