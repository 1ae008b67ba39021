//! Options of the verbs about workers and the keys they hold.

use clap::{Args, Subcommand};

/// List the workers of orchestrations, and make them go.
#[derive(Debug, Clone, Args)]
pub(crate) struct WorkerArgs {
    #[command(subcommand)]
    pub(crate) verb: WorkerVerb,
}

/// What to do with workers.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum WorkerVerb {
    List(WorkerListArgs),
    Drain(DrainArgs),
    Evict(EvictArgs),
}

/// List workers: whether they are live, and what they hold.
///
/// One that is `stalled` renews its lease while its loop does not go on: some code blocks it. After four ttls of that it
/// renews no more. One that is `gone` has no process any more; `over`, it was silent for its whole ttl: others take
/// what it held.
#[derive(Debug, Clone, Args)]
pub(crate) struct WorkerListArgs {}

/// Make a worker go by itself.
///
/// It begins nothing new, finishes what it runs within its grace, lets go of the rest, and stops.
#[derive(Debug, Clone, Args)]
pub(crate) struct DrainArgs {
    /// The worker's name
    pub(crate) worker: String,
}

/// Take everything from a worker at once.
///
/// Others take it over. What the worker still does is refused; if its process is there after all, it begins as
/// another start of itself.
#[derive(Debug, Clone, Args)]
pub(crate) struct EvictArgs {
    /// The worker's name
    pub(crate) worker: String,
}

/// List affinity keys and the workers that hold them.
#[derive(Debug, Clone, Args)]
pub(crate) struct PinsArgs {
    /// Only those of this worker
    #[arg(long, value_name = "NAME")]
    pub(crate) worker: Option<String>,
    /// Only those after this key
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) after: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) limit: u32,
}

/// Move an affinity key to another worker, or let go of it.
#[derive(Debug, Clone, Args)]
pub(crate) struct PinArgs {
    #[command(subcommand)]
    pub(crate) verb: PinVerb,
}

/// What to do with a key.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum PinVerb {
    Move(PinMoveArgs),
    Release(PinReleaseArgs),
}

/// Give a key to another worker.
///
/// What runs goes on to its end; what comes next runs there. Who had the key is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct PinMoveArgs {
    /// The key
    pub(crate) key: String,
    /// The worker that gets it. Without: whoever claims it next
    #[arg(long, value_name = "NAME")]
    pub(crate) to: Option<String>,
}

/// Let whoever claims a key next have it.
#[derive(Debug, Clone, Args)]
pub(crate) struct PinReleaseArgs {
    /// The key
    pub(crate) key: String,
}
