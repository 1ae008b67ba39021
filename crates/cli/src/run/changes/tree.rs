//! The files below a directory, and what has become of them.
//!
//! What ignore rules name is not there at all: `.gitignore` and git's own excludes within a repository, `.ignore` and
//! `.tenureignore` anywhere, and the directories in which version control keeps its own files.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::Metadata;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ignore::{DirEntry, WalkBuilder};
use tenure_core::checkpoint::FileAction;

/// Where version control keeps its own files.
const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".jj", ".svn"];
/// Ignore rules for Tenure alone.
const IGNORE_FILE: &str = ".tenureignore";

/// The files below a directory, by paths from there.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
    directories: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Look>,
}

/// What tells one content of a file from another, without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Look {
    size: u64,
    modified: Option<SystemTime>,
}

/// What a look has found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Files, by paths from the root.
    pub(super) changes: BTreeMap<PathBuf, FileAction>,
    /// Directories that were not known before.
    pub(super) directories: Vec<PathBuf>,
}

/// What was met on a walk.
#[derive(Default)]
struct Walked {
    directories: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Look>,
}

impl Tree {
    /// Looks at everything below `root` for the first time.
    pub(super) fn new(root: PathBuf) -> Self {
        let Walked { directories, files } = walk(&root, Path::new(""), None);
        Self { root, directories, files }
    }

    /// Where it is.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Every directory that is not ignored, the root among them.
    pub(super) fn directories(&self) -> impl Iterator<Item = &Path> {
        self.directories.iter().map(PathBuf::as_path)
    }

    /// The directories, by paths from the root, in which something about `path` can be seen.
    pub(super) fn around(&self, path: &Path) -> Vec<PathBuf> {
        let Ok(path) = path.strip_prefix(&self.root) else {
            return Vec::new();
        };
        let here = path.parent().into_iter().chain([path]);
        here.filter(|directory| self.directories.contains(*directory)).map(Path::to_owned).collect()
    }

    /// Looks at one directory again, and at all that is below new ones.
    pub(super) fn look(&mut self, directory: &Path) -> Found {
        let walked = walk(&self.root, directory, Some(1));
        let is_here = |path: &Path| path.parent() == Some(directory);
        let mut found = self.compare(&walked, directory, is_here);
        for new in found.directories.clone() {
            let walked = walk(&self.root, &new, None);
            let below = self.compare(&walked, &new, |_| true);
            found.changes.extend(below.changes);
            found.directories.extend(below.directories);
        }
        found
    }

    /// Looks at everything again.
    pub(super) fn look_everywhere(&mut self) -> Found {
        let walked = walk(&self.root, Path::new(""), None);
        self.compare(&walked, Path::new(""), |_| true)
    }

    /// Takes over what was met below `top` (or, of what was known there, what `meant` names), and says what is new
    /// about it.
    fn compare(&mut self, walked: &Walked, top: &Path, meant: impl Fn(&Path) -> bool) -> Found {
        let mut found = Found::default();
        for directory in &walked.directories {
            if self.directories.insert(directory.clone()) {
                found.directories.push(directory.clone());
            }
        }
        for (path, look) in &walked.files {
            let action = match self.files.insert(path.clone(), look.clone()) {
                None => FileAction::Created,
                Some(before) if before != *look => FileAction::Modified,
                Some(_) => continue,
            };
            found.changes.insert(path.clone(), action);
        }
        let gone = below(&self.directories, top);
        let gone = gone.filter(|path| meant(path) && !walked.directories.contains(*path));
        for directory in gone.cloned().collect::<Vec<_>>() {
            self.forget(&directory, &mut found);
        }
        let gone = self.files_below(top).filter(|path| meant(path) && !walked.files.contains_key(*path));
        for file in gone.cloned().collect::<Vec<_>>() {
            self.lose(file, &mut found);
        }
        found
    }

