//! Giving tasks to workers, those first that were asked for first.
//!
//! A claim looks into three lanes: that of what needs no key, that of what waits for who gets its key, and the worker's
//! own. What others hold is in theirs, so it costs nothing, however much it is. Once as many keys are busy as the
//! worker may run at once, only what follows one of those is looked for, key by key. What is of other tenants than a
//! worker's own is passed over by SQLite.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Params, Row};
use tenure_core::id::{CodeName, Fence, Namespace, SessionId};
use tenure_core::limits;
use tenure_core::orchestration::{Activity, Payload, RetryPolicy};
use tenure_core::worker::{Queues, has_waited_for_share};
use tenure_store::{ClaimedTask, PinGrant, TaskClaim};

use super::pin::Held;
use super::work::{Evidence, Work, exactly_one};
use crate::error::WorkError;
use crate::keys::Key;
use crate::request::{Draw, Drawn};
use crate::row::{
    BEHIND, FRESH, OPEN, TASK_COLUMNS, TaskRow, WorkerRow, blob, corrupt, namespace, signed, unsigned,
};
use crate::sql;

/// Tasks that are looked at in one go.
const LOOKED_AT_ONCE: usize = 64;
/// Tasks that are shown, or taken from one worker, in one go.
const FREED_AT_ONCE: i64 = 1024;
/// Tasks of keys that nobody holds, but that this worker does not get, that a claim passes over before it stops.
const PASSED_MAX: usize = 256;

/// A task that waits, with what is told of it.
struct Waiting {
    row: TaskRow,
    history: i64,
    details: Option<Payload>,
    session: SessionId,
    namespace: Namespace,
    session_fence: Fence,
}

/// Where a claim looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Lane { lane: i64, queue: i64 },
    Key { kid: i64, lane: i64 },
}

/// What is left to look at in one place.
struct Stream {
    source: Source,
    after: i64,
    found: VecDeque<Waiting>,
    is_dry: bool,
}

/// A claim while it is worked on.
struct Claim<'r> {
    request: &'r TaskClaim,
    me: Arc<WorkerRow>,
    /// The only tenant that the worker serves; `None`: it serves every one.
    tenant: Option<i64>,
    streams: Vec<Stream>,
    /// Keys of which the worker runs something, and those of them that have no row for it.
    busy: HashSet<i64>,
    unseen: HashSet<i64>,
    /// Whether as many keys are busy as may be.
    is_full: bool,
    /// Whether a task was passed over because of what is busy.
    is_held_back: bool,
    passed: usize,
    drawn: Vec<Drawn>,
}

/// What becomes of a task that a claim comes by.
enum Verdict {
    Given(Option<PinGrant>),
    /// Not now.
    Passed,
    /// The worker gets no key of those that nobody holds.
    NoneFresh,
}

