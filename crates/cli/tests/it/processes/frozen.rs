//! A runner killed or frozen has no side effect after its successor's first.

use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::side_effects::Scene;
use super::world::{Process, World, until};

/// Rounds of each: how the runner ends × what it is attached to.
const ROUNDS: usize = 100;
/// Rounds under way at once: most of a round is waiting for a lease to end.
const AT_ONCE: usize = 5;
const OPTIONS: [&str; 4] = ["--ttl", "2s", "--grace", "50ms"];

fn rounds(name: &str, round: impl Fn(&Scene<'_>) + Sync) {
    let world = World::new();
    let (world, round) = (&world, &round);
    std::thread::scope(|scope| {
        for lane in 0..AT_ONCE {
            scope.spawn(move || {
                for n in (lane..ROUNDS).step_by(AT_ONCE) {
                    round(&Scene::new(world, format!("{name}-{n}")));
                }
            });
        }
    });
}

/// The scene's command under `tenure run` on a pseudo-terminal, whose output is read and dropped.
fn on_a_terminal(scene: &Scene<'_>) -> Process {
    let (master, slave) = terminal();
    let mut command = scene.stubborn(&OPTIONS);
    command.stdin(slave.try_clone().unwrap()).stdout(slave.try_clone().unwrap()).stderr(slave);
    let process = Process(command.spawn().unwrap());
    drop(command);
    std::thread::spawn(move || {
        let mut nothing = std::fs::File::from(master);
        // It ends with an error when the last process with the terminal is gone.
        drop(std::io::copy(&mut nothing, &mut std::io::sink()));
    });
    scene.has_begun();
    process
}

fn terminal() -> (OwnedFd, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
    let slave = rustix::fs::open(name.as_c_str(), flags, rustix::fs::Mode::empty()).unwrap();
    (master, slave)
}

fn on_pipes(scene: &Scene<'_>) -> Process {
    let mut command = scene.stubborn(&OPTIONS);
    command.stdin(Stdio::null());
    let process = Process(command.spawn().unwrap());
    scene.has_begun();
    process
}

fn ended_by(signal: Signal, start: impl Fn(&Scene<'_>) -> Process) -> impl Fn(&Scene<'_>) {
    move |scene| {
        let runner = start(scene);
        runner.send(signal);
        scene.is_taken_over_cleanly();
    }
}

#[test]
fn a_runner_killed_on_pipes_leaves_no_side_effect_after_the_takeovers_first() {
    rounds("killed", ended_by(Signal::KILL, on_pipes));
}

#[test]
fn a_runner_killed_on_a_terminal_leaves_no_side_effect_after_the_takeovers_first() {
    rounds("killed-tty", ended_by(Signal::KILL, on_a_terminal));
}

#[test]
fn a_runner_frozen_on_pipes_leaves_no_side_effect_after_the_takeovers_first() {
    rounds("frozen", ended_by(Signal::STOP, on_pipes));
}

#[test]
fn a_runner_frozen_on_a_terminal_leaves_no_side_effect_after_the_takeovers_first() {
    rounds("frozen-tty", ended_by(Signal::STOP, on_a_terminal));
}

#[test]
fn a_run_after_a_cancel_waits_for_the_command_that_is_being_stopped() {
    let world = World::new();
    for (key, signal) in [("healthy", None), ("frozen", Some(Signal::STOP))] {
        let scene = Scene::new(&world, key.to_owned());
        let runner = on_pipes(&scene);
        if let Some(signal) = signal {
            runner.send(signal);
        }
        world.ok(&["cancel", key]);
        scene.goes_on_cleanly(&[]);
    }
}

/// Takes the write lock as a writer does, signed by itself or by whom it is told, says so, and never lets go.
const HOLD_THE_WRITE_LOCK: &str = "
import fcntl, os, sys, time
lock = os.open(sys.argv[1], os.O_RDWR)
fcntl.flock(lock, fcntl.LOCK_EX)
os.pwrite(lock, b'%10d ' % int((sys.argv + [os.getpid()])[2]), 0)
print('held', flush=True)
time.sleep(1000)
";

#[test]
fn a_process_frozen_with_the_write_lock_is_named_and_ended_on_request() {
    let world = World::new();
    world.ok(&["start"]);
    let mut command = std::process::Command::new("python3");
    command.args(["-c", HOLD_THE_WRITE_LOCK]).arg(world.path("tenure.db-run/write"));
    let mut frozen = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    assert_eq!(frozen.line(), "held");
    frozen.send(Signal::STOP);
    let pid = frozen.pid().as_raw_nonzero().to_string();
    let refused = world.answer(&["start"]);
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains(&format!("process {pid}")), "{said}");
    assert_eq!(world.ok(&["doctor", "--unblock"]), format!("Ended process {pid}; writing works again.\n"));
    assert!(!frozen.end().success());
    world.ok(&["start"]);
    assert_eq!(world.ok(&["doctor", "--unblock"]), "Nobody keeps others from writing.\n");
}

#[test]
fn whoever_holds_a_session_is_not_ended_on_request_in_whichever_namespace() {
    let world = World::new();
    world.ok(&["start"]);
    let run = ["--namespace", "other", "run", "--key", "job", "--ttl", "60s", "--", "sleep", "60"];
    let runner = Process(world.tenure(&run).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    until("a session", || {
        world.answer(&["--namespace", "other", "show", "job"]).status.success().then_some(())
    });
    let pid = runner.pid().as_raw_nonzero().to_string();
    let mut command = std::process::Command::new("python3");
    command.args(["-c", HOLD_THE_WRITE_LOCK]).arg(world.path("tenure.db-run/write")).arg(&pid);
    let mut frozen = Process(command.stdout(Stdio::piped()).spawn().unwrap());
    assert_eq!(frozen.line(), "held");
    let refused = world.answer(&["doctor", "--unblock"]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains(&format!("process {pid} holds session")), "{said}");
}
