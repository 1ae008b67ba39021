//! The stored form of a holder.

use tenure_core::id::ActorId;
use tenure_core::lease::{Holder, Place};

use super::code::{holder_kind_code, holder_kind_of};
use super::corrupt;
use crate::StoreError;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct HolderRecord {
    #[prost(int32, tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    id: String,
    #[prost(string, optional, tag = "3")]
    supervisor: Option<String>,
    #[prost(message, optional, tag = "4")]
    place: Option<PlaceRecord>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PlaceRecord {
    #[prost(string, tag = "1")]
    host: String,
    #[prost(uint32, tag = "2")]
    pid: u32,
}

impl HolderRecord {
    pub(super) fn of(holder: &Holder) -> Self {
        Self {
            kind: holder_kind_code(holder.kind),
            id: holder.id.as_str().to_owned(),
            supervisor: holder.supervisor.as_ref().map(|id| id.as_str().to_owned()),
            place: holder
                .place
                .as_ref()
                .map(|place| PlaceRecord { host: place.host.as_ref().to_owned(), pid: place.pid }),
        }
    }

    pub(super) fn into_holder(self) -> Result<Holder, StoreError> {
        Ok(Holder {
            kind: holder_kind_of(self.kind)?,
            id: actor(&self.id)?,
            supervisor: self.supervisor.as_deref().map(actor).transpose()?,
            place: self.place.map(|place| Place { host: place.host.into(), pid: place.pid }),
        })
    }
}

/// An actor's name that was accepted when it was written.
pub(super) fn actor(text: &str) -> Result<ActorId, StoreError> {
    ActorId::parse(text).map_err(|why| corrupt(format!("actor is not a name: {why:?}")))
}
