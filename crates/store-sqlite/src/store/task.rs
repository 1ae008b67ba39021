//! The role that keeps tasks and pins.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use rusqlite::Connection;
use tenure_core::id::{AffinityKey, Namespace, Operation, WorkerId};
use tenure_core::orchestration::{Activity, HistoryEvent, Mail};
use tenure_core::time::{Moment, WallTime};
use tenure_core::worker::is_idle;
use tenure_store::{
    ClaimedTask, GivenTasks, HandBack, Handle, ListedTask, MovePin, MovePinOutcome, Pin, PinsRequest,
    StoreError, TaskClaim, TaskEnd, TaskId, TaskOutcome, TaskRenewal, TaskStore, WorkerHandle, record,
};

use super::SqliteStore;
use crate::dial::Dial;
use crate::error::WorkError;
use crate::keys::Key;
use crate::place::Place;
use crate::request::{Asked, Drawn, Ending, Renewals, Request, Tasking, Touch};
use crate::row::{OwnTime, RUN, TaskRow, WorkerRow, blob, corrupt, own_time, unsigned};
use crate::sql;

/// Rows of histories whose activities are remembered: a turn that asks for many is read once.
const ROWS_REMEMBERED: usize = 16;

/// What turns asked for that were read last.
#[derive(Debug, Default)]
pub(super) struct Scheduled(Mutex<VecDeque<(Row, Activities)>>);

/// A row of the histories, by its session, so that a position that is used again is another one.
type Row = (i64, Handle);
type Activities = Arc<HashMap<Operation, Arc<Activity>>>;

impl Scheduled {
    fn of(&self, row: Row) -> Option<Activities> {
        let rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().find(|(known, _)| *known == row).map(|(_, activities)| Arc::clone(activities))
    }

    fn keep(&self, row: Row, activities: &Activities) {
        let mut rows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.len() == ROWS_REMEMBERED {
            rows.pop_front();
        }
        rows.push_back((row, Arc::clone(activities)));
    }
}

#[async_trait]
impl TaskStore for SqliteStore {
    async fn claim_tasks(&self, claim: TaskClaim) -> Result<GivenTasks, StoreError> {
        let worker = claim.worker;
        loop {
            let draw = self.ask_tasking(claim.clone(), Tasking::Claim).await?;
            if !draw.is_more {
                let tasks = self.read_tasks(worker, draw.drawn).await;
                return Ok(GivenTasks { tasks, is_held_back: draw.is_held_back });
            }
        }
    }

    async fn end_task(&self, end: TaskEnd) -> Result<TaskOutcome, StoreError> {
        let TaskEnd { worker, task, fence, result, details, regrants } = end;
        loop {
            let who = self.shared.readers.read("look for a task", |conn| who(conn, task))?;
            let Some((execution, op, attempt, rescues)) = who else {
                return Ok(TaskOutcome::Gone);
            };
            let (details, result) = (details.clone(), result.clone());
            let mail = Mail::TaskEnded { execution, op, attempt, rescues, details, result };
            let (mail, counts) = (record::encode_mail(mail), (attempt, rescues));
            let ending = Ending { worker, task, fence, mail, counts, regrants };
            if let Some(outcome) = self.ask_tasking(ending, Tasking::End).await? {
                return Ok(outcome);
            }
        }
    }

    async fn hand_back(&self, back: HandBack) -> Result<TaskOutcome, StoreError> {
        self.ask_tasking(back, Tasking::HandBack).await
    }

    async fn renew_tasks(
        &self,
        worker: WorkerHandle,
        renewals: Vec<TaskRenewal>,
    ) -> Result<Vec<TaskOutcome>, StoreError> {
        self.ask_tasking(Renewals { worker, renewals }, Tasking::Renew).await
    }

    async fn touch_pins(
        &self,
        worker: WorkerHandle,
        keys: Vec<(Namespace, AffinityKey)>,
    ) -> Result<Vec<bool>, StoreError> {
        self.ask_tasking(Touch { worker, keys }, Tasking::Touch).await
    }

    async fn pins(&self, request: PinsRequest) -> Result<Vec<Pin>, StoreError> {
        let (place, now) = (self.shared.place.clone(), self.shared.clock.now());
        self.read_much("list the pins", move |conn| pins(conn, &request, (&place, &now))).await
    }

    async fn move_pin(&self, request: MovePin) -> Result<MovePinOutcome, StoreError> {
        self.ask_tasking(request, Tasking::Move).await
    }

