//! Files that a session has changed.

use std::path::PathBuf;

use serde_json::{Value, json};
use tenure_core::checkpoint::{Checkpoint, Content, FileAction, FileVersion};
use tenure_core::escape::Escaped;
use tenure_core::id::SessionId;
use tenure_core::time::Moment;
use tenure_store::payload::Hex;
use tenure_store::{ListedCheckpoint, ListedFile};

use super::checkpoint::size;
use super::{Look, Report, Tone};
use tenure_words::when::{ago, instant};
use tenure_words::{lines, shown};

/// Every file in its newest version.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) files: Vec<ListedFile>,
    pub(crate) now: Moment,
}

impl Report for Files {
    fn text(&self, look: &Look) -> String {
        if self.files.is_empty() {
            return "No changed files. (`tenure run --watch` records them.)\n".to_owned();
        }
        let header = ["CHANGE", "SIZE", "SEQ", "WHEN", "PATH"].map(str::to_owned);
        let rows: Vec<_> = self.files.iter().map(|file| row(file, &self.now)).collect();
        let width = |column: usize| {
            let cells = std::iter::once(&header).chain(&rows).map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        };
        let widths = [width(0), width(1), width(2), width(3)];
        let line = |row: &[String; 5]| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  "));
            cells.collect::<String>() + &row[4] + "\n"
        };
        let painted = rows.iter().zip(&self.files).map(|(row, file)| match &file.version {
            ListedCheckpoint::Readable(_) => line(row),
            ListedCheckpoint::Damaged { .. } => look.paint(Tone::Bad, line(row).trim_end()) + "\n",
        });
        let header = look.paint(Tone::Dim, line(&header).trim_end()) + "\n";
        std::iter::once(header).chain(painted).collect()
    }

    fn json(&self) -> Value {
        json!({ "data": self.files.iter().map(document).collect::<Vec<_>>() })
    }
}

fn row(file: &ListedFile, now: &Moment) -> [String; 5] {
    let path = Escaped(&file.path).to_string();
    match (&file.version, version(&file.version)) {
        (ListedCheckpoint::Readable(checkpoint), Some(version)) => {
            let bytes = match version.action {
                FileAction::Deleted => "-".to_owned(),
                FileAction::Created | FileAction::Modified if version.is_kept => size(version.size),
                FileAction::Created | FileAction::Modified => format!("{} (not kept)", size(version.size)),
            };
            let when = ago(checkpoint.created_at, now);
            [version.action.name().to_owned(), bytes, format!("#{}", checkpoint.seq), when, path]
        }
        (listed, _) => {
            let what = match listed {
                ListedCheckpoint::Damaged { what, .. } => format!("damaged: {}", lines(what).join("; ")),
                ListedCheckpoint::Readable(_) => "damaged".to_owned(),
            };
            [what, "-".to_owned(), "-".to_owned(), "-".to_owned(), path]
        }
    }
}

fn version(listed: &ListedCheckpoint) -> Option<&FileVersion> {
    match listed {
        ListedCheckpoint::Readable(Checkpoint { content: Content::File(version), .. }) => Some(version),
        ListedCheckpoint::Readable(_) | ListedCheckpoint::Damaged { .. } => None,
    }
}

fn document(file: &ListedFile) -> Value {
    match (&file.version, version(&file.version)) {
        (ListedCheckpoint::Readable(checkpoint), Some(version)) => of(checkpoint, version),
        (ListedCheckpoint::Damaged { what, seq, .. }, _) => {
            json!({ "path": file.path, "seq": seq.0, "damaged": what })
        }
        (ListedCheckpoint::Readable(_), None) => json!({ "path": file.path }),
    }
}

fn of(checkpoint: &Checkpoint, version: &FileVersion) -> Value {
    let mut document = json!({
        "path": version.path,
        "action": version.action.name(),
        "seq": checkpoint.seq.0,
        "at": instant(checkpoint.created_at),
    });
    if version.action != FileAction::Deleted {
        document["size"] = version.size.into();
        document["kept"] = version.is_kept.into();
    }
    if version.action != FileAction::Deleted && version.is_kept {
        document["sha256"] = Hex(&checkpoint.sha256).to_string().into();
    }
    document
}

/// A file was written as it was.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) session: SessionId,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) version: FileVersion,
    pub(crate) to: PathBuf,
}

impl Report for Written {
    fn text(&self, _: &Look) -> String {
        let Self { checkpoint, version, .. } = self;
        let (path, seq) = (Escaped(&version.path), checkpoint.seq);
        format!(
            "Wrote `{path}` of session `{}`, as it was at #{seq}, to {}.\n",
            self.session,
            shown(&self.to)
        )
    }

    fn json(&self) -> Value {
        let mut document = json!({ "command": "files", "ok": true, "session": self.session.as_str() });
        document["file"] = of(&self.checkpoint, &self.version);
        document["to"] = self.to.to_string_lossy().into();
        document
    }
}
