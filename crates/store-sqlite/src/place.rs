//! Where a store's files are: private, and never through a link.

use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustix::fs::{Mode, OFlags};
use tenure_core::id::Incarnation;

use crate::error::OpenError;
use crate::private::{private_directory, shut};

/// Where a store's files are.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The database, in a directory whose path has no links.
    pub(crate) db: PathBuf,
    /// The directory of lock files and sockets beside it.
    pub(crate) run: PathBuf,
    /// Which opening of the store this is.
    pub(crate) incarnation: Incarnation,
    /// The device and number of the file that was opened first.
    opened: Arc<OnceLock<(u64, u64)>>,
}

impl Place {
    /// The place of the database at `path`. Its directory must exist.
    pub(crate) fn of(path: &Path, incarnation: Incarnation) -> Result<Self, OpenError> {
        let not_a_file = |what| OpenError::NotAFile { path: path.to_owned(), what };
        let name = path.file_name().ok_or_else(|| not_a_file("a directory"))?;
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or_else(|| Path::new("."));
        let directory = parent.canonicalize().map_err(|source| OpenError::Io {
            doing: "find",
            path: parent.to_owned(),
            source,
        })?;
        let mut run_name = name.to_owned();
        run_name.push("-run");
        let (db, run) = (directory.join(name), directory.join(run_name));
        Ok(Self { db, run, incarnation, opened: Arc::default() })
    }

    /// Whether the database is there. Anything but a regular file is refused, because links can be redirected.
    pub(crate) fn exists(&self) -> Result<bool, OpenError> {
        let not_a_file = |what| OpenError::NotAFile { path: self.db.clone(), what };
        match self.db.symlink_metadata() {
            Ok(found) if found.file_type().is_file() => Ok(true),
            Ok(found) if found.file_type().is_symlink() => Err(not_a_file("a link")),
            Ok(found) if found.is_dir() => Err(not_a_file("a directory")),
            Ok(_) => Err(not_a_file("something special")),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(OpenError::Io { doing: "look at", path: self.db.clone(), source }),
        }
    }

    /// Whether the path still names the file that was opened first; remembers it the first time.
    ///
    /// What is written to a file that was removed is lost, and in one that was put in its place the same
    /// handles mean other sessions. Nobody else gets the number of a file that is still open somewhere.
    pub(crate) fn is_unmoved(&self) -> bool {
        let Ok(found) = self.db.symlink_metadata() else {
            return false;
        };
        let found = (found.dev(), found.ino());
        *self.opened.get_or_init(|| found) == found
    }

    /// Makes the database's empty file, private, before SQLite would make it for everybody to read.
    ///
    /// It is opened only if it is new: closing a file that SQLite has open elsewhere in this process would
    /// let SQLite's locks go.
    pub(crate) fn make_db(&self) -> io::Result<()> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match rustix::fs::open(&self.db, flags, private()) {
            Ok(_) => self.keep_name(),
            Err(rustix::io::Errno::EXIST) => Ok(()),
            Err(why) => Err(why.into()),
        }
    }

    /// Makes a new file's name as durable as what will be written to it.
    fn keep_name(&self) -> io::Result<()> {
        let Some(directory) = self.db.parent() else {
            return Ok(());
        };
        File::open(directory)?.sync_all()
    }

    /// Makes the directory of lock files and sockets, private, unless it is there.
    pub(crate) fn make_run_dir(&self) -> io::Result<()> {
        private_directory(&self.run)
    }

    /// Shuts what SQLite keeps beside the database: it makes these files as open as the database is.
    pub(crate) fn shut_beside(&self) {
        for suffix in ["-wal", "-shm"] {
            shut(&self.beside(suffix));
        }
    }

    /// Opens a lock file, making it if need be.
    pub(crate) fn lock_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::CREATE | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::open(self.run.join(name), flags, private())?))
    }

    /// Opens a file beside the database that somebody has made.
    pub(crate) fn existing_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(rustix::fs::open(self.run.join(name), flags, Mode::empty())?))
    }

    /// A file that SQLite keeps beside the database.
    pub(crate) fn beside(&self, suffix: &str) -> PathBuf {
        let mut path = self.db.clone().into_os_string();
        path.push(suffix);
        path.into()
    }
}

/// For the owner alone.
const fn private() -> Mode {
    Mode::RUSR.union(Mode::WUSR)
}
