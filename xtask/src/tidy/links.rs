//! Relative links lead somewhere inside the repository.

use super::finding::Finding;
use super::markdown::{Link, relative_links, resolve};
use super::tree::{File, Tree};

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let links =
        tree.markdown().flat_map(|file| relative_links(&file.text).into_iter().map(move |link| (file, link)));
    links.filter_map(|(file, link)| check_link(tree, file, &link)).collect()
}

fn check_link(tree: &Tree, file: &File, link: &Link<'_>) -> Option<Finding> {
    let message = match resolve(&file.path, link.target) {
        None => format!("the link `{}` leaves the repository", link.target),
        Some(path) if tree.file(&path).is_some() || tree.has_folder(&path) => return None,
        Some(_) => format!("the link `{}` leads nowhere", link.target),
    };
    Some(Finding::new(&file.path, link.line, "link", message))
}

#[cfg(test)]
mod tests {
    use crate::tidy::finding::lines;
    use crate::tidy::tree::tree;

    #[test]
    fn a_dead_link_is_refused() {
        let text = "[a](guide/) [b](gone.md)\n[c](../../out.md)";
        let found = lines(super::check(&tree(&[("docs/a.md", text), ("docs/guide/b.md", "")])));
        assert_eq!(
            found,
            [
                "docs/a.md:1: the link `gone.md` leads nowhere (link)",
                "docs/a.md:2: the link `../../out.md` leaves the repository (link)",
            ]
        );
    }
}
