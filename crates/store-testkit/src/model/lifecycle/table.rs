//! What must come of each lifecycle command, in words.
//!
//! It is written down a second time here on purpose, and shares no line with the rules.

use std::time::Duration;

use crate::fixture::TTL;

/// How long a session may be idle, pending, and there at all.
pub(super) const IDLE: Duration = Duration::from_secs(60);
pub(super) const PENDING: Duration = Duration::from_secs(120);
pub(super) const ABSOLUTE: Duration = Duration::from_secs(600);

/// What is done next. Actors 0 and 1 use the fence that they were given last; 2 never holds anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Create,
    CreateOtherwise,
    Start(u8),
    Acquire(u8),
    Takeover(u8),
    Renew(u8),
    Note(u8),
    Step(u8, What),
    Send,
    Cancel,
    Expire,
    Purge,
    Pass(u64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Start,
    Pause,
    Resume,
    Complete,
    Fail,
    Release,
    Update,
    UpdateError,
}

const WHATS: [What; 8] = [
    What::Start,
    What::Pause,
    What::Resume,
    What::Complete,
    What::Fail,
    What::Release,
    What::Update,
    What::UpdateError,
];

pub(super) fn ops() -> Vec<Op> {
    let mut ops =
        vec![Op::Create, Op::Create, Op::CreateOtherwise, Op::Send, Op::Cancel, Op::Expire, Op::Purge];
    for who in 0..2 {
        ops.extend([Op::Start(who), Op::Start(who), Op::Acquire(who), Op::Takeover(who)]);
        ops.extend([Op::Renew(who), Op::Note(who)]);
    }
    for who in 0..3 {
        ops.extend(WHATS.map(|what| Op::Step(who, what)));
        // Otherwise most sequences would be over before anything happens.
        ops.extend([What::Pause, What::Resume, What::Update, What::Release].map(|what| Op::Step(who, what)));
    }
    ops.extend([Op::Pass(1), Op::Pass(5), Op::Pass(10), Op::Pass(15), Op::Pass(61), Op::Pass(121)]);
    ops
}

/// A session as the table sees it. Times are in seconds.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    pub(super) state: &'static str,
    pub(super) holder: Option<Holder>,
    created: u64,
    active: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Holder {
    pub(super) fence: u64,
    until: u64,
}

/// What must come of everything.
#[derive(Debug, Default)]
pub(super) struct Table {
    now: u64,
    pub(super) session: Option<Seen>,
    /// The highest fence. It outlives the session, whose slot has it.
    pub(super) fence: u64,
    /// What each actor was given last.
    given: [u64; 3],
}

