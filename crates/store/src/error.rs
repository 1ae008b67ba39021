//! Why no trustworthy answer was obtained.

use tenure_core::id::CommitId;

/// The store could not be asked, or its answer cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store could not be reached or did not work. Nothing was changed, unless it was a renewal or a
    /// postponement: these are asked for again.
    #[error("use the store: {what}")]
    Unavailable {
        /// What was being done.
        what: &'static str,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// There is no room left; nothing was changed.
    #[error("write to the store: no space left")]
    Full {
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Somebody else holds the store's write lock for too long; nothing was changed.
    #[error("write to the store: its write lock is held by {}", Blocker(*pid))]
    Blocked {
        /// The process that holds it, if it can be told.
        pid: Option<u32>,
    },
    /// The write may or may not have happened. [`crate::SessionStore::resolve`] tells once the store answers.
    #[error("learn whether the write was kept")]
    Unknown {
        /// The write.
        commit_id: CommitId,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was read is not what was written.
    #[error("trust what was read: {what}")]
    Corrupt {
        /// What was found.
        what: String,
    },
    /// The store was closed.
    #[error("use the store: it is closed")]
    Closed,
    /// The store is a server's, which could not be reached, or did not answer.
    #[error("reach the server at {at}")]
    Unreachable {
        /// Its address.
        at: String,
        /// Whether the request may have arrived: then it may have been carried out.
        is_sent: bool,
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store is a server's, which says no in words of its own. Nothing was changed.
    #[error("{}", .0.statement)]
    Said(Box<Said>),
    /// The store is a server's, and that does this by itself, or only where the store is.
    #[error("{what} over the wire")]
    NotOverTheWire {
        /// What was asked.
        what: &'static str,
    },
}

/// A server's no, as it said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Names the reason to programs.
    pub code: String,
    /// The status of the answer.
    pub status: u16,
    /// Whether the same request may succeed later.
    pub is_passing: bool,
    /// The line that says it.
    pub statement: String,
    /// Lines that say more.
    pub details: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// More for programs: names, and values as JSON text.
    pub facts: Vec<(String, String)>,
}

impl StoreError {
    /// Whether the same request may succeed later without anybody mending anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable { .. }
            | Self::Unreachable { .. }
            | Self::Full { .. }
            | Self::Blocked { .. } => true,
            Self::Said(said) => said.is_passing,
            Self::Unknown { .. } | Self::Corrupt { .. } | Self::Closed | Self::NotOverTheWire { .. } => false,
        }
    }

    /// Whether asking for the same again may settle it: what may succeed later, and what may have succeeded, where
    /// doing it twice does no harm.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        self.is_retryable() || matches!(self, Self::Unknown { .. })
    }
}

struct Blocker(Option<u32>);

impl std::fmt::Display for Blocker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(pid) => write!(f, "process {pid}"),
            None => f.write_str("another process"),
        }
    }
}