impl Work<'_> {
    /// Gives a worker tasks. First what is left of workers that are over or gone is freed, a part at a time.
    pub(super) fn draw(&mut self, request: &TaskClaim) -> Result<Draw, WorkError> {
        let crew = self.memory.crew(self.conn)?;
        let me = crew.holding(request.worker.0).filter(|me| crew.gets_new(me, &self.now)).cloned();
        let Some(me) = me else {
            return Ok(Draw::default());
        };
        if self.sweep_worker()? || self.free_over(&me)? || self.show_due(FREED_AT_ONCE)? {
            return Ok(Draw { is_more: true, ..Draw::default() });
        }
        let tenant = match &me.serving.namespace {
            None => None,
            Some(only) => match self.memory.namespace(self.conn, only)? {
                // Nobody asked for anything there yet.
                None => return Ok(Draw::default()),
                known => known,
            },
        };
        let mut claim = Claim {
            streams: self.streams(&me)?,
            tenant,
            request,
            me,
            busy: HashSet::new(),
            unseen: HashSet::new(),
            is_full: false,
            is_held_back: false,
            passed: 0,
            drawn: Vec::new(),
        };
        if claim.me.serving.busy_max > 0 {
            self.find_busy(&mut claim)?;
        }
        let limit = request.limit.min(limits::CLAIMED_AT_ONCE_MAX);
        while claim.drawn.len() < limit {
            let Some(waiting) = self.next_waiting(&mut claim, limit)? else {
                break;
            };
            self.look_at(&mut claim, waiting)?;
        }
        let is_held_back = claim.is_full || claim.is_held_back;
        Ok(Draw { drawn: claim.drawn, is_held_back, is_more: false })
    }

    /// Frees some of what workers run, or were to run, that are over or gone. Returns whether there may be more.
    fn free_over(&mut self, me: &WorkerRow) -> Result<bool, WorkError> {
        let others: Vec<Arc<WorkerRow>> = self.memory.crew(self.conn)?.workers().cloned().collect();
        let mut freed = 0;
        for other in others.iter().filter(|other| other.worker != me.worker) {
            if !self.memory.crew(self.conn)?.is_gone(other.worker) && other.is_gone(self.place) {
                self.memory.crew(self.conn)?.note_gone(other.worker);
            }
            let crew = self.memory.crew(self.conn)?;
            if crew.is_live(other, &self.now) || crew.emptied.contains(&other.worker) {
                continue;
            }
            let before = freed;
            for row in sql::all(self.conn, sql::TASK_RUN_BY, (other.worker, FREED_AT_ONCE), TaskRow::of)? {
                self.lose_attempt(row)?;
                freed += 1;
            }
            freed += sql::write(self.conn, sql::TASK_EMPTY, (other.wid, FREED_AT_ONCE))?;
            if freed == before {
                self.memory.crew(self.conn)?.emptied.insert(other.worker);
            }
        }
        Ok(freed > 0)
    }

    /// Where a worker finds tasks.
    fn streams(&mut self, me: &WorkerRow) -> Result<Vec<Stream>, WorkError> {
        let lanes: &[i64] = if me.serving.busy_max > 0 { &[OPEN, FRESH, me.wid] } else { &[OPEN] };
        let mut streams = Vec::new();
        match &me.serving.queues {
            Queues::These(queues) => {
                for queue in queues {
                    let queue = self.memory.queue(self.conn, queue.as_ref())?;
                    streams.extend(lanes.iter().map(|lane| Stream::of(Source::Lane { lane: *lane, queue })));
                }
            }
            Queues::All => {
                for lane in lanes {
                    let mut last = -1;
                    while let Some(queue) =
                        sql::one(self.conn, sql::QUEUE_NEXT, (*lane, last), |row| Ok(row.get(0)?))?
                    {
                        streams.push(Stream::of(Source::Lane { lane: *lane, queue }));
                        last = queue;
                    }
                }
            }
        }
        Ok(streams)
    }

    /// Which keys are busy at the worker.
    fn find_busy(&mut self, claim: &mut Claim<'_>) -> Result<(), WorkError> {
        for (namespace, name) in &claim.request.busy {
            if let Some(ns) = self.memory.namespace(self.conn, namespace)?
                && let Some(key) = self.memory.keys.named(self.conn, (ns, name))?
            {
                claim.unseen.insert(key.kid);
            }
        }
        let run = sql::all(self.conn, sql::TASK_BUSY, [claim.me.worker], |row| Ok(row.get::<_, i64>(0)?))?;
        // What is not known here is busy all the same.
        let unknown = claim.request.busy.len() - claim.unseen.len().min(claim.request.busy.len());
        claim.busy.extend(claim.unseen.iter().copied().chain(run));
        claim.is_full = claim.busy.len() + unknown >= claim.me.serving.busy_max;
        if claim.is_full {
            claim.only_busy();
        }
        Ok(())
    }

    /// The next task in the order in which they were asked for.
    fn next_waiting(&self, claim: &mut Claim<'_>, limit: usize) -> Result<Option<Waiting>, WorkError> {
        let at_once = signed(limit.saturating_sub(claim.drawn.len()).clamp(1, LOOKED_AT_ONCE) as u64);
        for stream in claim.streams.iter_mut().filter(|stream| stream.found.is_empty() && !stream.is_dry) {
            stream.found = match stream.source {
                Source::Lane { lane, queue } => {
                    self.waiting(sql::TASK_WAITING, (lane, queue, stream.after, at_once, claim.tenant))?
                }
                Source::Key { kid, lane } => {
                    self.waiting(sql::TASK_WAITING_KEY, (kid, lane, stream.after, at_once, claim.tenant))?
                }
            };
            stream.is_dry = (stream.found.len() as u64) < at_once.cast_unsigned();
        }
        let first = claim.streams.iter_mut().filter_map(|stream| {
            let task = stream.found.front()?.row.task;
            Some((task, stream))
        });
        let Some((_, stream)) = first.min_by_key(|(task, _)| *task) else {
            return Ok(None);
        };
        let waiting = stream.found.pop_front();
        if let Some(waiting) = &waiting {
            stream.after = waiting.row.task.0;
        }
        Ok(waiting)
    }

    fn waiting(&self, statement: &str, params: impl Params) -> Result<VecDeque<Waiting>, WorkError> {
        sql::all(self.conn, statement, params, Waiting::of).map(VecDeque::from)
    }

    fn look_at(&mut self, claim: &mut Claim<'_>, waiting: Waiting) -> Result<(), WorkError> {
        match self.judge(claim, &waiting)? {
            Verdict::Passed => {}
            Verdict::NoneFresh => {
                claim.passed += 1;
                if claim.passed >= PASSED_MAX {
                    claim.streams.retain(|stream| !stream.is_of(FRESH));
                }
            }
            Verdict::Given(pin) => {
                if let Some(kid) = waiting.row.kid {
                    claim.busy.insert(kid);
                    if !claim.is_full && claim.busy.len() >= claim.me.serving.busy_max {
                        claim.is_full = true;
                        claim.only_busy();
                    }
                }
                let drawn = self.give_task(claim, waiting, pin)?;
                claim.drawn.push(drawn);
            }
        }
        Ok(())
    }

    /// Whether a worker gets a task, and under which hold on its key.
    fn judge(
        &mut self,
        claim: &mut Claim<'_>,
        Waiting { row, namespace, .. }: &Waiting,
    ) -> Result<Verdict, WorkError> {
        let me = Arc::clone(&claim.me);
        if row.lacks.contains(&me.worker) && self.another_can_run(namespace, row)? {
            return Ok(Verdict::Passed);
        }
        let Some(kid) = row.kid else {
            return Ok(Verdict::Given(None));
        };
        if claim.is_full && !claim.busy.contains(&kid) {
            return Ok(Verdict::Passed);
        }
        let is_alone = row.is_exclusive || me.serving.is_exclusive;
        if is_alone && claim.unseen.contains(&kid) {
            claim.is_held_back = true;
            return Ok(Verdict::Passed);
        }
        let mut key = self.memory.keys.at(self.conn, kid)?;
        let held = self.held(&key, Some(&me))?;
        if let Held::Others(wid) = held
            && !self.is_left(row, &key, wid)?
        {
            if !row.lacks.contains(&key.worker) && self.holder_serves(&key, wid, row.queue)? {
                sql::write(self.conn, sql::TASK_LANE, (row.task.0, wid))?;
                self.call_workers();
            }
            return Ok(Verdict::Passed);
        }
        if is_alone && sql::any(self.conn, sql::TASK_BLOCKED, (kid, row.task.0, true))? {
            // Of a key that nobody holds, it may be behind nothing for a worker that does not run them one at a time.
            if held != Held::Mine && !row.is_exclusive {
                return Ok(Verdict::NoneFresh);
            }
            sql::write(self.conn, sql::TASK_LANE, (row.task.0, BEHIND))?;
            return Ok(Verdict::Passed);
        }
        if held != Held::Mine {
            let waited = Duration::from_millis(self.now.boot.ms.saturating_sub(row.waits));
            if !has_waited_for_share(waited) {
                let queue = self.memory.queue_name(self.conn, row.queue)?;
                if !self.is_its_share(&me, (namespace, queue.as_ref()))? {
                    return Ok(Verdict::NoneFresh);
                }
            }
            if !self.make_room(&me, &claim.busy)? {
                claim.is_held_back = true;
                return Ok(Verdict::NoneFresh);
            }
            // Making room for it may have changed what is known of it.
            key = self.memory.keys.at(self.conn, kid)?;
        }
        let pin = self.take_key(key, &me)?;
        if held != Held::Mine {
            claim.look_again();
        }
        Ok(Verdict::Given(Some(pin)))
    }

    /// Whether a live holder leaves its key to others, for the sake of a task that it cannot run.
    fn is_left(&mut self, row: &TaskRow, key: &Key, wid: i64) -> Result<bool, WorkError> {
        let holder = self.memory.crew(self.conn)?.live(wid, &self.now).cloned();
        let Some(holder) = holder else {
            return Ok(true);
        };
        let has_none = row.lacks.contains(&holder.worker);
        let is_alone = row.is_exclusive || holder.serving.is_exclusive;
        // A holder that handed it back runs nothing of an exclusive key. Of another one nobody knows that.
        if !has_none && (is_alone || self.holder_serves(key, wid, row.queue)?) {
            return Ok(false);
        }
        Ok(!sql::any(self.conn, sql::TASK_RUNNING, [key.kid])?)
    }

    /// Whether another worker than those that lack its code is there for a task.
    fn another_can_run(&mut self, namespace: &Namespace, row: &TaskRow) -> Result<bool, WorkError> {
        let queue = self.memory.queue_name(self.conn, row.queue)?;
        let crew = self.memory.crew(self.conn)?;
        let mut can_run = crew.workers().filter(|worker| {
            !row.lacks.contains(&worker.worker)
                && worker.serving.serves(namespace, queue.as_ref())
                && (row.kid.is_none() || worker.serving.busy_max > 0)
                && crew.is_at_work(worker, &self.now)
        });
        Ok(can_run.next().is_some())
    }

    fn give_task(
        &mut self,
        claim: &Claim<'_>,
        waiting: Waiting,
        pin: Option<PinGrant>,
    ) -> Result<Drawn, WorkError> {
        let Waiting { row, history, details, session, namespace, session_fence } = waiting;
        if row.is_lost && row.worker != Some(claim.me.worker) {
            self.tell_withdrawn(&row)?;
        }
        let ttl = claim.request.ttl.map(|ttl| u64::try_from(ttl.length().as_millis()).unwrap_or(u64::MAX));
        let expires = ttl.map(|ttl| signed(self.now.boot.ms.saturating_add(ttl)));
        let given = (row.task.0, claim.me.worker, expires, ttl.map(signed));
        exactly_one(self.hot.task_give.execute(self.conn, given)?, "a task")?;
        let fence = row.fence.next();
        self.evidence = Some(Evidence::Task { task: row.task, fence });
        let lost = u32::from(row.is_lost);
        let task = ClaimedTask {
            task: row.task,
            fence,
            attempt: row.attempt.saturating_add(lost),
            rescues: row.rescues.saturating_add(lost),
            instance: row.handle,
            namespace,
            session,
            session_fence,
            execution: row.execution,
            activity: Arc::new(unread(row.op)?),
            details,
            pin,
        };
        Ok(Drawn { task, history })
    }
}

