//! A session, and what is told beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenure_core::id::{Fence, GroupName, Key, Namespace, Principal, Revision, Seq, SessionId};
use tenure_core::kind::{IdleRule, Kind};
use tenure_core::session::{self, Counters, Facts, State, StateName};
use tenure_core::time::{Moment, millis};
use utoipa::ToSchema;

use crate::document::{all_given, all_taken};
use crate::facts::{Activity, Execution, Handover, Parent, Progress, Retained, Usage};
use crate::lease::Lease;
use crate::pending::Pending;
use crate::recipe::Recipe;
use crate::time::Instant;
use crate::unreadable::{Unreadable, name, optional, part};
use crate::word::{KindWord, ModeWord, StateWord};

/// From where a session is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// When, by the store's clocks.
    pub now: &'a Moment,
    /// Whether its holder's process is proven to be gone.
    pub is_gone: bool,
    /// The positions of its newest event and of the oldest that is kept, where they were read.
    pub log: Option<(Seq, Seq)>,
}

/// The durable thing that somebody holds open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// The tenant it belongs to.
    pub namespace: String,
    /// What kind of thing it is.
    pub kind: KindWord,
    /// The slot it was opened in; `null` when in none.
    #[schema(required = true)]
    pub key: Option<String>,
    /// Where it is in its life.
    pub state: StateWord,
    /// Why it was paused, cancelled or has expired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What it is for. Of a workspace alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<ModeWord>,
    /// Who holds it; `null` when nobody does.
    #[schema(required = true)]
    pub lease: Option<Lease>,
    /// Compare-and-swap number: what `If-Match` compares.
    pub revision: u64,
    /// The highest fence given out.
    pub fence: u64,
    /// The position of its newest event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_seq: Option<u64>,
    /// The position of the oldest event that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earliest_seq: Option<u64>,
    /// How often it was started.
    pub start_count: u64,
    /// How long its work took, or takes so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// When it was opened.
    pub created_at: Instant,
    /// When it was first started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Instant>,
    /// When it was last started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_started_at: Option<Instant>,
    /// When its owner last did something that counts as activity.
    pub last_activity_at: Instant,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Instant>,
    /// What its holder last said it was doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// The group whose members are at work in turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Whether its holder waits for a place in the group. Left out unless it does.
    #[serde(default, skip_serializing_if = "is_false")]
    pub waits_for_place: bool,
    /// On whose behalf it was opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// Names and values given by callers.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// The command it runs, if it runs one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// The directory it works in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<String>,
    /// Whether its command is run again after a shutdown without being asked. Of what `tenure run` started alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_resume: Option<bool>,
    /// It expires when its last activity is longer ago than this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_timeout_ms: Option<u64>,
    /// Whether it is spared that while its lease is live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_spares_held: Option<bool>,
    /// How long it may stay pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_timeout_ms: Option<u64>,
    /// When it expires in any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// The session it was created for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Who wants everything of it kept, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retained: Option<Retained>,
    /// Where it was handed over to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed_over: Option<Handover>,
    /// The session it went on from. Of a workspace alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<String>,
    /// The session that took its place. Of a workspace alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// Names and values of any shape that callers keep with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, Value>,
    /// How far the work is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// How long each named operation took.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timings_ms: BTreeMap<String, u64>,
    /// What the work has used so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Which code drives it, if it is an instance of an orchestration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<Execution>,
    /// How `tenure run` runs its command again. Told by servers alone, of what `tenure run` started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
}

/// A session as its document tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownSession {
    /// It, as far as it is told.
    pub session: session::Session,
    /// The position of its newest event; 0 where that is not told.
    pub head: Seq,
    /// The position of the oldest event that is kept; 0 where that is not told.
    pub earliest: Seq,
}

