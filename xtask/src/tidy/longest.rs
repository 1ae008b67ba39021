//! The longest files and functions: listed, never refused.

use super::source::{function_lines, items, line_at};
use super::tree::{File, Tree};

const FILES_LISTED: usize = 10;
const FUNCTION_LINES_MAX: usize = 100;

/// One line per entry, longest first.
pub(super) fn report(tree: &Tree) -> String {
    let mut files: Vec<(usize, String)> =
        tree.rust().map(|file| (file.text.lines().count(), file.path.clone())).collect();
    files.sort_by(|a, b| b.cmp(a));
    files.truncate(FILES_LISTED);
    let mut functions: Vec<(usize, String)> = tree.rust().flat_map(long_functions).collect();
    functions.sort_by(|a, b| b.cmp(a));
    let mut report = section("longest files", &files);
    if !functions.is_empty() {
        report.push('\n');
        report.push_str(&section("functions over 100 lines", &functions));
    }
    report
}

fn long_functions(file: &File) -> Vec<(usize, String)> {
    let items = items(&file.code);
    let functions = items.iter().filter(|item| item.keyword == "fn");
    let measured = functions.filter_map(|item| {
        let place = format!("{}:{}: {}", file.path, line_at(&file.code, item.offset), item.name);
        Some((function_lines(&file.code, item)?, place))
    });
    measured.filter(|(lines, _)| *lines > FUNCTION_LINES_MAX).collect()
}

fn section(title: &str, entries: &[(usize, String)]) -> String {
    let lines = entries.iter().map(|(lines, place)| format!("\n{lines:>6}  {place}"));
    std::iter::once(format!("{title} (lines):")).chain(lines).collect()
}

#[cfg(test)]
mod tests {
    use crate::tidy::tree::tree;

    #[test]
    fn the_longest_come_first_and_short_functions_are_not_listed() {
        let long = format!("fn short() {{}}\nfn long() {{\n{}}}\n", "a();\n".repeat(100));
        let report = super::report(&tree(&[("a.rs", "fn a() {}\n"), ("b.rs", &long)]));
        let expected = "longest files (lines):\n   103  b.rs\n     1  a.rs\n\
                        functions over 100 lines (lines):\n   102  b.rs:2: long";
        assert_eq!(report, expected);
    }
}
