//! Options of `tenure serve`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};
use tenure_words::when::length;

use super::options::DRAIN;
use super::run::duration;

/// Serve the store over HTTP: sessions, live streams, workers.
///
/// Whoever asks at this machine's own address needs no token. At any other address everybody does, and the server does
/// not start before there is one. SIGTERM or Ctrl-C ends it: it takes nothing new, lets what is under way finish for a
/// while, and tells streams where to go on. The API is described at /openapi.json.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// Where to listen, default 127.0.0.1:7433; port 0: any free one
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Ask for a token at this machine's own address too
    #[arg(long)]
    pub(crate) require_token: bool,
    /// How to write the log on standard error, default text
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) log: Option<LogForm>,
    /// How much to log, default info
    #[arg(long, value_enum, value_name = "LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
    /// Send traces to the collector of OpenTelemetry at this URL, such as http://127.0.0.1:4318
    #[arg(long, value_name = "URL")]
    pub(crate) otlp: Option<String>,
    /// How long requests may go on once the server is to stop, default 10s
    #[arg(long, value_name = "DURATION", value_parser = drain)]
    pub(crate) drain: Option<Duration>,
}

fn drain(text: &str) -> Result<Duration, String> {
    let drain = duration(text)?;
    match DRAIN.contains(&drain) {
        true => Ok(drain),
        false => Err(format!("it is longer than {}", length(*DRAIN.end()))),
    }
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// For people
    Text,
    /// One document a line
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum LogLevel {
    /// What did not work
    Error,
    /// And what may not be as it should
    Warn,
    /// And what the server does
    Info,
    /// And every request
    Debug,
}
