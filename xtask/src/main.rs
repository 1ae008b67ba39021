//! Repository chores, run as `cargo xtask <chore>`.

mod chores;
mod conformance;
mod needs;
mod say;
mod shell;
mod tidy;

use std::process::ExitCode;

use say::{complain, say};

const USAGE: &str = "\
usage: cargo xtask <chore>

  test   format check, tidy, clippy, then every test; writes nothing to the tree
  tidy   the rules of this repository that the compiler does not know
  fix    format the code and regenerate what is generated
  conformance
         whether the server answers as its description says: requests made up from it
  help   this text";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        ["test"] => chores::test(),
        ["tidy"] => tidy::run(),
        ["fix"] => chores::fix(),
        ["conformance"] => conformance::run(),
        ["help" | "--help" | "-h"] => {
            say(USAGE);
            Ok(())
        }
        _ => return misused(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn misused(arguments: &[&str]) -> ExitCode {
    if !arguments.is_empty() {
        complain(&format!("error: unknown chore `{}`", arguments.join(" ")));
    }
    complain(USAGE);
    ExitCode::from(2)
}
