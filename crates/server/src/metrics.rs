//! Figures for Prometheus: what the store tells, and what this process counted.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use tenure_core::access::Role;
use tenure_core::limits;

use crate::answer::Answer;
use crate::caller::Caller;
use crate::setup::Served;

/// What this process counts.
#[derive(Debug, Default)]
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
        pins(served, caller, &mut text).await?;
    }
    own(&served.counters, &mut text);
    Ok(text)
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
