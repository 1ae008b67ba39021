//! Many sessions, newest first.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::{Value, json};
use tenure_core::session::Session;
use tenure_core::time::Moment;
use tenure_store::{Listed, Page};

use super::{lease_left, session_json, state};
use crate::render::when::ago;
use crate::render::{Look, Report, Tone};

/// A page of sessions.
#[derive(Debug)]
pub(crate) struct Sessions {
    pub(crate) page: Page,
    pub(crate) next: Option<String>,
    /// `None` when there is no store: the page is empty then.
    pub(crate) now: Option<Moment>,
}

const HEADER: [&str; 7] = ["SESSION", "KEY", "KIND", "STATE", "HOLDER", "LEASE", "ACTIVE"];

impl Report for Sessions {
    fn text(&self, look: &Look) -> String {
        let Some(now) = self.now.as_ref().filter(|_| !self.page.sessions.is_empty()) else {
            return "No sessions.\n".to_owned();
        };
        let mut text = String::new();
        for line in table(look, &self.page.sessions, now).lines() {
            text.extend([line.trim_end(), "\n"]);
        }
        if let Some(next) = &self.next {
            text.push_str(&look.paint(Tone::Dim, &format!("more: --cursor {next}")));
            text.push('\n');
        }
        text
    }

    fn json(&self) -> Value {
        let rows = self.page.sessions.iter().zip(std::iter::repeat(self.now.as_ref()));
        let rows =
            rows.filter_map(|(listed, now)| Some(session_json(&listed.session, Some(listed.head.0), now?)));
        json!({ "data": rows.collect::<Vec<_>>(), "next_cursor": self.next })
    }
}

fn table(look: &Look, sessions: &[Listed], now: &Moment) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty();
    if let Some(width) = look.width {
        table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic);
    }
    table.set_header(HEADER.map(|name| look.paint(Tone::Dim, name)));
    table.add_rows(sessions.iter().map(|listed| row(look, &listed.session, now)));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn row(look: &Look, session: &Session, now: &Moment) -> [String; 7] {
    let dash = || "-".to_owned();
    [
        session.id.to_string(),
        session.key.as_ref().map_or_else(dash, ToString::to_string),
        session.kind.name().to_owned(),
        state(look, session),
        session.lease.as_ref().map_or_else(dash, |lease| lease.holder.id.to_string()),
        lease_left(look, session, now).unwrap_or_else(dash),
        ago(session.last_activity_at, now),
    ]
}