    /// A directory that is gone, or ignored by now, with all that was below it.
    fn forget(&mut self, directory: &Path, found: &mut Found) {
        let directories: Vec<_> = below(&self.directories, directory).cloned().collect();
        for known in directories.iter().map(PathBuf::as_path).chain([directory]) {
            self.directories.remove(known);
        }
        let gone: Vec<_> = self.files_below(directory).cloned().collect();
        for file in gone {
            self.lose(file, found);
        }
    }

    fn files_below<'a>(&'a self, top: &'a Path) -> impl Iterator<Item = &'a PathBuf> {
        let later = self.files.range::<Path, _>((Bound::Excluded(top), Bound::Unbounded));
        later.map(|(path, _)| path).take_while(move |path| path.starts_with(top))
    }

    /// A file that was not met: it is gone, unless it is only ignored by now.
    fn lose(&mut self, file: PathBuf, found: &mut Found) {
        self.files.remove(&file);
        if !self.root.join(&file).symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
            found.changes.insert(file, FileAction::Deleted);
        }
    }
}

/// What sorts after `top` and begins with it.
fn below<'a>(paths: &'a BTreeSet<PathBuf>, top: &'a Path) -> impl Iterator<Item = &'a PathBuf> {
    let later = paths.range::<Path, _>((Bound::Excluded(top), Bound::Unbounded));
    later.take_while(move |path| path.starts_with(top))
}

/// Everything below `directory` that no rule ignores. What cannot be read, or goes away meanwhile, is not there.
fn walk(root: &Path, directory: &Path, depth: Option<usize>) -> Walked {
    let walk = WalkBuilder::new(root.join(directory))
        .hidden(false)
        .max_depth(depth)
        .add_custom_ignore_filename(IGNORE_FILE)
        .filter_entry(|entry| !is_version_control(entry.file_name()))
        .build();
    let mut walked = Walked::default();
    for entry in walk.filter_map(Result::ok) {
        walked.meet(root, &entry);
    }
    walked
}

impl Walked {
    fn meet(&mut self, root: &Path, entry: &DirEntry) {
        let Ok(path) = entry.path().strip_prefix(root) else {
            return;
        };
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => drop(self.directories.insert(path.to_owned())),
            Ok(metadata) if metadata.is_file() => {
                self.files.insert(path.to_owned(), Look::of(&metadata));
            }
            // Links are followed by nobody, and what is neither has no content.
            Ok(_) | Err(_) => {}
        }
    }
}

impl Look {
    fn of(metadata: &Metadata) -> Self {
        Self { size: metadata.len(), modified: metadata.modified().ok() }
    }
}

