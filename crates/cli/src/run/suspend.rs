//! Stopping with the terminal's job, while a sitter keeps the lease.

use std::ffi::OsString;
use std::io;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;

use tenure_core::id::{Namespace, SessionId};
use tenure_core::time::millis;
use tenure_guard::tree::Spared;
use tenure_guard::{Control, jobs};
use tenure_store_sqlite::SqliteStore;

use super::lease::Granted;
use crate::args::run::OnLost;
use tenure_words::lines;

/// What a sitter must know to renew in the runner's stead.
#[derive(Debug, Clone)]
pub(super) struct Sitters {
    /// The lease.
    pub(super) granted: Granted,
    /// The session.
    pub(super) session: SessionId,
    /// The store's file, if it is one.
    pub(super) store: Option<Arc<SqliteStore>>,
    /// The options by which another process of this program finds the session.
    pub(super) place: [OsString; 2],
    /// The tenant, where that is not the place's to say.
    pub(super) namespace: Option<Namespace>,
    /// Speaks to the guard.
    pub(super) control: Control,
    /// Children that the guard's end must not take along.
    pub(super) spared: Spared,
}

/// A sitter that did not do its work to the end.
#[derive(Debug)]
pub(super) struct SitterFailed {
    /// How it ended.
    pub(super) status: ExitStatus,
    /// What it said, line by line.
    pub(super) said: Vec<String>,
}

impl Sitters {
    /// Stops this process as `signal` stopped the command; returns when the shell continues it.
    ///
    /// Nothing of this process runs meanwhile, so another one renews. It ends with a pipe from this process:
    /// when this one goes on, and also when it is killed while stopped.
    pub(super) fn stop_self(&self, signal: i32) -> io::Result<Option<SitterFailed>> {
        let (ours, sitter) = self.start()?;
        let pid = sitter.id();
        self.spared.add(pid);
        // Stopped in the middle of a write, this process would stop everybody else's, its sitter's too.
        let still = self.store.as_ref().map(|store| store.still());
        let stopped = jobs::stop_self(signal);
        drop(still);
        drop(ours);
        let waited = sitter.wait_with_output();
        self.spared.remove(pid);
        let Output { status, stderr, .. } = waited?;
        let failed = || SitterFailed { status, said: lines(&String::from_utf8_lossy(&stderr)) };
        stopped.map(|()| (!status.success()).then(failed))
    }

    fn start(&self) -> io::Result<(io::PipeWriter, Child)> {
        use std::os::unix::process::CommandExt;
        let (theirs, ours) = io::pipe()?;
        let Granted { kept, on_lost, .. } = self.granted;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(&self.place)
            .args(["--output", "text", "--color", "never", "__sitter"])
            .arg(format!("--session={}", self.session))
            .arg(format!("--fence={}", kept.fence))
            .arg(format!("--ttl-ms={}", millis(kept.times.ttl().length())))
            .arg(format!("--grace-ms={}", millis(kept.times.grace())))
            .arg(format!("--on-lost={}", on_lost_name(on_lost)))
            .stdin(self.control.share()?)
            // The sitter reads its end here: a standard stream is the one descriptor that needs no unsafe code.
            .stdout(theirs)
            .stderr(Stdio::piped())
            // The terminal stops the runner's group; the sitter must not stop with it.
            .process_group(0);
        if let Some(namespace) = &self.namespace {
            command.env("TENURE_NAMESPACE", namespace.as_str());
        }
        Ok((ours, command.spawn()?))
    }
}

const fn on_lost_name(on_lost: OnLost) -> &'static str {
    match on_lost {
        OnLost::Stop => "stop",
        OnLost::Continue => "continue",
    }
}
