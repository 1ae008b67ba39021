//! The configuration file, `tenure.toml` in the storage directory.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use tenure_words::{Problem, lines, shown};

/// What the file may say. Anything else in it is refused, because it would do nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The store's file; relative to the storage directory.
    pub(super) db: Option<PathBuf>,
    /// The server that keeps the sessions, instead of the file.
    pub(super) server: Option<String>,
    /// The tenant.
    pub(super) namespace: Option<String>,
    /// How to answer.
    pub(super) output: Option<String>,
    /// When to use colours.
    pub(super) color: Option<String>,
    /// The workspace's profile.
    pub(super) profile: Option<String>,
    /// When created sessions expire without activity.
    pub(super) idle_timeout: Option<String>,
    /// When created sessions expire in any case.
    pub(super) expires_in: Option<String>,
    /// When created sessions expire without a start.
    pub(super) pending_timeout: Option<String>,
    /// How a server serves.
    pub(super) serve: Option<ServeFile>,
}

/// What the file may say of a server.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServeFile {
    /// Where to listen.
    pub(super) listen: Option<String>,
    /// Whether everybody needs a token.
    pub(super) require_token: Option<bool>,
    /// How to write the log.
    pub(super) log: Option<String>,
    /// How much of it.
    pub(super) log_level: Option<String>,
    /// Whether it tells who did what.
    pub(super) audit: Option<bool>,
    /// Which collector gets spans.
    pub(super) otlp: Option<String>,
    /// Most connections at once.
    pub(super) connections: Option<u64>,
    /// Largest body of a request, in bytes.
    pub(super) body_bytes: Option<u64>,
    /// How long a request's head may take.
    pub(super) head_timeout: Option<String>,
    /// How long a request's body may pause.
    pub(super) body_timeout: Option<String>,
    /// How long an answer may wait for its reader.
    pub(super) write_timeout: Option<String>,
    /// How often a silent stream says that it is there.
    pub(super) heartbeat: Option<String>,
    /// How long requests may go on once the server is to stop.
    pub(super) drain: Option<String>,
}

/// Reads the file; nothing where there is none.
pub(super) fn read(path: &Path) -> Result<Option<File>, Problem> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            let what = format!("read the configuration {}", shown(path));
            return Err(Problem::failure("CONFIGURATION", what).because(error));
        }
    };
    toml::from_str(&text).map(Some).map_err(|error| {
        let what = format!("understand the configuration {}", shown(path));
        Problem::failure("CONFIGURATION", what).details(lines(&error.to_string()))
    })
}
