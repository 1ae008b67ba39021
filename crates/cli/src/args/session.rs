//! Options of the verbs about sessions of any kind.

use std::path::PathBuf;
use std::time::Duration;

use super::filter::{FilterArgs, OrderArg};
pub(crate) use super::run::Limit;
use clap::Args;

/// List sessions, newest first.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
    /// Which sessions come first
    #[arg(long, value_enum, value_name = "ORDER", default_value = "newest")]
    pub(crate) order: OrderArg,
    /// At most this many, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,
    /// Where the next page begins, as the page before said; the rest as before
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
}

/// Show one session.
///
/// As it is, or as its log tells that it was: its state, its holder, what it was doing. What was never logged
/// (renewals, labels, commands) is not shown then.
#[derive(Debug, Clone, Args)]
pub(crate) struct ShowArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// As it was right after the event at this position
    #[arg(long, value_name = "SEQ", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) at: Option<u64>,
}

/// Show what happened in a session, from its log.
///
/// For people, output of commands stands behind a gutter, without colours and cursor movements. JSON has one
/// event a line; what is not UTF-8 in it is base64. A log whose beginning was dropped (`tenure compact`) is shown
/// from where it begins; a position that was dropped is an error that says where it does.
#[derive(Debug, Clone, Args)]
pub(crate) struct EventsArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// Go on as the log grows, until the session ends
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// Only events after this position
    #[arg(long, value_name = "SEQ", default_value_t = 0)]
    pub(crate) after: u64,
    /// Only events of this type; may be repeated
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) types: Vec<String>,
    /// At most this many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) limit: Option<u64>,
    /// Only the newest this many, oldest of them first; with `--follow`, then those that come
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), conflicts_with_all = ["after", "limit"])]
    pub(crate) newest: Option<u64>,
    /// Write the recorded output of the command as it was, byte for byte
    #[arg(long, conflicts_with_all = ["types", "limit", "newest"])]
    pub(crate) raw: bool,
}

/// Append events to a session's log.
///
/// With a fence they are the owner's, and refused once somebody else is the owner. Without one they are messages
/// to the session, open to everybody. Inside `tenure run` the session and the fence are known.
///
/// An event may have an id: the same one is not appended twice, and asking again says where it is. So whoever
/// does not know whether an append was kept asks again. The same id with another type or payload is refused.
#[derive(Debug, Clone, Args)]
pub(crate) struct AppendArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// The event's type: lower-case words joined by `_`, `-` or `.`
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "batch")]
    pub(crate) kind: Option<String>,
    /// The payload, as JSON; `-` reads it from standard input
    #[arg(long, value_name = "JSON", default_value = "{}", allow_hyphen_values = true)]
    pub(crate) data: String,
    /// Your name for the event, of 1 to 128 visible characters
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Many events, one a line of this file: {"type": …, "data": …, "id": …}, the last two may be left out;
    /// `-` reads standard input. They are appended as they come, at most 1,000 lines or 1 MiB at a time; what was
    /// appended before a line that is refused stays
    #[arg(long, value_name = "FILE", conflicts_with_all = ["kind", "data", "id"])]
    pub(crate) batch: Option<PathBuf>,
    /// The fence the session is held under [env: TENURE_FENCE, for the session of TENURE_SESSION_ID]
    #[arg(long, value_name = "N")]
    pub(crate) fence: Option<u64>,
}

/// Drop the beginning of a session's log, for ever.
///
/// Positions stay what they are, and the log begins later. The history of states and holders before that position
/// (`state_changed` and the others) goes with it, and ids of dropped events are forgotten. The space is used again
/// for later events; the file does not shrink.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("how much").required(true))]
pub(crate) struct CompactArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// Drop the events before this position
    #[arg(long, value_name = "SEQ", group = "how much", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) before: Option<u64>,
    /// Keep only the newest this many
    #[arg(long, value_name = "N", group = "how much")]
    pub(crate) keep: Option<u64>,
    /// Only say what would be dropped
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Pause a session, or ask its owner to.
///
/// With the fence it is held under, or when nobody holds it, it is done at once. Otherwise its owner is asked: a
/// command under `tenure run` is stopped where it is, and its lease is kept. Exits with 1 if the owner has not
/// done it in time; the request stays in the log.
#[derive(Debug, Clone, Args)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    pub(crate) ask: AskArgs,
}

