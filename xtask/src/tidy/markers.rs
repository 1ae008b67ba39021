//! A note to come back names the issue that tracks it.

use super::finding::Finding;
use super::tree::{File, Tree};

const MARKERS: [&str; 3] = ["TODO", "FIXME", "XXX"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().filter(|file| !super::is_a_rule(&file.path)).flat_map(check_file).collect()
}

fn check_file(file: &File) -> impl Iterator<Item = Finding> {
    let lines = file.text.lines().enumerate();
    lines.filter(|(_, line)| MARKERS.iter().any(|marker| stands_alone(line, marker))).map(|(at, _)| {
        Finding::new(&file.path, at + 1, "marker", "a note to come back needs its issue: `TODO(#12)`")
    })
}

/// Whether the line has the marker as a whole word that no issue number follows.
fn stands_alone(line: &str, marker: &str) -> bool {
    line.match_indices(marker).any(|(at, _)| {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let after = &line[at + marker.len()..];
        !line[..at].ends_with(is_word) && !after.starts_with(is_word) && !has_issue(after)
    })
}

fn has_issue(after: &str) -> bool {
    let number = after.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
    number.is_some_and(|(digits, _)| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use crate::tidy::finding::lines;
    use crate::tidy::tree::tree;

    #[test]
    fn a_marker_without_an_issue_is_refused() {
        let text = "// TODO(#12) fine\n// TODO later\n// FIXME(#) no number\nmktemp XXXXXX";
        let found = lines(super::check(&tree(&[("a.rs", text)])));
        let message = "a note to come back needs its issue: `TODO(#12)` (marker)";
        assert_eq!(found, [format!("a.rs:2: {message}"), format!("a.rs:3: {message}")]);
    }
}
