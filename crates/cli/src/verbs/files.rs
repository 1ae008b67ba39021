//! `tenure files`: which files a session has changed, and what was in them.

use tenure_core::id::Seq;

use super::checkpoint::file::Staged;
use crate::app::App;
use crate::args::files::FilesArgs;
use crate::exit::Exit;
use crate::render::files::{Files, Written};
use tenure_words::{file_bytes, file_unchanged};

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
    let file = file.ok_or_else(|| file_unchanged(path, args.at.map(Seq)))?;
    let (checkpoint, version) = (file.checkpoint.clone(), file.version.clone());
    let bytes = file_bytes(file)?;
    match &args.to {
        None => {
            app.out.bytes(&bytes)?;
            app.out.flush()?;
        }
        Some(to) => {
            let to = Staged::write(to, &bytes, engine.ids().random())?.appear()?;
            app.out.report(&Written { session: listed.session.id, checkpoint, version, to })?;
        }
    }
    Ok(Exit::Success)
}
