//! Interactive programs behave under `tenure run` as without it, in a real terminal.

use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use super::world::{World, until};

/// A tmux server of its own with one window.
struct Tmux<'a> {
    world: &'a World,
    socket: String,
}

impl<'a> Tmux<'a> {
    fn new(world: &'a World) -> Self {
        let socket = world.path("tmux").to_str().unwrap().to_owned();
        let tmux = Self { world, socket };
        let home = tmux.world.path("");
        let mut command = tmux.run(&["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24"]);
        command.arg("-e").arg(format!("TENURE_HOME={}", home.display()));
        command.args(["-e", concat!("T=", env!("CARGO_BIN_EXE_tenure")), "-e", "PS1=shell> "]);
        command.arg("-c").arg(&home).args(["bash", "--norc", "--noprofile"]);
        assert!(command.status().unwrap().success());
        tmux.shows("shell>");
        tmux
    }

    fn run(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").args(["-S", &self.socket]).args(arguments);
        command
    }

    fn keys(&self, keys: &[&str]) {
        assert!(self.run(&["send-keys"]).args(keys).status().unwrap().success());
    }

    fn screen(&self) -> String {
        let output = self.run(&["capture-pane", "-p"]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    /// Waits until the screen shows `text`, and gives the screen.
    fn shows(&self, text: &str) -> String {
        until(&format!("{text:?} on the screen"), || {
            Some(self.screen()).filter(|screen| screen.contains(text))
        })
    }

    /// Waits until an editor shows so many lines beyond its text's end, and gives all but its status line, which
    /// comes and goes.
    fn text(&self, empty_lines: usize) -> Vec<String> {
        until("the editor's screen", || {
            let screen = self.screen();
            let is_empty = |line: &&str| line.starts_with('~');
            let is_whole = screen.contains("hello") && screen.lines().filter(is_empty).count() == empty_lines;
            is_whole.then(|| screen.lines().take(empty_lines + 1).map(str::to_owned).collect())
        })
    }

    fn resize(&self, columns: &str, rows: &str) {
        assert!(self.run(&["resize-window", "-x", columns, "-y", rows]).status().unwrap().success());
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        drop(self.run(&["kill-server"]).output());
    }
}

#[test]
fn an_editor_draws_the_same_screen_as_without_follows_resizes_and_writes_its_file() {
    let world = World::new();
    let tmux = Tmux::new(&world);
    let screens = ["", "$T run --key edit -- "].map(|prefix| {
        tmux.keys(&["-l", "clear; "]);
        tmux.keys(&["-l", &format!("{prefix}vim -u NONE -i NONE -n note.txt")]);
        tmux.keys(&["Enter"]);
        tmux.shows("~");
        tmux.keys(&["i", "hello", "Escape"]);
        let small = tmux.text(22);
        tmux.resize("60", "15");
        let resized = tmux.text(13);
        tmux.resize("80", "24");
        tmux.keys(&["-l", ":q!"]);
        tmux.keys(&["Enter"]);
        tmux.shows("shell>");
        (small, resized)
    });
    assert_eq!(screens[0], screens[1]);
    tmux.keys(&["-l", "clear; $T run -- vim -u NONE -i NONE -n note.txt"]);
    tmux.keys(&["Enter"]);
    tmux.shows("~");
    tmux.keys(&["i", "kept", "Escape"]);
    tmux.keys(&["-l", ":wq"]);
    tmux.keys(&["Enter"]);
    until("the file", || {
        std::fs::read_to_string(world.path("note.txt")).ok().filter(|text| text == "kept\n")
    });
}

#[test]
fn a_stopped_editor_keeps_its_lease_and_comes_back_with_its_screen() {
    let world = World::new();
    let tmux = Tmux::new(&world);
    let prefixes = ["", "$T run --key edit --ttl 2s --grace 100ms -- "];
    let screens = prefixes.map(|prefix| {
        tmux.keys(&["-l", &format!("clear; {prefix}vim -u NONE -i NONE -n note.txt")]);
        tmux.keys(&["Enter"]);
        tmux.shows("~");
        tmux.keys(&["i", "before", "Escape"]);
        tmux.shows("before");
        tmux.keys(&["C-z"]);
        tmux.shows("Stopped");
        if !prefix.is_empty() {
            is_renewed_while_stopped(&world);
        }
        tmux.keys(&["-l", "fg"]);
        tmux.keys(&["Enter"]);
        tmux.shows("~");
        tmux.keys(&["A", " and after", "Escape"]);
        let screen = tmux.shows("before and after");
        // All but the status line.
        let screen: Vec<_> = screen.lines().take(23).map(str::to_owned).collect();
        tmux.keys(&["-l", ":q!"]);
        tmux.keys(&["Enter"]);
        tmux.shows("shell>");
        screen
    });
    assert_eq!(screens[0], screens[1]);
    until("the end", || (world.json(&["show", "edit"]).remove(0)["state"] == "completed").then_some(()));
}

/// Several renewals, more than two ttls' worth, while the runner itself stands still.
fn is_renewed_while_stopped(world: &World) {
    let lease = || world.json(&["show", "edit"]).remove(0)["lease"].clone();
    let first = lease();
    let mut seen = std::collections::BTreeSet::new();
    until("renewals by the sitter", || {
        seen.insert(lease()["renewed_at"].as_str().unwrap().to_owned());
        (seen.len() > 8).then_some(())
    });
    assert_eq!(lease()["fence"], first["fence"]);
}

#[test]
fn what_ended_the_process_that_kept_the_lease_is_said_when_the_runner_goes_on() {
    let world = World::new();
    let tmux = Tmux::new(&world);
    tmux.keys(&["-l", "$T run --key job -- sh -c 'echo $((6 * 7)); sleep 60'"]);
    tmux.keys(&["Enter"]);
    tmux.shows("42");
    tmux.keys(&["C-z"]);
    tmux.shows("Stopped");
    kill_process(sitter(&world), Signal::KILL).unwrap();
    tmux.keys(&["-l", "fg"]);
    tmux.keys(&["Enter"]);
    tmux.shows("the lease was not kept while this was stopped: signal: 9 (SIGKILL)");
    tmux.keys(&["C-c"]);
    until("the end", || (world.json(&["show", "job"]).remove(0)["state"] == "failed").then_some(()));
}

/// The process that keeps a lease of this world.
fn sitter(world: &World) -> Pid {
    let home = world.path("").to_str().unwrap().to_owned();
    let is_ours = |words: &str| words.contains("__sitter") && words.contains(&home);
    until("a sitter", || {
        std::fs::read_dir("/proc").unwrap().flatten().find_map(|process| {
            let words = std::fs::read(process.path().join("cmdline")).ok()?;
            let pid = process.file_name().to_str()?.parse().ok().and_then(Pid::from_raw)?;
            is_ours(&String::from_utf8_lossy(&words)).then_some(pid)
        })
    })
}

#[test]
fn an_interrupt_reaches_the_program_and_not_the_runner() {
    let world = World::new();
    let tmux = Tmux::new(&world);
    tmux.keys(&["-l", "$T run --key repl -- python3 -q"]);
    tmux.keys(&["Enter"]);
    tmux.shows(">>>");
    tmux.keys(&["-l", "while True: pass"]);
    tmux.keys(&["Enter", "Enter"]);
    tmux.keys(&["C-c"]);
    tmux.shows("KeyboardInterrupt");
    tmux.keys(&["-l", "print(6 * 7)"]);
    tmux.keys(&["Enter"]);
    tmux.shows("42");
    tmux.keys(&["-l", "raise SystemExit(7)"]);
    tmux.keys(&["Enter"]);
    tmux.shows("shell>");
    tmux.keys(&["-l", "clear; echo code=$?"]);
    tmux.keys(&["Enter"]);
    until("the end", || (world.json(&["show", "repl"]).remove(0)["state"] == "failed").then_some(()));
}

#[test]
fn top_fills_the_screen_and_quits_on_its_key() {
    let world = World::new();
    let tmux = Tmux::new(&world);
    tmux.keys(&["-l", "$T run --key top -- top -d 1"]);
    tmux.keys(&["Enter"]);
    tmux.shows("load average");
    tmux.resize("100", "30");
    until("the new size", || {
        (tmux.screen().lines().filter(|line| !line.trim().is_empty()).count() > 15).then_some(())
    });
    tmux.keys(&["q"]);
    until("the end", || (world.json(&["show", "top"]).remove(0)["state"] == "completed").then_some(()));
}