    async fn tasks_of(&self, instance: Handle) -> Result<Vec<ListedTask>, StoreError> {
        let (place, now) = (self.shared.place.clone(), self.shared.clock.now());
        self.read_much("list tasks", move |conn| tasks_of(conn, instance, (&place, &now))).await
    }

    async fn next_task_at(&self) -> Result<Option<WallTime>, StoreError> {
        let next = |conn: &Connection| {
            let next = sql::one(conn, sql::TASK_NEXT, [], |row| Ok(row.get::<_, Option<i64>>(0)?))?;
            next.flatten().map(unsigned).transpose()
        };
        let next = self.shared.readers.read("look for tasks", next)?;
        Ok(next.map(WallTime::from_epoch_ms))
    }
}

impl SqliteStore {
    pub(super) async fn ask_tasking<Q, A>(
        &self,
        question: Q,
        tasking: impl FnOnce(Asked<Q, A>) -> Tasking,
    ) -> Result<A, StoreError> {
        self.ask(question, |asked| Request::Task(Box::new(tasking(asked)))).await
    }

    /// Reads what is to be run. What cannot be read is given to nobody: somebody has to mend it first.
    async fn read_tasks(&self, worker: WorkerHandle, drawn: Vec<Drawn>) -> Vec<ClaimedTask> {
        let mut claimed = Vec::with_capacity(drawn.len());
        for Drawn { mut task, history } in drawn {
            match self.activity((history, task.instance), task.activity.op) {
                Ok(activity) => {
                    task.activity = activity;
                    claimed.push(task);
                }
                Err(why) => {
                    self.shared.troubles.note("read a task", &why);
                    self.put_back(worker, &task, &why).await;
                }
            }
        }
        claimed
    }

    /// A task that was given and cannot be told is not kept from others: it is put aside if it is damaged, and back
    /// if it could not be read just now.
    async fn put_back(&self, worker: WorkerHandle, task: &ClaimedTask, why: &StoreError) {
        let ClaimedTask { task, fence, .. } = *task;
        let put = match why {
            StoreError::Corrupt { .. } => self.ask_tasking((task, fence), Tasking::Shelve).await,
            _ => {
                let delay = std::time::Duration::from_secs(1);
                let back = HandBack { worker, task, fence, delay, counts: false, lacks_code: false };
                self.ask_tasking(back, Tasking::HandBack).await.map(drop)
            }
        };
        if let Err(why) = put {
            self.shared.troubles.note("put a task back", &why);
        }
    }

    /// An activity that a row of the histories asks for.
    fn activity(&self, row: Row, op: Operation) -> Result<Arc<Activity>, StoreError> {
        let activities = match self.scheduled.of(row) {
            Some(activities) => activities,
            None => {
                let read = |conn: &Connection| scheduled(conn, row);
                let activities = Arc::new(self.shared.readers.read("read a task", read)?);
                self.scheduled.keep(row, &activities);
                activities
            }
        };
        let what =
            || StoreError::Corrupt { what: format!("row {} of the histories asks for no {op:?}", row.0) };
        activities.get(&op).cloned().ok_or_else(what)
    }
}

/// The activities that a row of the histories asks for.
fn scheduled(conn: &Connection, (pos, handle): Row) -> Result<HashMap<Operation, Arc<Activity>>, WorkError> {
    let events = sql::one(conn, sql::HISTORY_ROW, [pos], |row| {
        if row.get::<_, i64>(0)? != handle.0 {
            return Err(corrupt(format!("row {pos} of the histories belongs to another session")));
        }
        Ok(record::decode_history(blob(row, 3)?.unwrap_or_default())?)
    })?;
    let events = events.ok_or_else(|| corrupt(format!("row {pos} of the histories is missing")))?;
    let activities = events.into_iter().filter_map(|event| match event {
        HistoryEvent::TaskScheduled(activity) => Some((activity.op, activity)),
        _ => None,
    });
    Ok(activities.collect())
}

/// Which attempt of which activity a task is.
fn who(conn: &Connection, task: TaskId) -> Result<Option<(u64, Operation, u32, u32)>, WorkError> {
    sql::one(conn, sql::TASK_WHO, [task.0], |row| {
        let op = Operation(row.get::<_, i64>(1)?.cast_unsigned());
        Ok((unsigned(row.get(0)?)?, op, row.get(2)?, row.get(3)?))
    })
}

/// Whether a worker is there, as a reader sees it.
fn is_there(known: &WorkerRow, (place, now): (&Place, &Moment)) -> bool {
    !known.is_over(now) && !known.is_gone(place)
}

