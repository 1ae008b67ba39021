//! Figures in the text form that Prometheus reads.

use tenure_core::kind::Kind;
use tenure_core::session::StateName;
use tenure_store::{Distribution, Figures, QueueCount, Tally};

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

/// A distribution that is to be told.
#[derive(Debug, Clone, Copy)]
pub struct Histogram<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is of.
    pub help: &'a str,
    /// How many of what was counted are one of what is told: microseconds of a second, for example.
    pub unit: u32,
}

/// How often something was how large.
#[must_use]
pub fn histogram(told: Histogram<'_>, distribution: &Distribution) -> String {
    let Histogram { name, help, unit } = told;
    // A sum that is told as another number is rounded: it is a figure, not an account.
    #[expect(clippy::cast_precision_loss, reason = "a figure, not an account")]
    let scaled = |counted: u64| counted as f64 / f64::from(unit);
    let mut so_far = 0;
    let buckets = distribution.steps.iter().map(|(step, count)| {
        so_far += count;
        format!("{name}_bucket{{le=\"{}\"}} {so_far}\n", scaled(*step))
    });
    let buckets: String = buckets.collect();
    let (sum, count) = (scaled(distribution.sum), distribution.count());
    let rest = format!("{name}_bucket{{le=\"+Inf\"}} {count}\n{name}_sum {sum}\n{name}_count {count}\n");
    family(name, "histogram", help, &(buckets + &rest))
}

/// The tasks that wait, by queue; the default one has no name.
#[must_use]
pub fn queues(counts: &[QueueCount]) -> String {
    let samples = counts.iter().map(|QueueCount { queue, count }| {
        let queue = queue.as_ref().map_or("", |queue| queue.as_str());
        format!("tenure_queue_depth{{queue=\"{}\"}} {count}\n", label(queue))
    });
    let samples: String = samples.collect();
    family("tenure_queue_depth", "gauge", "Tasks that no worker was given, by queue.", &samples)
}

/// Text as a label may hold it.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_a_histogram_add_up() {
        let told = Histogram { name: "took_seconds", help: "How long it took.", unit: 1_000_000 };
        let distribution = Distribution { steps: vec![(500, 2), (1_000_000, 3)], beyond: 1, sum: 4_500_000 };
        let expected = "# HELP took_seconds How long it took.\n# TYPE took_seconds histogram\n\
            took_seconds_bucket{le=\"0.0005\"} 2\ntook_seconds_bucket{le=\"1\"} 5\n\
            took_seconds_bucket{le=\"+Inf\"} 6\ntook_seconds_sum 4.5\ntook_seconds_count 6\n";
        assert_eq!(histogram(told, &distribution), expected);
    }

    #[test]
    fn the_default_queue_has_no_name() {
        let named = QueueCount { queue: tenure_core::id::QueueName::parse("gpu").ok(), count: 2 };
        let told = queues(&[QueueCount { queue: None, count: 1 }, named]);
        let samples = "tenure_queue_depth{queue=\"\"} 1\ntenure_queue_depth{queue=\"gpu\"} 2\n";
        assert!(told.ends_with(&format!("# TYPE tenure_queue_depth gauge\n{samples}")), "{told}");
    }

    #[test]
    fn what_a_label_may_not_hold_is_escaped() {
        assert_eq!(label("a\\b\"c\nd"), r#"a\\b\"c\nd"#);
    }
}
