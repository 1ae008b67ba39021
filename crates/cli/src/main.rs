//! The binary `tenure`: construction and nothing else.

mod app;
mod args;
mod exit;
mod living;
mod out;
mod problem;
mod render;
mod run;
mod verbs;
mod witness;
mod workspace;

use std::ffi::OsString;
use std::process::ExitCode;

use app::App;
use args::options::Options;
use args::{Cli, Color, Command, Environment, Form};
use exit::Exit;
use out::Out;
use render::{Failure, usage};

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::read(&words) {
        Ok(cli) => cli,
        Err(error) => return usage::say(&error, args::asks_for_json(&words)).leave(),
    };
    match cli.command {
        // They must be the first thing that their process does.
        Command::PlayGuard => tenure_guard::guard::run(),
        Command::PlayStage => tenure_guard::stage::run(),
        command => perform(&cli.global, command).leave(),
    }
}

fn perform(global: &args::Global, command: Command) -> Exit {
    let options = match Options::resolve(global, &Environment::read()) {
        Ok(options) => options,
        Err(problem) => {
            return fail(&Out::new(global.output.unwrap_or(Form::Text), Color::Auto), &problem.into());
        }
    };
    let out = Out::new(options.output.value, options.color.value);
    let app = App::new(options, out);
    verbs::execute(&app, command).unwrap_or_else(|error| fail(&app.out, &error))
}

fn fail(out: &Out, error: &anyhow::Error) -> Exit {
    let Some(failure) = Failure::of(error) else {
        return Exit::Success;
    };
    match out.fail(&failure) {
        Ok(()) => failure.exit,
        Err(unsaid) => Failure::of(&unsaid).map_or(failure.exit, |second| {
            out::complain(render::Report::text(&second, &render::Look::default()).as_bytes());
            Exit::Failure
        }),
    }
}
