//! Interactive programs in tmux: each scene with and without a guard.

use tempfile::TempDir;
use tenure_guard::hold::{Probe, probe};

use crate::support::{Tmux, probe_path, until};

/// Plays the scene without a guard and then with one; the screens at each look must be the same.
fn same(scene: impl Fn(&mut Look<'_>)) {
    let dir = TempDir::new().unwrap();
    let prefix = format!("{} --hold {}/hold --", probe_path().display(), dir.path().display());
    let mut expected = Vec::new();
    for prefix in ["", &prefix] {
        let place = TempDir::new().unwrap();
        let tmux = Tmux::new(place.path(), prefix);
        let mut look =
            Look { tmux: &tmux, expected: std::mem::take(&mut expected).into_iter(), seen: Vec::new() };
        scene(&mut look);
        expected = look.seen;
    }
}

/// Somebody at the terminal.
struct Look<'a> {
    tmux: &'a Tmux,
    /// What was seen without a guard, in order; empty at that time.
    expected: std::vec::IntoIter<String>,
    seen: Vec<String>,
}

impl Look<'_> {
    /// Waits until the screen shows `text`, and then until it shows what it showed without a guard.
    fn until(&mut self, text: &str) {
        self.when(text, |screen| screen.contains(text));
    }

    fn when(&mut self, what: &str, condition: impl Fn(&str) -> bool) {
        let screen = match self.expected.next() {
            Some(expected) => {
                let what = format!("{what}, namely\n{expected}\n--\n");
                self.tmux.wait_for(&what, |screen| screen == expected && self.is_settled(screen))
            }
            None => self.tmux.wait_for(what, |screen| condition(screen) && self.is_settled(screen)),
        };
        self.seen.push(screen);
    }

    /// Waits for the condition only: what else is on the screen differs by itself.
    fn glance(&self, what: &str, condition: impl Fn(&str) -> bool) {
        self.tmux.wait_for(what, |screen| condition(screen) && self.is_settled(screen));
    }

    /// Whoever has painted a while ago has also set up the terminal to read from it.
    fn is_settled(&self, screen: &str) -> bool {
        (0..10).all(|_| self.tmux.screen() == screen)
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux.keys(keys);
    }

    fn line(&self, text: &str) {
        self.tmux.line(text);
    }

    /// At the prompt: the terminal has its settings back.
    fn check_settings(&mut self) {
        self.line("clear; stty -a; echo 'settings 'end");
        self.until("settings end");
        self.line("clear");
        self.when("an empty screen", |screen| screen == "$");
    }
}

#[test]
fn vim_edits_resizes_stops_and_goes_on() {
    same(|look| {
        look.line("clear; $R vim -u NONE -i NONE -n -N -c 'set noshowmode' story.txt");
        look.until("\"story.txt\" [New]");
        look.keys(&["-l", "ihello over there"]);
        look.keys(&["Escape"]);
        look.when("the text", |screen| screen.contains("hello over there"));
        look.tmux.resize(60, 15);
        look.when("a smaller screen", |screen| screen.matches('~').count() == 13 && screen.contains("hello"));
        look.keys(&["C-z"]);
        look.until("Stopped");
        look.line("jobs; stty -a; echo 'settings 'end");
        look.until("settings end");
        look.tmux.resize(70, 20);
        look.line("fg");
        look.when("the text again", |screen| screen.matches('~').count() == 18 && screen.contains("hello"));
        look.keys(&["-l", ":w"]);
        look.keys(&["Enter"]);
        look.until("written");
        look.keys(&["C-c"]);
        // An interrupt throws away what was typed after it and not yet read.
        look.until("to exit");
        look.keys(&["-l", ":q"]);
        look.keys(&["Enter"]);
        look.when("the prompt", |screen| screen.ends_with('$'));
        look.line("clear; cat story.txt; echo status $?");
        look.until("status 0");
        look.check_settings();
    });
}

