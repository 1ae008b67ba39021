//! `tenure guard`: how side effects guard themselves with the fence.

use crate::app::App;
use crate::args::chores::GuardArgs;
use crate::exit::Exit;
use crate::render::snippet::{Snippet, Snippets};

/// Prints the snippets that were asked for; without a choice, all.
pub(super) fn execute(app: &App, args: &GuardArgs) -> anyhow::Result<Exit> {
    let is_asked_for = |snippet: &Snippet| match snippet {
        Snippet::Sql => args.sql,
        Snippet::Http => args.http,
        Snippet::Shell => args.shell,
    };
    let chosen: Vec<_> = Snippet::ALL.into_iter().filter(is_asked_for).collect();
    let chosen = if chosen.is_empty() { Snippet::ALL.to_vec() } else { chosen };
    app.out.report(&Snippets(chosen))?;
    Ok(Exit::Success)
}
