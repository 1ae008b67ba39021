//! A terminal that can be typed at and looked at.

use std::path::Path;
use std::process::{Command, Output};

use super::until;

/// A tmux server of its own with one shell in it.
pub(crate) struct Tmux {
    socket: String,
}

impl Tmux {
    /// A bash with the prompt `$ `, and `R` set to what commands are prefixed with.
    pub(crate) fn new(dir: &Path, prefix: &str) -> Self {
        let tmux = Self { socket: dir.join("tmux").to_str().unwrap().to_owned() };
        let shell = format!("cd {} && R='{prefix}' PS1='$ ' exec bash --norc --noprofile", dir.display());
        let started = tmux.command(&["-f", "/dev/null", "new-session", "-d", "-x", "80", "-y", "24", &shell]);
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        tmux.wait_for("a prompt", |screen| screen.starts_with("$"));
        tmux
    }

    pub(crate) fn keys(&self, keys: &[&str]) {
        let sent = self.command(&[&["send-keys"], keys].concat());
        assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    }

    /// Types a line at the prompt.
    pub(crate) fn line(&self, text: &str) {
        self.keys(&["-l", text]);
        self.keys(&["Enter"]);
    }

    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.command(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Everything visible, without trailing empty lines; the process id of a new job is left out.
    pub(crate) fn screen(&self) -> String {
        let shown = self.command(&["capture-pane", "-p"]).stdout;
        let lines = String::from_utf8_lossy(&shown).into_owned();
        let lines = lines.lines().map(|line| match line.strip_prefix("[1] ") {
            Some(pid) if pid.parse::<u32>().is_ok() => "[1] a job",
            _ => line,
        });
        lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    /// The screen once it satisfies the condition.
    pub(crate) fn wait_for(&self, what: &str, condition: impl Fn(&str) -> bool) -> String {
        let mut screen = String::new();
        let mut last = 0;
        until(&format!("{what} on the screen"), || {
            screen = self.screen();
            last += 1;
            if last % 500 == 0 {
                eprintln_screen(what, &screen);
            }
            condition(&screen)
        });
        screen
    }

    fn command(&self, args: &[&str]) -> Output {
        Command::new("tmux").args(["-S", &self.socket]).args(args).env_remove("TMUX").output().unwrap()
    }
}

/// For the report of a test that fails.
#[expect(clippy::print_stderr, reason = "a failing test shows what it saw")]
fn eprintln_screen(what: &str, screen: &str) {
    eprintln!("waiting for {what}; the screen is\n{screen}\n--");
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.command(&["kill-server"]);
    }
}
