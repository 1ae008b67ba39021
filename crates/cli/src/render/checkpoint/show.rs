//! One checkpoint.

use serde_json::Value;
use tenure_api::ShownCheckpoint;
use tenure_core::checkpoint::{Checkpoint, Content};
use tenure_core::escape::Escaped;
use tenure_core::time::Moment;
use tenure_engine::Skipped;
use tenure_store::payload::Hex;

use super::stored;
use crate::render::{Look, Report, block};
use tenure_words::documents;
use tenure_words::when::{ago, instant};

/// One checkpoint, whose payload was read and is what was saved.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) checkpoint: Checkpoint,
    pub(crate) skipped: Vec<Skipped>,
    pub(crate) now: Moment,
}

impl Report for Shown {
    fn text(&self, look: &Look) -> String {
        let checkpoint = &self.checkpoint;
        let made = format!("{} ({})", ago(checkpoint.created_at, &self.now), instant(checkpoint.created_at));
        let content = match &checkpoint.content {
            Content::Record => "the session's own record".to_owned(),
            Content::Given => "given by whoever saved it".to_owned(),
            Content::File(version) => format!("a version of the file {}", Escaped(&version.path)),
        };
        let mut rows = vec![
            ("Checkpoint", checkpoint.id.to_string()),
            ("Session", format!("{} at #{}", checkpoint.session, checkpoint.seq)),
            ("Made", made),
        ];
        rows.extend(checkpoint.reason.iter().map(|reason| ("Reason", Escaped(reason).to_string())));
        rows.extend(checkpoint.metadata.iter().map(|json| ("Metadata", Escaped(json).to_string())));
        rows.push(("Payload", format!("intact, {content}")));
        rows.push(("Size", stored(checkpoint)));
        rows.push(("SHA-256", Hex(&checkpoint.sha256).to_string()));
        block(look, rows)
    }

    fn json(&self) -> Value {
        tenure_api::document(&ShownCheckpoint {
            checkpoint: tenure_api::Checkpoint::of(&self.checkpoint),
            intact: true,
            skipped: documents::skipped(&self.skipped),
        })
    }
}
