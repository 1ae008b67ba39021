//! `tenure export`: write a session with its whole log to a file.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write};
use std::path::Path;

use tenure_core::id::CheckpointId;
use tenure_engine::{Engine, Export};
use tenure_portable::{End, Flaw, Header, Reader, Record, Writer};
use tenure_store::Handle;

use super::import::next_line;
use crate::app::App;
use crate::args::keeping::ExportArgs;
use crate::exit::Exit;
use crate::files::{Draft, Progress, patiently};
use crate::render::keeping::Exported;
use tenure_words::{Problem, shown};

/// Writes what is there now; what is written later is not in it.
pub(super) async fn execute(app: &App, args: &ExportArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    if args.to.as_os_str() == "-" {
        let mut export = engine.export(listed.handle).await?;
        let (_, damaged) = write(&mut export, &mut |bytes| app.out.bytes(bytes)).await?;
        app.out.flush()?;
        warn(app, &damaged);
        return Ok(Exit::Success);
    }
    let (end, damaged, bytes) = patiently(async || to_file(engine, listed.handle, args).await).await?;
    warn(app, &damaged);
    app.out.report(&Exported { session: listed.session, file: args.to.clone(), end, bytes })?;
    Ok(Exit::Success)
}

/// Writes a file, reads it back, and gives it its name.
async fn to_file(
    engine: &Engine,
    handle: Handle,
    args: &ExportArgs,
) -> anyhow::Result<(End, Vec<CheckpointId>, u64)> {
    let mut export = engine.export(handle).await?;
    let draft = Draft::begin(&args.to, args.force)?;
    let mut file = draft.file();
    let failed =
        |error: std::io::Error| anyhow::Error::new(error).context(format!("write {}", shown(&args.to)));
    let mut bytes = 0;
    let mut to = |part: &[u8]| {
        bytes += part.len() as u64;
        file.write_all(part).map_err(failed)
    };
    let (end, damaged) = write(&mut export, &mut to).await?;
    draft.sync().map_err(failed)?;
    if verify(draft.path()).map_err(failed)? != Ok(end) {
        let what = format!("write {}: what was read back is something else", shown(&args.to));
        return Err(Problem::failure("FAILED", what)
            .hint("look after the disk, or write to another one")
            .into());
    }
    draft.keep()?;
    Ok((end, damaged, bytes))
}

/// What could not be brought back anywhere is not brought elsewhere.
fn warn(app: &App, damaged: &[CheckpointId]) {
    for id in damaged {
        app.out.warn(&format!("checkpoint {id} is damaged, and not in the export"));
    }
}

/// Hands over the lines, a bounded part at a time.
async fn write(
    export: &mut Export,
    to: &mut dyn FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<(End, Vec<CheckpointId>)> {
    let mut progress = Progress::new("exporting");
    let (mut writer, mut part) = (Writer::new(), Vec::new());
    let session = export.session.clone();
    let header = Header {
        session: session.id.clone(),
        namespace: session.namespace.clone(),
        earliest: export.earliest,
        last: export.last,
    };
    writer.header(&mut part, &header);
    writer.record(&mut part, &Record { session, slot: export.slot });
    let mut done = 0;
    loop {
        to(&part)?;
        part.clear();
        let events = export.next().await?;
        if events.is_empty() {
            break;
        }
        done += events.len() as u64;
        for event in &events {
            writer.event(&mut part, event);
            // The largest events fill a part by themselves.
            if part.len() >= 1 << 20 {
                to(&part)?;
                part.clear();
            }
        }
        progress.tell(done, export.events());
    }
    let mut damaged = Vec::new();
    // Each payload is read and handed over by itself.
    for id in export.checkpoints().await? {
        match export.payload(&id).await? {
            Some((checkpoint, payload)) => writer.checkpoint((&checkpoint, &payload), &mut *to)?,
            None => damaged.push(id),
        }
    }
    let end = writer.end(&mut part);
    to(&part)?;
    Ok((end, damaged))
}

/// Reads back what was written.
fn verify(path: &Path) -> std::io::Result<Result<End, Flaw>> {
    let mut from = BufReader::with_capacity(1 << 20, File::open(path)?);
    let (mut reader, mut line) = (Reader::new(), Vec::new());
    while !from.fill_buf()?.is_empty() {
        next_line(&mut from, &mut line)?;
        if let Err(flaw) = reader.line(&line) {
            return Ok(Err(flaw));
        }
    }
    Ok(reader.finish())
}
