//! A session, without its holder.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tenure_core::id::{Fence, GroupName, Key, Namespace, Principal, Revision, SessionId};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::session::{
    Activity, Counters, Facts, Fingerprint, Mode, Parent, Progress, Retained, Session, State, StateName,
    Usage,
};

use super::lines::parse;
use super::recipe::RecipeForm;
use super::scalar::{At, Length, actor, hex, name, unhex, word};
use crate::read::wrong;
use crate::{FlawKind, Record};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordForm {
    line: String,
    id: String,
    namespace: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<String>,
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    state: StateForm,
    mode: String,
    counters: CountersForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    slot_counters: Option<CountersForm>,
    created_at: At,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_started_at: Option<At>,
    start_count: u64,
    last_activity_at: At,
    #[serde(skip_serializing_if = "Option::is_none")]
    activity: Option<ActivityForm>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    command: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<String>,
    /// Each value is JSON text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<ProgressForm>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    timings: BTreeMap<String, Length>,
    #[serde(default, skip_serializing_if = "UsageForm::is_nothing")]
    usage: UsageForm,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle: Option<IdleForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_timeout: Option<Length>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_as: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    predecessor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    successor: Option<String>,
    #[serde(default, skip_serializing_if = "is_false")]
    anonymous: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retained: Option<RetainedForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipe: Option<RecipeForm>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateForm {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<At>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CountersForm {
    revision: u64,
    fence: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ActivityForm {
    text: String,
    actor: String,
    at: At,
    revision: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProgressForm {
    current: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UsageForm {
    iterations: u64,
    input_tokens: u64,
    output_tokens: u64,
    tool_calls: u64,
    cost_micros: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdleForm {
    after: Length,
    spares_held: bool,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RetainedForm {
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    at: At,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
const fn is_false(value: &bool) -> bool {
    !*value
}

impl RecordForm {
    pub(crate) fn of(record: &Record) -> Self {
        let session = &record.session;
        let text = |id: &SessionId| id.as_str().to_owned();
        Self {
            line: "record".to_owned(),
            id: text(&session.id),
            namespace: session.namespace.as_str().to_owned(),
            principal: session.principal.as_ref().map(|principal| principal.as_str().to_owned()),
            kind: session.kind.name().to_owned(),
            key: session.key.as_ref().map(|key| key.as_str().to_owned()),
            state: StateForm::of(&session.state),
            mode: session.mode.name().to_owned(),
            counters: CountersForm::of(session.counters),
            slot_counters: record.slot.map(CountersForm::of),
            created_at: At(session.created_at),
            started_at: session.started_at.map(At),
            last_started_at: session.last_started_at.map(At),
            start_count: session.start_count,
            last_activity_at: At(session.last_activity_at),
            activity: session.activity.as_ref().map(ActivityForm::of),
            labels: session.labels.clone(),
            command: session.command.clone(),
            directory: session.directory.clone(),
            metadata: session.facts.metadata.clone(),
            progress: session
                .facts
                .progress
                .map(|Progress { current, total }| ProgressForm { current, total }),
            timings: session.facts.timings.iter().map(|(name, took)| (name.clone(), Length(*took))).collect(),
            usage: UsageForm::of(session.facts.usage),
            parent: session.parent.as_ref().map(|parent| text(&parent.id)),
            idle: session
                .idle
                .map(|rule| IdleForm { after: Length(rule.after), spares_held: rule.spares_held }),
            pending_timeout: session.pending_timeout.map(Length),
            expires_at: session.expires_at.map(At),
            created_as: session.created_as.map(|Fingerprint(bytes)| hex(&bytes)),
            predecessor: session.predecessor.as_ref().map(text),
            successor: session.successor.as_ref().map(text),
            anonymous: session.anonymous,
            retained: session.retained.as_ref().map(RetainedForm::of),
            group: session.group.as_ref().map(|group| group.as_str().to_owned()),
            recipe: session.recipe.as_deref().map(RecipeForm::of),
        }
    }

    pub(crate) fn read(json: &[u8]) -> Result<Record, FlawKind> {
        parse::<Self>(json)?.into_record()
    }

    fn into_record(self) -> Result<Record, FlawKind> {
        let id = |text: &String| name("session", text, SessionId::parse);
        let parent = self.parent.as_ref().map(id).transpose()?;
        let facts = Facts {
            metadata: self.metadata,
            progress: self.progress.map(|ProgressForm { current, total }| Progress { current, total }),
            timings: self.timings.into_iter().map(|(name, Length(took))| (name, took)).collect(),
            usage: self.usage.into_usage(),
        };
        let session = Session {
            id: id(&self.id)?,
            namespace: name("namespace", &self.namespace, Namespace::parse)?,
            principal: self
                .principal
                .as_deref()
                .map(|principal| name("principal", principal, Principal::parse))
                .transpose()?,
            kind: word("kind", &self.kind, Kind::parse)?,
            key: self.key.as_deref().map(|key| name("key", key, Key::parse)).transpose()?,
            state: self.state.into_state()?,
            mode: word("mode", &self.mode, Mode::parse)?,
            lease: None,
            counters: self.counters.into_counters(),
            created_at: self.created_at.0,
            started_at: self.started_at.map(|At(at)| at),
            last_started_at: self.last_started_at.map(|At(at)| at),
            start_count: self.start_count,
            last_activity_at: self.last_activity_at.0,
            activity: self.activity.map(ActivityForm::into_activity).transpose()?,
            labels: self.labels,
            command: self.command,
            directory: self.directory,
            facts,
            // Instances of orchestrations stay where their histories are.
            execution: None,
            // Whether it is there is for whoever takes it in to say.
            parent: parent.map(|id| Parent { id, deleted: false }),
            idle: self.idle.map(|rule| IdleRule { after: rule.after.0, spares_held: rule.spares_held }),
            pending_timeout: self.pending_timeout.map(|Length(length)| length),
            expires_at: self.expires_at.map(|At(at)| at),
            created_as: self
                .created_as
                .as_deref()
                .map(|text| unhex("way of creation", text))
                .transpose()?
                .map(Fingerprint),
            predecessor: self.predecessor.as_ref().map(id).transpose()?,
            successor: self.successor.as_ref().map(id).transpose()?,
            anonymous: self.anonymous,
            retained: self.retained.map(RetainedForm::into_retained).transpose()?,
            handover: None,
            group: self.group.as_deref().map(|group| name("group", group, GroupName::parse)).transpose()?,
            recipe: self.recipe.map(RecipeForm::into_recipe).transpose()?.map(Box::new),
            // Whoever waits for a place holds it.
            is_queued: false,
        };
        if self.slot_counters.is_some() != session.key.is_some() {
            return Err(wrong("counters of a slot belong to a key, and a key to them"));
        }
        Ok(Record { session, slot: self.slot_counters.map(CountersForm::into_counters) })
    }
}

impl StateForm {
    fn of(state: &State) -> Self {
        let reason = match state {
            State::Pending | State::Active | State::Completed { .. } => None,
            State::Paused { reason }
            | State::Failed { error: reason, .. }
            | State::Cancelled { reason, .. }
            | State::Expired { reason, .. } => Some(reason.clone()),
        };
        Self { name: state.name().name().to_owned(), at: state.completed_at().map(At), reason }
    }

    fn into_state(self) -> Result<State, FlawKind> {
        let at = self.at.map(|At(at)| at).ok_or_else(|| wrong("the time of its end is missing"));
        let reason = self.reason.ok_or_else(|| wrong("the reason of its state is missing"));
        Ok(match word("state", &self.name, StateName::parse)? {
            StateName::Pending => State::Pending,
            StateName::Active => State::Active,
            StateName::Paused => State::Paused { reason: reason? },
            StateName::Completed => State::Completed { at: at? },
            StateName::Failed => State::Failed { at: at?, error: reason? },
            StateName::Cancelled => State::Cancelled { at: at?, reason: reason? },
            StateName::Expired => State::Expired { at: at?, reason: reason? },
        })
    }
}

impl CountersForm {
    const fn of(counters: Counters) -> Self {
        Self { revision: counters.revision.0, fence: counters.fence.0 }
    }

    const fn into_counters(self) -> Counters {
        Counters { revision: Revision(self.revision), fence: Fence(self.fence) }
    }
}

impl ActivityForm {
    fn of(activity: &Activity) -> Self {
        Self {
            text: activity.text.clone(),
            actor: activity.actor.as_str().to_owned(),
            at: At(activity.at),
            revision: activity.revision.0,
        }
    }

    fn into_activity(self) -> Result<Activity, FlawKind> {
        let revision = Revision(self.revision);
        Ok(Activity { text: self.text, actor: actor(&self.actor)?, at: self.at.0, revision })
    }
}

impl UsageForm {
    pub(super) const fn of(usage: Usage) -> Self {
        let Usage { iterations, input_tokens, output_tokens, tool_calls, cost_micros } = usage;
        Self { iterations, input_tokens, output_tokens, tool_calls, cost_micros }
    }

    pub(super) const fn into_usage(self) -> Usage {
        let Self { iterations, input_tokens, output_tokens, tool_calls, cost_micros } = self;
        Usage { iterations, input_tokens, output_tokens, tool_calls, cost_micros }
    }

    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl RetainedForm {
    fn of(retained: &Retained) -> Self {
        let by = retained.by.as_ref().map(|by| by.as_str().to_owned());
        Self { reason: retained.reason.clone(), by, at: At(retained.at) }
    }

    fn into_retained(self) -> Result<Retained, FlawKind> {
        let by = self.by.as_deref().map(actor).transpose()?;
        Ok(Retained { reason: self.reason, by, at: self.at.0 })
    }
}
