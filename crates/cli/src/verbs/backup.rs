//! `tenure backup`: copy the whole store while it is in use.

use tenure_store_sqlite::withdraw;

use crate::app::App;
use crate::args::keeping::BackupArgs;
use crate::exit::Exit;
use crate::files::{Draft, Progress, patiently};
use crate::render::keeping::BackedUp;
use tenure_words::{Problem, shown};

/// Copies, checks, and gives the copy its name.
pub(super) async fn execute(app: &App, args: &BackupArgs) -> anyhow::Result<Exit> {
    let Some(store) = app.store()? else {
        let statement = format!("there is no store at {}", shown(app.db()));
        return Err(Problem::missing("NOT_FOUND", statement).into());
    };
    if is_same(app.db(), &args.file) {
        return Err(Problem::usage(format!("{} is the store itself", shown(&args.file))).into());
    }
    if args.force {
        // Whoever uses what is to be replaced is not to be found out only in the end.
        withdraw(&args.file)?;
    }
    let size = patiently(async || {
        let draft = Draft::begin(&args.file, args.force)?;
        let mut progress = Progress::new("copying");
        let size = store.back_up(draft.path(), &mut |copied| progress.tell(copied.pages, copied.of))?;
        drop(progress);
        if args.force {
            withdraw(&args.file)?;
        }
        draft.keep()?;
        Ok(size)
    });
    let size = size.await?;
    app.out.report(&BackedUp { from: app.db().to_owned(), file: args.file.clone(), size })?;
    Ok(Exit::Success)
}

/// Whether two paths name one file.
pub(super) fn is_same(one: &std::path::Path, other: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let id = |path: &std::path::Path| path.metadata().ok().map(|found| (found.dev(), found.ino()));
    one == other || id(one).is_some_and(|one| id(other) == Some(one))
}
