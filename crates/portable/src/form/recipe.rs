//! How a session's command is run again.

use serde::{Deserialize, Serialize};
use tenure_core::lease::RunTimes;
use tenure_core::session::{Autosave, Recipe, Watched};

use super::scalar::{Bytes, Length, actor};
use crate::FlawKind;
use crate::read::wrong;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RecipeForm {
    /// What is no text stands here as base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    raw_command: Vec<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_directory: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    ttl: Length,
    grace: Length,
    outlives_lease: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_limit: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    watch: Option<WatchedForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    autosave: Option<AutosaveForm>,
    refused_exit: u8,
    auto_resume: bool,
    waits: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WatchedForm {
    directory: Bytes,
    limit: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AutosaveForm {
    file: Bytes,
    interval: Length,
}

impl RecipeForm {
    pub(super) fn of(recipe: &Recipe) -> Self {
        Self {
            raw_command: recipe.raw_command.iter().cloned().map(Bytes).collect(),
            raw_directory: recipe.raw_directory.clone().map(Bytes),
            actor: recipe.actor.as_ref().map(|actor| actor.as_str().to_owned()),
            ttl: Length(recipe.times.ttl().length()),
            grace: Length(recipe.times.grace()),
            outlives_lease: recipe.outlives_lease,
            record_limit: recipe.record_limit,
            watch: recipe
                .watch
                .clone()
                .map(|Watched { directory, limit }| WatchedForm { directory: Bytes(directory), limit }),
            autosave: recipe.autosave.clone().map(|Autosave { file, interval }| AutosaveForm {
                file: Bytes(file),
                interval: Length(interval),
            }),
            refused_exit: recipe.refused_exit,
            auto_resume: recipe.auto_resume,
            waits: recipe.waits,
        }
    }

    pub(super) fn into_recipe(self) -> Result<Recipe, FlawKind> {
        let times = RunTimes::new(self.ttl.0, self.grace.0);
        Ok(Recipe {
            raw_command: self.raw_command.into_iter().map(|Bytes(word)| word).collect(),
            raw_directory: self.raw_directory.map(|Bytes(path)| path),
            actor: self.actor.as_deref().map(actor).transpose()?,
            times: times.map_err(|_why| wrong("the times of its run do not fit together"))?,
            outlives_lease: self.outlives_lease,
            record_limit: self.record_limit,
            watch: self.watch.map(|form| Watched { directory: form.directory.0, limit: form.limit }),
            autosave: self.autosave.map(|form| Autosave { file: form.file.0, interval: form.interval.0 }),
            refused_exit: self.refused_exit,
            auto_resume: self.auto_resume,
            waits: self.waits,
        })
    }
}
