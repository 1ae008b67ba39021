//! What was saved, brought back and removed.

use std::path::PathBuf;

use serde_json::{Value, json};
use tenure_core::checkpoint::{Checkpoint, Content};
use tenure_core::id::{CheckpointId, SessionId};
use tenure_engine::Skipped;
use tenure_store::ListedCheckpoint;

use super::stored;
use crate::render::{Look, Report, Tone};
use tenure_words::{documents, shown};

/// A session was saved.
#[derive(Debug)]
pub(crate) struct Created {
    pub(crate) session: SessionId,
    pub(crate) checkpoint: Checkpoint,
    /// How many older ones were removed.
    pub(crate) removed: usize,
}

impl Report for Created {
    fn text(&self, _: &Look) -> String {
        let Checkpoint { id, seq, .. } = &self.checkpoint;
        let line =
            format!("Saved session `{}` as {id} at #{seq}: {}.\n", self.session, stored(&self.checkpoint));
        match self.removed {
            0 => line,
            1 => line + "Removed one older checkpoint.\n",
            count => format!("{line}Removed {count} older checkpoints.\n"),
        }
    }

    fn json(&self) -> Value {
        json!({
            "command": "checkpoint-create",
            "ok": true,
            "checkpoint": tenure_api::Checkpoint::of(&self.checkpoint),
            "removed": self.removed,
        })
    }
}

/// A checkpoint was brought back.
#[derive(Debug)]
pub(crate) struct Restored {
    pub(crate) session: SessionId,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) file: Option<PathBuf>,
}

impl Report for Restored {
    fn text(&self, _: &Look) -> String {
        let Checkpoint { id, content, .. } = &self.checkpoint;
        let mut text = match content {
            Content::Record => format!("Session `{}` is about what it was at {id} again.\n", self.session),
            Content::Given | Content::File(_) => format!("Restored {id} of session `{}`.\n", self.session),
        };
        if let Some(file) = &self.file {
            text.extend(["Wrote ", &shown(file), ".\n"]);
        }
        text
    }

    fn json(&self) -> Value {
        let file = self.file.as_ref().map(|file| file.to_string_lossy());
        json!({
            "command": "checkpoint-restore",
            "ok": true,
            "session": self.session.as_str(),
            "checkpoint": tenure_api::Checkpoint::of(&self.checkpoint),
            "file": file,
            "skipped": documents::skipped(&self.skipped),
        })
    }
}

/// Older checkpoints were removed, or would be.
#[derive(Debug)]
pub(crate) struct Pruned {
    pub(crate) session: SessionId,
    pub(crate) pruned: tenure_engine::Pruned,
    pub(crate) dry_run: bool,
}

impl Report for Pruned {
    fn text(&self, look: &Look) -> String {
        let (kept, removed) = (&self.pruned.kept, &self.pruned.removed);
        let verb = if self.dry_run { "Would remove" } else { "Removed" };
        let mut text = format!(
            "{verb} {} of {} checkpoints of session `{}`.\n",
            removed.len(),
            kept.len() + removed.len(),
            self.session
        );
        text.extend(
            removed.iter().map(|listed| look.paint(Tone::Dim, &format!("  {}", id_of(listed))) + "\n"),
        );
        for (listed, _) in kept.iter().filter(|(_, is_last_valid)| *is_last_valid) {
            let why = "stays: no newer one can be brought back";
            text.extend(["  ", &id_of(listed).to_string(), " ", why, "\n"]);
        }
        text
    }

    fn json(&self) -> Value {
        let ids = |listed: &ListedCheckpoint| id_of(listed).as_str().to_owned();
        let last_valid = self.pruned.kept.iter().find(|(_, is_last_valid)| *is_last_valid);
        json!({
            "command": "checkpoint-prune",
            "ok": true,
            "dry_run": self.dry_run,
            "session": self.session.as_str(),
            "removed": self.pruned.removed.iter().map(ids).collect::<Vec<_>>(),
            "kept": self.pruned.kept.iter().map(|(listed, _)| ids(listed)).collect::<Vec<_>>(),
            "kept_as_last_valid": last_valid.map(|(listed, _)| ids(listed)),
        })
    }
}

fn id_of(listed: &ListedCheckpoint) -> &CheckpointId {
    match listed {
        ListedCheckpoint::Readable(Checkpoint { id, .. }) | ListedCheckpoint::Damaged { id, .. } => id,
    }
}
