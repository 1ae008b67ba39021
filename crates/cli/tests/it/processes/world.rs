//! A private home with one store, and real processes in it.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use rustix::time::Timespec;
use serde_json::Value;
use tempfile::TempDir;

/// How long anything that must happen may take before the test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A private `TENURE_HOME`.
pub(crate) struct World {
    home: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// `tenure` with these arguments in this home, without any other Tenure setting of this process.
    pub(crate) fn tenure(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tenure"));
        for name in ["TENURE_SESSION_ID", "TENURE_FENCE", "TENURE_DB", "TENURE_NAMESPACE", "TENURE_RESUMED"] {
            command.env_remove(name);
        }
        command.env("TENURE_HOME", self.home.path()).current_dir(self.home.path()).args(arguments);
        command.stdin(Stdio::null());
        command
    }

    /// What `tenure` answered, whatever it was.
    pub(crate) fn answer(&self, arguments: &[&str]) -> Output {
        self.tenure(arguments).output().unwrap()
    }

    /// What `tenure` printed, if it succeeded.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let output = self.answer(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What `tenure … --output json` printed, one document a line.
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--output", "json"]).collect();
        let text = self.ok(&arguments);
        serde_json::Deserializer::from_str(&text).into_iter().map(Result::unwrap).collect()
    }
}

/// Everything a process said, for a failure's message.
pub(crate) fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{:?}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

/// A process that is killed if the test ends before it.
pub(crate) struct Process(pub(crate) Child);

impl Process {
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Its end, within [`PATIENCE`].
    pub(crate) fn end(&mut self) -> ExitStatus {
        if let Some(status) = self.0.try_wait().unwrap() {
            return status;
        }
        let pidfd = pidfd_open(self.pid(), PidfdFlags::empty()).unwrap();
        let mut ready = [PollFd::new(&pidfd, PollFlags::IN)];
        let seconds = i64::try_from(PATIENCE.as_secs()).unwrap();
        let limit = Timespec { tv_sec: seconds, tv_nsec: 0 };
        assert_eq!(poll(&mut ready, Some(&limit)).unwrap(), 1, "it did not end in time");
        self.0.wait().unwrap()
    }

    /// The next line of its standard output.
    pub(crate) fn line(&mut self) -> String {
        String::from_utf8(self.line_bytes()).unwrap()
    }

    /// The same, whatever it is.
    pub(crate) fn line_bytes(&mut self) -> Vec<u8> {
        let output = self.0.stdout.as_mut().unwrap();
        let mut line = Vec::new();
        let mut byte = [0];
        while output.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        line
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Repeats `look` until it finds something. The wait in between is for the machine's sake, not for the result's.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..PATIENCE.as_millis() / 10 {
        if let Some(found) = look() {
            return found;
        }
        poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: 10_000_000 })).unwrap();
    }
    panic!("{what} did not happen in time");
}