#[test]
fn vim_in_the_background_waits_for_the_foreground() {
    same(|look| {
        look.line("clear; set -b; $R vim -u NONE -i NONE -n -N story.txt &");
        look.glance("a stopped job", |screen| screen.contains("Stopped"));
        look.line("clear; fg");
        look.until("~");
        look.keys(&["-l", "iback"]);
        look.keys(&["Escape", "C-z"]);
        look.until("Stopped");
        look.line("clear; bg");
        look.glance("a stopped job", |screen| screen.contains("Stopped"));
        look.line("clear; fg");
        look.until("back");
        look.keys(&["-l", ":q!"]);
        look.keys(&["Enter"]);
        look.glance("the prompt", |screen| screen.ends_with('$'));
        look.check_settings();
    });
}

#[test]
fn a_python_prompt_is_interrupted_stopped_and_ended() {
    same(|look| {
        look.line("clear; $R python3 -q");
        look.when("its prompt", |screen| screen.ends_with(">>>"));
        look.line("6 * 7");
        look.until("42");
        look.line("while True: print('waiting') or __import__('time').sleep(1000)");
        look.line("");
        look.until("\nwaiting");
        look.keys(&["C-c"]);
        look.until("KeyboardInterrupt");
        look.keys(&["C-z"]);
        look.until("Stopped");
        look.line("fg");
        look.when("the job's name", |screen| screen.ends_with("$R python3 -q"));
        // Without a guard the shell has spoilt the settings, and the line is echoed twice.
        look.line("'still' + ' here'");
        look.glance("the answer", |screen| screen.contains("\n'still here'"));
        look.keys(&["C-d"]);
        look.glance("the prompt", |screen| screen.ends_with('$'));
        look.line("S=$?; clear; echo status $S");
        look.until("status 0");
        look.check_settings();
    });
}

#[test]
fn a_reader_in_the_background_stops_and_reads_in_the_foreground() {
    same(|look| {
        look.line("clear; set -b; $R cat &");
        look.glance("a stopped job", |screen| screen.contains("Stopped"));
        look.line("clear; fg");
        look.until("$R cat");
        look.line("typed");
        look.until("typed\ntyped");
        look.keys(&["C-z"]);
        look.until("Stopped");
        look.line("bg");
        look.glance("a second stop", |screen| screen.matches("Stopped").count() == 2);
        look.line("clear; fg");
        look.when("the job's name", |screen| screen.ends_with("$R cat"));
        look.line("more");
        look.until("more\nmore");
        look.keys(&["C-d"]);
        look.when("the prompt", |screen| screen.ends_with('$'));
        look.check_settings();
    });
}

#[test]
fn a_running_background_job_gets_keys_when_it_comes_to_the_front() {
    same(|look| {
        look.line("$R sleep 1000 &");
        look.glance("the job", |screen| screen.contains("[1]"));
        look.line("clear; fg");
        look.when("the job's name", |screen| screen.ends_with("$R sleep 1000"));
        look.keys(&["C-c"]);
        look.when("the prompt", |screen| screen.ends_with('$'));
        look.line("echo status $?");
        look.until("status 130");
        look.check_settings();
    });
}

#[test]
fn a_shell_inside_has_jobs_of_its_own() {
    same(|look| {
        look.line("clear; PS1='inner: ' $R bash --norc --noprofile");
        look.when("its prompt", |screen| screen.ends_with("inner:"));
        look.line("sleep 1000");
        look.until("sleep");
        look.keys(&["C-z"]);
        look.until("Stopped");
        look.line("bg; jobs");
        look.until("Running");
        look.line("fg");
        look.when("the job's name", |screen| screen.ends_with("sleep 1000"));
        look.keys(&["C-c"]);
        look.until("^C");
        look.line("echo status $?");
        look.until("status 130");
        look.line("suspend");
        look.when("a stopped shell", |screen| screen.matches("Stopped").count() == 2);
        look.line("fg");
        look.when("its name", |screen| screen.ends_with("--noprofile\ninner:"));
        look.line("exit 5");
        look.when("the prompt", |screen| screen.ends_with("exit\n$"));
        look.line("echo status $?");
        look.until("status 5");
        look.check_settings();
    });
}

