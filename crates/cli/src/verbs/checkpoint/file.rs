//! A payload on its way to a file: whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tenure_words::{Problem, shown};

/// A payload in a private file beside the one that it will be. Dropped, it is gone.
#[derive(Debug)]
pub(in crate::verbs) struct Staged {
    temporary: PathBuf,
    path: PathBuf,
    has_appeared: bool,
}

impl Staged {
    /// Writes the payload beside `path`, and reads it back.
    pub(in crate::verbs) fn write(path: &Path, bytes: &[u8], random: [u8; 16]) -> Result<Self, Problem> {
        let failed = |error| failed(path, error);
        let name = path.file_name().filter(|_| !path.is_dir()).ok_or_else(|| {
            failed(io::Error::new(io::ErrorKind::IsADirectory, "it names a directory, not a file"))
        })?;
        let mut hidden = std::ffi::OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{:032x}", u128::from_be_bytes(random)));
        let staged =
            Self { temporary: path.with_file_name(hidden), path: path.to_owned(), has_appeared: false };
        staged.fill(bytes).map_err(failed)?;
        Ok(staged)
    }

    fn fill(&self, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        let mut found = Vec::with_capacity(bytes.len());
        File::open(&self.temporary)?.read_to_end(&mut found)?;
        if found != bytes {
            return Err(io::Error::other("what was written is not what was saved"));
        }
        Ok(())
    }

    /// Makes the file be there, in place of what was there before.
    pub(in crate::verbs) fn appear(mut self) -> Result<PathBuf, Problem> {
        fs::rename(&self.temporary, &self.path).map_err(|error| failed(&self.path, error))?;
        self.has_appeared = true;
        // Where the directory cannot be made durable, the file is there all the same.
        let directory = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        drop(
            File::open(directory.unwrap_or_else(|| Path::new(".")))
                .and_then(|directory| directory.sync_all()),
        );
        Ok(self.path.clone())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.has_appeared {
            drop(fs::remove_file(&self.temporary));
        }
    }
}

fn failed(path: &Path, error: io::Error) -> Problem {
    Problem::failure("CHECKPOINT_FILE", format!("write {}", shown(path))).because(error)
}