impl Session {
    /// The form of `session`.
    #[must_use]
    pub fn of(session: &session::Session, seen: Seen<'_>) -> Self {
        let text = |id: &SessionId| id.as_str().to_owned();
        let facts = &session.facts;
        let (reason, error) = why(&session.state);
        Self {
            id: text(&session.id),
            namespace: session.namespace.as_str().to_owned(),
            kind: session.kind.into(),
            key: session.key.as_ref().map(|key| key.as_str().to_owned()),
            state: session.state.name().into(),
            reason,
            error,
            mode: (session.kind == Kind::Workspace).then(|| session.mode.into()),
            lease: Lease::of(session, seen),
            revision: session.counters.revision.0,
            fence: session.counters.fence.0,
            head_seq: seen.log.map(|(head, _)| head.0),
            earliest_seq: seen.log.map(|(_, earliest)| earliest.0),
            start_count: session.start_count,
            duration_ms: session.duration(seen.now).map(millis),
            created_at: session.created_at.into(),
            started_at: session.started_at.map(Instant),
            last_started_at: session.last_started_at.map(Instant),
            last_activity_at: session.last_activity_at.into(),
            completed_at: session.state.completed_at().map(Instant),
            activity: session.activity.as_ref().map(Activity::of),
            group: session.group.as_ref().map(|group| group.as_str().to_owned()),
            waits_for_place: session.is_queued,
            principal: session.principal.as_ref().map(|principal| principal.as_str().to_owned()),
            labels: session.labels.clone(),
            command: session.command.clone(),
            directory: session.directory.clone(),
            auto_resume: session.recipe.as_ref().map(|recipe| recipe.auto_resume),
            idle_timeout_ms: session.idle.map(|idle| millis(idle.after)),
            idle_spares_held: session.idle.map(|idle| idle.spares_held),
            pending_timeout_ms: session.pending_timeout.map(millis),
            expires_at: session.expires_at.map(Instant),
            parent: session.parent.as_ref().map(Parent::of),
            retained: session.retained.as_ref().map(Retained::of),
            handed_over: session.handover.as_ref().map(Handover::of),
            predecessor: session.predecessor.as_ref().map(text),
            successor: session.successor.as_ref().map(text),
            metadata: all_given(&facts.metadata),
            progress: facts.progress.as_ref().map(Progress::of),
            timings_ms: facts.timings.iter().map(|(name, took)| (name.clone(), millis(*took))).collect(),
            usage: (facts.usage != session::Usage::default()).then(|| Usage::of(&facts.usage)),
            execution: session.execution.as_deref().map(Execution::of),
            recipe: None,
        }
    }

    /// The same, with how `tenure run` runs the command of `session` again. People at a terminal are not told it.
    #[must_use]
    pub fn with_recipe(self, session: &session::Session) -> Self {
        Self { recipe: session.recipe.as_deref().map(Recipe::of), ..self }
    }

