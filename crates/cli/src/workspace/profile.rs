//! Profiles: several sessions kept apart in one workspace.

use std::fmt;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tenure_core::escape::Escaped;

use tenure_words::{Problem, shown};

/// Longest profile name, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// The profile that exists by itself.
const MAIN: &str = "main";

/// A profile's name: safe as the name of a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProfileName(String);

impl ProfileName {
    /// What a name looks like, for people.
    pub(crate) const FORM: &'static str =
        "a profile's name: 1 to 64 letters, digits, `-`, `_` or `.`, and no `.` at the beginning";

    /// The profile that exists by itself.
    pub(crate) fn main() -> Self {
        Self(MAIN.to_owned())
    }

    /// Checks and keeps `text`.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let fits = (1..=NAME_BYTES_MAX).contains(&text.len()) && !text.starts_with('.');
        if fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)) {
            return Ok(Self(text.to_owned()));
        }
        Err(Problem::usage(format!("`{}` is not {}", Escaped(text), Self::FORM)))
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The profiles of a storage directory, each a directory there.
#[derive(Debug)]
pub(crate) struct Profiles {
    directory: PathBuf,
}

impl Profiles {
    /// Those in the storage directory `home`.
    pub(crate) fn of(home: &Path) -> Self {
        Self { directory: home.join("profiles") }
    }

    /// Where a profile is.
    pub(crate) fn path(&self, name: &ProfileName) -> PathBuf {
        self.directory.join(&name.0)
    }

    /// Refuses a profile that was not created.
    pub(crate) fn require(&self, name: &ProfileName) -> Result<(), Problem> {
        let path = self.path(name);
        if name.0 == MAIN || path.is_dir() {
            return Ok(());
        }
        let statement = format!("profile `{name}` does not exist at {}", shown(&path));
        Err(Problem::missing("PROFILE_NOT_FOUND", statement)
            .detail("create it before holding a workspace under it")
            .hint("tenure profile create <name>"))
    }

    /// Creates a profile; says whether it was not there before.
    pub(crate) fn create(&self, name: &ProfileName) -> Result<bool, Problem> {
        let path = self.path(name);
        let failed = |error: io::Error| {
            Problem::failure("PROFILE", format!("create profile `{name}` at {}", shown(&path))).because(error)
        };
        private().recursive(true).create(&self.directory).map_err(failed)?;
        match private().create(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// All of them, by name.
    pub(crate) fn list(&self) -> Result<Vec<ProfileName>, Problem> {
        let mut names = vec![ProfileName::main()];
        let entries = match std::fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(names),
            Err(error) => {
                let what = format!("list the profiles in {}", shown(&self.directory));
                return Err(Problem::failure("PROFILE", what).because(error));
            }
        };
        let directories = entries.flatten().filter(|entry| entry.path().is_dir());
        names.extend(directories.filter_map(|entry| ProfileName::parse(entry.file_name().to_str()?).ok()));
        names.sort();
        names.dedup();
        Ok(names)
    }
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}
