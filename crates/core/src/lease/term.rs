//! From when until when a lease holds, and whether it still does.

use std::time::Duration;

use super::Ttl;
use crate::limits;
use crate::time::{BootMoment, Moment, UnusableClock, WallTime};

/// From when until when a lease holds, by which clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// A person's: no ttl, but over once last started more than eight hours ago.
    Interactive {
        /// When the session was last started.
        started: WallTime,
    },
    /// Judged by the wall clock.
    Wall {
        /// How long it holds after each renewal.
        ttl: Ttl,
        /// When it was last granted or renewed.
        renewed: WallTime,
    },
    /// Judged by the machine's boot-time clock. In another boot it holds until that has lasted as long as its ttl:
    /// a holder on another machine lives on, and may have been renewed right before.
    Boot {
        /// How long it holds after each renewal.
        ttl: Ttl,
        /// When it was last granted or renewed.
        renewed: BootMoment,
        /// The same moment for people. No rule reads it.
        renewed_wall: WallTime,
    },
    /// A runtime's, from a record that lacks its length or its last renewal: it is over.
    Incomplete {
        /// How long it held, if recorded.
        ttl: Option<Ttl>,
        /// When it was last renewed, if recorded.
        renewed: Option<WallTime>,
    },
}

/// Whether a lease still excludes others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It does.
    Live,
    /// Its time is over. Reports call the session stale.
    Over,
}

impl Term {
    /// Whether the lease still excludes others at `now`.
    ///
    /// An autonomous term is over *at* its expiry; an interactive one only *after* its threshold.
    ///
    /// # Errors
    /// [`UnusableClock`] when the term is judged by a wall clock that cannot be used.
    pub fn standing(&self, now: &Moment) -> Result<Standing, UnusableClock> {
        let over = match *self {
            Self::Interactive { started } => now.wall()?.since(started) > limits::INTERACTIVE_STALE_AFTER,
            Self::Wall { ttl, renewed } => renewed.after(ttl.length()) <= now.wall()?,
            Self::Boot { ttl, renewed, .. } => renewed.is_over(ttl.length(), now.boot),
            Self::Incomplete { .. } => true,
        };
        Ok(if over { Standing::Over } else { Standing::Live })
    }

    /// The same term renewed at `now`.
    ///
    /// # Errors
    /// [`UnusableClock`] when it needs a wall clock that cannot be used.
    pub fn renewed(&self, now: &Moment) -> Result<Self, UnusableClock> {
        Ok(match *self {
            Self::Interactive { .. } => Self::Interactive { started: now.wall()? },
            Self::Wall { ttl, .. } => Self::Wall { ttl, renewed: now.wall()? },
            Self::Boot { ttl, renewed_wall, .. } => {
                Self::Boot { ttl, renewed: now.boot, renewed_wall: now.wall.unwrap_or(renewed_wall) }
            }
            Self::Incomplete { ttl, .. } => Self::Incomplete { ttl, renewed: now.wall },
        })
    }

    /// How long the lease holds after each renewal; `None` for a person's.
    #[must_use]
    pub const fn ttl(&self) -> Option<Ttl> {
        match self {
            Self::Interactive { .. } => None,
            Self::Wall { ttl, .. } | Self::Boot { ttl, .. } => Some(*ttl),
            Self::Incomplete { ttl, .. } => *ttl,
        }
    }

    /// When it was last granted or renewed, for people; `None` for a person's.
    #[must_use]
    pub const fn renewed_at(&self) -> Option<WallTime> {
        match self {
            Self::Interactive { .. } => None,
            Self::Wall { renewed, .. } => Some(*renewed),
            Self::Boot { renewed_wall, .. } => Some(*renewed_wall),
            Self::Incomplete { renewed, .. } => *renewed,
        }
    }

    /// When it ends unless it is renewed, for people, as its renewal said; `None` for a person's. Saturates.
    #[must_use]
    pub fn expires_at(&self) -> Option<WallTime> {
        Some(self.renewed_at()?.after(self.ttl()?.length()))
    }

    /// Until when it holds unless it is renewed, for people, as `now` knows it: another boot makes it longer.
    #[must_use]
    pub fn until(&self, now: &Moment) -> Option<WallTime> {
        match (*self, now.wall) {
            (Self::Boot { ttl, renewed, .. }, Some(wall)) if renewed.boot != now.boot.boot => {
                let began = wall.before(now.boot.since(renewed));
                Some(began.after(ttl.length()))
            }
            _ => self.expires_at(),
        }
    }

    /// How much of it is left at `now`, by the clock that judges it. Zero once it is over.
    #[must_use]
    pub fn left(&self, now: &Moment) -> Option<Duration> {
        match *self {
            Self::Interactive { .. } | Self::Incomplete { .. } => None,
            Self::Wall { ttl, renewed } => Some(renewed.after(ttl.length()).since(now.wall?)),
            Self::Boot { ttl, renewed, .. } => Some(ttl.length().saturating_sub(now.boot.since(renewed))),
        }
    }
}
