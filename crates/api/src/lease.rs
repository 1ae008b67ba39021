//! Who holds a session, and how the lease stands.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tenure_core::id::{ActorId, Fence, Incarnation};
use tenure_core::lease::{self, HolderKind, Place, Term, Ttl};
use tenure_core::refusal::{Existing, Held};
use tenure_core::session;
use tenure_core::time::{UnusableClock, WallTime, millis};
use utoipa::ToSchema;

use crate::session::Seen;
use crate::time::Instant;
use crate::unreadable::{Unreadable, actor, name};
use crate::word::{HolderKindWord, Named, Word};

/// Who holds a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Holder {
    /// What sort of holder it is.
    pub kind: HolderKindWord,
    /// Its name.
    pub id: String,
    /// Who else may clear the session for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supervisor: Option<String>,
    /// The machine that it runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its process there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

impl Holder {
    /// The form of `holder`.
    #[must_use]
    pub fn of(holder: &lease::Holder) -> Self {
        let place = holder.place.as_ref();
        Self {
            kind: holder.kind.into(),
            id: holder.id.as_str().to_owned(),
            supervisor: holder.supervisor.as_ref().map(|supervisor| supervisor.as_str().to_owned()),
            host: place.map(|place| place.host.to_string()),
            pid: place.map(|place| place.pid),
        }
    }

    /// Who it is the form of.
    ///
    /// # Errors
    /// [`Unreadable`] when its sort is not known, or it cannot be called so.
    pub fn read(self) -> Result<lease::Holder, Unreadable> {
        let place = match (self.host, self.pid) {
            (Some(host), Some(pid)) => Some(Place { host: host.into(), pid }),
            (None, None) => None,
            (Some(_), None) => return Err(Unreadable::missing("pid")),
            (None, Some(_)) => return Err(Unreadable::missing("host")),
        };
        Ok(lease::Holder {
            kind: self.kind.read("kind")?,
            id: name("id", &self.id, ActorId::parse)?,
            supervisor: actor("supervisor", self.supervisor.as_deref())?,
            place,
        })
    }
}

/// A holder and its terms, in a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldBy {
    /// Who.
    #[serde(flatten)]
    pub holder: Holder,
    /// Under which fence.
    pub fence: u64,
    /// Since the session's last start.
    pub since: Instant,
    /// When the lease ends unless it is renewed. A person's has no end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
}

impl HeldBy {
    /// The form of `held`.
    #[must_use]
    pub fn of(held: &Held) -> Self {
        Self {
            holder: Holder::of(&held.holder),
            fence: held.fence.0,
            since: held.since.into(),
            expires_at: held.expires_at.map(Instant),
        }
    }

    /// Who holds `session`, as this is told of it.
    ///
    /// # Errors
    /// [`Unreadable`] when the holder is.
    pub fn read(self, session: Existing) -> Result<Held, Unreadable> {
        let Existing { session, key, state } = session;
        Ok(Held {
            session,
            key,
            state,
            holder: self.holder.read()?,
            fence: Fence(self.fence),
            since: self.since.0,
            expires_at: self.expires_at.map(|Instant(at)| at),
        })
    }
}

/// Whether a lease excludes others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It does.
    Live,
    /// Its time is over.
    Over,
    /// No clock can tell.
    Unknown,
}

/// Whether a lease excludes others, as it is read.
pub type StandingWord = Named<Standing>;

impl Word for Standing {
    const TITLE: &'static str = "Standing";
    const ALL: &'static [Self] = &[Self::Live, Self::Over, Self::Unknown];

    fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Over => "over",
            Self::Unknown => "unknown",
        }
    }
}

impl From<Result<lease::Standing, UnusableClock>> for Standing {
    fn from(standing: Result<lease::Standing, UnusableClock>) -> Self {
        match standing {
            Ok(lease::Standing::Live) => Self::Live,
            Ok(lease::Standing::Over) => Self::Over,
            Err(UnusableClock) => Self::Unknown,
        }
    }
}

