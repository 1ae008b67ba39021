//! Runs a command under a deadline: guard process, pseudo-terminal, process tree.
//!
//! Three processes take part:
//!
//! - the **runner** holds the lease, renews it, and records what the command prints;
//! - the **guard** ([`guard::run`]) starts the command and ends its whole process tree at the deadline the
//!   runner last sent, or when the runner is gone;
//! - the **command** is started through a **stage** ([`stage::run`]), which ties its life to the guard's and
//!   then becomes the command.
//!
//! The runner uses [`launch()`], tells the guard things through [`Control`], and hears [`GuardEvent`]s.
//! A [`HoldLock`] is inherited by guard and command alike, so a free lock proves that nothing of the tree
//! lives. [`Console`] connects the command to the real terminal or pipes and to a recording.
//!
//! What each system can promise:
//!
//! - **Linux**: processes that leave their group or session are still caught (the guard is a child
//!   subreaper), a killed guard takes the command with it (parent-death signal), and time spent suspended
//!   counts (`CLOCK_BOOTTIME`).
//! - **macOS and other Unix**: what is below the guard is ended; a process whose parent has died is not found,
//!   and a killed guard leaves the command to the hold lock's report.
//!
//! A process with other rights (set-user-id) cannot be ended by a guard without them: the guard waits for it,
//! and the hold lock tells of it for as long as it keeps what it inherited.

mod clock;
mod console;
mod control;
mod ended;
mod event;
mod frame;
pub mod guard;
pub mod hold;
pub mod jobs;
mod launch;
mod link;
mod plan;
mod pty;
pub mod signals;
pub mod stage;
pub mod terminal;
pub mod tree;
mod watch;

pub use clock::BootTime;
pub use console::{Console, Stream, Unshown};
pub use control::{Control, ControlError};
pub use ended::Ended;
pub use event::{GuardEvent, StartFailure, StartStep};
pub use hold::lock::HoldLock;
pub use launch::{Guarded, Launch, LaunchError, Output, Reexec, Stdio, launch};
pub use signals::watch::Signals;
