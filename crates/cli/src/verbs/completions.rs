//! `tenure completions`: a script for a shell.

use crate::app::App;
use crate::args::Cli;
use crate::args::chores::CompletionsArgs;
use crate::exit::Exit;

/// Prints the script.
pub(super) fn execute(app: &App, args: &CompletionsArgs) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::grammar(), "tenure", &mut script);
    app.out.bytes(&script)?;
    app.out.flush()?;
    Ok(Exit::Success)
}
