//! `tenure files`: which files a session has changed, and what was in them.

use tenure_core::checkpoint::FileAction;
use tenure_core::escape::Escaped;
use tenure_core::id::Seq;
use tenure_engine::FileContent;

use super::checkpoint::file::Staged;
use crate::app::App;
use crate::args::files::FilesArgs;
use crate::exit::Exit;
use crate::render::files::{Files, Written};
use tenure_words::Problem;

/// Lists the files, or writes the one that is meant.
pub(super) async fn execute(app: &App, args: &FilesArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let Some(path) = &args.path else {
        let files = engine.files(listed.handle).await?;
        let now = engine.store().now().await?;
        app.out.report(&Files { files, now })?;
        return Ok(Exit::Success);
    };
    let file = engine.file(listed.handle, path, args.at.map(Seq)).await?;
    let file = file.ok_or_else(|| not_there(args, path))?;
    let bytes = content(&file, path)?;
    match &args.to {
        None => {
            app.out.bytes(bytes)?;
            app.out.flush()?;
        }
        Some(to) => {
            let to = Staged::write(to, bytes, engine.ids().random())?.appear()?;
            app.out.report(&Written { session: listed.session.id, file, to })?;
        }
    }
    Ok(Exit::Success)
}

fn not_there(args: &FilesArgs, path: &str) -> Problem {
    let until = args.at.map_or_else(String::new, |at| format!(" up to #{at}"));
    Problem::missing("FILE_NOT_FOUND", format!("the session did not change `{}`{until}", Escaped(path)))
        .hint("tenure files <name> lists what it changed")
}

/// What was kept.
fn content<'a>(file: &'a FileContent, path: &str) -> Result<&'a [u8], Problem> {
    let (path, seq) = (Escaped(path), file.checkpoint.seq);
    match &file.bytes {
        Some(bytes) => Ok(bytes),
        None if file.version.action == FileAction::Deleted => {
            Err(Problem::missing("FILE_DELETED", format!("`{path}` was deleted at #{seq}"))
                .hint(format!("tenure files <name> <path> --at {} has it as it was before", seq.0 - 1)))
        }
        None => Err(Problem::missing(
            "FILE_NOT_KEPT",
            format!("the content of `{path}` at #{seq} ({} bytes) was not kept", file.version.size),
        )
        .hint("tenure run --watch-limit keeps more in all; of one file never more than 10 MiB")),
    }
}
