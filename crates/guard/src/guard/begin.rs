//! Hearing the plan and starting the command.

use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use rustix::io::Errno;
use rustix::process::{Pid, getpid, ioctl_tiocsctty, setpgid, setsid};
use rustix::termios::tcsetpgrp;

use crate::BootTime;
use crate::control::ControlError;
use crate::event::{StartFailure, StartStep};
use crate::frame::{CHUNK_MAX, ToGuard};
use crate::link::{self, Inbox, Incoming};
use crate::plan::{PLAN_MAX, Plan, Seat};
use crate::tree;

/// Everything the runner said before the command could start.
#[derive(Debug)]
pub(super) struct Briefing {
    pub(super) plan: Plan,
    pub(super) deadline: BootTime,
    /// Standard input, output and error of the command.
    pub(super) streams: [OwnedFd; 3],
    pub(super) hold: OwnedFd,
}

/// A command about to be executed.
#[derive(Debug)]
pub(super) struct Begun {
    pub(super) main: Pid,
    /// Closes when the command is executed; says why if it is not.
    pub(super) stage: Inbox,
}

/// Waits for the whole plan. `None` if the runner is gone or does not speak this language.
pub(super) fn hear(inbox: &mut Inbox) -> Option<Briefing> {
    let mut plan = Vec::new();
    loop {
        let Ok(Incoming::Frame(frame)) = inbox.next() else { return None };
        match ToGuard::decode(&frame) {
            Ok(ToGuard::Plan(chunk)) if plan.len() + chunk.len() <= PLAN_MAX => plan.extend(chunk),
            Ok(ToGuard::Start { deadline }) => {
                let [stdin, stdout, stderr, hold] = inbox.take_descriptors().try_into().ok()?;
                let plan = Plan::decode(&plan).ok()?;
                return Some(Briefing { plan, deadline, streams: [stdin, stdout, stderr], hold });
            }
            Ok(_) | Err(_) => return None,
        }
    }
}

/// Makes the command's session if it has one, and starts the stage. Closes the command's streams here.
///
/// After a failure a stage may be left among the children.
pub(super) fn begin(briefing: &Briefing) -> Result<Begun, StartFailure> {
    tree::become_subreaper().map_err(|error| because(StartStep::Subreaper, &error))?;
    let (seat, terminal) = (briefing.plan.seat, &briefing.streams[0]);
    if matches!(seat, Seat::Terminal { .. }) {
        open_session(terminal).map_err(|error| because(StartStep::Session, &error.into()))?;
    }
    if BootTime::now() >= briefing.deadline {
        return Err(StartFailure { step: StartStep::Deadline, errno: 0 });
    }
    let (main, near) = spawn_stage(&briefing.plan)?;
    match seat {
        Seat::Terminal { foreground: true } => tcsetpgrp(terminal, main),
        Seat::BirthGroup => setpgid(None, None),
        Seat::Terminal { foreground: false } | Seat::Group(_) => Ok(()),
    }
    .map_err(|error| because(StartStep::Session, &error.into()))?;
    brief_stage(&near, briefing)?;
    Ok(Begun { main, stage: Inbox::new(near) })
}

/// The guard leads the session, so that the command's group has a parent in it: a group without one cannot
/// be stopped by a key.
fn open_session(terminal: &OwnedFd) -> rustix::io::Result<()> {
    setsid()?;
    ioctl_tiocsctty(terminal)
}

fn spawn_stage(plan: &Plan) -> Result<(Pid, OwnedFd), StartFailure> {
    let failed = |error: std::io::Error| because(StartStep::Stage, &error);
    let (near, far) = link::pair().map_err(failed)?;
    let null = File::options().write(true).open("/dev/null").map_err(failed)?;
    let (program, args) = &plan.stage;
    let mut command = Command::new(program);
    command.args(args).stdin(far).stdout(null).stderr(Stdio::inherit());
    for (name, value) in &plan.env {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if matches!(plan.seat, Seat::Terminal { .. }) {
        command.process_group(0);
    }
    let child = command.spawn().map_err(failed)?;
    let main = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    Ok((main.expect("a process id is a positive number"), near))
}

/// Waits for a slow stage as long as the command may live.
fn brief_stage(stage: &OwnedFd, briefing: &Briefing) -> Result<(), StartFailure> {
    let plan = briefing.plan.encode();
    for chunk in plan.chunks(CHUNK_MAX) {
        send_until(briefing.deadline, stage, &ToGuard::Plan(chunk.to_vec()), &[])?;
    }
    let [stdin, stdout, stderr] = &briefing.streams;
    let descriptors = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd(), briefing.hold.as_fd()];
    let parent = getpid().as_raw_nonzero().get().unsigned_abs();
    send_until(briefing.deadline, stage, &ToGuard::Exec { parent }, &descriptors)
}

fn send_until(
    deadline: BootTime,
    stage: &OwnedFd,
    frame: &ToGuard,
    with: &[std::os::fd::BorrowedFd<'_>],
) -> Result<(), StartFailure> {
    loop {
        match link::send(stage, &frame.encode(), with) {
            Ok(()) => return Ok(()),
            Err(ControlError::Stuck) if BootTime::now() < deadline => {}
            Err(ControlError::Stuck) => return Err(StartFailure { step: StartStep::Deadline, errno: 0 }),
            Err(ControlError::Gone) => return Err(because(StartStep::Stage, &Errno::PIPE.into())),
            Err(ControlError::Io(error)) => return Err(because(StartStep::Stage, &error)),
        }
    }
}

fn because(step: StartStep, error: &std::io::Error) -> StartFailure {
    StartFailure { step, errno: error.raw_os_error().unwrap_or(0) }
}
