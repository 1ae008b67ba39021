//! Options of the verbs by which people and runtimes hold a workspace.

use std::path::PathBuf;

use clap::Args;
use tenure_core::lease::{HolderKind, Lifecycle};
use tenure_core::session::Mode;

use super::choice;

/// Which workspace is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlaceArgs {
    /// Any directory of the workspace; its root is the git top level, else the directory itself
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Option<PathBuf>,
    /// The workspace's profile [env: TENURE_PROFILE] [default: main]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

/// Start a session and hold it; without NAME, the workspace's.
///
/// With NAME, that session, which `tenure create` made or its holder let go, becomes active and is held by
/// --actor-id under a lease that `tenure renew` renews; its own holder starts it with the fence. Without NAME, a
/// session is opened in the workspace, or the open one is started once more: a person holds it interactively,
/// until eight hours after the last start, and a runtime autonomously, under a lease that it renews with
/// `tenure heartbeat`.
#[derive(Debug, Clone, Args)]
pub(crate) struct StartArgs {
    /// A session's id or key; without one, the workspace's session
    #[arg(conflicts_with_all = ["lifecycle", "mode", "owner_kind", "supervisor_id", "path", "profile"])]
    pub(crate) name: Option<String>,
    /// Print what a shell can take over: eval "$(tenure start NAME --actor-id ID --export)"
    #[arg(long, requires = "name")]
    pub(crate) export: bool,
    /// Who holds it: a person, or a runtime
    #[arg(long, value_parser = choice::lifecycle(), default_value = Lifecycle::Interactive.name())]
    pub(crate) lifecycle: Lifecycle,
    /// What it is for; a session started once more keeps its mode
    #[arg(long, value_parser = choice::mode())]
    pub(crate) mode: Option<Mode>,
    /// The sort of autonomous owner [default: runtime_worker]
    #[arg(long, value_name = "KIND", value_parser = choice::owner_kind())]
    pub(crate) owner_kind: Option<HolderKind>,
    /// The autonomous owner's id; with NAME, who holds it from now on
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    /// Who else may clear the session
    #[arg(long, value_name = "ID")]
    pub(crate) supervisor_id: Option<String>,
    /// How long the lease holds after each renewal: 1 to 86400; with NAME 1 to 600 [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) lease_seconds: Option<u64>,
    /// The fence the open session must be held under [env: TENURE_FENCE]
    #[arg(long, value_name = "N")]
    pub(crate) fence: Option<u64>,
    #[command(flatten)]
    pub(crate) group: super::run::JoinArgs,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Renew a workspace's lease, or say what a session is doing.
///
/// Inside `tenure run` (TENURE_SESSION_ID and TENURE_FENCE are set) it records activity of that session;
/// with a NAME, of that one. Otherwise it renews the lease of the workspace's autonomous owner.
#[derive(Debug, Clone, Args)]
pub(crate) struct HeartbeatArgs {
    /// A session's id or key; without one, this run's session, else the workspace
    pub(crate) name: Option<String>,
    /// The workspace's owner
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    /// What is being done, at most 280 characters
    #[arg(long, value_name = "TEXT")]
    pub(crate) activity: Option<String>,
    /// The fence the session is held under [env: TENURE_FENCE]
    #[arg(long, value_name = "N")]
    pub(crate) fence: Option<u64>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Become the holder of a session whose holder is gone or late.
///
/// Without NAME the workspace's autonomous session is taken over, under a new id. With one, that session,
/// which keeps its id. The former holder's writes are refused from then on.
#[derive(Debug, Clone, Args)]
pub(crate) struct TakeoverArgs {
    /// A session's id or key; without one, the workspace's session
    pub(crate) name: Option<String>,
    /// Who takes it
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: String,
    /// Who else may clear the session; without it, as before
    #[arg(long, value_name = "ID")]
    pub(crate) supervisor_id: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// How long the lease holds after each renewal; without it, as before. Not for workspaces
    #[arg(long, value_name = "SECONDS", requires = "name")]
    pub(crate) lease_seconds: Option<u64>,
    /// The fence the session must have been held under [env: TENURE_FENCE]
    #[arg(long, value_name = "N")]
    pub(crate) fence: Option<u64>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// End a workspace's session; its history stays.
///
/// Anyone may clear a person's session; a runtime's only its owner or its supervisor.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClearArgs {
    /// Who clears it: an autonomous session's owner or supervisor
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// The fence the session must be held under [env: TENURE_FENCE]
    #[arg(long, value_name = "N")]
    pub(crate) fence: Option<u64>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// Say who holds the workspace.
#[derive(Debug, Clone, Args)]
pub(crate) struct StatusArgs {
    /// Also say whether the workspace is somebody else's than this actor's
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}
