//! How a lease stands, for people.

use tenure_core::lease::{Lease, Standing, Term};
use tenure_core::session::Session;
use tenure_core::time::{Moment, UnusableClock, WallTime};

use super::{Look, Tone};
use tenure_words::when::{ago, instant, length};

/// A session's lease at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeaseNow<'a> {
    lease: &'a Lease,
    standing: Result<Standing, UnusableClock>,
    is_gone: bool,
    now: &'a Moment,
}

impl<'a> LeaseNow<'a> {
    /// The lease of `session`, if it has one. `is_gone`: its holder is proven to be gone.
    pub(super) fn of(session: &'a Session, is_gone: bool, now: &'a Moment) -> Option<Self> {
        let lease = session.lease.as_ref()?;
        Some(Self { lease, standing: session.standing(now), is_gone, now })
    }

    /// In a word or a length of time.
    pub(super) fn short(&self) -> String {
        match (self.standing, self.lease.term.left(self.now)) {
            (Ok(Standing::Over), _) => "over".to_owned(),
            _ if self.is_gone => "abandoned".to_owned(),
            (Ok(Standing::Live), Some(left)) => length(left),
            (Ok(Standing::Live), None) => "no limit".to_owned(),
            (Err(UnusableClock), _) => "unknown".to_owned(),
        }
    }

    /// With everything about its term, and its fence.
    pub(super) fn words(&self, look: &Look) -> String {
        let term = match self.standing {
            Ok(Standing::Over) => look.paint(Tone::Warn, "over") + &self.held(),
            _ if self.is_gone => look.paint(Tone::Warn, "abandoned") + " (its process is gone)",
            Ok(Standing::Live) => self.left(),
            Err(UnusableClock) => look.paint(Tone::Warn, "unknown") + &self.held(),
        };
        let renewed = self.lease.term.renewed_at();
        let renewed = renewed.map_or_else(String::new, |at| format!(", renewed {}", ago(at, self.now)));
        format!("{term}{renewed}, fence {}", self.lease.fence)
    }

    fn held(&self) -> String {
        self.lease.term.ttl().map_or_else(String::new, |ttl| format!("; it held {}", length(ttl.length())))
    }

    /// A lease that the wall clock judges holds for longer than its ttl once that clock was set back.
    fn set_back(&self) -> Option<WallTime> {
        let Term::Wall { renewed, .. } = self.lease.term else { return None };
        self.now.wall.filter(|now| renewed > *now)?;
        self.lease.term.expires_at()
    }

    fn left(&self) -> String {
        if let Some(until) = self.set_back() {
            return format!("until {}, because the clock was set back", instant(until));
        }
        match (self.lease.term.left(self.now), self.lease.term.ttl()) {
            (Some(left), Some(ttl)) => format!("{} left of {}", length(left), length(ttl.length())),
            _ => "no time limit but eight hours since the last start".to_owned(),
        }
    }
}
