//! The stored form of what a worker serves.

use std::collections::BTreeSet;
use std::time::Duration;

use prost::Message;
use tenure_core::id::{Namespace, QueueName};
use tenure_core::worker::{Queues, Serving};

use super::length::LengthRecord;
use super::{corrupt, required};
use crate::StoreError;

#[derive(Clone, PartialEq, Message)]
struct ServingRecord {
    /// Absent: every queue there is.
    #[prost(message, optional, tag = "1")]
    queues: Option<QueuesRecord>,
    #[prost(uint64, tag = "2")]
    busy_max: u64,
    #[prost(uint64, tag = "3")]
    held_max: u64,
    #[prost(message, optional, tag = "4")]
    idle_after: Option<LengthRecord>,
    #[prost(bool, tag = "5")]
    is_exclusive: bool,
    /// Absent: every tenant.
    #[prost(string, optional, tag = "6")]
    namespace: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct QueuesRecord {
    #[prost(bool, tag = "1")]
    has_default: bool,
    #[prost(string, repeated, tag = "2")]
    named: Vec<String>,
}

/// What a worker serves.
#[must_use]
pub fn encode_serving(serving: &Serving) -> Vec<u8> {
    let queues = match &serving.queues {
        Queues::All => None,
        Queues::These(queues) => Some(QueuesRecord {
            has_default: queues.contains(&None),
            named: queues.iter().flatten().map(|name| name.as_str().to_owned()).collect(),
        }),
    };
    let record = ServingRecord {
        queues,
        busy_max: serving.busy_max as u64,
        held_max: serving.held_max as u64,
        idle_after: Some(serving.idle_after.into()),
        is_exclusive: serving.is_exclusive,
        namespace: serving.namespace.as_ref().map(|namespace| namespace.as_str().to_owned()),
    };
    record.encode_to_vec()
}

/// What a worker serves, from its stored form.
///
/// # Errors
/// [`StoreError::Corrupt`] when that is not what the bytes are.
pub fn decode_serving(bytes: &[u8]) -> Result<Serving, StoreError> {
    let record = ServingRecord::decode(bytes)
        .map_err(|why| corrupt(format!("what a worker serves cannot be read: {why}")))?;
    let queues = match record.queues {
        None => Queues::All,
        Some(QueuesRecord { has_default, named }) => {
            let named = named.iter().map(|name| queue(name).map(Some));
            let default = has_default.then_some(Ok(None));
            Queues::These(named.chain(default).collect::<Result<BTreeSet<_>, StoreError>>()?)
        }
    };
    let namespace = record.namespace.as_deref().map(namespace).transpose()?;
    Ok(Serving {
        queues,
        namespace,
        busy_max: usize::try_from(record.busy_max).unwrap_or(usize::MAX),
        held_max: usize::try_from(record.held_max).unwrap_or(usize::MAX),
        idle_after: Duration::from(required(record.idle_after, "how long a worker's keys stay its own")?),
        is_exclusive: record.is_exclusive,
    })
}

fn namespace(name: &str) -> Result<Namespace, StoreError> {
    Namespace::parse(name).map_err(|why| corrupt(format!("a tenant's name is not one: {why:?}")))
}

fn queue(name: &str) -> Result<QueueName, StoreError> {
    QueueName::parse(name).map_err(|why| corrupt(format!("a queue's name is not one: {why:?}")))
}
