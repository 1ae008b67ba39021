//! The stored form of how a session's command is run again.

use std::time::Duration;

use tenure_core::lease::RunTimes;
use tenure_core::session::{Autosave, Recipe, Watched};

use super::holder::actor;
use super::length::LengthRecord;
use super::{corrupt, required};
use crate::StoreError;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RecipeRecord {
    #[prost(bytes = "vec", repeated, tag = "1")]
    raw_command: Vec<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "2")]
    raw_directory: Option<Vec<u8>>,
    #[prost(string, optional, tag = "3")]
    actor: Option<String>,
    #[prost(message, optional, tag = "4")]
    ttl: Option<LengthRecord>,
    #[prost(message, optional, tag = "5")]
    grace: Option<LengthRecord>,
    #[prost(bool, tag = "6")]
    outlives_lease: bool,
    #[prost(uint64, optional, tag = "7")]
    record_limit: Option<u64>,
    #[prost(uint32, tag = "8")]
    refused_exit: u32,
    #[prost(bool, tag = "9")]
    auto_resume: bool,
    #[prost(message, optional, tag = "10")]
    watch: Option<WatchedRecord>,
    #[prost(message, optional, tag = "11")]
    autosave: Option<AutosaveRecord>,
    #[prost(bool, tag = "12")]
    waits: bool,
}

#[derive(Clone, PartialEq, Eq, prost::Message)]
struct WatchedRecord {
    #[prost(bytes = "vec", tag = "1")]
    directory: Vec<u8>,
    #[prost(uint64, tag = "2")]
    limit: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
struct AutosaveRecord {
    #[prost(bytes = "vec", tag = "1")]
    file: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    interval: Option<LengthRecord>,
}

impl RecipeRecord {
    pub(super) fn of(recipe: &Recipe) -> Self {
        Self {
            raw_command: recipe.raw_command.clone(),
            raw_directory: recipe.raw_directory.clone(),
            actor: recipe.actor.as_ref().map(|actor| actor.as_str().to_owned()),
            ttl: Some(recipe.times.ttl().length().into()),
            grace: Some(recipe.times.grace().into()),
            outlives_lease: recipe.outlives_lease,
            record_limit: recipe.record_limit,
            refused_exit: u32::from(recipe.refused_exit),
            auto_resume: recipe.auto_resume,
            watch: recipe
                .watch
                .clone()
                .map(|Watched { directory, limit }| WatchedRecord { directory, limit }),
            autosave: recipe
                .autosave
                .clone()
                .map(|Autosave { file, interval }| AutosaveRecord { file, interval: Some(interval.into()) }),
            waits: recipe.waits,
        }
    }

    pub(super) fn into_recipe(self) -> Result<Recipe, StoreError> {
        let length = |record: Option<LengthRecord>| -> Result<Duration, StoreError> {
            Ok(required(record, "a length of time of the run")?.into())
        };
        let times = RunTimes::new(length(self.ttl)?, length(self.grace)?);
        Ok(Recipe {
            raw_command: self.raw_command,
            raw_directory: self.raw_directory,
            actor: self.actor.as_deref().map(actor).transpose()?,
            times: times.map_err(|why| corrupt(format!("times of the run do not fit together: {why:?}")))?,
            outlives_lease: self.outlives_lease,
            record_limit: self.record_limit,
            refused_exit: u8::try_from(self.refused_exit)
                .map_err(|_large| corrupt("exit code of the run is too large".to_owned()))?,
            auto_resume: self.auto_resume,
            watch: self.watch.map(|WatchedRecord { directory, limit }| Watched { directory, limit }),
            autosave: match self.autosave {
                Some(AutosaveRecord { file, interval }) => {
                    Some(Autosave { file, interval: length(interval)? })
                }
                None => None,
            },
            waits: self.waits,
        })
    }
}
