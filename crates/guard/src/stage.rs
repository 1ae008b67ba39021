//! The stage: a child of the guard that becomes the command.

use std::io;
use std::os::fd::{IntoRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, setpgid};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use crate::GuardEvent;
use crate::event::{StartFailure, StartStep};
use crate::frame::{ToGuard, encode_event};
use crate::guard::{take_stdin, yield_to};
use crate::link::{self, Inbox, Incoming};
use crate::plan::{PLAN_MAX, Plan, Seat};
use crate::tree;

/// Plays the stage; the whole of the hidden subcommand that [`crate::Reexec::stage_args`] call.
///
/// Standard input must be the guard's socket. Returns only if the command could not be executed, which the
/// guard has then been told.
pub fn run() -> ExitCode {
    let Ok(socket) = take_stdin() else { return ExitCode::FAILURE };
    let mut inbox = Inbox::new(socket);
    let failure = match hear(&mut inbox) {
        Some(Wish::Become(plan, parent, descriptors)) => become_command(&plan, parent, descriptors),
        Some(Wish::Yield { join, to }) => return ExitCode::from(u8::from(yield_to(join, to).is_err())),
        None => StartFailure { step: StartStep::Protocol, errno: 0 },
    };
    // A guard that is gone has taken its tree with it; there is nobody to tell.
    drop(link::send(&inbox, &encode_event(GuardEvent::Failed(failure)), &[]));
    ExitCode::from(u8::try_from(failure.shell_code()).unwrap_or(u8::MAX))
}

/// What the guard wants of a child.
enum Wish {
    Become(Box<Plan>, u32, [OwnedFd; 4]),
    Yield { join: u32, to: u32 },
}

/// Does not return if the command is executed; the guard's socket closes by that.
fn become_command(plan: &Plan, parent: u32, descriptors: [OwnedFd; 4]) -> StartFailure {
    if let Err(failure) = prepare(plan, parent, descriptors) {
        return failure;
    }
    let error = Command::new(&plan.argv[0]).args(&plan.argv[1..]).exec();
    because(StartStep::Exec, &error)
}

fn prepare(plan: &Plan, parent: u32, descriptors: [OwnedFd; 4]) -> Result<(), StartFailure> {
    tree::die_with(parent).map_err(|error| because(StartStep::ParentDeath, &error))?;
    if let Seat::Group(group) = plan.seat {
        join(group).map_err(|error| because(StartStep::Session, &error))?;
    }
    std::env::set_current_dir(&plan.cwd).map_err(|error| because(StartStep::Directory, &error))?;
    connect(descriptors).map_err(|error| because(StartStep::Descriptors, &error))
}

/// Only here, and not while being spawned: a key that stops the group then would stop the guard with it, which
/// waits for its child to be a program.
pub(crate) fn join(group: u32) -> io::Result<()> {
    let group = i32::try_from(group).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
    Ok(setpgid(None, Some(group))?)
}

fn hear(inbox: &mut Inbox) -> Option<Wish> {
    let mut plan = Vec::new();
    loop {
        let Ok(Incoming::Frame(frame)) = inbox.next() else { return None };
        match ToGuard::decode(&frame) {
            Ok(ToGuard::Plan(chunk)) if plan.len() + chunk.len() <= PLAN_MAX => plan.extend(chunk),
            Ok(ToGuard::Exec { parent }) => {
                let descriptors = inbox.take_descriptors().try_into().ok()?;
                return Some(Wish::Become(Box::new(Plan::decode(&plan).ok()?), parent, descriptors));
            }
            Ok(ToGuard::Yield { join, to }) => return Some(Wish::Yield { join, to }),
            Ok(_) | Err(_) => return None,
        }
    }
}

/// The streams become 0, 1 and 2, which survive the exec; the hold lock does too, under any number.
fn connect([stdin, stdout, stderr, hold]: [OwnedFd; 4]) -> io::Result<()> {
    dup2_stdin(&stdin)?;
    dup2_stdout(&stdout)?;
    dup2_stderr(&stderr)?;
    fcntl_setfd(&hold, FdFlags::empty())?;
    // Stays open for the command and all it starts: that is what the lock means.
    let _ = hold.into_raw_fd();
    Ok(())
}

fn because(step: StartStep, error: &io::Error) -> StartFailure {
    StartFailure { step, errno: error.raw_os_error().unwrap_or(0) }
}
