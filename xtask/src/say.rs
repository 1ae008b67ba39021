//! The two places that print.

#[expect(clippy::print_stdout, reason = "a chore reports on standard output; this is its only way there")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

#[expect(clippy::print_stderr, reason = "a chore complains on standard error; this is its only way there")]
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}