/// Ownership of a session, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lease {
    /// Who has it.
    pub holder: Holder,
    /// The number that guards the holder's writes.
    pub fence: u64,
    /// How long it holds after each renewal. A person's has no length.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl_ms: Option<u64>,
    /// When it was last granted or renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewed_at: Option<Instant>,
    /// When it ends unless it is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Instant>,
    /// Whether it excludes others now.
    pub standing: StandingWord,
    /// Whether the holder's process is proven to be gone. Of a run alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder_gone: Option<bool>,
}

impl Lease {
    /// The incarnation of a holder that may be there, in a lease that was read: documents do not tell which it is.
    pub const HERE: Incarnation = Incarnation([0; 16]);
    /// The incarnation of a holder that is proven to be gone, in a lease that was read.
    pub const GONE: Incarnation = Incarnation([0xFF; 16]);

    /// The form of the lease of `session`, if it has one.
    #[must_use]
    pub fn of(session: &session::Session, seen: Seen<'_>) -> Option<Self> {
        let lease::Lease { holder, fence: Fence(fence), term, .. } = session.lease.as_ref()?;
        let instant = |at: Option<WallTime>| at.map(Instant);
        Some(Self {
            holder: Holder::of(holder),
            fence: *fence,
            ttl_ms: term.ttl().map(|ttl| millis(ttl.length())),
            renewed_at: instant(term.renewed_at()),
            expires_at: instant(term.until(seen.now)),
            standing: Standing::from(session.standing(seen.now)).into(),
            holder_gone: (holder.kind == HolderKind::Run).then_some(seen.is_gone),
        })
    }

    /// The lease that it is the form of, as far as that is told, of a session last started at `started`.
    ///
    /// Which clock judges it is not told. A runtime's that is said to be over is over for good, one that is not is
    /// judged by the wall clock; one that lasts for longer than since its renewal, because the server's machine was started
    /// anew, counts from that start. The incarnation is [`Self::GONE`] where the holder is said to be, and [`Self::HERE`] elsewhere.
    ///
    /// # Errors
    /// [`Unreadable`] when the holder is, or the lease has no length.
    pub fn read(self, started: WallTime) -> Result<lease::Lease, Unreadable> {
        let is_over = self.standing.get() == Some(Standing::Over);
        let counts_from = if is_over { self.renewed_at } else { self.counts_from() };
        let holder = self.holder.read().map_err(Unreadable::within("holder"))?;
        let term = match holder.kind {
            HolderKind::Interactive => Term::Interactive { started },
            HolderKind::RuntimeSupervisor
            | HolderKind::RuntimeWorker
            | HolderKind::Run
            | HolderKind::Worker => read_term(self.ttl_ms, counts_from, is_over)?,
        };
        let incarnation = if self.holder_gone == Some(true) { Self::GONE } else { Self::HERE };
        Ok(lease::Lease { holder, incarnation, fence: Fence(self.fence), term })
    }

    /// Since when its length counts.
    fn counts_from(&self) -> Option<Instant> {
        let Instant(renewed) = self.renewed_at?;
        let length = Duration::from_millis(self.ttl_ms.unwrap_or_default());
        let told = self.expires_at.map(|Instant(at)| at.before(length));
        Some(Instant(told.map_or(renewed, |told| told.max(renewed))))
    }
}

/// A term that is not a person's, as far as it is told: which clock judges it is not.
pub(crate) fn read_term(
    ttl_ms: Option<u64>,
    renewed_at: Option<Instant>,
    is_over: bool,
) -> Result<Term, Unreadable> {
    let length = |ms| Ttl::stored(Duration::from_millis(ms));
    let ttl = ttl_ms.map(|ms| length(ms).ok_or_else(|| Unreadable::form("ttl_ms", "a time"))).transpose()?;
    let renewed = renewed_at.map(|Instant(at)| at);
    Ok(match (ttl, renewed) {
        (Some(ttl), Some(renewed)) if !is_over => Term::Wall { ttl, renewed },
        (ttl, renewed) => Term::Incomplete { ttl, renewed },
    })
}
