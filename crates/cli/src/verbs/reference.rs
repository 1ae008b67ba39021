//! The reference of every verb, from the same grammar that reads them.

use std::fmt::Write;

use crate::app::App;
use crate::args::Cli;
use crate::exit::Exit;

/// Columns of a help text in the reference.
const WIDTH: usize = 100;

/// Prints the reference as Markdown.
pub(super) fn execute(app: &App) -> anyhow::Result<Exit> {
    app.out.text(&markdown())?;
    app.out.flush()?;
    Ok(Exit::Success)
}

fn markdown() -> String {
    let mut grammar = Cli::grammar().term_width(WIDTH).max_term_width(WIDTH);
    grammar.build();
    let mut page =
        "# Command line\n\n<!-- Generated from the program's grammar; `cargo xtask fix` rewrites it. -->\n"
            .to_owned();
    section(&mut page, &mut grammar, "tenure");
    page
}

fn section(page: &mut String, command: &mut clap::Command, path: &str) {
    let help = command.clone().disable_help_subcommand(true).render_long_help().to_string();
    // Said once, with the program itself.
    let help =
        if path.contains(' ') { help.split("Global options:").next().unwrap_or_default() } else { &help };
    let help: Vec<_> = help.lines().map(str::trim_end).collect();
    writeln!(page, "\n## `{path}`\n\n```text\n{}\n```", help.join("\n").trim_end())
        .expect("a String takes all");
    let is_shown = |verb: &&mut clap::Command| !verb.is_hide_set() && verb.get_name() != "help";
    for verb in command.get_subcommands_mut().filter(is_shown) {
        let path = format!("{path} {}", verb.get_name());
        section(page, verb, &path);
    }
}
