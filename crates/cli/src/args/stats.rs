//! Options of the verb that counts.

use std::time::Duration;

use clap::Args;

/// Count sessions and events, and say what is worth a look.
///
/// Figures are kept as sessions change, so they cost the same however many have ended.
#[derive(Debug, Clone, Args)]
pub(crate) struct StatsArgs {
    /// An active session without activity for longer than this is stuck
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = super::run::duration)]
    pub(crate) stuck_after: Duration,
    /// Answer in the text form that Prometheus reads
    #[arg(long)]
    pub(crate) prometheus: bool,
}
