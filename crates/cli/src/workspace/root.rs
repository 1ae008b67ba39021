//! Finding a workspace's root without running git.

use std::io;
use std::path::{Path, PathBuf};

/// The git top level above `directory`, else `directory` itself, with symbolic links resolved.
pub(crate) fn root_of(directory: &Path) -> io::Result<PathBuf> {
    let directory = directory.canonicalize()?;
    if !directory.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let top = directory.ancestors().find(|above| is_top_level(above)).map(Path::to_owned);
    Ok(top.unwrap_or(directory))
}

/// A repository's own directory, or the file that a linked worktree and a submodule have instead.
fn is_top_level(directory: &Path) -> bool {
    let git = directory.join(".git");
    git.join("HEAD").is_file() || std::fs::read(&git).is_ok_and(|text| text.starts_with(b"gitdir:"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::root_of;

    #[test]
    fn the_root_is_the_git_top_level_else_the_directory() {
        let temporary = tempfile::tempdir().unwrap();
        let base = temporary.path().canonicalize().unwrap();
        let deep = base.join("repo/src/deep");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(root_of(&deep).unwrap(), deep);

        fs::create_dir_all(base.join("repo/.git")).unwrap();
        assert_eq!(root_of(&deep).unwrap(), deep, "an empty .git is no repository");
        fs::write(base.join("repo/.git/HEAD"), "ref: refs/heads/main\n").unwrap();
        assert_eq!(root_of(&deep).unwrap(), base.join("repo"));

        fs::write(base.join("repo/src/.git"), "gitdir: ../.git/worktrees/src\n").unwrap();
        assert_eq!(root_of(&deep).unwrap(), base.join("repo/src"), "a linked worktree is its own");
    }

    #[test]
    fn the_root_is_canonical_and_a_directory() {
        let temporary = tempfile::tempdir().unwrap();
        let base = temporary.path().canonicalize().unwrap();
        fs::create_dir(base.join("real")).unwrap();
        std::os::unix::fs::symlink(base.join("real"), base.join("link")).unwrap();
        assert_eq!(root_of(&base.join("link")).unwrap(), base.join("real"));
        fs::write(base.join("file"), "").unwrap();
        assert!(root_of(&base.join("file")).is_err());
        assert!(root_of(&base.join("absent")).is_err());
    }
}
