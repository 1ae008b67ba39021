//! What can be typed: verbs, their options, and the settings behind them.

pub(crate) mod checkpoint;
mod choice;
pub(crate) mod chores;
mod environment;
mod file;
pub(crate) mod files;
pub(crate) mod filter;
pub(crate) mod keeping;
pub(crate) mod lifecycle;
pub(crate) mod options;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod session;
pub(crate) mod stats;
pub(crate) mod token;
pub(crate) mod workers;
pub(crate) mod workspace;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

pub(crate) use environment::Environment;

/// One owner at a time for agent sessions and other long-running work.
///
/// A session has one holder, every write is checked against the holder's fence, and what happened is in a
/// log without gaps. Commands run under it (`tenure run`), and people and runtimes hold workspaces by hand
/// (`tenure start`).
#[derive(Debug, Parser)]
#[command(
    name = "tenure",
    bin_name = "tenure",
    version,
    propagate_version = false,
    disable_help_subcommand = false
)]
#[command(max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = EXITS)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXITS: &str = "\
Exit codes: 0 success, 1 failure, 2 wrong usage, 3 refused by a rule (held, fenced, not allowed now).
With `--output json` every answer, errors included, is one document on standard output.
Settings: a flag wins over the environment, which wins over tenure.toml in the storage directory; \
`tenure doctor` shows each value and where it came from.";

/// Options of every verb.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Global {
    /// How to answer [env: TENURE_OUTPUT] [default: text]
    #[arg(long, short, global = true, value_enum, help_heading = "Global options", value_name = "FORM")]
    pub(crate) output: Option<Form>,
    /// The directory of everything Tenure keeps [env: TENURE_HOME] [default: ~/.local/share/tenure]
    #[arg(long, global = true, help_heading = "Global options", value_name = "DIR")]
    pub(crate) storage_dir: Option<PathBuf>,
    /// The store's file [env: TENURE_DB] [default: tenure.db in the storage directory]
    #[arg(long, global = true, help_heading = "Global options", value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// The server that keeps the sessions, instead of a file [env: TENURE_SERVER; its token: TENURE_TOKEN]
    #[arg(long, global = true, help_heading = "Global options", value_name = "URL", conflicts_with = "db")]
    pub(crate) server: Option<String>,
    /// The tenant whose sessions are meant [env: TENURE_NAMESPACE] [default: default]
    #[arg(long, global = true, help_heading = "Global options", value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// When to use colours; `auto`: on a terminal, unless NO_COLOR is set [env: TENURE_COLOR]
    #[arg(long, global = true, value_enum, help_heading = "Global options", value_name = "WHEN")]
    pub(crate) color: Option<Color>,
}

/// How a verb answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Text,
    /// One document, or one per line when streaming
    Json,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A verb and its options.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(run::RunArgs),
    Create(lifecycle::CreateArgs),
    Start(workspace::StartArgs),
    Acquire(lifecycle::AcquireArgs),
    Renew(lifecycle::RenewArgs),
    Release(lifecycle::ReleaseArgs),
    Heartbeat(workspace::HeartbeatArgs),
    Takeover(workspace::TakeoverArgs),
    Clear(workspace::ClearArgs),
    Status(workspace::StatusArgs),
    List(session::ListArgs),
    Stats(stats::StatsArgs),
    Show(session::ShowArgs),
    Events(session::EventsArgs),
    Append(session::AppendArgs),
    Compact(session::CompactArgs),
    Send(lifecycle::SendArgs),
    Pause(session::PauseArgs),
    Resume(session::ResumeArgs),
    Stop(session::StopArgs),
    Recover(session::RecoverArgs),
    Group(session::GroupArgs),
    Update(lifecycle::UpdateArgs),
    Complete(lifecycle::CompleteArgs),
    Fail(lifecycle::FailArgs),
    Cancel(session::CancelArgs),
    Delete(lifecycle::DeleteArgs),
    Worker(workers::WorkerArgs),
    Pins(workers::PinsArgs),
    Pin(workers::PinArgs),
    Token(token::TokenArgs),
    Retain(keeping::RetainArgs),
    Prune(keeping::PruneArgs),
    Export(keeping::ExportArgs),
    Wait(session::WaitArgs),
    Check(session::CheckArgs),
    Checkpoint(checkpoint::CheckpointArgs),
    Files(files::FilesArgs),
    Fork(checkpoint::ForkArgs),
    Serve(serve::ServeArgs),
    Guard(chores::GuardArgs),
    Import(keeping::ImportArgs),
    Move(keeping::MoveArgs),
    Backup(keeping::BackupArgs),
    Profile(chores::ProfileArgs),
    Doctor(chores::DoctorArgs),
    Completions(chores::CompletionsArgs),
    /// Plays the guard of a command.
    #[command(name = "__guard", hide = true)]
    PlayGuard,
    /// Becomes a command.
    #[command(name = "__stage", hide = true)]
    PlayStage,
    /// Renews for a stopped runner.
    #[command(name = "__sitter", hide = true)]
    PlaySitter(run::SitterArgs),
    /// Prints the reference of every verb.
    #[command(name = "__reference", hide = true)]
    Reference,
}

impl Cli {
    /// What was typed.
    pub(crate) fn read(words: &[OsString]) -> Result<Self, clap::Error> {
        Self::try_parse_from(words)
    }

    /// The whole command line as clap knows it.
    pub(crate) fn grammar() -> clap::Command {
        <Self as CommandFactory>::command()
    }
}

/// How to answer words that clap could not make sense of, or that ask for help.
pub(crate) fn form_and_color(words: &[OsString], environment: &Environment) -> (Form, Color) {
    let form = if asks_for_json(words, environment) { Form::Json } else { Form::Text };
    (form, if environment.get("NO_COLOR").is_some() { Color::Never } else { Color::Auto })
}

fn asks_for_json(words: &[OsString], environment: &Environment) -> bool {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let joined =
        words.iter().find_map(|word| word.strip_prefix("--output=").or_else(|| word.strip_prefix("-o")));
    let apart = || words.windows(2).find(|pair| matches!(&*pair[0], "--output" | "-o")).map(|pair| &*pair[1]);
    let asked = joined.filter(|form| !form.is_empty()).or_else(apart);
    asked.map_or_else(
        || environment.get("TENURE_OUTPUT").is_some_and(|form| form == "json"),
        |form| form == "json",
    )
}
