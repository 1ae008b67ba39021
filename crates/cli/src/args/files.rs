//! Options of `tenure files`.

use std::path::PathBuf;

use clap::Args;

/// List the files that a session has changed, or write one of them as it was.
///
/// What `tenure run --watch` recorded: each file in its newest version, or with PATH its content, as it was at any
/// position of the log.
#[derive(Debug, Clone, Args)]
pub(crate) struct FilesArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// The file: a path from the directory that was watched
    pub(crate) path: Option<String>,
    /// As it was at this position of the log
    #[arg(long, value_name = "SEQ", requires = "path")]
    pub(crate) at: Option<u64>,
    /// Where to write its content, replacing what is there; without it, standard output
    #[arg(long, value_name = "FILE", requires = "path")]
    pub(crate) to: Option<PathBuf>,
}