fn is_version_control(name: &OsStr) -> bool {
    VERSION_CONTROL.iter().any(|own| name == *own)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use tenure_core::checkpoint::FileAction::{Created, Deleted, Modified};

    fn place(files: &[(&str, &str)]) -> TempDir {
        let directory = TempDir::new().unwrap();
        write(&directory, files);
        directory
    }

    fn write(place: &TempDir, files: &[(&str, &str)]) {
        for (path, content) in files {
            let path = place.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    }

    fn changes(found: Found) -> Vec<(String, FileAction)> {
        found.changes.into_iter().map(|(path, action)| (path.to_str().unwrap().to_owned(), action)).collect()
    }

    fn told(changes: &[(&str, FileAction)]) -> Vec<(String, FileAction)> {
        changes.iter().map(|(path, action)| ((*path).to_owned(), *action)).collect()
    }

    #[test]
    fn what_was_there_before_is_no_change() {
        let place = place(&[("a", "1"), ("sub/b", "2")]);
        let mut tree = Tree::new(place.path().to_owned());
        assert_eq!(tree.look_everywhere(), Found::default());
        assert_eq!(tree.directories().collect::<Vec<_>>(), [Path::new(""), Path::new("sub")]);
    }

    #[test]
    fn one_directory_is_looked_at_and_all_below_new_ones() {
        let place = place(&[("a", "1"), ("b", "1"), ("sub/c", "2"), ("other/d", "2")]);
        let mut tree = Tree::new(place.path().to_owned());
        write(&place, &[("a", "12"), ("n/e/w", "x"), ("n/x", "x"), ("sub/c", "changed"), ("other/e", "new")]);
        fs::remove_file(place.path().join("b")).unwrap();
        let found = tree.look(Path::new(""));
        assert_eq!(found.directories, [Path::new("n"), Path::new("n/e")]);
        let here = [("a", Modified), ("b", Deleted), ("n/e/w", Created), ("n/x", Created)];
        assert_eq!(changes(found), told(&here));
        assert_eq!(changes(tree.look(Path::new("sub"))), told(&[("sub/c", Modified)]));
        assert_eq!(changes(tree.look_everywhere()), told(&[("other/e", Created)]));
        assert_eq!(tree.look_everywhere(), Found::default());
    }

    #[test]
    fn a_directory_that_is_gone_takes_its_files_along() {
        let place = place(&[("sub/deep/a", "1"), ("sub/b", "2"), ("sub.txt", "3"), ("suc/c", "4")]);
        let mut tree = Tree::new(place.path().to_owned());
        fs::remove_dir_all(place.path().join("sub")).unwrap();
        let found = changes(tree.look(Path::new("")));
        assert_eq!(found, told(&[("sub/b", Deleted), ("sub/deep/a", Deleted)]));
        assert_eq!(tree.directories().collect::<Vec<_>>(), [Path::new(""), Path::new("suc")]);
    }

    #[test]
    fn what_rules_ignore_is_not_there() {
        let place =
            place(&[(".git/HEAD", "ref"), (".gitignore", "target\n*.log\n"), (".tenureignore", "secret\n")]);
        let mut tree = Tree::new(place.path().to_owned());
        let ignored =
            [("target/x/y", "1"), ("a.log", "1"), ("secret", "1"), (".git/index", "1"), ("sub/b.log", "1")];
        write(&place, &ignored);
        write(&place, &[(".env", "shown"), ("sub/kept", "1")]);
        let found = tree.look_everywhere();
        assert_eq!(found.directories, [Path::new("sub")]);
        assert_eq!(changes(found), told(&[(".env", Created), ("sub/kept", Created)]));
        assert!(tree.around(&place.path().join("target/x/y")).is_empty());
        assert_eq!(tree.around(&place.path().join("sub/kept")), [Path::new("sub")]);
        assert_eq!(tree.around(&place.path().join("sub")), [Path::new(""), Path::new("sub")]);
    }

    #[test]
    fn rules_above_the_directory_hold_in_it() {
        let place = place(&[(".git/HEAD", "ref"), (".gitignore", "*.log\n"), ("sub/deep/a", "1")]);
        let mut tree = Tree::new(place.path().join("sub"));
        write(&place, &[("sub/deep/b.log", "1"), ("sub/deep/b", "1")]);
        assert_eq!(changes(tree.look(Path::new("deep"))), told(&[("deep/b", Created)]));
    }

    #[test]
    fn what_is_ignored_from_now_on_is_not_gone() {
        let place = place(&[(".git/HEAD", "ref"), ("a.log", "1"), ("sub/b", "1")]);
        let mut tree = Tree::new(place.path().to_owned());
        write(&place, &[(".gitignore", "*.log\nsub\n")]);
        assert_eq!(changes(tree.look_everywhere()), told(&[(".gitignore", Created)]));
        assert_eq!(tree.directories().collect::<Vec<_>>(), [Path::new("")]);
    }

    #[test]
    fn links_are_not_followed() {
        let place = place(&[("a", "1")]);
        let mut tree = Tree::new(place.path().to_owned());
        std::os::unix::fs::symlink("/etc", place.path().join("etc")).unwrap();
        std::os::unix::fs::symlink("a", place.path().join("b")).unwrap();
        assert_eq!(tree.look_everywhere(), Found::default());
    }
}
