//! A command under a guard, with this test as its runner.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;
use tenure_guard::{
    BootTime, Control, Ended, GuardEvent, Guarded, HoldLock, Launch, Output, Reexec, Stdio, launch,
};

use super::{LIMIT, probe_path};

/// What a test chooses; the rest is a shell with pipes and an hour to live.
pub(crate) struct Arrange {
    pub(crate) argv: Vec<OsString>,
    pub(crate) cwd: PathBuf,
    pub(crate) env: Vec<(OsString, Option<OsString>)>,
    pub(crate) stdio: Stdio,
    pub(crate) grace: Duration,
    pub(crate) deadline: BootTime,
}

impl Arrange {
    pub(crate) fn command<S: Into<OsString>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            cwd: std::env::current_dir().unwrap(),
            env: Vec::new(),
            stdio: Stdio::Pipes,
            grace: Duration::from_millis(200),
            deadline: BootTime::now().saturating_add(Duration::from_secs(3600)),
        }
    }

    pub(crate) fn shell(script: &str) -> Self {
        Self::command(["/bin/sh", "-c", script])
    }

    pub(crate) fn start(self) -> Run {
        self.start_in(TempDir::new().unwrap())
    }

    pub(crate) fn start_in(self, dir: TempDir) -> Run {
        let hold = HoldLock::acquire(&dir.path().join("hold")).unwrap();
        let (sender, events) = channel();
        let program = Reexec {
            exe: probe_path(),
            guard_args: vec!["__guard".into()],
            stage_args: vec!["__stage".into()],
        };
        let request = Launch {
            program,
            argv: self.argv,
            cwd: self.cwd,
            env: self.env,
            stdio: self.stdio,
            hold: &hold,
            grace: self.grace,
            deadline: self.deadline,
            shared_locks: Vec::new(),
        };
        let Guarded { control, output, guard_pid, spared: _ } =
            launch::<GuardEvent>(request, &sender).unwrap();
        Run { control, events, output: Some(output), guard_pid, hold: Some(hold), dir }
    }
}

pub(crate) struct Run {
    pub(crate) control: Control,
    pub(crate) events: Receiver<GuardEvent>,
    pub(crate) output: Option<Output>,
    pub(crate) guard_pid: u32,
    pub(crate) hold: Option<HoldLock>,
    pub(crate) dir: TempDir,
}

impl Run {
    pub(crate) fn next(&self) -> GuardEvent {
        self.events.recv_timeout(LIMIT).expect("an event comes in time")
    }

    /// The command's process, once it runs.
    pub(crate) fn started(&self) -> u32 {
        match self.next() {
            GuardEvent::Started { pid } => pid,
            other => panic!("not started: {other:?}"),
        }
    }

    /// The events up to the last.
    pub(crate) fn rest(&self) -> Vec<GuardEvent> {
        let mut events = Vec::new();
        while events.last() != Some(&GuardEvent::TreeGone) {
            events.push(self.next());
        }
        events
    }

    /// How the command ended, once nothing of it is left.
    pub(crate) fn ended(&self) -> Ended {
        let ended = self.rest().into_iter().find_map(|event| match event {
            GuardEvent::Exited(ended) => Some(ended),
            _ => None,
        });
        ended.expect("the command ended")
    }

    /// What the command wrote to its standard output, read to its end.
    pub(crate) fn stdout(&mut self) -> String {
        let Some(Output::Pipes { stdout, stderr: _ }) = self.output.take() else { panic!("no pipes") };
        let mut text = String::new();
        std::io::Read::read_to_string(&mut std::fs::File::from(stdout), &mut text).unwrap();
        text
    }
}
