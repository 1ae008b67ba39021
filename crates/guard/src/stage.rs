//! The stage: a child of the guard that becomes the command.

use std::process::ExitCode;

/// Plays the stage; the whole of the hidden subcommand that [`crate::Reexec::stage_args`] call.
///
/// Standard input must be the guard's socket. Returns only if the command could not be executed, which the
/// guard has then been told.
pub fn run() -> ExitCode {
    ExitCode::FAILURE
}
