//! Options of the verbs around sessions: guarding, profiles, doctor.

use clap::{Args, Subcommand};

/// Print how a side effect guards itself with the fence.
///
/// Tenure refuses an old owner's writes to Tenure. These snippets let other systems refuse them too. Without
/// an option, all are printed.
#[derive(Debug, Clone, Args)]
pub(crate) struct GuardArgs {
    /// For a table of your own database
    #[arg(long)]
    pub(crate) sql: bool,
    /// For a service of your own
    #[arg(long)]
    pub(crate) http: bool,
    /// For a script
    #[arg(long)]
    pub(crate) shell: bool,
}

/// Keep several sessions apart in one workspace.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProfileArgs {
    #[command(subcommand)]
    pub(crate) verb: ProfileVerb,
}

/// What to do with profiles.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum ProfileVerb {
    /// Create a profile
    Create {
        /// Its name: letters, digits, `-`, `_`, `.`
        name: String,
    },
    /// List the profiles
    List,
}

/// Say how the store is, who uses it, and where each setting came from.
#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArgs {
    /// Also verify what is stored, which reads all of it
    #[arg(long)]
    pub(crate) deep: bool,
    /// End the process that keeps everybody else from writing, unless it holds a live lease
    #[arg(long, conflicts_with = "deep")]
    pub(crate) unblock: bool,
}

/// Print a completion script for a shell.
#[derive(Debug, Clone, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}
