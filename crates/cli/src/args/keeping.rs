//! Options of the verbs that keep, move and remove sessions.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tenure_core::kind::Kind;
use tenure_core::session::StateName;

use super::choice;
use super::run::duration;
use super::workspace::PlaceArgs;

/// Write a session with its whole log and its checkpoints to a file.
///
/// One line of JSON for each event; `tenure import` takes it in elsewhere. The same session is always written as the
/// same bytes. Who holds it is not in it, nor its place in a group: that is a matter of where it is. The file has its
/// name only once it is whole and was read back.
#[derive(Debug, Clone, Args)]
pub(crate) struct ExportArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// The file; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "-")]
    pub(crate) to: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// Take in a session that was exported.
///
/// All of it is checked before anybody sees it: then it is there with its id, its positions, its revision and its
/// fence, held by nobody. The same export is taken in once. What is altered or cut off is refused, with the line.
///
/// A record of an earlier tool (JSON of the versions 1 to 4) is taken in as well: it goes into the workspace's slot,
/// which must not have a session.
#[derive(Debug, Clone, Args)]
pub(crate) struct ImportArgs {
    /// The file; `-` is standard input
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Hand a session over to another store.
///
/// Its holder loses it: each of its writes is refused from then on, and says where the session went. At no moment can
/// it be held in both stores. What is interrupted is finished by the same command again. A record stays here that
/// says where it is, and keeps its key; `tenure delete` removes it.
#[derive(Debug, Clone, Args)]
pub(crate) struct MoveArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// The other store's file; it is created where there is none
    #[arg(long, value_name = "DB")]
    pub(crate) to: PathBuf,
    /// Who wishes it
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
}

/// Copy the whole store to a file, while it is in use.
///
/// The copy is of one moment, and was checked like `tenure doctor --deep` does before the file has its name. It is a
/// store of its own: `tenure --db FILE list`. Restore it by putting it in the store's place while nobody uses that.
#[derive(Debug, Clone, Args)]
pub(crate) struct BackupArgs {
    /// The file
    pub(crate) file: PathBuf,
    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// Delete sessions that ended long ago, with their logs.
///
/// Completed ones after 7 days; failed, cancelled and expired ones after 30. All that is said must be true of a
/// session that goes. What is open or retained (`tenure retain`) never goes.
#[derive(Debug, Clone, Args)]
pub(crate) struct PruneArgs {
    /// Only sessions that ended longer ago than this
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) older_than: Option<Duration>,
    /// Only sessions in this state; may be repeated
    #[arg(long = "state", value_name = "STATE", value_parser = choice::terminal_state())]
    pub(crate) states: Vec<StateName>,
    /// Only sessions of this kind; may be repeated
    #[arg(long = "kind", value_name = "KIND", value_parser = choice::kind())]
    pub(crate) kinds: Vec<Kind>,
    /// Keep the newest this many that have ended: of each key, and of each kind among those without a key
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) keep: u64,
    /// Only say what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Keep everything of a session, whatever policies say.
///
/// Nothing of it is deleted, pruned or compacted, nor any of its checkpoints, until that is ended. It may be open or
/// have ended, and its owner is not disturbed. Both are events of its log.
#[derive(Debug, Clone, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct RetainArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// Why it is to be kept
    #[arg(long, value_name = "TEXT", group = "what")]
    pub(crate) reason: Option<String>,
    /// It need not be kept any more
    #[arg(long, group = "what")]
    pub(crate) release: bool,
    /// Who wishes it
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
}