/// Go on with a paused session, or ask its owner to.
///
/// Where `tenure run` started it and its runner is gone, its command runs again: here, in the directory it ran in, in
/// the same session, with `TENURE_RESUMED=1`. Otherwise, with the fence it is held under, or when nobody holds it, it
/// is done at once; else its owner is asked. Exits with 1 if the owner has not done it in time; the request stays in
/// the log.
#[derive(Debug, Clone, Args)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    pub(crate) ask: AskArgs,
    /// Run the command in the background: print the session and return
    #[arg(long)]
    pub(crate) detach: bool,
    /// Set in the background process that `--detach` starts
    #[arg(long, hide = true)]
    pub(crate) detached: bool,
    /// Set by `tenure recover`: only what was paused for a shutdown goes on
    #[arg(long, hide = true)]
    pub(crate) automatic: bool,
}

/// Stop what a session's owner is doing, so that it can go on later.
///
/// Its owner is asked to shut down: a command under `tenure run` gets SIGTERM, and SIGKILL after its grace. The session
/// is paused then, for the reason `shutdown`, and held by nobody; `tenure resume` goes on with it. A command that ends
/// by itself meanwhile, well or badly, has ended its session by that. Exits with 1 if the owner has not done it in
/// time; the request stays in the log.
#[derive(Debug, Clone, Args)]
pub(crate) struct StopArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// How long to wait until the owner has done it
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = super::run::duration)]
    pub(crate) timeout: Duration,
    /// Only ask, and do not wait until it is done
    #[arg(long, conflicts_with = "timeout")]
    pub(crate) no_wait: bool,
}

/// Show a group: which of its sessions are at work, which wait, and how many may be.
///
/// A group is there once a session joins it (`--group` of run, create and start) or it is given a limit. The limit is
/// kept in the store and judged where a session goes to work: it counts for everybody at once.
#[derive(Debug, Clone, Args)]
pub(crate) struct GroupArgs {
    /// The group's name
    #[arg(value_name = "GROUP")]
    pub(crate) name: String,
    /// How many of its sessions may be at work at once from now on: a number from 1, or `none` for any
    #[arg(long, value_name = "N", value_parser = super::run::limit)]
    pub(crate) limit: Option<Limit>,
}

/// Run again, in the background, what a shutdown has paused.
///
/// Each command runs in its own session and directory, with `TENURE_RESUMED=1`. What a person paused stays paused, and so
/// does a run that was started with `--no-auto-resume`.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub(crate) struct RecoverArgs {
    /// Sessions: their ids, or their keys
    #[arg(value_name = "NAME", group = "which")]
    pub(crate) names: Vec<String>,
    /// Everything in the store, of every tenant
    #[arg(long, group = "which")]
    pub(crate) all: bool,
}

/// Which session, by whom, and how long to wait for its owner.
#[derive(Debug, Clone, Args)]
pub(crate) struct AskArgs {
    #[command(flatten)]
    pub(crate) owned: super::lifecycle::OwnedArgs,
    /// Why; a request to the owner says nothing of it
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Who does it, when nobody holds the session
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    /// How long to wait until the owner has done it, when it is asked
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = super::run::duration)]
    pub(crate) timeout: Duration,
}

/// End a session, whoever holds it.
///
/// Its owner's next write is refused, and a command that runs under it is stopped. A workspace's session is
/// ended with `tenure clear` instead.
#[derive(Debug, Clone, Args)]
pub(crate) struct CancelArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Who wishes it
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    /// End an orchestration at once, instead of letting it tidy up
    #[arg(long)]
    pub(crate) now: bool,
}

/// Wait until a session has ended.
///
/// Exits with 0 if it completed, and with 1 if it ended otherwise or the time was over.
#[derive(Debug, Clone, Args)]
pub(crate) struct WaitArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// Give up after this long
    #[arg(long, value_name = "DURATION", value_parser = super::run::duration)]
    pub(crate) timeout: Option<Duration>,
}

/// Say whether a fence is current and its lease live.
///
/// Exits with 0 if so, and with 3 otherwise. It is a look, not a lock: see `tenure guard`.
#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArgs {
    /// The session's id, or its key [env: TENURE_SESSION_ID]
    pub(crate) name: Option<String>,
    /// The fence [env: TENURE_FENCE, for the session of TENURE_SESSION_ID]
    #[arg(long, value_name = "N")]
    pub(crate) fence: Option<u64>,
}
