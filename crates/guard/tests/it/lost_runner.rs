//! A runner that is killed takes its tree with it.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Signal, kill_process};
use tempfile::TempDir;
use tenure_guard::BootTime;
use tenure_guard::hold::{Holder, Probe, probe as probe_hold};

use crate::support::{Fifo, Pty, SLACK, lives, probe, probe_path, to_pid, until, wait_gone};

const GRACE: Duration = Duration::from_millis(200);
struct Scene {
    dir: TempDir,
    events: Fifo,
    witness: Fifo,
}

impl Scene {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let (events, witness) = (Fifo::new(dir.path(), "events"), Fifo::new(dir.path(), "witness"));
        Self { dir, events, witness }
    }

    /// A probe whose command ignores SIGTERM and has such a daemon beside it.
    fn command(&self) -> Command {
        let hold = self.dir.path().join("hold");
        let mut command = probe(&["--hold", hold.to_str().unwrap(), "--events", self.events.path()]);
        let script = format!(
            "trap '' TERM HUP; setsid sh -c 'trap \"\" TERM; echo daemon $$; exec sleep 1000' > {1} & exec {0} __witness {1}",
            probe_path().display(),
            self.witness.path(),
        );
        command.args(["--grace-ms", "200", "--", "sh", "-c", &script]);
        command
    }

    fn kill_and_check(mut self, mut runner: Child) {
        let guard: u32 = self.events.number("guard");
        let main: u32 = self.events.number("started");
        let daemon: u32 = self.witness.number("daemon");
        self.witness.after("alive");
        let killed_at = BootTime::now();
        kill_process(to_pid(runner.id()), Signal::KILL).unwrap();
        runner.wait().unwrap();
        for pid in [guard, main, daemon] {
            wait_gone(pid);
        }
        let gone_at = BootTime::now();
        assert!(gone_at >= killed_at.saturating_add(GRACE), "the grace was given");
        assert!(gone_at < killed_at.saturating_add(GRACE).saturating_add(SLACK), "and no more");
        // The guard is gone, so this needs no waiting.
        assert_eq!(probe_hold(&self.dir.path().join("hold")).unwrap(), Probe::Free);
    }
}

#[test]
fn killed_with_pipes() {
    let scene = Scene::new();
    let runner = scene.command().stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    scene.kill_and_check(runner);
}

#[test]
fn killed_on_a_terminal() {
    let scene = Scene::new();
    let pty = Pty::new();
    let runner = pty.seat(&mut scene.command()).spawn().unwrap();
    scene.kill_and_check(runner);
}

#[test]
fn killed_before_the_command_has_started() {
    for _ in 0..20 {
        let dir = TempDir::new().unwrap();
        let hold = dir.path().join("hold");
        let mut runner = probe(&["--hold", hold.to_str().unwrap(), "--", "sleep", "1000"]).spawn().unwrap();
        until("the hold lock", || probe_hold(&hold).unwrap() == Probe::Held);
        runner.kill().unwrap();
        runner.wait().unwrap();
        until("the lock to be free", || probe_hold(&hold).unwrap() == Probe::Free);
    }
}

#[test]
fn killed_with_its_guard_it_leaves_a_held_lock_that_names_the_rest() {
    // Whoever adopts the orphan must not be this test's own runner.
    let mut scene = Scene::new();
    let mut runner = scene.command().stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let hold = scene.dir.path().join("hold");
    let guard: u32 = scene.events.number("guard");
    let main: u32 = scene.events.number("started");
    let daemon: u32 = scene.witness.number("daemon");
    for pid in [guard, runner.id()] {
        kill_process(to_pid(pid), Signal::STOP).unwrap();
    }
    for pid in [runner.id(), guard] {
        kill_process(to_pid(pid), Signal::KILL).unwrap();
    }
    runner.wait().unwrap();
    wait_gone(guard);
    // The command itself dies with the guard: the kernel sees to that.
    wait_gone(main);
    assert!(lives(daemon));
    assert_eq!(probe_hold(&hold).unwrap(), Probe::Held);
    until("the daemon to be named", || {
        let holders = tenure_guard::hold::holders(&hold).unwrap();
        holders == [Holder { pid: daemon, name: "sleep".to_owned() }]
    });
    kill_process(to_pid(daemon), Signal::KILL).unwrap();
    until("the lock to be free", || probe_hold(&hold).unwrap() == Probe::Free);
}
