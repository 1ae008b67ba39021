//! The stored form of a session: what has no column of its own.

use std::collections::BTreeMap;

use prost::Message;
use tenure_core::id::{Fence, GroupName, HandoverId, Key, Namespace, Principal, Revision, SessionId};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::lease::Lease;
use tenure_core::orchestration::Execution;
use tenure_core::session::{
    Activity, Counters, Fingerprint, Handover, Parent, Retained, Session, State, StateName,
};
use tenure_core::time::WallTime;

use super::code::{mode_code, mode_of};
use super::facts::FactsRecord;
use super::history::{VersionRecord, code_name};
use super::holder::actor;
use super::length::LengthRecord;
use super::recipe::RecipeRecord;
use super::{corrupt, required, sixteen};
use crate::StoreError;

/// What a store keeps of a session outside its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    /// The public id.
    pub id: SessionId,
    /// The tenant.
    pub namespace: Namespace,
    /// The kind.
    pub kind: Kind,
    /// The slot's name, if it has one.
    pub key: Option<Key>,
    /// The name of the state.
    pub state: StateName,
    /// Who holds it.
    pub lease: Option<Lease>,
    /// Its counters.
    pub counters: Counters,
    /// Its last activity.
    pub last_activity_at: WallTime,
    /// What its holder said.
    pub activity: Option<Activity>,
    /// Whether its parent is not there any more.
    pub parent_deleted: bool,
}

#[derive(Clone, PartialEq, Message)]
struct BodyRecord {
    #[prost(message, optional, tag = "1")]
    state: Option<StateRecord>,
    #[prost(int32, tag = "2")]
    mode: i32,
    #[prost(uint64, tag = "3")]
    created_at: u64,
    #[prost(uint64, optional, tag = "4")]
    started_at: Option<u64>,
    #[prost(uint64, optional, tag = "5")]
    last_started_at: Option<u64>,
    #[prost(uint64, tag = "6")]
    start_count: u64,
    #[prost(btree_map = "string, string", tag = "7")]
    labels: BTreeMap<String, String>,
    #[prost(string, repeated, tag = "8")]
    command: Vec<String>,
    #[prost(string, optional, tag = "9")]
    directory: Option<String>,
    #[prost(message, optional, tag = "10")]
    idle: Option<IdleRecord>,
    #[prost(string, optional, tag = "11")]
    predecessor: Option<String>,
    #[prost(string, optional, tag = "12")]
    successor: Option<String>,
    #[prost(bool, tag = "13")]
    anonymous: bool,
    #[prost(string, optional, tag = "14")]
    parent: Option<String>,
    #[prost(message, optional, tag = "15")]
    pending_timeout: Option<LengthRecord>,
    #[prost(uint64, optional, tag = "16")]
    expires_at: Option<u64>,
    #[prost(bytes = "vec", optional, tag = "17")]
    created_as: Option<Vec<u8>>,
    #[prost(message, optional, tag = "18")]
    facts: Option<FactsRecord>,
    #[prost(message, optional, tag = "19")]
    recipe: Option<RecipeRecord>,
    #[prost(string, optional, tag = "20")]
    group: Option<String>,
    #[prost(bool, tag = "21")]
    is_queued: bool,
    #[prost(message, optional, tag = "22")]
    retained: Option<RetainedRecord>,
    #[prost(message, optional, tag = "23")]
    handover: Option<HandoverRecord>,
    #[prost(message, optional, tag = "24")]
    execution: Option<ExecutionRecord>,
    #[prost(string, optional, tag = "25")]
    principal: Option<String>,
}

/// Which code drives a session.
#[derive(Clone, PartialEq, Message)]
struct ExecutionRecord {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    version: Option<VersionRecord>,
    #[prost(uint64, tag = "3")]
    number: u64,
    #[prost(string, optional, tag = "4")]
    status: Option<String>,
    #[prost(uint64, tag = "5")]
    status_changes: u64,
}

/// What belongs to a state besides its name.
#[derive(Clone, PartialEq, Message)]
struct StateRecord {
    #[prost(uint64, optional, tag = "1")]
    at: Option<u64>,
    #[prost(string, optional, tag = "2")]
    text: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
struct IdleRecord {
    #[prost(message, optional, tag = "1")]
    after: Option<LengthRecord>,
    #[prost(bool, tag = "2")]
    spares_held: bool,
}

#[derive(Clone, PartialEq, Message)]
struct RetainedRecord {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, optional, tag = "2")]
    by: Option<String>,
    #[prost(uint64, tag = "3")]
    at: u64,
}

