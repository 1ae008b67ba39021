//! Lints are expected with a reason, never allowed.

use super::finding::Finding;
use super::source::line_at;
use super::tree::{File, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.rust().flat_map(check_file).collect()
}

fn check_file(file: &File) -> impl Iterator<Item = Finding> {
    let starts = ["#[allow(", "#![allow("].into_iter().flat_map(|start| file.code.match_indices(start));
    starts.map(|(at, _)| {
        let message = "say `#[expect(…, reason = \"…\")]` instead of `allow`";
        Finding::new(&file.path, line_at(&file.code, at), "allow", message)
    })
}

#[cfg(test)]
mod tests {
    use crate::tidy::finding::lines;
    use crate::tidy::tree::tree;

    #[test]
    fn an_allowed_lint_is_refused_and_an_expected_one_is_not() {
        let text = "#![allow(a)]\n#[expect(b, reason = \"c\")]\n#[allow(d)]\n// #[allow(e)]";
        let found = lines(super::check(&tree(&[("a.rs", text)])));
        let message = "say `#[expect(…, reason = \"…\")]` instead of `allow` (allow)";
        assert_eq!(found, [format!("a.rs:1: {message}"), format!("a.rs:3: {message}")]);
    }
}