pub(super) type Told = (&'static str, Vec<String>);

fn refused(why: &'static str) -> Told {
    (why, Vec::new())
}

fn ok(events: &[&str]) -> Told {
    ("ok", events.iter().map(|event| (*event).to_owned()).collect())
}

pub(super) fn is_over(state: &str) -> bool {
    matches!(state, "completed" | "failed" | "cancelled" | "expired")
}

impl Table {
    pub(super) fn judge(&mut self, op: Op) -> Told {
        if let Op::Pass(seconds) = op {
            self.now += seconds;
            return ok(&[]);
        }
        if let Op::Create | Op::CreateOtherwise = op {
            return self.create(op == Op::Create);
        }
        let Some(mut seen) = self.session.clone() else {
            let is_sweep = op == Op::Expire;
            return refused(if is_sweep { "not_idle" } else { "not_found" });
        };
        if op == Op::Purge {
            return if is_over(seen.state) {
                self.session = None;
                ok(&[])
            } else {
                refused("not_ended")
            };
        }
        let told = self.change(&mut seen, op);
        if told.0 == "ok" {
            self.session = Some(seen);
        }
        told
    }

    /// Creating it in the same way again is fine, whatever became of it.
    fn create(&mut self, in_the_same_way: bool) -> Told {
        match &self.session {
            Some(_) if in_the_same_way => ok(&[]),
            Some(_) => refused("id_in_use"),
            // The other way makes nothing here, so that there is one way only.
            None if !in_the_same_way => refused("skipped"),
            None => {
                let (created, active) = (self.now, self.now);
                self.session = Some(Seen { state: "pending", holder: None, created, active });
                ok(&["none>pending"])
            }
        }
    }

    fn change(&mut self, seen: &mut Seen, op: Op) -> Told {
        match op {
            Op::Start(who) => self.start(seen, who),
            Op::Acquire(_) if is_over(seen.state) => refused("ended"),
            Op::Acquire(who) => match self.in_the_way(seen) {
                Some(why) => refused(why),
                None => {
                    self.grant(seen, who);
                    seen.active = self.now;
                    ok(&["lease_granted"])
                }
            },
            Op::Takeover(who) => match seen.holder {
                None => refused("not_held"),
                Some(holder) if holder.until > self.now => refused("not_stale"),
                Some(_) => {
                    self.grant(seen, who);
                    seen.active = self.now;
                    ok(&["lease_taken_over"])
                }
            },
            Op::Renew(who) => match &mut seen.holder {
                Some(holder) if holder.fence == self.given[usize::from(who)] => {
                    if holder.until <= self.now {
                        return refused("expired");
                    }
                    holder.until = self.now + TTL.as_secs();
                    ok(&[])
                }
                _ => refused("fenced"),
            },
            Op::Note(who) => {
                if !self.holds(seen, who) {
                    return refused("fenced");
                }
                seen.active = self.now;
                ok(&["activity"])
            }
            Op::Send if is_over(seen.state) => refused("ended"),
            Op::Send => ok(&["note"]),
            Op::Cancel if is_over(seen.state) => refused("no_move"),
            Op::Cancel => self.end_by_others(seen, "cancelled", &[]),
            Op::Expire => self.expire(seen),
            Op::Step(2, what) => self.by_others(seen, what),
            Op::Step(who, what) => self.by_owner(seen, who, what),
            Op::Create | Op::CreateOtherwise | Op::Purge | Op::Pass(_) => unreachable!("judged before"),
        }
    }

    fn start(&mut self, seen: &mut Seen, who: u8) -> Told {
        if is_over(seen.state) {
            return refused("no_move");
        }
        if let Some(why) = self.in_the_way(seen) {
            return refused(why);
        }
        self.grant(seen, who);
        let moved = format!("{}>active", seen.state);
        let events = ["lease_granted", moved.as_str()];
        let told = ok(&events[..if seen.state == "active" { 1 } else { 2 }]);
        (seen.state, seen.active) = ("active", self.now);
        told
    }

    fn by_owner(&mut self, seen: &mut Seen, who: u8, what: What) -> Told {
        if !self.holds(seen, who) {
            return refused("fenced");
        }
        let told = self.step(seen, what, true);
        if told.0 == "ok" && what != What::Release {
            seen.active = self.now;
        }
        told
    }

    fn by_others(&mut self, seen: &mut Seen, what: What) -> Told {
        if let Some(why) = self.in_the_way(seen) {
            return refused(why);
        }
        match what {
            What::Start | What::Release => refused("not_held"),
            _ => {
                let told = self.step(seen, what, false);
                if told.0 == "ok" && matches!(what, What::Pause | What::Resume) {
                    seen.active = self.now;
                }
                told
            }
        }
    }

    fn step(&mut self, seen: &mut Seen, what: What, is_owner: bool) -> Told {
        match (what, seen.state) {
            (What::Start, "pending") => Self::moves(seen, "active"),
            (What::Start | What::Resume, "paused") => Self::moves(seen, "active"),
            (What::Resume, "pending") => refused("not_started"),
            (What::Pause, "active") => Self::moves(seen, "paused"),
            (What::Complete, "active") => self.finish(seen, "completed", is_owner),
            (What::Fail | What::UpdateError, "active" | "paused") => self.finish(seen, "failed", is_owner),
            (What::Release, _) => {
                seen.holder = None;
                ok(&["lease_released"])
            }
            (What::Update | What::UpdateError, state) if is_over(state) => refused("ended"),
            (What::Update, _) => ok(&["progress", "usage"]),
            _ => refused("no_move"),
        }
    }

    fn moves(seen: &mut Seen, to: &'static str) -> Told {
        let moved = format!("{}>{to}", seen.state);
        seen.state = to;
        ok(&[moved.as_str()])
    }

    fn finish(&mut self, seen: &mut Seen, to: &'static str, is_owner: bool) -> Told {
        let end = if to == "completed" { "completion" } else { "error" };
        if !is_owner {
            return self.end_by_others(seen, to, &[end]);
        }
        let mut told = Self::moves(seen, to);
        told.1.extend([end.to_owned(), "lease_released".to_owned()]);
        seen.holder = None;
        told
    }

    /// Whoever ends what is not its own raises the fence, so that no owner's write lands any more.
    fn end_by_others(&mut self, seen: &mut Seen, to: &'static str, with: &[&str]) -> Told {
        let mut told = Self::moves(seen, to);
        told.1.extend(with.iter().map(|event| (*event).to_owned()));
        told.1.extend(seen.holder.take().map(|_| "lease_released".to_owned()));
        self.fence += 1;
        told
    }

    fn expire(&mut self, seen: &mut Seen) -> Told {
        let is_open = !is_over(seen.state);
        let is_absolute = is_open && self.now >= seen.created + ABSOLUTE.as_secs();
        let is_unstarted = seen.state == "pending" && self.now > seen.created + PENDING.as_secs();
        let is_idle = matches!(seen.state, "active" | "paused") && self.now > seen.active + IDLE.as_secs();
        if is_absolute || is_unstarted || is_idle {
            return self.end_by_others(seen, "expired", &[]);
        }
        refused("not_idle")
    }

    fn holds(&self, seen: &Seen, who: u8) -> bool {
        seen.holder.is_some_and(|holder| holder.fence == self.given[usize::from(who)])
    }

    fn in_the_way(&self, seen: &Seen) -> Option<&'static str> {
        let holder = seen.holder?;
        Some(if holder.until > self.now { "held" } else { "abandoned" })
    }

    fn grant(&mut self, seen: &mut Seen, who: u8) {
        self.fence += 1;
        self.given[usize::from(who)] = self.fence;
        seen.holder = Some(Holder { fence: self.fence, until: self.now + TTL.as_secs() });
    }
}
