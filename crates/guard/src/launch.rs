//! Starting a guarded command: pipes or terminal, the guard, the plan.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::sync::mpsc::Sender;
use std::time::Duration;

use rustix::net::{Shutdown, shutdown};
use thiserror::Error;

use crate::control::ControlError;
use crate::event::GuardEvent;
use crate::frame::{CHUNK_MAX, ToGuard};
use crate::hold::lock::HoldLock;
use crate::plan::{PLAN_MAX, Plan, Seat};
use crate::terminal::{self, Screen};
use crate::tree::{self, Spared};
use crate::{BootTime, Control, jobs, link, pty, watch};

/// A command to be run under a guard.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The program that plays guard and stage.
    pub program: Reexec,
    /// The command and its arguments; the first is looked up in `PATH` unless it has a slash.
    pub argv: Vec<OsString>,
    /// The command's working directory.
    pub cwd: PathBuf,
    /// Changes to the environment inherited from the runner: a value to set, or none to remove.
    pub env: Vec<(OsString, Option<OsString>)>,
    /// What the command's standard streams are.
    pub stdio: Stdio,
    /// The lock that the whole tree inherits.
    pub hold: &'a HoldLock,
    /// From SIGTERM to SIGKILL.
    pub grace: Duration,
    /// When SIGTERM comes unless [`Control::extend`] moves it.
    pub deadline: BootTime,
    /// Files whose locks others wait for. A runner that is stopped past the deadline while it holds one is
    /// killed once the tree is gone: nothing is left for it to do but to be in the way.
    pub shared_locks: Vec<PathBuf>,
}

/// How this program starts itself as guard and as stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reexec {
    /// The program's file.
    pub exe: PathBuf,
    /// Arguments with which it calls [`crate::guard::run`].
    pub guard_args: Vec<OsString>,
    /// Arguments with which it calls [`crate::stage::run`].
    pub stage_args: Vec<OsString>,
}

/// What the command's standard streams are.
#[derive(Clone, Debug)]
pub enum Stdio {
    /// A new pseudo-terminal, with the real one's settings.
    Terminal(Screen),
    /// Standard input is the runner's own; output and error are pipes to the runner. The command joins the
    /// runner's process group, so keys of a terminal reach it directly.
    Pipes,
}

/// The runner's ends of the command's output.
#[derive(Debug)]
pub enum Output {
    /// The pseudo-terminal's master.
    Terminal {
        /// Carries the command's output, and its input the other way.
        master: OwnedFd,
        /// The command's side, kept open so that a command that closes and reopens it goes on being heard.
        slave: OwnedFd,
        /// Standard error, where the runner's own is not the terminal.
        stderr: Option<OwnedFd>,
    },
    /// Two pipes.
    Pipes {
        /// The command's standard output.
        stdout: OwnedFd,
        /// The command's standard error.
        stderr: OwnedFd,
    },
}

/// A command that a guard watches.
#[derive(Debug)]
pub struct Guarded {
    /// Tells the guard things.
    pub control: Control,
    /// The command's output, for [`crate::Console::open`].
    pub output: Output,
    /// Children of the runner that are not of the tree, to be left alone should the guard be lost.
    pub spared: Spared,
    /// The guard's process id.
    pub guard_pid: u32,
}

