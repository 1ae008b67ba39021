//! Figures for Prometheus: what the store tells, and what this process counted.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tenure_core::access::Role;
use tenure_core::limits;
use tenure_store::Histogram;

use crate::answer::Answer;
use crate::caller::Caller;
use crate::setup::Served;

/// What this process counts.
#[derive(Debug)]
pub(crate) struct Counters {
    /// Streams that are open.
    pub(crate) subscribers: AtomicU64,
    /// Requests that were refused because their fence was old.
    pub(crate) fenced: AtomicU64,
    /// Requests that were refused because the session had changed.
    pub(crate) conflicts: AtomicU64,
    /// Attempts given to workers over the wire.
    pub(crate) claimed: AtomicU64,
    /// Attempts that those ended well, and badly.
    pub(crate) completed: AtomicU64,
    pub(crate) failed: AtomicU64,
    /// Attempts given to them that had been lost with somebody else.
    pub(crate) rescued: AtomicU64,
    /// How long appends over the wire took until they were durable, in microseconds.
    pub(crate) appends: Histogram,
}

/// Steps of how long an append took, in microseconds.
const APPENDS: [u64; 13] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000];
/// Microseconds of a second.
const MICROS: u32 = 1_000_000;

impl Default for Counters {
    fn default() -> Self {
        Self {
            subscribers: AtomicU64::default(),
            fenced: AtomicU64::default(),
            conflicts: AtomicU64::default(),
            claimed: AtomicU64::default(),
            completed: AtomicU64::default(),
            failed: AtomicU64::default(),
            rescued: AtomicU64::default(),
            appends: Histogram::new(&APPENDS),
        }
    }
}

impl Counters {
    /// Counts a refusal.
    pub(crate) fn refused(&self, code: &str) {
        match code {
            "FENCED" => count(&self.fenced, 1),
            "CONFLICT" | "PRECONDITION_FAILED" => count(&self.conflicts, 1),
            _ => {}
        }
    }

    /// Counts an append that is durable.
    pub(crate) fn appended(&self, took: Duration) {
        self.appends.note(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

/// Counts.
pub(crate) fn count(counter: &AtomicU64, more: u64) {
    counter.fetch_add(more, Ordering::Relaxed);
}

/// Everything, for whoever asks: figures of sessions are for administrators alone.
pub(crate) async fn text(served: &Served, caller: &Caller) -> Answer<String> {
    let mut text = String::new();
    if caller.role == Role::Admin {
        let engine = &served.setup.engine;
        let overview = engine.overview(caller.namespace.clone(), limits::STUCK_AFTER).await?;
        text = tenure_words::prometheus(&overview.figures);
        text += &tenure_words::queues(&engine.store().queues(caller.namespace.clone()).await?);
        pins(served, caller, &mut text).await?;
    }
    own(&served.counters, &mut text);
    writes(served, &mut text);
    Ok(text)
}

/// How long it took to write, and how much at once.
fn writes(served: &Served, text: &mut String) {
    let written = served.setup.engine.store().writes();
    let all = [
        (
            ("tenure_event_append_seconds", "How long appends over HTTP took until durable."),
            MICROS,
            served.counters.appends.read(),
        ),
        (
            ("tenure_commit_seconds", "How long transactions of this process took until durable."),
            MICROS,
            written.lengths,
        ),
        (("tenure_commit_batch_size", "Requests carried out by one transaction."), 1, written.sizes),
    ];
    for ((name, help), unit, distribution) in all {
        *text += &tenure_words::histogram(tenure_words::Histogram { name, help, unit }, &distribution);
    }
}

async fn pins(served: &Served, caller: &Caller, text: &mut String) -> Answer<()> {
    head(text, "tenure_pins", "gauge", "Keys that each worker holds.");
    let workers = served.setup.engine.store().workers().await?;
    for worker in workers.iter().filter(|worker| worker.serving.serves_tenant(&caller.namespace)) {
        // An id is visible text, but may hold what a label may not.
        let id = worker.lease.holder.id.as_str().replace('\\', "\\\\").replace('"', "\\\"");
        let _infallible = writeln!(text, "tenure_pins{{worker=\"{id}\"}} {}", worker.pins);
    }
    Ok(())
}

fn own(counters: &Counters, text: &mut String) {
    let all = [
        ("tenure_subscribers", "gauge", "Streams that are open.", &counters.subscribers),
        ("tenure_fenced_writes_total", "counter", "Requests refused for an old fence.", &counters.fenced),
        (
            "tenure_revision_conflicts_total",
            "counter",
            "Requests refused for a change in between.",
            &counters.conflicts,
        ),
        ("tenure_activity_claimed_total", "counter", "Attempts given to remote workers.", &counters.claimed),
        (
            "tenure_activity_completed_total",
            "counter",
            "Attempts that remote workers ended well.",
            &counters.completed,
        ),
        (
            "tenure_activity_failed_total",
            "counter",
            "Attempts that remote workers ended badly.",
            &counters.failed,
        ),
        (
            "tenure_activity_rescued_total",
            "counter",
            "Attempts given to remote workers after a loss.",
            &counters.rescued,
        ),
    ];
    for (name, kind, help, counter) in all {
        head(text, name, kind, help);
        let _infallible = writeln!(text, "{name} {}", counter.load(Ordering::Relaxed));
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _infallible = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}
