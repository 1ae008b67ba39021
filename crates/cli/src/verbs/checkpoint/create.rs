//! `tenure checkpoint create`: save a session.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::Value;
use tenure_core::checkpoint::CheckpointRefusal;
use tenure_core::limits;
use tenure_core::refusal::Refusal;
use tenure_engine::{Engine, Prune, Save, largest_parts};
use tenure_store::Handle;

use super::super::{given, meant, ownership};
use crate::app::App;
use crate::args::checkpoint::CreateArgs;
use crate::exit::Exit;
use crate::render::checkpoint::{Created, size, sizes};
use crate::render::explain;
use tenure_words::{Problem, lines, shown};

/// As much of a payload that is too large is read to say what makes it large.
const READ_MAX: u64 = 2 * limits::CHECKPOINT_BYTES_MAX as u64;

/// Saves the session that is meant.
pub(super) async fn execute(app: &App, args: &CreateArgs) -> anyhow::Result<Exit> {
    let reason = args.reason.as_deref().map(given::reason).transpose()?;
    let metadata = args.metadata.as_deref().map(metadata).transpose()?;
    let payload = args.file.as_deref().map(payload).transpose()?;
    let (engine, listed) = meant::session(app, args.owned.name.as_deref()).await?;
    let fence = ownership::of_session(app, &listed.session.id, given::fence(args.owned.fence));
    warn_if_large(app, payload.as_deref());
    let save = Save { fence, reason, metadata, payload };
    let checkpoint = engine.save(listed.handle, save).await.map_err(super::perhaps_its_owner(fence))?;
    let known_valid = Some(checkpoint.id.clone());
    let prune = args.keep.0.map(|keep| Prune { keep, fence: None, dry_run: false, known_valid });
    let removed = remove(app, engine, (listed.handle, prune)).await;
    app.out.report(&Created { session: listed.session.id, checkpoint, removed })?;
    app.sweep(engine).await;
    Ok(Exit::Success)
}

/// What was saved is saved, whether or not older ones can be removed.
async fn remove(app: &App, engine: &Engine, (handle, prune): (Handle, Option<Prune>)) -> usize {
    let Some(prune) = prune else { return 0 };
    match engine.prune(handle, &prune).await {
        Ok(pruned) => pruned.removed.len(),
        Err(error) => {
            if let Some(problem) = explain(error.into()) {
                app.out.warn(&format!("older checkpoints were not removed: {}", problem.primary));
            }
            0
        }
    }
}

fn metadata(json: &str) -> anyhow::Result<String> {
    match serde_json::from_str::<Value>(json) {
        Ok(_) => Ok(json.to_owned()),
        Err(error) => Err(Problem::usage("the metadata is not JSON")
            .details(lines(&error.to_string()))
            .hint("--metadata '{\"step\": 3}'")
            .into()),
    }
}

fn payload(path: &Path) -> anyhow::Result<Vec<u8>> {
    let is_standard_input = path == Path::new("-");
    let name = if is_standard_input { "standard input".to_owned() } else { shown(path) };
    let failed = |error| Problem::failure("CHECKPOINT_FILE", format!("read {name}")).because(error);
    let mut bytes = Vec::new();
    let mut size = 0;
    if is_standard_input {
        std::io::stdin().lock().take(READ_MAX).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        let file = File::open(path).map_err(failed)?;
        size = file.metadata().map_err(failed)?.len();
        file.take(READ_MAX).read_to_end(&mut bytes).map_err(failed)?;
    }
    let (size, max) = (size.max(bytes.len() as u64), limits::CHECKPOINT_BYTES_MAX as u64);
    if size > max {
        let refusal = CheckpointRefusal::TooLarge { size, max, largest: largest_parts(&bytes) };
        return Err(given::refuse(Refusal::Checkpoint(refusal)));
    }
    Ok(bytes)
}

fn warn_if_large(app: &App, payload: Option<&[u8]>) {
    let Some(payload) = payload.filter(|payload| payload.len() > limits::CHECKPOINT_BYTES_WARN) else {
        return;
    };
    let largest = largest_parts(payload);
    let parts =
        if largest.is_empty() { String::new() } else { format!("; the largest parts: {}", sizes(&largest)) };
    app.out.warn(&format!("the payload has {}{parts}", size(payload.len() as u64)));
}
