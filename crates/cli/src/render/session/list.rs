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

/// The state comes first, so that its colour can be put on when the columns are laid out.
const HEADER: [&str; 7] = ["STATE", "SESSION", "KEY", "KIND", "HOLDER", "LEASE", "ACTIVE"];

impl Report for Sessions {
    fn text(&self, look: &Look) -> String {
        let Some(now) = self.now.as_ref().filter(|_| !self.page.sessions.is_empty()) else {
            return "No sessions.\n".to_owned();
        };
        let table = table(&self.page.sessions, now);
        let mut lines = table.lines().map(|line| line.trim_end().to_owned());
        let header = lines.next().map(|line| look.paint(Tone::Dim, &line));
        let rows = lines.zip(&self.page.sessions).map(|(line, listed)| painted(look, &line, &listed.session));
        let more =
            self.next.iter().map(|next| look.paint(Tone::Dim, &format!("more: tenure list --cursor {next}")));
        header.into_iter().chain(rows).chain(more).map(|line| line + "\n").collect()
    }

    fn json(&self) -> Value {
        let rows = self.page.sessions.iter().zip(std::iter::repeat(self.now.as_ref()));
        let rows =
            rows.filter_map(|(listed, now)| Some(session_json(&listed.session, Some(listed.head.0), now?)));
        json!({ "data": rows.collect::<Vec<_>>(), "next_cursor": self.next })
    }
}

/// Every row on one line, however long: ids and keys are there to be copied.
fn table(sessions: &[Listed], now: &Moment) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).force_no_tty().set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(HEADER);
    table.add_rows(sessions.iter().map(|listed| row(&listed.session, now)));
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table
}

fn row(session: &Session, now: &Moment) -> [String; 7] {
    let dash = || "-".to_owned();
    [
        session.state.name().name().to_owned(),
        session.id.to_string(),
        session.key.as_ref().map_or_else(dash, ToString::to_string),
        session.kind.name().to_owned(),
        session.lease.as_ref().map_or_else(dash, |lease| lease.holder.id.to_string()),
        lease_left(&Look::default(), session, now).unwrap_or_else(dash),
        ago(session.last_activity_at, now),
    ]
}

fn painted(look: &Look, line: &str, session: &Session) -> String {
    let rest = line.strip_prefix(session.state.name().name()).unwrap_or(line);
    format!("{}{rest}", state(look, session))
}