#[derive(Clone, PartialEq, Message)]
struct HandoverRecord {
    #[prost(bytes = "vec", tag = "1")]
    id: Vec<u8>,
    #[prost(string, tag = "2")]
    to: String,
    #[prost(string, optional, tag = "3")]
    by: Option<String>,
    #[prost(uint64, tag = "4")]
    at: u64,
    #[prost(uint64, tag = "5")]
    fence: u64,
    #[prost(bool, tag = "6")]
    has_arrived: bool,
}

#[derive(Clone, PartialEq, Message)]
struct ActivityRecord {
    #[prost(string, tag = "1")]
    text: String,
    #[prost(string, tag = "2")]
    actor: String,
    #[prost(uint64, tag = "3")]
    at: u64,
    #[prost(uint64, tag = "4")]
    revision: u64,
}

/// Everything of a session that is not in [`Columns`].
#[must_use]
pub fn encode_body(session: &Session) -> Vec<u8> {
    let record = BodyRecord {
        state: Some(StateRecord::of(&session.state)),
        mode: mode_code(session.mode),
        created_at: session.created_at.epoch_ms(),
        started_at: session.started_at.map(WallTime::epoch_ms),
        last_started_at: session.last_started_at.map(WallTime::epoch_ms),
        start_count: session.start_count,
        labels: session.labels.clone(),
        command: session.command.clone(),
        directory: session.directory.clone(),
        idle: session
            .idle
            .map(|rule| IdleRecord { after: Some(rule.after.into()), spares_held: rule.spares_held }),
        predecessor: session.predecessor.as_ref().map(|id| id.as_str().to_owned()),
        successor: session.successor.as_ref().map(|id| id.as_str().to_owned()),
        anonymous: session.anonymous,
        parent: session.parent.as_ref().map(|parent| parent.id.as_str().to_owned()),
        pending_timeout: session.pending_timeout.map(LengthRecord::from),
        expires_at: session.expires_at.map(WallTime::epoch_ms),
        created_as: session.created_as.map(|Fingerprint(bytes)| bytes.to_vec()),
        facts: FactsRecord::of(&session.facts),
        retained: session.retained.as_ref().map(RetainedRecord::of),
        handover: session.handover.as_ref().map(HandoverRecord::of),
        recipe: session.recipe.as_deref().map(RecipeRecord::of),
        group: session.group.as_ref().map(|group| group.as_str().to_owned()),
        is_queued: session.is_queued,
        execution: session.execution.as_deref().map(ExecutionRecord::of),
        principal: session.principal.as_ref().map(|principal| principal.as_str().to_owned()),
    };
    record.encode_to_vec()
}

/// A session from its stored parts.
///
/// # Errors
/// [`StoreError::Corrupt`] when they do not make one.
pub fn decode_session(body: &[u8], columns: Columns) -> Result<Session, StoreError> {
    let record = BodyRecord::decode(body).map_err(|why| corrupt(format!("session cannot be read: {why}")))?;
    Ok(Session {
        id: columns.id,
        namespace: columns.namespace,
        principal: record.principal.as_deref().map(principal).transpose()?,
        kind: columns.kind,
        key: columns.key,
        state: required(record.state, "the session's state")?.into_state(columns.state)?,
        group: record.group.as_deref().map(group_name).transpose()?,
        is_queued: record.is_queued,
        mode: mode_of(record.mode)?,
        lease: columns.lease,
        counters: columns.counters,
        created_at: WallTime::from_epoch_ms(record.created_at),
        started_at: record.started_at.map(WallTime::from_epoch_ms),
        last_started_at: record.last_started_at.map(WallTime::from_epoch_ms),
        start_count: record.start_count,
        last_activity_at: columns.last_activity_at,
        activity: columns.activity,
        labels: record.labels,
        command: record.command,
        directory: record.directory,
        facts: record.facts.map(FactsRecord::into_facts).unwrap_or_default(),
        recipe: record.recipe.map(RecipeRecord::into_recipe).transpose()?.map(Box::new),
        execution: record.execution.map(ExecutionRecord::into_execution).transpose()?.map(Box::new),
        parent: record
            .parent
            .map(|id| Ok::<_, StoreError>(Parent { id: session_id(&id)?, deleted: columns.parent_deleted }))
            .transpose()?,
        idle: record.idle.map(IdleRecord::into_rule).transpose()?,
        pending_timeout: record.pending_timeout.map(Into::into),
        expires_at: record.expires_at.map(WallTime::from_epoch_ms),
        created_as: record.created_as.as_deref().map(fingerprint).transpose()?,
        predecessor: record.predecessor.as_deref().map(session_id).transpose()?,
        successor: record.successor.as_deref().map(session_id).transpose()?,
        anonymous: record.anonymous,
        retained: record.retained.map(RetainedRecord::into_retained).transpose()?,
        handover: record.handover.map(HandoverRecord::into_handover).transpose()?,
    })
}

fn fingerprint(bytes: &[u8]) -> Result<Fingerprint, StoreError> {
    sixteen(bytes, "how the session was created").map(Fingerprint)
}