/// The tasks of an instance, and who runs them.
fn tasks_of(
    conn: &Connection,
    instance: Handle,
    seen: (&Place, &Moment),
) -> Result<Vec<ListedTask>, WorkError> {
    let known = sql::all(conn, sql::WORKER_KNOWN, [], WorkerRow::of)?;
    let named = |known: &WorkerRow| {
        WorkerId::parse(known.lease.holder.id.as_str())
            .map_err(|why| corrupt(format!("a worker's name: {why:?}")))
    };
    let rows = sql::all(conn, sql::TASK_OF, [instance.0], TaskRow::of)?;
    let dial = Dial::of(conn, seen.1.boot)?;
    let listed = rows.into_iter().map(|row| {
        let is_late = dial.is_late(row.own_time);
        let runs = row.worker.filter(|_| row.lane == RUN && !is_late);
        let runs = known.iter().find(|known| Some(known.worker) == runs && is_there(known, seen));
        let worker = runs.map(named).transpose()?;
        Ok(ListedTask { task: row.task, op: row.op, attempt: row.attempt, worker })
    });
    listed.collect()
}

/// A pin as it is stored, by the name of its holder.
struct Listed {
    key: Key,
    worker: WorkerId,
    tasks: u64,
}

fn pins(
    conn: &Connection,
    request: &PinsRequest,
    (place, now): (&Place, &Moment),
) -> Result<Vec<Pin>, WorkError> {
    let known = sql::all(conn, sql::WORKER_KNOWN, [], WorkerRow::of)?;
    let names = sql::all(conn, sql::NAMESPACE_LIST, [], |row| crate::row::namespace(row, 0))?;
    let worker = request.worker.as_ref().map(WorkerId::as_str);
    let mut pins = Vec::new();
    for namespace in names {
        let is_wanted = request.namespace.as_ref().is_none_or(|wanted| *wanted == namespace);
        let after = match &request.after {
            Some((before, _)) if namespace < *before => continue,
            Some((same, key)) if namespace == *same => key.as_str(),
            Some(_) | None => "",
        };
        let left = request.limit - pins.len();
        if !is_wanted || left == 0 {
            continue;
        }
        let Some(ns) =
            sql::one(conn, sql::NAMESPACE_FIND, [namespace.as_str()], |row| Ok(row.get::<_, i64>(0)?))?
        else {
            continue;
        };
        let row = (ns, after, worker, i64::try_from(left).unwrap_or(i64::MAX));
        for listed in sql::all(conn, sql::PIN_LIST, row, Listed::of)? {
            pins.push(listed.pin(&namespace, (conn, &known), (place, now))?);
        }
    }
    Ok(pins)
}

impl Listed {
    fn of(row: &rusqlite::Row<'_>) -> Result<Self, WorkError> {
        let worker = row.get_ref(10)?.as_str().map_err(|why| corrupt(why.to_string()))?;
        let worker = WorkerId::parse(worker).map_err(|why| corrupt(format!("a worker's name: {why:?}")))?;
        Ok(Self { key: Key::of(row)?, worker, tasks: unsigned(row.get(11)?)? })
    }

    fn pin(
        self,
        namespace: &Namespace,
        (conn, known): (&Connection, &[WorkerRow]),
        (place, now): (&Place, &Moment),
    ) -> Result<Pin, WorkError> {
        let Self { key, worker, tasks } = self;
        let is_there = |known: &WorkerRow| is_there(known, (place, now));
        let runs = sql::all(conn, sql::TASK_UNDER_WAY, [key.kid], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, own_time(row, 1)?))
        })?;
        let dial = Dial::of(conn, now.boot)?;
        let is_under_way = |(runs, own_time): &&(Option<i64>, Option<OwnTime>)| {
            let is_run = known.iter().any(|known| Some(known.worker) == *runs && is_there(known));
            is_run && !dial.is_late(*own_time)
        };
        let running = runs.iter().filter(is_under_way).count() as u64;
        let is_live = match known.iter().find(|known| Some(known.wid) == key.wid && is_there(known)) {
            Some(holder) => {
                let is_idle = is_idle(holder.serving.idle_after, now.boot.since(key.used));
                !is_idle || key.is_in_use(conn, (namespace, &holder.serving), now.boot)?
            }
            None => false,
        };
        Ok(Pin {
            namespace: namespace.clone(),
            key: key.name,
            worker,
            fence: key.fence,
            since: key.since,
            last_used: key.used_wall,
            waiting: tasks.saturating_sub(running),
            running,
            is_live,
        })
    }
}
