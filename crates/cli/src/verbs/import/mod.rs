//! `tenure import`: take in an exported session, or an earlier tool's record.

mod record;
mod session;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, stdin};
use std::path::Path;

use tenure_core::session::Command;
use tenure_core::workspace::Import;
use tenure_engine::{Engine, Target};

use crate::app::App;
use crate::args::keeping::ImportArgs;
use crate::exit::Exit;
use crate::render::keeping::TakenIn;
use crate::render::session::Imported;
use crate::workspace::Workspace;
use record::Record;
pub(super) use session::next_line;
use tenure_words::{Problem, lines, shown};

/// Far more than any record has.
const BYTES_MAX: u64 = 1024 * 1024;

/// How much of a file is looked at to tell what it is.
const LOOKED_AT_BYTES: usize = 64 * 1024;

/// Takes in whatever the file is.
pub(super) async fn execute(app: &App, args: &ImportArgs) -> anyhow::Result<Exit> {
    if args.file.as_os_str() == "-" {
        return session(app, &mut stdin().lock()).await;
    }
    let failed = |error| Problem::failure("IMPORT", format!("read {}", shown(&args.file))).because(error);
    let file = File::open(&args.file).map_err(failed)?;
    let mut from = BufReader::with_capacity(LOOKED_AT_BYTES, file);
    if is_export(from.fill_buf().map_err(failed)?) {
        return session(app, &mut from).await;
    }
    record(app, args).await
}

/// Whether it is an exported session, or was one before it was altered.
fn is_export(beginning: &[u8]) -> bool {
    let has = |words: &[u8]| beginning.windows(words.len()).any(|part| part == words);
    has(b"tenure-session") || has(b",\"crc\":\"")
}

async fn session(app: &App, from: &mut dyn BufRead) -> anyhow::Result<Exit> {
    let engine = app.engine()?;
    let session::Taken { listed, end, was_known } = session::take_in(engine, from).await?;
    app.out.report(&TakenIn { listed, end, was_known })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

/// Puts the record into the workspace's slot, which must never have been used.
async fn record(app: &App, args: &ImportArgs) -> anyhow::Result<Exit> {
    let workspace = Workspace::find(&app.options, &args.place)?;
    let record = read(&args.file)?;
    let engine = app.engine()?;
    let import = import(engine, &workspace, record).await?;
    let applied = engine.apply(&Target::Slot(workspace.slot()), &Command::WorkspaceImport(import)).await?;
    let session = applied.session.expect("an import that is not refused leaves a session");
    app.out.report(&Imported { session })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

async fn import(engine: &Engine, workspace: &Workspace, record: Record) -> anyhow::Result<Import> {
    let now = engine.store().now().await?;
    Ok(Import {
        id: engine.ids().session_id(now.wall),
        incarnation: engine.ids().incarnation(),
        namespace: workspace.namespace.clone(),
        key: workspace.key.clone(),
        directory: workspace.root.clone(),
        recorded_id: record.session_id,
        started: record.started,
        last_started: record.last_started,
        start_count: record.start_count,
        mode: record.mode,
        owner: record.owner,
        revision: record.revision,
    })
}

fn read(path: &Path) -> Result<Record, Problem> {
    let failed = |what: &str| Problem::failure("IMPORT", format!("{what} the record {}", shown(path)));
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| failed("read").because(error))?;
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| failed("read").because(error))?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(failed("read").detail(format!("it is larger than {BYTES_MAX} bytes")));
    }
    record::parse(&bytes).map_err(|why| failed("understand").details(lines(&why)))
}