    /// The session that it is the form of, as far as that is told. Not told are the holder's incarnation and which
    /// clock judges its lease (see [`Lease::read`]), at which revision its activity was said, how often the status of
    /// its execution changed, how it was created, and whether it came from a record without an id.
    ///
    /// # Errors
    /// [`Unreadable`] when a name cannot be one, a word is not known, or what belongs to its state is missing.
    pub fn read(self) -> Result<KnownSession, Unreadable> {
        let state = self.read_state()?;
        let idle = self.idle_timeout_ms.map(|ms| IdleRule {
            after: Duration::from_millis(ms),
            spares_held: self.idle_spares_held.unwrap_or_default(),
        });
        let id = |field, text: Option<&str>| optional(field, text, SessionId::parse);
        let wall = |at: Option<Instant>| at.map(|Instant(at)| at);
        let started = wall(self.last_started_at).unwrap_or(self.created_at.0);
        let session = session::Session {
            id: name("id", &self.id, SessionId::parse)?,
            namespace: name("namespace", &self.namespace, Namespace::parse)?,
            principal: optional("principal", self.principal.as_deref(), Principal::parse)?,
            kind: self.kind.read("kind")?,
            key: optional("key", self.key.as_deref(), Key::parse)?,
            state,
            group: optional("group", self.group.as_deref(), GroupName::parse)?,
            is_queued: self.waits_for_place,
            mode: self.mode.map(|mode| mode.read("mode")).transpose()?.unwrap_or_default(),
            lease: part("lease", self.lease, |lease| lease.read(started))?,
            counters: Counters { revision: Revision(self.revision), fence: Fence(self.fence) },
            created_at: self.created_at.0,
            started_at: wall(self.started_at),
            last_started_at: wall(self.last_started_at),
            start_count: self.start_count,
            last_activity_at: self.last_activity_at.0,
            activity: part("activity", self.activity, Activity::read)?,
            labels: self.labels,
            command: self.command,
            directory: self.directory,
            recipe: part("recipe", self.recipe, Recipe::read)?.map(Box::new),
            facts: Facts {
                metadata: all_taken(&self.metadata),
                progress: self.progress.map(Progress::read),
                timings: self
                    .timings_ms
                    .into_iter()
                    .map(|(name, ms)| (name, Duration::from_millis(ms)))
                    .collect(),
                usage: part("usage", self.usage, Usage::read)?.unwrap_or_default(),
            },
            execution: part("execution", self.execution, Execution::read)?.map(Box::new),
            parent: part("parent", self.parent, Parent::read)?,
            idle,
            pending_timeout: self.pending_timeout_ms.map(Duration::from_millis),
            expires_at: wall(self.expires_at),
            created_as: None,
            predecessor: id("predecessor", self.predecessor.as_deref())?,
            successor: id("successor", self.successor.as_deref())?,
            anonymous: false,
            retained: part("retained", self.retained, Retained::read)?,
            handover: part("handed_over", self.handed_over, |gone| gone.read(Fence(self.fence)))?,
        };
        let position = |seq: Option<u64>| Seq(seq.unwrap_or_default());
        Ok(KnownSession { session, head: position(self.head_seq), earliest: position(self.earliest_seq) })
    }

    fn read_state(&self) -> Result<State, Unreadable> {
        let at =
            || self.completed_at.map(|Instant(at)| at).ok_or_else(|| Unreadable::missing("completed_at"));
        let reason = || self.reason.clone().ok_or_else(|| Unreadable::missing("reason"));
        let error = || self.error.clone().ok_or_else(|| Unreadable::missing("error"));
        Ok(match self.state.read("state")? {
            StateName::Pending => State::Pending,
            StateName::Active => State::Active,
            StateName::Paused => State::Paused { reason: reason()? },
            StateName::Completed => State::Completed { at: at()? },
            StateName::Failed => State::Failed { at: at()?, error: error()? },
            StateName::Cancelled => State::Cancelled { at: at()?, reason: reason()? },
            StateName::Expired => State::Expired { at: at()?, reason: reason()? },
        })
    }
}

/// Why a session is where it is: a reason, or what went wrong.
fn why(state: &State) -> (Option<String>, Option<String>) {
    match state {
        State::Paused { reason } | State::Cancelled { reason, .. } | State::Expired { reason, .. } => {
            (Some(reason.clone()), None)
        }
        State::Failed { error, .. } => (None, Some(error.clone())),
        State::Pending | State::Active | State::Completed { .. } => (None, None),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What is told of one session besides itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct Beside {
    /// The sessions that were created for it, newest first, if there are any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<String>,
    /// Whether there are more of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub children_more: Option<bool>,
    /// What it waits for, if it is an open instance of an orchestration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<Pending>,
}

impl Beside {
    /// A session that has these children, and more if `more`.
    #[must_use]
    pub fn of<'a>(
        children: impl IntoIterator<Item = &'a SessionId>,
        more: bool,
        waits_for: Option<Pending>,
    ) -> Self {
        let children: Vec<_> = children.into_iter().map(|id| id.as_str().to_owned()).collect();
        let children_more = (!children.is_empty()).then_some(more);
        Self { children, children_more, waits_for }
    }
}

/// One session, with what is told besides.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShownSession {
    /// It.
    #[serde(flatten)]
    pub session: Session,
    /// And the rest.
    #[serde(flatten)]
    pub beside: Beside,
}