/// Stands for what is to be run until that is read.
fn unread(op: tenure_core::id::Operation) -> Result<Activity, WorkError> {
    let name = CodeName::parse("unread").map_err(|why| corrupt(format!("{why:?}")))?;
    Ok(Activity {
        op,
        name,
        input: Payload(Vec::new()),
        retry: RetryPolicy::ONCE,
        timeout: None,
        heartbeat_timeout: None,
        queue: None,
        affinity: None,
        trace: None,
    })
}

impl Claim<'_> {
    /// From now on only what follows a key is looked for of which the worker runs something.
    fn only_busy(&mut self) {
        let after = self.drawn.last().map_or(0, |drawn| drawn.task.task.0);
        self.streams.retain(|stream| stream.is_of(OPEN));
        for kid in &self.busy {
            for lane in [FRESH, self.me.wid] {
                self.streams.push(Stream { after, ..Stream::of(Source::Key { kid: *kid, lane }) });
            }
        }
    }

    /// More may be in its lane than there was.
    fn look_again(&mut self) {
        let wid = self.me.wid;
        for stream in self.streams.iter_mut().filter(|stream| stream.is_of(wid) || stream.is_of(FRESH)) {
            stream.found.clear();
            stream.is_dry = false;
        }
    }
}

impl Stream {
    const fn of(source: Source) -> Self {
        Self { source, after: 0, found: VecDeque::new(), is_dry: false }
    }

    const fn is_of(&self, lane: i64) -> bool {
        match self.source {
            Source::Lane { lane: of, .. } | Source::Key { lane: of, .. } => of == lane,
        }
    }
}

impl Waiting {
    fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        let text = row.get_ref(TASK_COLUMNS + 2)?.as_str().map_err(|why| corrupt(why.to_string()))?;
        let session = SessionId::parse(text).map_err(|why| corrupt(format!("a session id: {why:?}")))?;
        Ok(Self {
            row: TaskRow::of(row)?,
            history: row.get(TASK_COLUMNS)?,
            details: blob(row, TASK_COLUMNS + 1)?.map(|details| Payload(details.to_vec())),
            session,
            namespace: namespace(row, TASK_COLUMNS + 3)?,
            session_fence: Fence(unsigned(row.get(TASK_COLUMNS + 4)?)?),
        })
    }
}

#[cfg(test)]
mod tests;
