//! The binary `tenure`: construction and nothing else.

mod app;
mod args;
mod exit;
mod files;
mod living;
mod out;
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
use render::{explain, usage};
use tenure_words::Problem;

fn main() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().collect();
    let cli = match Cli::read(&words) {
        Ok(cli) => cli,
        Err(error) => {
            let (form, color) = args::form_and_color(&words, &Environment::read());
            return usage::say(error, &Out::new(form, color)).leave();
        }
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
        Err(problem) => return fail(&Out::new(global.output.unwrap_or(Form::Text), Color::Auto), problem),
    };
    let out = Out::new(options.output.value, options.color.value);
    let app = App::new(options, out);
    let exit = match verbs::execute(&app, command) {
        Ok(exit) => exit,
        // Whoever read the answers has gone: what was asked for was done.
        Err(error) => explain(error).map_or(Exit::Success, |problem| fail(&app.out, problem)),
    };
    app.close();
    exit
}

fn fail(out: &Out, problem: Problem) -> Exit {
    match out.fail(&problem) {
        Ok(()) => problem.blame.into(),
        Err(unsaid) => explain(unsaid).map_or_else(
            || problem.blame.into(),
            |second| {
                out::complain(render::Report::text(&second, &render::Look::default()).as_bytes());
                Exit::Failure
            },
        ),
    }
}
