//! What `tenure run` can be told.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tenure_core::escape::Escaped;

/// Run a command as an owned, recorded session.
///
/// Two processes never run the same session: while one holds the key, another is refused. If the lease
/// cannot be renewed in time, the command and everything that it started is stopped before anybody else can
/// take over.
///
/// SIGTERM and SIGHUP end the command and pause the session (reason `shutdown`). `tenure resume`, `tenure recover`
/// or the same `tenure run --key` go on with it: the command runs again, with `TENURE_RESUMED=1`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RunArgs {
    /// Name of the session's slot: at most one open session has it. Without one, every run is its own session
    #[arg(long)]
    pub(crate) key: Option<String>,
    /// How long the lease holds after each renewal (1s to 10m)
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration)]
    pub(crate) ttl: Duration,
    /// Time the command gets to end after SIGTERM, before SIGKILL
    #[arg(long, value_name = "DURATION", default_value = "3s", value_parser = duration)]
    pub(crate) grace: Duration,
    /// What happens to the command when the lease is lost
    #[arg(long, value_enum, default_value_t = OnLost::Stop)]
    pub(crate) on_lost: OnLost,
    /// What happens when somebody holds the key
    #[arg(long, value_enum, default_value_t = IfHeld::Fail)]
    pub(crate) if_held: IfHeld,
    /// Take an abandoned session over, for this reason, instead of being refused
    #[arg(long, value_name = "REASON")]
    pub(crate) takeover: Option<String>,
    /// End what a shutdown has paused under the key, and begin a new session, instead of going on with it
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Do not go on by itself after a shutdown: only `tenure resume` does that then
    #[arg(long)]
    pub(crate) no_auto_resume: bool,
    /// End the session when the command is silent for longer than this
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) idle_timeout: Option<Duration>,
    /// A name and value to keep with the session; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE")]
    pub(crate) labels: Vec<String>,
    /// Who runs it, as others will see it [default: run/HOST/PID]
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    /// Do not record what the command prints
    #[arg(long)]
    pub(crate) no_record: bool,
    /// Most bytes of output to record; later output is shown, but not recorded
    #[arg(long, value_name = "BYTES", default_value_t = tenure_core::limits::RECORD_BYTES_MAX)]
    pub(crate) record_limit: u64,
    /// Record which files the command changes, with their contents; in its directory, or the one given.
    /// Ignored files are left out: `.gitignore`, `.ignore`, `.tenureignore`
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".")]
    pub(crate) watch: Option<PathBuf>,
    /// Most bytes of contents of changed files to keep; later changes are recorded without them
    #[arg(long, value_name = "BYTES", default_value_t = tenure_core::limits::FILES_BYTES_KEPT)]
    pub(crate) watch_limit: u64,
    /// The file in which the command keeps what it needs to go on: saved as a checkpoint whenever it has changed,
    /// and when the command has ended
    #[arg(long, value_name = "FILE")]
    pub(crate) checkpoint_file: Option<PathBuf>,
    /// How often the checkpoint file is looked at
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration, requires = "checkpoint_file")]
    pub(crate) checkpoint_interval: Duration,
    /// Exit code when refused, or when the lease is lost (the command may use 3 itself)
    #[arg(long, value_name = "CODE", default_value_t = 3)]
    pub(crate) refused_exit: u8,
    /// Run in the background: print the session and return
    #[arg(long)]
    pub(crate) detach: bool,
    /// Set in the background process that `--detach` starts
    #[arg(long, hide = true)]
    pub(crate) detached: bool,
    #[command(flatten)]
    pub(crate) group: JoinArgs,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// Which group a session belongs to, and what happens where it has no place.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct JoinArgs {
    /// The group it belongs to, of which only so many sessions are at work at once
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// How many sessions of the group may be at work at once, if it has no limit yet (see `tenure group`)
    #[arg(long, value_name = "N", requires = "group", value_parser = limit)]
    pub(crate) group_limit: Option<Limit>,
    /// What happens when the group has no place [default: refuse]
    #[arg(long, value_enum)]
    pub(crate) if_full: Option<IfFull>,
}

/// What happens when the group has no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum IfFull {
    /// Be refused
    Refuse,
    /// Wait for a place, in the order of arrival
    Wait,
}

/// How many sessions of a group may be at work at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// Any number.
    None,
    /// So many.
    Some(u32),
}

impl Limit {
    /// The number, if there is one.
    pub(crate) const fn number(self) -> Option<u32> {
        match self {
            Self::None => None,
            Self::Some(number) => Some(number),
        }
    }
}

/// A number from 1, or `none`.
pub(crate) fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit::None),
        text => match text.parse() {
            Ok(number @ 1..) => Ok(Limit::Some(number)),
            Ok(_) | Err(_) => Err("write a whole number from 1, or none".to_owned()),
        },
    }
}

/// What happens to the command when the lease is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnLost {
    /// Stop it, before anybody else can take over
    Stop,
    /// Let it go on: two live processes are then possible, and only the fence tells them apart
    Continue,
}

/// What happens when somebody holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum IfHeld {
    /// Be refused
    Fail,
    /// Wait until it is free
    Wait,
    /// Do nothing and succeed
    Skip,
}

/// What a sitter is told: it renews for a runner that its terminal has stopped.
#[derive(Debug, Clone, Args)]
pub(crate) struct SitterArgs {
    /// The session
    #[arg(long)]
    pub(crate) session: String,
    /// The fence it is held under
    #[arg(long)]
    pub(crate) fence: u64,
    /// The lease's length in milliseconds
    #[arg(long)]
    pub(crate) ttl_ms: u64,
    /// The command's grace in milliseconds
    #[arg(long)]
    pub(crate) grace_ms: u64,
    /// What happens to the command when the lease is lost
    #[arg(long, value_enum)]
    pub(crate) on_lost: OnLost,
}

/// A length of time as people write it: `90s`, `1m30s`, `2h`, `250ms`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = |why: String| format!("{}; write a length of time like 90s, 1m30s or 250ms", Escaped(&why));
    let span: jiff::SignedDuration = text.parse().map_err(|error: jiff::Error| wrong(error.to_string()))?;
    Duration::try_from(span).map_err(|_negative| wrong("it is negative".to_owned()))
}
