//! The files of the repository as the rules see them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use super::source;
use crate::shell::{output, program};

/// A file: its text (none if it is not UTF-8) and, for Rust, the text without comments and literals.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) code: String,
}

/// Every file that is, or would be, in git; paths are relative to the root and use `/`.
#[derive(Debug)]
pub(crate) struct Tree {
    files: BTreeMap<String, File>,
}

impl Tree {
    pub(crate) fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        let files = files.into_iter().map(|(path, text)| {
            let code = if path.ends_with(".rs") { source::code_of(&text) } else { String::new() };
            (path.clone(), File { path, text, code })
        });
        Self { files: files.collect() }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.values()
    }

    pub(crate) fn rust(&self) -> impl Iterator<Item = &File> {
        self.files().filter(|file| file.path.ends_with(".rs"))
    }

    pub(crate) fn markdown(&self) -> impl Iterator<Item = &File> {
        self.files().filter(|file| file.path.ends_with(".md"))
    }

    pub(crate) fn file(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    pub(crate) fn has_folder(&self, path: &str) -> bool {
        let prefix = format!("{path}/");
        path.is_empty()
            || self.files.range(prefix.clone()..).next().is_some_and(|(path, _)| path.starts_with(&prefix))
    }

    /// The manifests of the members: `crates/*/Cargo.toml` and the one of the chores.
    pub(crate) fn member_manifests(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files().filter_map(|file| Some((member_of(file.path.strip_suffix("/Cargo.toml")?)?, file)))
    }
}

fn member_of(folder: &str) -> Option<&str> {
    let name = folder.strip_prefix("crates/").unwrap_or(folder);
    let is_member = !name.contains('/') && (name == "xtask" || name != folder);
    is_member.then_some(name)
}

/// Reads what git tracks or would track; files deleted on disk are left out.
pub(crate) fn of_checkout(root: &Path) -> Result<Tree> {
    let listed =
        output(&mut program("git", &["ls-files", "-z", "--cached", "--others", "--exclude-standard"]))?;
    let paths = listed.split('\0').filter(|path| !path.is_empty());
    let files = paths.filter_map(|path| {
        let bytes = std::fs::read(root.join(path)).ok()?;
        Some((path.to_owned(), String::from_utf8(bytes).unwrap_or_default()))
    });
    Ok(Tree::new(files))
}

/// A tree made of literals, for tests.
#[cfg(test)]
pub(crate) fn tree(files: &[(&str, &str)]) -> Tree {
    Tree::new(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())))
}

#[cfg(test)]
mod tests {
    use super::{member_of, tree};

    #[test]
    fn members_are_the_crates_and_the_chores() {
        assert_eq!(member_of("crates/core"), Some("core"));
        assert_eq!(member_of("xtask"), Some("xtask"));
        assert_eq!(member_of("crates/core/fuzz"), None);
        assert_eq!(member_of("bench"), None);
    }

    #[test]
    fn a_folder_exists_by_its_files() {
        let tree = tree(&[("docs/guide/a.md", "")]);
        assert!(tree.has_folder("docs/guide"));
        assert!(!tree.has_folder("docs/gui"));
    }
}
