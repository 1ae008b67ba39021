//! Every document is reached from one of the two maps.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::markdown::{relative_links, resolve};
use super::tree::{File, Tree};

const MAPS: [&str; 2] = ["README.md", "docs/README.md"];

/// Notes for the next release, which nothing links to.
const UNLINKED: &str = "changes/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let reached = reached(tree);
    let documents = tree.markdown().map(|file| file.path.as_str()).filter(|path| !path.starts_with(UNLINKED));
    let orphans = documents.filter(|path| !reached.contains(path));
    orphans.map(|path| Finding::new(path, 1, "orphan", "no map leads to this document")).collect()
}

fn reached(tree: &Tree) -> BTreeSet<&str> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<&File> = MAPS.iter().filter_map(|path| tree.file(path)).collect();
    while let Some(file) = ahead.pop() {
        if reached.insert(file.path.as_str()) {
            ahead.extend(linked(tree, file));
        }
    }
    reached
}

/// The documents that a document links to; a link to a folder is a link to the documents in it.
fn linked<'a>(tree: &'a Tree, file: &File) -> Vec<&'a File> {
    let links = relative_links(&file.text);
    let targets: Vec<String> = links.iter().filter_map(|link| resolve(&file.path, link.target)).collect();
    let is_target = |path: &str| targets.iter().any(|target| path == target || folder(path) == Some(target));
    tree.markdown().filter(|document| is_target(&document.path)).collect()
}

fn folder(path: &str) -> Option<&str> {
    path.rsplit_once('/').map(|(folder, _)| folder)
}

#[cfg(test)]
mod tests {
    use crate::tidy::finding::lines;
    use crate::tidy::tree::tree;

    #[test]
    fn a_document_that_no_map_reaches_is_refused() {
        let files = [
            ("README.md", "[a](docs/README.md)"),
            ("docs/README.md", "[b](design/) [c](c.md)"),
            ("docs/c.md", "[d](d.md)"),
            ("docs/d.md", ""),
            ("docs/design/0001-e.md", ""),
            ("docs/alone.md", "[me](alone.md)"),
            ("changes/unreleased/f.md", ""),
        ];
        let found = lines(super::check(&tree(&files)));
        assert_eq!(found, ["docs/alone.md:1: no map leads to this document (orphan)"]);
    }
}
