//! Figures as a table and as a document.

use serde_json::{Value, json};
use tenure_core::alert::Alert;
use tenure_core::escape::Escaped;
use tenure_core::id::Namespace;
use tenure_core::session::StateName;
use tenure_engine::{Overview, count, mean_length};
use tenure_store::{EventCount, Tally};

use crate::render::table::{Columns, table};
use crate::render::{Look, Report, Tone, block, with};
use tenure_words::documents;
use tenure_words::when::length;

/// How a tenant's sessions are doing.
#[derive(Debug)]
pub(crate) struct Stats {
    pub(crate) overview: Overview,
    pub(crate) namespace: Namespace,
}

/// Most stuck sessions that are named.
const NAMED_MAX: usize = 10;

impl Report for Stats {
    fn text(&self, look: &Look) -> String {
        let mut parts = vec![block(look, self.summary()), self.states(look)];
        let events = &self.overview.figures.recent_events;
        if !events.is_empty() {
            parts.push(table(
                look,
                (["EVENTS IN THE LAST HOUR", ""], Columns::Figures),
                events.iter().map(event_row),
            ));
        }
        let alerts = self
            .overview
            .alerts
            .iter()
            .map(|alert| format!("{} {}\n", look.paint(Tone::Warn, "alert:"), self.words(alert)));
        parts.push(alerts.chain(self.stuck(look)).collect());
        parts.retain(|part: &String| !part.is_empty());
        parts.join("\n")
    }

    fn json(&self) -> Value {
        let figures = documents::figures(&self.overview, &self.namespace, NAMED_MAX);
        with(json!({ "command": "stats" }), &figures)
    }
}

impl Stats {
    fn summary(&self) -> Vec<(&'static str, String)> {
        let (overview, ages) = (&self.overview, &self.overview.ages);
        let recent = &overview.figures.recent_sessions;
        let mut rows = vec![(
            "Sessions",
            format!("{} ({} open, {} active)", overview.total(), overview.open(), overview.active()),
        )];
        if overview.figures.open.is_some() {
            let (oldest, newest, mean) = (length(ages.oldest), length(ages.newest), length(ages.mean));
            rows.push(("Age of open ones", format!("oldest {oldest}, newest {newest}, mean {mean}")));
        }
        if count(&overview.figures.sessions, has_worked) > 0 {
            let lately = if count(recent, has_worked) > 0 {
                format!("; of the last 24 hours {}", length(mean_length(recent)))
            } else {
                String::new()
            };
            rows.push(("Mean duration", length(mean_length(&overview.figures.sessions)) + &lately));
        }
        if count(recent, |_| true) > 0 {
            rows.push((
                "Expiration rate",
                format!("{:.1} % of the last 24 hours", overview.expired_percent()),
            ));
        }
        rows
    }

    fn states(&self, look: &Look) -> String {
        let figures = &self.overview.figures;
        let row = |state: StateName| {
            let of = |tallies: &[Tally]| count(tallies, |other| other == state);
            let (all, recent) = (of(&figures.sessions), of(&figures.recent_sessions));
            (all > 0).then(|| [state.name().to_owned(), all.to_string(), recent.to_string()])
        };
        let rows: Vec<_> = StateName::ALL.into_iter().filter_map(row).collect();
        if rows.is_empty() {
            return String::new();
        }
        table(look, (["STATE", "ALL", "LAST 24 HOURS"], Columns::Figures), rows.into_iter())
    }

    /// The sessions that have been stuck for longest.
    fn stuck(&self, look: &Look) -> impl Iterator<Item = String> {
        let quiet = &self.overview.figures.quiet;
        let now = self.overview.figures.at;
        let rows = quiet.longest.iter().take(NAMED_MAX).map(move |listed| {
            let session = &listed.session;
            let key = session.key.as_ref().map_or_else(String::new, |key| format!(" (key `{key}`)"));
            let since = now.map_or_else(String::new, |now| length(now.since(session.last_activity_at)));
            look.paint(Tone::Dim, &format!("  stuck: `{}`{key}, quiet for {since}", session.id)) + "\n"
        });
        rows.collect::<Vec<_>>().into_iter()
    }

    fn words(&self, alert: &Alert) -> String {
        match alert {
            Alert::ManyExpire { opened, expired } => {
                format!("{expired} of the {opened} sessions created in the last 24 hours have expired")
            }
            Alert::Stuck { count } => {
                let after = length(self.overview.stuck_after);
                format!(
                    "{count} active {} no activity for {after}",
                    one_or_many(*count, "session has", "sessions have")
                )
            }
            Alert::Silent { count } => {
                let them = one_or_many(*count, "active session has", "active sessions have");
                format!("{count} {them} had no event from the owner since the start")
            }
        }
    }
}

const fn has_worked(state: StateName) -> bool {
    matches!(state, StateName::Completed | StateName::Failed)
}

const fn one_or_many<'a>(count: u64, one: &'a str, many: &'a str) -> &'a str {
    if count == 1 { one } else { many }
}

fn event_row(count: &EventCount) -> [String; 2] {
    [Escaped(&count.kind).to_string(), count.count.to_string()]
}
