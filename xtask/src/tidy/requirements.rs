//! Every requirement is stated once and shown by tests that exist.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::test_names::Tests;
use super::tree::Tree;

const PAGE: &str = "docs/reference/requirements.md";
const RULE: &str = "requirement";

/// The ids that must be stated and shown: a prefix and the ranges of numbers that follow it.
const REQUIRED: &[(&str, &[(u32, u32)])] = &[
    ("C-", &[(1, 22), (25, 25), (27, 27), (29, 29), (32, 49), (51, 51), (55, 59), (65, 65), (69, 70)]),
    ("L-", &[(1, 9), (11, 11), (14, 20), (22, 27)]),
    ("P-", &[(13, 13), (17, 18), (22, 22), (24, 24), (52, 53), (55, 56)]),
    ("D-", &[(21, 22)]),
    ("B-C", &[(1, 2), (5, 6), (8, 8)]),
    ("B-L", &[(1, 2), (4, 4), (8, 9), (11, 13)]),
    ("B-P", &[(4, 6)]),
];

/// A row of the table: `| id | statement | tests |`.
struct Row<'a> {
    line: usize,
    id: &'a str,
    tests: Vec<&'a str>,
}

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let rows = tree.file(PAGE).map(|file| rows(&file.text)).unwrap_or_default();
    let tests = Tests::of(tree);
    let unknown = rows.iter().flat_map(|row| unknown_tests(row, &tests));
    let unshown = rows.iter().filter(|row| row.tests.is_empty()).map(|row| row.id.to_owned());
    let summaries =
        [summary("no test is named for", unshown.collect()), summary("no row states", unstated(&rows))];
    unknown.chain(strays(&rows)).chain(summaries.into_iter().flatten()).collect()
}

fn required() -> impl Iterator<Item = String> {
    let ranges = REQUIRED.iter().flat_map(|(prefix, ranges)| ranges.iter().map(move |range| (prefix, range)));
    ranges.flat_map(|(prefix, (first, last))| (*first..=*last).map(move |number| format!("{prefix}{number}")))
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let lines = text.lines().enumerate().filter_map(|(at, line)| {
        let cells: Vec<&str> =
            line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        let (id, tests) = (*cells.first()?, *cells.last()?);
        let is_heading = id == "id" || id.starts_with('-') || id.starts_with(':');
        (!is_heading).then(|| Row { line: at + 1, id, tests: in_backticks(tests) })
    });
    lines.collect()
}

fn in_backticks(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).filter(|name| !name.is_empty()).collect()
}

fn unknown_tests<'a>(row: &'a Row<'_>, tests: &'a Tests<'_>) -> impl Iterator<Item = Finding> + 'a {
    row.tests.iter().filter(|name| !tests.has(name)).map(|name| {
        let message = format!("{}: there is no test `{name}`", row.id);
        Finding::new(PAGE, row.line, RULE, message)
    })
}

/// Rows whose id is not required, or was stated before.
fn strays(rows: &[Row<'_>]) -> Vec<Finding> {
    let required: Vec<String> = required().collect();
    let mut stated: BTreeMap<&str, usize> = BTreeMap::new();
    let mut findings = Vec::new();
    for row in rows {
        if let Some(line) = stated.insert(row.id, row.line) {
            findings.push(Finding::new(
                PAGE,
                row.line,
                RULE,
                format!("{} is also stated in line {line}", row.id),
            ));
        }
        if !required.iter().any(|id| id == row.id) {
            findings.push(Finding::new(
                PAGE,
                row.line,
                RULE,
                format!("`{}` is not in REQUIRED of xtask", row.id),
            ));
        }
    }
    findings
}

fn unstated(rows: &[Row<'_>]) -> Vec<String> {
    required().filter(|id| !rows.iter().any(|row| row.id == id)).collect()
}

fn summary(what: &str, ids: Vec<String>) -> Option<Finding> {
    (!ids.is_empty()).then(|| Finding::new(PAGE, 1, RULE, format!("{what} {}", ids.join(", "))))
}

#[cfg(test)]
mod tests;
