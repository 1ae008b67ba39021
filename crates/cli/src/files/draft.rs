//! A file that has its name only once it is whole.
//!
//! It is written beside the one that it will be, locked for as long as somebody writes it: what is left of a killed
//! process is not locked, and is removed by the next one that writes the same file.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;
use tenure_engine::{Ids, SystemIds};

use tenure_words::{Problem, shown};

/// How the name of an unfinished file ends.
const ENDING: &str = ".tenure-part";
/// What SQLite keeps beside a file.
const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Draft {
    file: File,
    path: PathBuf,
    target: PathBuf,
    is_replacing: bool,
}

impl Draft {
    /// Begins a file that will be `target`, for this user alone. What is there is kept unless `is_replacing`.
    pub(crate) fn begin(target: &Path, is_replacing: bool) -> anyhow::Result<Self> {
        let failed = |what: &str| {
            let what = format!("{what} {}", shown(target));
            move |error: io::Error| anyhow::Error::new(error).context(what)
        };
        let Some(name) = target.file_name() else {
            return Err(Problem::usage(format!("{} is not the name of a file", shown(target))).into());
        };
        match target.symlink_metadata() {
            Ok(found) if found.is_dir() => {
                return Err(Problem::usage(format!("{} is a directory", shown(target))).into());
            }
            Ok(_) if !is_replacing => return Err(exists(target)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed("look at")(error)),
        }
        let directory = directory(target);
        remove_orphans(directory, name);
        let mut own = beginning(name);
        own.push(SystemIds.random().map(|byte| format!("{byte:02x}")).concat());
        own.push(ENDING);
        let path = directory.join(own);
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(&path, flags, Mode::RUSR | Mode::WUSR);
        let file = File::from(file.map_err(|why| failed("write")(why.into()))?);
        let draft = Self { file, path, target: target.to_owned(), is_replacing };
        // Nobody else knows of it yet, so nobody else has it locked.
        draft.file.try_lock().map_err(|why| failed("lock")(why.into()))?;
        Ok(draft)
    }

    /// Where it is written.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What is written to.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Gives it its name, durably.
    pub(crate) fn keep(self) -> anyhow::Result<()> {
        let failed = || format!("write {}", shown(&self.target));
        let named = |error: io::Error| anyhow::Error::new(error).context(failed());
        self.sync().map_err(named)?;
        if self.is_replacing {
            fs::rename(&self.path, &self.target).map_err(named)?;
        } else {
            match renameat_with(CWD, &self.path, CWD, &self.target, RenameFlags::NOREPLACE) {
                Ok(()) => {}
                Err(Errno::EXIST) => return Err(exists(&self.target)),
                // A file system that cannot do that can link.
                Err(Errno::INVAL | Errno::NOSYS) => fs::hard_link(&self.path, &self.target).map_err(named)?,
                Err(why) => return Err(named(why.into())),
            }
        }
        File::open(directory(&self.target)).and_then(|directory| directory.sync_all()).map_err(named)
    }
}

impl Drop for Draft {
    /// Nothing is left of what was not kept; of what was, this name is gone already.
    fn drop(&mut self) {
        drop(fs::remove_file(&self.path));
        remove_beside(&self.path);
    }
}

fn exists(target: &Path) -> anyhow::Error {
    let statement = format!("{} exists", shown(target));
    Problem::refused("FILE_EXISTS", statement).hint("name another file, or replace it with `--force`").into()
}

fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."))
}

fn beginning(name: &OsStr) -> OsString {
    let mut own = OsString::from(".");
    own.push(name);
    own.push(".");
    own
}

/// Removes what killed processes have left of the same file.
fn remove_orphans(directory: &Path, name: &OsStr) {
    let begin = beginning(name);
    let Ok(entries) = fs::read_dir(directory) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let bytes = name.as_encoded_bytes();
        if !bytes.starts_with(begin.as_encoded_bytes()) {
            continue;
        }
        if let Some(draft) = beside_draft(bytes) {
            // Its process was killed after the file had got its name.
            if !directory.join(draft).exists() {
                drop(fs::remove_file(entry.path()));
            }
            continue;
        }
        if !bytes.ends_with(ENDING.as_bytes()) {
            continue;
        }
        let path = entry.path();
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let is_orphan = rustix::fs::open(&path, flags, Mode::empty())
            .is_ok_and(|file| File::from(file).try_lock().is_ok());
        if is_orphan {
            drop(fs::remove_file(&path));
            remove_beside(&path);
        }
    }
}

/// The unfinished file that SQLite kept this one beside.
fn beside_draft(name: &[u8]) -> Option<&OsStr> {
    let draft = BESIDE.iter().find_map(|suffix| name.strip_suffix(suffix.as_bytes()))?;
    draft.ends_with(ENDING.as_bytes()).then(|| OsStr::from_bytes(draft))
}

fn remove_beside(path: &Path) {
    for suffix in BESIDE {
        let mut beside = path.as_os_str().to_owned();
        beside.push(suffix);
        drop(fs::remove_file(PathBuf::from(beside)));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_once_it_is_whole_and_else_nothing_is_left() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("a");
        let draft = Draft::begin(&target, false).unwrap();
        draft.file().write_all(b"one").unwrap();
        assert!(!target.exists());
        drop(draft);
        assert_eq!(names(home.path()), [""; 0]);
        let draft = Draft::begin(&target, false).unwrap();
        draft.file().write_all(b"one").unwrap();
        draft.keep().unwrap();
        assert_eq!((names(home.path()), fs::read(&target).unwrap()), (vec!["a".to_owned()], b"one".to_vec()));
    }

    #[test]
    fn what_is_there_is_replaced_only_when_asked_also_if_it_came_meanwhile() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("a");
        let draft = Draft::begin(&target, false).unwrap();
        fs::write(&target, "theirs").unwrap();
        assert!(draft.keep().unwrap_err().downcast::<Problem>().unwrap().code == "FILE_EXISTS");
        assert!(
            Draft::begin(&target, false).unwrap_err().downcast::<Problem>().unwrap().code == "FILE_EXISTS"
        );
        assert_eq!((names(home.path()).len(), fs::read(&target).unwrap()), (1, b"theirs".to_vec()));
        let draft = Draft::begin(&target, true).unwrap();
        draft.file().write_all(b"ours").unwrap();
        draft.keep().unwrap();
        assert_eq!((names(home.path()).len(), fs::read(&target).unwrap()), (1, b"ours".to_vec()));
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_somebody_writes_is_not() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("a");
        let orphan = home.path().join(".a.0123.tenure-part");
        fs::write(&orphan, "half").unwrap();
        let beside = [".a.0123.tenure-part-wal", ".a.4567.tenure-part-shm"];
        beside.iter().for_each(|name| fs::write(home.path().join(name), "half").unwrap());
        let others = [".b.0123.tenure-part", ".a.txt", "a.tenure-part"];
        others.iter().for_each(|name| fs::write(home.path().join(name), "theirs").unwrap());
        let first = Draft::begin(&target, false).unwrap();
        let second = Draft::begin(&target, false).unwrap();
        assert!(!orphan.exists() && first.path().exists() && second.path().exists());
        drop((first, second));
        assert_eq!(names(home.path()), [".a.txt", ".b.0123.tenure-part", "a.tenure-part"]);
    }

    #[test]
    fn only_this_user_can_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("a");
        Draft::begin(&target, false).unwrap().keep().unwrap();
        assert_eq!(target.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
