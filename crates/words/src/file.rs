//! Why there is nothing to show of a changed file.

use tenure_core::checkpoint::FileAction;
use tenure_core::escape::Escaped;
use tenure_core::id::Seq;
use tenure_engine::FileContent;

use crate::Problem;

/// The session had not changed that file, up to a position if one is given.
#[must_use]
pub fn file_unchanged(path: &str, until: Option<Seq>) -> Problem {
    let until = until.map_or_else(String::new, |until| format!(" up to #{until}"));
    Problem::missing("FILE_NOT_FOUND", format!("the session did not change `{}`{until}", Escaped(path)))
        .hint("tenure files <name> lists what it changed")
}

/// A version's content; why there is none.
///
/// # Errors
/// The file was deleted, or its content was not kept.
pub fn file_bytes(file: FileContent) -> Result<Vec<u8>, Problem> {
    let FileContent { checkpoint, version, bytes } = file;
    let (path, seq) = (Escaped(&version.path), checkpoint.seq);
    match bytes {
        Some(bytes) => Ok(bytes),
        None if version.action == FileAction::Deleted => {
            let before = seq.0.saturating_sub(1);
            Err(Problem::missing("FILE_DELETED", format!("`{path}` was deleted at #{seq}"))
                .hint(format!("tenure files <name> <path> --at {before} has it as it was before")))
        }
        None => {
            let size = version.size;
            let statement = format!("the content of `{path}` at #{seq} ({size} bytes) was not kept");
            Err(Problem::missing("FILE_NOT_KEPT", statement)
                .hint("tenure run --watch-limit keeps more in all; of one file never more than 10 MiB"))
        }
    }
}
