//! A command that writes its fence to a file, again and again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::world::{Process, World, until};

/// Ignores SIGTERM, so that only the guard's SIGKILL ends it.
const STUBBORN: &str = "
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
out = os.open(os.environ['EFFECTS'], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
line = (os.environ['TENURE_FENCE'] + '\\n').encode()
while True:
    os.write(out, line)
    time.sleep(0.002)
";

/// A key with its file of side effects.
pub(crate) struct Scene<'a> {
    pub(crate) world: &'a World,
    pub(crate) key: String,
    file: PathBuf,
}

impl<'a> Scene<'a> {
    pub(crate) fn new(world: &'a World, key: String) -> Self {
        let file = world.path(&format!("{key}.effects"));
        Self { world, key, file }
    }

    /// `tenure run` of the stubborn command, not started yet.
    pub(crate) fn stubborn(&self, options: &[&str]) -> Command {
        let mut arguments = vec!["run", "--key", &self.key];
        arguments.extend(options);
        arguments.extend(["--", "python3", "-c", STUBBORN]);
        let mut command = self.world.tenure(&arguments);
        command.env("EFFECTS", &self.file).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Waits until the command has had its first side effects.
    pub(crate) fn has_begun(&self) {
        until("the first side effect", || (lines(&self.file).len() > 3).then_some(()));
    }

    /// Takes over as soon as that is allowed, with one side effect, and checks that no older one comes after.
    pub(crate) fn is_taken_over_cleanly(&self) {
        self.goes_on_cleanly(&["--takeover", "runner died"]);
    }

    /// Runs with these options as soon as that is allowed, as [`Self::is_taken_over_cleanly`].
    pub(crate) fn goes_on_cleanly(&self, options: &[&str]) {
        until("the next run", || {
            let once = ["--", "sh", "-c", "echo $TENURE_FENCE >> \"$EFFECTS\""];
            let mut command = self.world.tenure(&[&["run", "--key", &self.key], options, &once].concat());
            let output = command.env("EFFECTS", &self.file).output().unwrap();
            let is_expected = match output.status.code() {
                Some(0 | 3) => true,
                // Frozen in the middle of a write, until its guard ends it.
                Some(1) => {
                    String::from_utf8_lossy(&output.stderr).contains("its write lock is held by process")
                }
                _ => false,
            };
            assert!(is_expected, "{}", super::world::told(&output));
            output.status.success().then_some(())
        });
        self.is_in_order();
        until("the end of everybody who could write", || (!self.is_open_anywhere()).then_some(()));
        self.is_in_order();
    }

    /// No side effect of the old holder comes after the new one's only one.
    fn is_in_order(&self) {
        let fences = lines(&self.file);
        let (first, last) = (fences[0], *fences.last().unwrap());
        let mut ordered = fences.clone();
        ordered.sort_unstable();
        assert_eq!(fences, ordered, "{}: an old side effect came after the takeover's", self.key);
        assert!(last > first, "{}: the next run has had no side effect", self.key);
        assert_eq!(fences.iter().filter(|fence| **fence == last).count(), 1);
    }

    /// Whether any process has the file of side effects open.
    fn is_open_anywhere(&self) -> bool {
        fs::read_dir("/proc").unwrap().flatten().any(|process| {
            fs::read_dir(process.path().join("fd")).is_ok_and(|descriptors| {
                descriptors.flatten().any(|fd| fs::read_link(fd.path()).is_ok_and(|path| path == self.file))
            })
        })
    }

    pub(crate) fn start(&self, options: &[&str]) -> Process {
        let process = Process(self.stubborn(options).spawn().unwrap());
        self.has_begun();
        process
    }
}

fn lines(file: &Path) -> Vec<u64> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(|line| line.parse().unwrap()).collect()
}
