//! Options of the verbs about checkpoints and forks.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use tenure_core::limits;

use super::lifecycle::OwnedArgs;

/// Save a session, and list, compare and bring back what was saved.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckpointArgs {
    #[command(subcommand)]
    pub(crate) verb: CheckpointVerb,
}

/// What to do with checkpoints.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum CheckpointVerb {
    Create(CreateArgs),
    List(ListArgs),
    Show(ShowArgs),
    Diff(DiffArgs),
    Restore(RestoreArgs),
    Prune(PruneArgs),
}

/// Save a session: a payload of your own, or the session's own record.
///
/// With the fence it is held under, or when nobody holds it. Older checkpoints beyond those to keep are
/// removed, but of an open session never the newest one that can be brought back.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateArgs {
    #[command(flatten)]
    pub(crate) owned: OwnedArgs,
    /// The payload's file; `-` reads it from standard input. Without it, the session's own record is saved
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// What you want to know of it later, as JSON
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub(crate) metadata: Option<String>,
    /// So many of the newest checkpoints are kept; `all` removes none
    #[arg(long, value_name = "N", default_value_t = Keep(Some(limits::CHECKPOINTS_KEPT)), value_parser = keep)]
    pub(crate) keep: Keep,
}

/// How many checkpoints to keep; `None`: all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keep(pub(crate) Option<usize>);

impl std::fmt::Display for Keep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(count) => count.fmt(f),
            None => f.write_str("all"),
        }
    }
}

fn keep(text: &str) -> Result<Keep, String> {
    if text == "all" {
        return Ok(Keep(None));
    }
    match text.parse() {
        Ok(0) | Err(_) => Err("a number from 1 on, or `all`".to_owned()),
        Ok(count) => Ok(Keep(Some(count))),
    }
}

/// List a session's checkpoints, newest first, without reading their payloads.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// At most this many, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,
    /// Where the next page begins, as the page before said
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<u64>,
}

/// Show a checkpoint, after checking that its payload is what was saved.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// The session's id, or its key [env: TENURE_SESSION_ID]
    pub(crate) name: Option<String>,
    /// The checkpoint; without it, the newest that can be brought back
    pub(crate) id: Option<String>,
    /// Write the payload itself, byte for byte
    #[arg(long)]
    pub(crate) raw: bool,
}

/// Say what differs between two checkpoints of a session.
///
/// JSON is compared member by member, other text line by line, and anything else by size and hash.
#[derive(Debug, Clone, Args)]
pub(crate) struct DiffArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// The one checkpoint
    pub(crate) a: String,
    /// The other
    pub(crate) b: String,
}

/// Bring a checkpoint back.
///
/// A session's own record changes what the session is about: labels, metadata, progress, timings, command,
/// directory, idle rule and activity. Any other payload is written to a file, whole or not at all. Later checkpoints stay, and the log
/// says that it happened. With the fence it is held under, or when nobody holds it.
#[derive(Debug, Clone, Args)]
pub(crate) struct RestoreArgs {
    /// The session's id, or its key [env: TENURE_SESSION_ID]
    pub(crate) name: Option<String>,
    /// The checkpoint; without it, the newest that can be brought back
    pub(crate) id: Option<String>,
    /// Where to write the payload, replacing what is there; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) to: Option<PathBuf>,
    /// The fence it is held under [env: TENURE_FENCE, for the session of TENURE_SESSION_ID]
    #[arg(long, value_name = "N")]
    pub(crate) fence: Option<u64>,
}

/// Remove all but the newest checkpoints of a session.
///
/// Of an open session the newest one that can be brought back stays in any case.
#[derive(Debug, Clone, Args)]
pub(crate) struct PruneArgs {
    #[command(flatten)]
    pub(crate) owned: OwnedArgs,
    /// So many of the newest are kept
    #[arg(long, value_name = "N", default_value_t = limits::CHECKPOINTS_KEPT)]
    pub(crate) keep: usize,
    /// Only say what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Go on from an earlier point of a session in a new one.
///
/// The new session's log is the other's up to that point, and then its own; it has the checkpoints up to there.
/// It is pending and held by nobody. The other session stays as it is, whoever holds it and however it ended.
#[derive(Debug, Clone, Args)]
pub(crate) struct ForkArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// The last position of the log to share; without it, all there is
    #[arg(long, value_name = "SEQ", conflicts_with = "checkpoint", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) at: Option<u64>,
    /// The checkpoint to go on from
    #[arg(long, value_name = "ID")]
    pub(crate) checkpoint: Option<String>,
    /// The new session's id
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
}
