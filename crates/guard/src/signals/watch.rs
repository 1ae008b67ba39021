//! Catching signals.

use std::io;
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;

use signal_hook::consts::{
    SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGUSR1, SIGUSR2, SIGWINCH,
};
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::{Handle, SignalsInfo};
use signal_hook::low_level::siginfo::Origin;

use super::{Caught, wanted};

/// What a runner catches. SIGCHLD only so that an inherited "ignore" cannot hide exit codes.
const CAUGHT: [i32; 10] =
    [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT, SIGWINCH, SIGCHLD];

/// Catches signals until dropped. Each that came before that is told by then.
///
/// Caught are SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT and SIGWINCH, except those
/// that were ignored when this process started (`nohup`, background jobs of scripts): they stay ignored here
/// and in the command. Make this before starting the command, or early signals take their default effect.
#[derive(Debug)]
pub struct Signals {
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Signals {
    /// Begins to catch; each signal comes to `events`.
    pub fn watch<E>(events: &Sender<E>) -> io::Result<Self>
    where
        E: From<Caught> + Send + 'static,
    {
        let mut signals = SignalsInfo::<WithOrigin>::new(wanted(&CAUGHT))?;
        let handle = signals.handle();
        let events = events.clone();
        let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut told =
                |origin: Origin| origin.signal == SIGCHLD || events.send(Caught::from(origin).into()).is_ok();
            if signals.forever().all(&mut told) {
                // Closed before it was looked at, and caught all the same.
                signals.pending().all(told);
            }
        })?;
        Ok(Self { handle, thread: Some(thread) })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // It panics only if the receiver's own conversion does, which has been reported then.
            drop(thread.join());
        }
    }
}
