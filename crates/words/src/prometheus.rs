//! Figures in the text form that Prometheus reads.

use tenure_core::kind::Kind;
use tenure_core::session::StateName;
use tenure_store::{Figures, Tally};

/// Every figure that a store can tell. Labels are names of ours: nothing has to be escaped.
#[must_use]
pub fn prometheus(figures: &Figures) -> String {
    let sessions = samples(figures, |_| true, "tenure_sessions", |tally| tally.count.to_string());
    let ended = StateName::is_terminal;
    let lengths = samples(figures, ended, "tenure_session_duration_seconds_sum", |tally| {
        format!("{:.3}", tally.lasted.as_secs_f64())
    });
    let counts =
        samples(figures, ended, "tenure_session_duration_seconds_count", |tally| tally.count.to_string());
    let total = |kind: &str| {
        let count = figures.events.iter().find(|count| count.kind == kind);
        count.map_or(0, |count| count.count).to_string()
    };
    let transitions = format!("tenure_session_transitions_total {}\n", total("state_changed"));
    let takeovers = format!("tenure_lease_takeovers_total {}\n", total("lease_taken_over"));
    [
        family("tenure_sessions", "gauge", "Sessions that are stored.", &sessions),
        family("tenure_session_transitions_total", "counter", "Moves between states.", &transitions),
        family(
            "tenure_session_duration_seconds",
            "summary",
            "How long sessions took from creation to end.",
            &(lengths + &counts),
        ),
        family("tenure_lease_takeovers_total", "counter", "Leases that were taken over.", &takeovers),
    ]
    .concat()
}

fn family(name: &str, kind: &str, help: &str, samples: &str) -> String {
    format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{samples}")
}

/// One sample for each kind and state, also where there is no session.
fn samples(
    figures: &Figures,
    is_one: impl Fn(StateName) -> bool,
    name: &str,
    value: impl Fn(&Tally) -> String,
) -> String {
    let cells = Kind::ALL.into_iter().flat_map(|kind| StateName::ALL.map(|state| (kind, state)));
    let cells = cells.filter(|(_, state)| is_one(*state));
    let sample = |(kind, state): (Kind, StateName)| {
        let found = figures.sessions.iter().find(|tally| (tally.kind, tally.state) == (kind, state));
        let none = Tally { kind, state, count: 0, lasted: std::time::Duration::ZERO };
        let value = value(found.unwrap_or(&none));
        format!("{name}{{kind=\"{}\",state=\"{}\"}} {value}\n", kind.name(), state.name())
    };
    cells.map(sample).collect()
}
