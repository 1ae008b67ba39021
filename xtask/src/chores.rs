//! The chores that are sequences of commands: `test` and `fix`.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::say::say;
use crate::shell::{cargo, succeed, succeed_on_stdout};
use crate::{needs, tidy};

/// One step: its headline, and what it does.
type Step = (&'static str, fn() -> Result<()>);

/// Cheapest first. Each cargo command selects the same targets, so that features unify the same way.
const TEST: &[Step] = &[
    ("format check", || succeed(&mut cargo(&["fmt", "--all", "--check"]))),
    ("dependencies", || succeed(&mut cargo(&["fetch", "--locked"]))),
    ("tidy", tidy::run),
    ("clippy", clippy),
    ("what the tests need", needs::provide),
    ("tests", nextest),
    ("examples in the documents", doctests),
];

/// What may be rewritten by a program: formatting first, then one line per generated file.
const FIX: &[Step] = &[("format", || succeed(&mut cargo(&["fmt", "--all"]))), ("references", references)];

/// While this file exists, the tests that compare generated references rewrite them instead.
const REWRITE: &str = "target/update-references";
/// The tests that do so.
const REFERENCES: &str = "test(/the_page_of_session_states|the_reference_of_commands|the_page_of_every_error|the_description_of_the_api/)";

/// Judges the tree without writing to it.
pub(crate) fn test() -> Result<()> {
    run(TEST)
}

/// Rewrites what a program can rewrite.
pub(crate) fn fix() -> Result<()> {
    run(FIX)
}

fn run(steps: &[Step]) -> Result<()> {
    let started = now();
    for (headline, act) in steps {
        let begun = now();
        say(&format!("== {headline}"));
        act().with_context(|| format!("`{headline}` failed after {}", seconds(begun.elapsed())))?;
        say(&format!("-- {headline}: {}", seconds(begun.elapsed())));
    }
    say(&format!("-- all: {}", seconds(started.elapsed())));
    Ok(())
}

fn references() -> Result<()> {
    std::fs::create_dir_all("target").context("make the target directory")?;
    std::fs::write(REWRITE, "").with_context(|| format!("write {REWRITE}"))?;
    let rewritten =
        succeed(&mut cargo(&["nextest", "run", "--workspace", "--all-targets", "-E", REFERENCES]));
    std::fs::remove_file(REWRITE).with_context(|| format!("remove {REWRITE}"))?;
    rewritten
}

fn clippy() -> Result<()> {
    succeed(&mut cargo(&["clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// The runner reports on standard error; its summary is the result, so it goes to standard output.
fn doctests() -> Result<()> {
    succeed(&mut cargo(&["test", "--locked", "--doc", "--package", "tenure"]))
}

fn nextest() -> Result<()> {
    succeed_on_stdout(&mut cargo(&["nextest", "run", "--locked", "--workspace", "--all-targets"]))
}

fn seconds(length: Duration) -> String {
    format!("{:.1} s", length.as_secs_f64())
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for people; nothing is decided by it")]
fn now() -> Instant {
    Instant::now()
}
