//! Tokens: whom a secret stands for, and whether it still does.

use super::Role;
use crate::id::{Namespace, Principal, TokenId};
use crate::limits;
use crate::refusal::LimitRefusal;
use crate::time::{Moment, UnusableClock, WallTime};

/// Whom a secret stands for. The secret itself is known to its bearer alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its public id.
    pub id: TokenId,
    /// The tenant it is for.
    pub namespace: Namespace,
    /// On whose behalf its bearer acts.
    pub principal: Principal,
    /// What its bearer may.
    pub role: Role,
    /// What it is for, in the words of who made it; at most [`limits::TOKEN_NOTE_CHARS_MAX`] characters.
    pub note: String,
    /// When it was made.
    pub created_at: WallTime,
    /// From when on it is not valid by itself; `None`: never.
    pub expires_at: Option<WallTime>,
    /// When somebody took it back.
    pub revoked_at: Option<WallTime>,
    /// When it was last used, as far as is known: written at most once per [`limits::TOKEN_TOUCH_INTERVAL`].
    pub last_used_at: Option<WallTime>,
    /// Until when the secret before the present one is good, if it was rotated.
    pub previous_until: Option<WallTime>,
}

/// Whether a token is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It is.
    Valid,
    /// Its time is over.
    Expired {
        /// Since when.
        at: WallTime,
    },
    /// Somebody took it back.
    Revoked {
        /// When.
        at: WallTime,
    },
}

impl Token {
    /// Whether it is valid at that moment.
    ///
    /// # Errors
    /// [`UnusableClock`] when only a wall clock could tell.
    pub fn validity(&self, now: &Moment) -> Result<Validity, UnusableClock> {
        if let Some(at) = self.revoked_at {
            return Ok(Validity::Revoked { at });
        }
        let Some(at) = self.expires_at else {
            return Ok(Validity::Valid);
        };
        Ok(if now.wall()? < at { Validity::Valid } else { Validity::Expired { at } })
    }

    /// Whether the secret before the present one is good at that moment. Without a usable clock it is not.
    #[must_use]
    pub fn takes_previous(&self, now: &Moment) -> bool {
        self.previous_until.zip(now.wall).is_some_and(|(until, now)| now < until)
    }

    /// Whether its use at that moment is to be written down.
    #[must_use]
    pub fn is_use_news(&self, now: WallTime) -> bool {
        self.last_used_at.is_none_or(|last| last.after(limits::TOKEN_TOUCH_INTERVAL) <= now)
    }
}

/// What a token is for, as it is kept.
///
/// # Errors
/// [`LimitRefusal`] when it is too long.
pub fn note(text: &str) -> Result<String, LimitRefusal> {
    let (text, max) = (text.trim(), limits::TOKEN_NOTE_CHARS_MAX);
    let length = text.chars().count();
    if length > max {
        return Err(LimitRefusal::Characters { what: "note", length, max });
    }
    Ok(text.to_owned())
}
