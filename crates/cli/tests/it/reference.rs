//! The generated reference of the command line, and that `--help` says the same.

use std::path::PathBuf;

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
        std::fs::write(in_repository(PAGE), told).unwrap();
        return;
    }
    let written = std::fs::read_to_string(in_repository(PAGE)).unwrap_or_default();
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
