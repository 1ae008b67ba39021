//! The generated reference of the command line, and that `--help` says the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::home::Home;

const PAGE: &str = "docs/reference/cli.md";
/// While this file exists, the test writes the page instead of judging it. `cargo xtask fix` makes it.
const REWRITE: &str = "target/update-references";

fn in_repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[test]
fn the_reference_of_commands_is_what_the_program_says() {
    let told = Home::new().ok(&["__reference"]);
    if in_repository(REWRITE).exists() {
        fs::write(in_repository(PAGE), told).unwrap();
        return;
    }
    let written = fs::read_to_string(in_repository(PAGE)).unwrap_or_default();
    assert_eq!(written, told, "`cargo xtask fix` rewrites {PAGE}");
}

#[test]
fn the_help_of_every_verb_is_its_section_of_the_reference() {
    let home = Home::new();
    let page = home.ok(&["__reference"]);
    let sections: Vec<_> = page.split("\n## `").skip(1).collect();
    assert!(sections.len() > 20, "{}", sections.len());
    for section in sections {
        let (path, body) = section.split_once('`').unwrap();
        let (_, help) = body.split_once("```text\n").unwrap();
        let (help, _) = help.split_once("\n```").unwrap();
        let words: Vec<_> = path.split(' ').skip(1).chain(["--help"]).collect();
        let told = home.ok(&words);
        let told = if words.len() > 1 { told.split("Global options:").next().unwrap() } else { &told };
        let told: Vec<_> = told.lines().map(str::trim_end).collect();
        assert_eq!(told.join("\n").trim_end(), help, "{path}");
    }
}

#[test]
fn hidden_verbs_are_not_in_the_reference() {
    let page = Home::new().ok(&["__reference"]);
    for hidden in ["__guard", "__stage", "__sitter", "__reference"] {
        assert!(!page.contains(hidden), "{hidden}");
    }
}

/// The codes that problems are made with in a source file, and below a directory.
fn codes_in(path: &Path, codes: &mut BTreeSet<String>) {
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| codes_in(&entry.unwrap().path(), codes));
        return;
    }
    let source = fs::read_to_string(path).unwrap();
    for call in [
        "Problem::failure(",
        "Problem::missing(",
        "Problem::refused(",
        "Self::new(Blame::Usage, ",
        "problem(",
    ] {
        for after in source.split(call).skip(1) {
            let code = after.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
            codes.extend(code.map(str::to_owned));
        }
    }
}

#[test]
fn the_page_of_errors_has_every_code_and_no_other() {
    let mut made = BTreeSet::new();
    for room in ["crates/cli/src", "crates/words/src", "crates/server/src"] {
        codes_in(&in_repository(room), &mut made);
    }
    let page = fs::read_to_string(in_repository("docs/reference/errors.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(rows.map(str::to_owned).collect::<BTreeSet<_>>(), made);
}
