//! No file points at a folder beside the checkout.

use super::finding::Finding;
use super::tree::{File, Tree};

/// Folders that may lie beside or above a checkout and are not part of it.
const BESIDE: [&str; 1] = ["shared/"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files().filter(|file| !super::is_a_rule(&file.path)).flat_map(check_file).collect()
}

fn check_file(file: &File) -> impl Iterator<Item = Finding> {
    file.text.lines().enumerate().flat_map(move |(at, line)| {
        BESIDE.iter().filter(|folder| mentions(line, folder)).map(move |folder| {
            let message = format!("`{folder}` is not part of this repository");
            Finding::new(&file.path, at + 1, "outside", message)
        })
    })
}

/// Whether a path in the line has `folder` as a whole component.
fn mentions(line: &str, folder: &str) -> bool {
    let continues = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(folder)
        .any(|(at, _)| !line[..at].ends_with(continues) && line[at + folder.len()..].starts_with(continues))
}

#[cfg(test)]
mod tests {
    use crate::tidy::finding::lines;
    use crate::tidy::tree::tree;

    #[test]
    fn a_path_beside_the_checkout_is_refused() {
        let text = "see ../shared/notes.md\nsee `shared/notes.md`\nan unshared/x and a shared / y";
        let found = lines(super::check(&tree(&[("a.md", text)])));
        let message = "`shared/` is not part of this repository (outside)";
        assert_eq!(found, [format!("a.md:1: {message}"), format!("a.md:2: {message}")]);
    }
}
