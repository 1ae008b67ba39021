//! Many checkpoints, newest first.

use serde_json::Value;
use tenure_api::{ContentKind, Page, Word};
use tenure_core::escape::Escaped;
use tenure_core::id::Seq;
use tenure_core::time::Moment;
use tenure_store::ListedCheckpoint;

use super::size;
use crate::render::table::{self, Columns};
use crate::render::{Look, Report, Tone};
use tenure_words::when::ago;
use tenure_words::{documents, lines};

/// A page of checkpoints.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    pub(crate) checkpoints: Vec<ListedCheckpoint>,
    pub(crate) next: Option<Seq>,
    pub(crate) now: Moment,
}

const HEADER: [&str; 7] = ["CHECKPOINT", "SEQ", "MADE", "SIZE", "STORED", "CONTENT", "REASON"];

impl Report for Checkpoints {
    fn text(&self, look: &Look) -> String {
        if self.checkpoints.is_empty() {
            return "No checkpoints.\n".to_owned();
        }
        let rows = self.checkpoints.iter().map(|listed| row(listed, &self.now));
        let (header, lines) = table::lines(look, (HEADER, Columns::Left), rows);
        let rows = lines.into_iter().zip(&self.checkpoints).map(|(line, listed)| match listed {
            ListedCheckpoint::Readable(_) => line,
            ListedCheckpoint::Damaged { .. } => look.paint(Tone::Bad, &line),
        });
        let more = self.next.iter().map(|next| {
            look.paint(Tone::Dim, &format!("more: tenure checkpoint list <name> --cursor {next}"))
        });
        header.into_iter().chain(rows).chain(more).map(|line| line + "\n").collect()
    }

    fn json(&self) -> Value {
        let data = self.checkpoints.iter().map(documents::checkpoint).collect();
        tenure_api::document(&Page { data, next_cursor: self.next.map(|next| next.to_string()) })
    }
}

fn row(listed: &ListedCheckpoint, now: &Moment) -> [String; 7] {
    let dash = || "-".to_owned();
    match listed {
        ListedCheckpoint::Readable(checkpoint) => [
            checkpoint.id.to_string(),
            format!("#{}", checkpoint.seq),
            ago(checkpoint.created_at, now),
            size(checkpoint.original_size),
            size(checkpoint.stored_size),
            ContentKind::from(&checkpoint.content).word().to_owned(),
            checkpoint.reason.as_ref().map_or_else(String::new, |reason| Escaped(reason).to_string()),
        ],
        ListedCheckpoint::Damaged { id, seq, what } => {
            let what = format!("damaged: {}", lines(what).join("; "));
            [id.to_string(), format!("#{seq}"), dash(), dash(), dash(), dash(), what]
        }
    }
}
