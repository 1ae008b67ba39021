//! What is for this user alone: directories of locks, and the files of SQLite.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::geteuid;

/// What others could do with a file.
const OTHERS: u32 = 0o077;

/// Makes a directory for this user alone, or makes sure that what is there is one.
///
/// Whoever could write there could take locks and put sockets in the place of others, so a link and another
/// user's directory are refused. One of this user's that others may enter was made by a careless hand: it is
/// shut.
///
/// # Errors
/// When it is not a directory of this user, or cannot be made.
pub fn private_directory(path: &Path) -> io::Result<()> {
    match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(why) => return Err(why.into()),
    }
    let found = path.symlink_metadata()?;
    if !found.is_dir() || found.uid() != geteuid().as_raw() {
        let what = format!("{} is not a directory of this user", path.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    if found.mode() & OTHERS != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Shuts a file that this program had made and that others may use. What is not there is left so.
///
/// The file is not opened for this: closing it would let go of the locks that SQLite has on it.
pub(crate) fn shut(path: &Path) {
    let Ok(found) = path.symlink_metadata() else {
        return;
    };
    if found.is_file() && found.uid() == geteuid().as_raw() && found.mode() & OTHERS != 0 {
        // The doctor tells of one that stays open.
        drop(fs::set_permissions(path, Permissions::from_mode(found.mode() & 0o700)));
    }
}