impl ExecutionRecord {
    fn of(execution: &Execution) -> Self {
        Self {
            name: execution.name.as_str().to_owned(),
            version: Some(VersionRecord::of(execution.version)),
            number: execution.number,
            status: execution.status.clone(),
            status_changes: execution.status_changes,
        }
    }

    fn into_execution(self) -> Result<Execution, StoreError> {
        Ok(Execution {
            name: code_name(&self.name)?,
            version: required(self.version, "an execution's version")?.into_version(),
            number: self.number,
            status: self.status,
            status_changes: self.status_changes,
        })
    }
}

impl StateRecord {
    fn of(state: &State) -> Self {
        let (at, text) = match state {
            State::Pending | State::Active => (None, None),
            State::Paused { reason } => (None, Some(reason)),
            State::Completed { at } => (Some(at), None),
            State::Failed { at, error } => (Some(at), Some(error)),
            State::Cancelled { at, reason } | State::Expired { at, reason } => (Some(at), Some(reason)),
        };
        Self { at: at.map(|at| at.epoch_ms()), text: text.cloned() }
    }

    fn into_state(self, name: StateName) -> Result<State, StoreError> {
        let at = required(self.at.map(WallTime::from_epoch_ms), "the time of the session's end");
        let text = required(self.text, "the reason of the session's state");
        Ok(match name {
            StateName::Pending => State::Pending,
            StateName::Active => State::Active,
            StateName::Paused => State::Paused { reason: text? },
            StateName::Completed => State::Completed { at: at? },
            StateName::Failed => State::Failed { at: at?, error: text? },
            StateName::Cancelled => State::Cancelled { at: at?, reason: text? },
            StateName::Expired => State::Expired { at: at?, reason: text? },
        })
    }
}

impl RetainedRecord {
    fn of(retained: &Retained) -> Self {
        let by = retained.by.as_ref().map(|by| by.as_str().to_owned());
        Self { reason: retained.reason.clone(), by, at: retained.at.epoch_ms() }
    }

    fn into_retained(self) -> Result<Retained, StoreError> {
        let by = self.by.as_deref().map(actor).transpose()?;
        Ok(Retained { reason: self.reason, by, at: WallTime::from_epoch_ms(self.at) })
    }
}

impl HandoverRecord {
    fn of(handover: &Handover) -> Self {
        Self {
            id: handover.id.0.to_vec(),
            to: handover.to.clone(),
            by: handover.by.as_ref().map(|by| by.as_str().to_owned()),
            at: handover.at.epoch_ms(),
            fence: handover.fence.0,
            has_arrived: handover.has_arrived,
        }
    }

    fn into_handover(self) -> Result<Handover, StoreError> {
        Ok(Handover {
            id: HandoverId(sixteen(&self.id, "the name of a hand-over")?),
            to: self.to,
            by: self.by.as_deref().map(actor).transpose()?,
            at: WallTime::from_epoch_ms(self.at),
            fence: Fence(self.fence),
            has_arrived: self.has_arrived,
        })
    }
}

impl IdleRecord {
    fn into_rule(self) -> Result<IdleRule, StoreError> {
        let after = required(self.after, "the length of the idle rule")?.into();
        Ok(IdleRule { after, spares_held: self.spares_held })
    }
}

/// What a holder said.
#[must_use]
pub fn encode_activity(activity: &Activity) -> Vec<u8> {
    let record = ActivityRecord {
        text: activity.text.clone(),
        actor: activity.actor.as_str().to_owned(),
        at: activity.at.epoch_ms(),
        revision: activity.revision.0,
    };
    record.encode_to_vec()
}

/// What a holder said, from its stored form.
///
/// # Errors
/// [`StoreError::Corrupt`] when it is not one.
pub fn decode_activity(bytes: &[u8]) -> Result<Activity, StoreError> {
    let record =
        ActivityRecord::decode(bytes).map_err(|why| corrupt(format!("activity cannot be read: {why}")))?;
    Ok(Activity {
        text: record.text,
        actor: actor(&record.actor)?,
        at: WallTime::from_epoch_ms(record.at),
        revision: Revision(record.revision),
    })
}

fn group_name(text: &str) -> Result<GroupName, StoreError> {
    GroupName::parse(text).map_err(|why| corrupt(format!("group is not a name: {why:?}")))
}

fn principal(text: &str) -> Result<Principal, StoreError> {
    Principal::parse(text).map_err(|why| corrupt(format!("principal is not a name: {why:?}")))
}

/// A session's id that was accepted when it was written.
pub(super) fn session_id(text: &str) -> Result<SessionId, StoreError> {
    SessionId::parse(text).map_err(|why| corrupt(format!("session id is not a name: {why:?}")))
}