/// The guard was not started.
#[derive(Debug, Error)]
pub enum LaunchError {
    /// There is nothing to run.
    #[error("no command given")]
    NoCommand,
    /// Arguments and environment are longer than any system takes.
    #[error("the command line is too long")]
    TooLong,
    /// The pipes or the pseudo-terminal could not be made.
    #[error("preparing standard streams")]
    Streams(#[source] io::Error),
    /// The guard's process could not be started.
    #[error("starting the guard")]
    Guard(#[source] io::Error),
    /// The guard did not take the plan.
    #[error("telling the guard")]
    Tell(#[from] ControlError),
}

impl Reexec {
    /// This very program, called with these arguments.
    ///
    /// On Linux a program file that was replaced since this process started is not used: the running one is.
    pub fn current(
        guard_args: impl IntoIterator<Item = impl Into<OsString>>,
        stage_args: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> io::Result<Self> {
        Ok(Self {
            exe: running_program()?,
            guard_args: guard_args.into_iter().map(Into::into).collect(),
            stage_args: stage_args.into_iter().map(Into::into).collect(),
        })
    }
}

impl Stdio {
    /// A terminal if standard input and output are one, else pipes.
    pub fn attached() -> io::Result<Self> {
        Ok(terminal::screen()?.map_or(Self::Pipes, Self::Terminal))
    }
}

/// Starts the guard and gives it the command. What follows comes to `events`, [`GuardEvent::TreeGone`] last.
///
/// Makes this process adopt orphans (see [`tree::become_subreaper`]), so that it can end what is left should
/// the guard be killed: then every child of this process that is not in [`Guarded::spared`] is killed.
pub fn launch<E>(request: Launch<'_>, events: &Sender<E>) -> Result<Guarded, LaunchError>
where
    E: From<GuardEvent> + Send + 'static,
{
    let Launch { program, argv, cwd, env, stdio, hold, grace, deadline, shared_locks } = request;
    if argv.is_empty() {
        return Err(LaunchError::NoCommand);
    }
    let seat = seat(&stdio);
    let stage = (program.exe.clone(), program.stage_args.clone());
    let shared_locks = shared_locks.into_iter().map(PathBuf::into_os_string).collect();
    let plan = Plan { stage, argv, cwd, env, seat, grace, shared_locks }.encode();
    if plan.len() > PLAN_MAX {
        return Err(LaunchError::TooLong);
    }
    let (output, [stdin, stdout, stderr]) = streams(&stdio).map_err(LaunchError::Streams)?;
    tree::become_subreaper().map_err(LaunchError::Guard)?;
    let (guard, near) = spawn_guard(&program, seat).map_err(LaunchError::Guard)?;
    let guard_pid = guard.id();
    let (spared, inbox) = (Spared::default(), near.try_clone().map_err(LaunchError::Guard)?);
    watch::start(guard, inbox, spared.clone(), events.clone()).map_err(LaunchError::Guard)?;
    let descriptors = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd(), hold.as_fd()];
    if let Err(error) = brief(&near, &plan, deadline, &descriptors) {
        // Nothing is started then; the guard sees that nobody will go on speaking.
        let _ = shutdown(&near, Shutdown::Both);
        return Err(error.into());
    }
    Ok(Guarded { control: Control::from_fd(near), output, spared, guard_pid })
}

fn brief(
    guard: &OwnedFd,
    plan: &[u8],
    deadline: BootTime,
    descriptors: &[BorrowedFd<'_>],
) -> Result<(), ControlError> {
    for chunk in plan.chunks(CHUNK_MAX) {
        link::send(guard, &ToGuard::Plan(chunk.to_vec()).encode(), &[])?;
    }
    link::send(guard, &ToGuard::Start { deadline }.encode(), descriptors)
}

fn seat(stdio: &Stdio) -> Seat {
    match stdio {
        Stdio::Terminal(_) => Seat::Terminal { foreground: jobs::in_foreground() },
        Stdio::Pipes => jobs::own_group().map_or(Seat::BirthGroup, Seat::Group),
    }
}

/// The runner's ends, and the command's standard input, output and error.
fn streams(stdio: &Stdio) -> io::Result<(Output, [OwnedFd; 3])> {
    match stdio {
        Stdio::Pipes => {
            let stdin = rustix::stdio::stdin().try_clone_to_owned()?;
            let (stdout, stdout_end) = io::pipe()?;
            let (stderr, stderr_end) = io::pipe()?;
            let output = Output::Pipes { stdout: stdout.into(), stderr: stderr.into() };
            Ok((output, [stdin, stdout_end.into(), stderr_end.into()]))
        }
        Stdio::Terminal(screen) => {
            let (master, slave) = pty::open(screen)?;
            let (stderr, stderr_end) = match screen.separate_stderr {
                true => io::pipe().map(|(near, far)| (Some(near.into()), far.into()))?,
                false => (None, slave.try_clone()?),
            };
            let ends = [slave.try_clone()?, slave.try_clone()?, stderr_end];
            Ok((Output::Terminal { master, slave, stderr }, ends))
        }
    }
}

/// The guard hears on its standard input and keeps nothing else of the runner's open.
fn spawn_guard(program: &Reexec, seat: Seat) -> io::Result<(Child, OwnedFd)> {
    let (near, far) = link::pair()?;
    let null = File::options().read(true).write(true).open("/dev/null")?;
    let mut command = Command::new(&program.exe);
    command.args(&program.guard_args).stdin(far).stdout(null.try_clone()?).stderr(null);
    if matches!(seat, Seat::Group(_)) {
        // Keys of the terminal must not reach it. With a terminal of its own it makes a session, which a
        // group leader could not.
        command.process_group(0);
    }
    Ok((command.spawn()?, near))
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn running_program() -> io::Result<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let link = PathBuf::from("/proc/self/exe");
    let running = std::fs::metadata(&link)?;
    let named = std::env::current_exe()?;
    let same = std::fs::metadata(&named)
        .is_ok_and(|there| (there.dev(), there.ino()) == (running.dev(), running.ino()));
    Ok(if same { named } else { link })
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn running_program() -> io::Result<PathBuf> {
    std::env::current_exe()
}
