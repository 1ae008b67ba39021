//! What each verb does: ask the engine, hand the answer to `render`.

mod run;

use std::future::Future;

use crate::app::App;
use crate::args::Command;
use crate::exit::Exit;

/// Does what was asked.
pub(crate) fn execute(app: &App, command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Run(args) => run::execute(app, &args),
        Command::PlaySitter(args) => run::sit(app, &args),
        _ => {
            app.out.text("not built yet\n")?;
            block_on(async { Ok(Exit::Failure) })
        }
    }
}

/// Runs on this thread: a verb waits for one thing at a time.
fn block_on(verb: impl Future<Output = anyhow::Result<Exit>>) -> anyhow::Result<Exit> {
    tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(verb)
}
