//! How `tenure run` runs a session's command again.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tenure_core::lease::RunTimes;
use tenure_core::session;
use tenure_core::time::millis;
use utoipa::ToSchema;

use crate::unreadable::{Unreadable, actor, base64, part};

/// Bytes that are text as a rule: that text, or their Base64 where they are none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Bytes {
    /// The text that they are in UTF-8.
    Text(String),
    /// They are no text.
    Base64 {
        /// As Base64.
        base64: String,
    },
}

impl Bytes {
    /// The form of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64 { base64: STANDARD.encode(bytes) },
        }
    }

    /// The bytes that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when it is no Base64.
    pub fn read(self) -> Result<Vec<u8>, Unreadable> {
        match self {
            Self::Text(text) => Ok(text.into_bytes()),
            Self::Base64 { base64: text } => base64("base64", &text),
        }
    }
}

/// How `tenure run` runs a session's command again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recipe {
    /// The command's words as they are; left out where the session's own say them exactly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raw_command: Vec<Bytes>,
    /// The directory as it is; left out where the session's own says it exactly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_directory: Option<Bytes>,
    /// Who runs it, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    /// How long the lease holds after each renewal.
    pub ttl_ms: u64,
    /// Time between asking the command to end and ending it.
    pub grace_ms: u64,
    /// Whether the command goes on when the lease is lost.
    pub outlives_lease: bool,
    /// Most bytes of output to record; left out where none of it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record_limit: Option<u64>,
    /// Below which directory changed files are recorded, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<Watched>,
    /// What the command saves itself in, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub autosave: Option<Autosave>,
    /// This exit code says that the run was refused.
    pub refused_exit: u8,
    /// Whether it goes on by itself after a shutdown.
    pub auto_resume: bool,
    /// Whether it waits where its group has no place.
    pub waits: bool,
}

/// Where changes of files are recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Watched {
    /// The directory, from the one the command runs in.
    pub directory: Bytes,
    /// Most bytes of contents to keep.
    pub limit: u64,
}

/// A file in which a command keeps what it needs to go on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Autosave {
    /// The file, from the directory the command runs in.
    pub file: Bytes,
    /// How often it is looked at.
    pub interval_ms: u64,
}

impl Recipe {
    /// The form of `recipe`.
    #[must_use]
    pub fn of(recipe: &session::Recipe) -> Self {
        Self {
            raw_command: recipe.raw_command.iter().map(|word| Bytes::of(word)).collect(),
            raw_directory: recipe.raw_directory.as_deref().map(Bytes::of),
            actor_id: recipe.actor.as_ref().map(|actor| actor.as_str().to_owned()),
            ttl_ms: millis(recipe.times.ttl().length()),
            grace_ms: millis(recipe.times.grace()),
            outlives_lease: recipe.outlives_lease,
            record_limit: recipe.record_limit,
            watch: recipe.watch.as_ref().map(Watched::of),
            autosave: recipe.autosave.as_ref().map(Autosave::of),
            refused_exit: recipe.refused_exit,
            auto_resume: recipe.auto_resume,
            waits: recipe.waits,
        }
    }

    /// The recipe that it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when its times do not fit together, something is no Base64, or nobody can be called like who
    /// runs it.
    pub fn read(self) -> Result<session::Recipe, Unreadable> {
        let words = self.raw_command.into_iter().map(Bytes::read).collect::<Result<_, _>>();
        let times = RunTimes::new(Duration::from_millis(self.ttl_ms), Duration::from_millis(self.grace_ms));
        Ok(session::Recipe {
            raw_command: words.map_err(Unreadable::within("raw_command"))?,
            raw_directory: part("raw_directory", self.raw_directory, Bytes::read)?,
            actor: actor("actor_id", self.actor_id.as_deref())?,
            times: times
                .map_err(|_why| Unreadable::form("ttl_ms", "a ttl of a run with room for the grace"))?,
            outlives_lease: self.outlives_lease,
            record_limit: self.record_limit,
            watch: part("watch", self.watch, Watched::read)?,
            autosave: part("autosave", self.autosave, Autosave::read)?,
            refused_exit: self.refused_exit,
            auto_resume: self.auto_resume,
            waits: self.waits,
        })
    }
}

impl Watched {
    /// The form of `watched`.
    #[must_use]
    pub fn of(watched: &session::Watched) -> Self {
        Self { directory: Bytes::of(&watched.directory), limit: watched.limit }
    }

    /// What it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when the directory is no Base64.
    pub fn read(self) -> Result<session::Watched, Unreadable> {
        let directory = self.directory.read().map_err(Unreadable::within("directory"))?;
        Ok(session::Watched { directory, limit: self.limit })
    }
}

impl Autosave {
    /// The form of `autosave`.
    #[must_use]
    pub fn of(autosave: &session::Autosave) -> Self {
        Self { file: Bytes::of(&autosave.file), interval_ms: millis(autosave.interval) }
    }

    /// What it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when the file is no Base64.
    pub fn read(self) -> Result<session::Autosave, Unreadable> {
        let file = self.file.read().map_err(Unreadable::within("file"))?;
        Ok(session::Autosave { file, interval: Duration::from_millis(self.interval_ms) })
    }
}
