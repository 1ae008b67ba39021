//! Many sessions, newest first.

use serde_json::Value;
use tenure_api::Page;
use tenure_core::session::Session;

use super::{Shown, state};
use crate::render::table::{Columns, lines};
use crate::render::{Look, Report, Tone};
use tenure_words::when::ago;

/// A page of sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    pub(crate) rows: Vec<Shown>,
    pub(crate) next: Option<String>,
    /// Whether not every session was asked for.
    pub(crate) is_filtered: bool,
}

/// The state comes first, so that its colour can be put on when the columns are laid out.
const HEADER: [&str; 7] = ["STATE", "SESSION", "KEY", "KIND", "HOLDER", "LEASE", "ACTIVE"];

impl Report for Sessions {
    fn text(&self, look: &Look) -> String {
        if self.rows.is_empty() {
            return if self.is_filtered { "No such sessions.\n" } else { "No sessions.\n" }.to_owned();
        }
        let (header, lines) = lines(look, (HEADER, Columns::Left), self.rows.iter().map(row));
        let rows = lines.iter().zip(&self.rows);
        let rows = rows.map(|(line, shown)| painted(look, line, &shown.listed.session));
        let again = if self.is_filtered { "the same, with" } else { "tenure list" };
        let more =
            self.next.iter().map(|next| look.paint(Tone::Dim, &format!("more: {again} --cursor {next}")));
        header.into_iter().chain(rows).chain(more).map(|line| line + "\n").collect()
    }

    fn json(&self) -> Value {
        let data = self.rows.iter().map(Report::json).collect();
        tenure_api::document(&Page { data, next_cursor: self.next.clone() })
    }
}

/// An instance has no key: what tells it from others is its orchestration.
fn driven_by(session: &Session) -> Option<String> {
    session.execution.as_ref().map(|execution| execution.name.to_string())
}

fn row(shown: &Shown) -> [String; 7] {
    let dash = || "-".to_owned();
    let session = &shown.listed.session;
    [
        session.state.name().name().to_owned(),
        session.id.to_string(),
        session.key.as_ref().map(ToString::to_string).or_else(|| driven_by(session)).unwrap_or_else(dash),
        session.kind.name().to_owned(),
        session.lease.as_ref().map_or_else(dash, |lease| lease.holder.id.to_string()),
        shown.lease().map_or_else(dash, |lease| lease.short()),
        ago(session.last_activity_at, &shown.now),
    ]
}

fn painted(look: &Look, line: &str, session: &Session) -> String {
    let rest = line.strip_prefix(session.state.name().name()).unwrap_or(line);
    format!("{}{rest}", state(look, session))
}