#[test]
fn keys_of_pipelines_reach_all_of_them() {
    same(|look| {
        look.line("clear; $R sh -c 'trap \"echo got it; exit 3\" INT; echo ready; sleep 1000' | cat; echo ${PIPESTATUS[0]}");
        look.when("the first line", |screen| screen == "ready");
        look.keys(&["C-z"]);
        look.until("Stopped");
        look.line("fg");
        look.when("the job's name", |screen| screen.ends_with("1000' | cat"));
        look.keys(&["C-c"]);
        // Whether the shell begins a new line for its prompt depends on who of the two dies first.
        look.glance("the prompt", |screen| screen.ends_with('$'));
        look.check_settings();
    });
}

#[test]
fn what_was_typed_ahead_is_not_lost() {
    let dir = TempDir::new().unwrap();
    let tmux =
        Tmux::new(dir.path(), &format!("{} --hold {}/hold --", probe_path().display(), dir.path().display()));
    tmux.line("clear; sleep 0.5; $R sh -c 'read a; read b; echo \"$a-$b\"'");
    tmux.line("first");
    tmux.line("second");
    tmux.wait_for("both", |screen| screen.contains("first-second"));
}

#[test]
fn the_whole_screen_of_top_follows_the_size() {
    let dir = TempDir::new().unwrap();
    let prefix = format!("{} --hold {}/hold --", probe_path().display(), dir.path().display());
    for prefix in ["", &prefix] {
        let place = TempDir::new().unwrap();
        let tmux = Tmux::new(place.path(), prefix);
        tmux.line("clear; $R top -d 0.2");
        let full = |rows: usize| {
            move |screen: &str| screen.contains("PID USER") && screen.lines().count() >= rows - 1
        };
        tmux.wait_for("top", full(24));
        tmux.resize(100, 40);
        tmux.wait_for("a bigger top", full(40));
        tmux.keys(&["C-z"]);
        tmux.wait_for("a stop", |screen| screen.contains("Stopped"));
        tmux.line("clear");
        tmux.wait_for("an empty screen", |screen| screen == "$");
        tmux.line("fg");
        tmux.wait_for("top again", full(40));
        tmux.keys(&["q"]);
        tmux.wait_for("the prompt", |screen| screen.ends_with('$'));
        tmux.line("clear; echo status $?");
        tmux.wait_for("its end", |screen| screen.contains("status 0"));
    }
}

#[test]
fn a_terminal_that_goes_away_takes_the_tree_along() {
    let dir = TempDir::new().unwrap();
    let hold = dir.path().join("hold");
    let tmux = Tmux::new(dir.path(), &format!("{} --hold {} --", probe_path().display(), hold.display()));
    tmux.line("clear; $R sh -c 'echo up; sleep 1000; sleep 1000'");
    tmux.wait_for("the command", |screen| screen == "up");
    assert_eq!(probe(&hold).unwrap(), Probe::Held);
    drop(tmux);
    until("the tree to end", || probe(&hold).unwrap() == Probe::Free);
}

#[test]
fn where_no_shell_could_continue_it_a_stop_is_ignored() {
    let dir = TempDir::new().unwrap();
    let tmux =
        Tmux::new(dir.path(), &format!("{} --hold {}/hold --", probe_path().display(), dir.path().display()));
    // The runner takes the shell's place: nobody is left who could bring it back.
    tmux.line("clear; exec $R cat");
    tmux.line("one");
    tmux.wait_for("an echo", |screen| screen.contains("one\none"));
    tmux.keys(&["C-z"]);
    // The key throws away what was typed after it and not yet read, with or without a guard.
    tmux.wait_for("the key", |screen| screen.contains("^Z"));
    tmux.line("two");
    tmux.wait_for("another", |screen| screen.contains("two\ntwo"));
}
