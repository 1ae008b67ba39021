//! The guard process: starts the command and ends its tree in time.

use std::process::ExitCode;

/// Plays the guard; the whole of the hidden subcommand that [`crate::Reexec::guard_args`] call.
///
/// Standard input must be the socket that [`crate::launch()`] made. Call it on the main thread, before any
/// other thread exists. Returns when nothing of the command's tree is left.
pub fn run() -> ExitCode {
    ExitCode::FAILURE
}
