//! Tasks: claimed, renewed, ended, given back, by workers over the wire.

use std::sync::Arc;
use std::time::Duration;

use axum::Json as Answered;
use axum::extract::{Path, State};
use tenure_api::requests::{ClaimTasks, CompleteTask, FailTask, HandBackTask, RenewTasks};
use tenure_api::{Held, Payload, Problem, Task, TaskAnswer, TaskStanding, Tasks, task};
use tenure_core::id::Fence;
use tenure_core::limits;
use tenure_core::orchestration::{Cause, Failure as Why};
use tenure_core::time::millis;
use tenure_core::worker::Hold;
use tenure_store::{
    ClaimedTask, HandBack, PinGrant, Store, TaskClaim, TaskEnd, TaskId, TaskOutcome, TaskRenewal,
    WorkerHandle,
};

use super::Here;
use crate::answer::{Answer, Failure};
use crate::body::{Json, Optional};
use crate::caller::Caller;
use crate::given;
use crate::metrics::count;
use crate::remote::Remote;
use crate::setup::Served;
use crate::spawn::spawn;

/// Most tasks of one claim.
const CLAIM_MAX: u32 = 100;
/// Longest wait of one claim, and that of a claim which does not say.
const WAIT_MAX: Duration = Duration::from_secs(30);
const WAIT: Duration = Duration::from_secs(20);
/// Longest time for which what is given back stays hidden.
const DELAY_MAX: Duration = Duration::from_secs(3600);

/// Gives a worker something to run
///
/// Waits until there is something, or the time is over: then there are no tasks.
#[utoipa::path(post, path = "/v1/workers/{registration}/tasks/claim", tag = "workers", request_body = Option<ClaimTasks>,
    security(("token" = ["worker"])),
    params(("registration" = String, Path, description = "As the worker was told")),
    responses((status = 200, body = Tasks),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn claim(
    State(served): Here,
    caller: Caller,
    Path(registration): Path<String>,
    Optional(wish): Optional<ClaimTasks>,
) -> Answer<Answered<Tasks>> {
    let remote = served.remotes.find(&served, &caller, &registration).await?;
    let claim = TaskClaim {
        worker: remote.worker,
        limit: usize::try_from(wish.limit.unwrap_or(1).clamp(1, CLAIM_MAX)).unwrap_or(1),
        busy: Vec::new(),
        ttl: wish.ttl_ms.map(|ms| given::ttl(Some(ms), limits::RUN_TTL_DEFAULT)).transpose()?,
    };
    let wait = wish.wait_ms.map_or(WAIT, Duration::from_millis).min(WAIT_MAX);
    let connected = Connected::of(&served, remote);
    let tasks = claimed(&served, claim, wait).await?;
    connected.still();
    let rescued = tasks.iter().filter(|task| task.rescues > 0).count();
    count(&served.counters.claimed, tasks.len() as u64);
    count(&served.counters.rescued, rescued as u64);
    Ok(Answered(Tasks { tasks: tasks.into_iter().map(document).collect() }))
}

/// Lets a worker go whose connection ends while it waits, if it wished so.
struct Connected(Option<(Arc<dyn Store>, WorkerHandle)>);

impl Connected {
    fn of(served: &Served, remote: Remote) -> Self {
        Self(remote.revokes.then(|| (Arc::clone(served.setup.engine.store()), remote.worker)))
    }

    fn still(mut self) {
        self.0 = None;
    }
}

impl Drop for Connected {
    fn drop(&mut self) {
        if let Some((store, worker)) = self.0.take() {
            spawn(async move {
                // Where it cannot be told now, its lease ends by itself.
                let _untold = store.retire(worker).await;
            });
        }
    }
}

/// The first tasks that there are, waiting for them up to a time.
async fn claimed(served: &Served, claim: TaskClaim, wait: Duration) -> Answer<Vec<ClaimedTask>> {
    let store = served.setup.engine.store();
    // Armed before the first look, so nothing that comes in between is slept through.
    let mut attention = store.attend().await?;
    let over = tokio::time::sleep(wait);
    let mut over = std::pin::pin!(over);
    loop {
        let tasks = store.claim_tasks(claim.clone()).await?.tasks;
        if !tasks.is_empty() {
            return Ok(tasks);
        }
        let next = until_next(store).await?;
        tokio::select! {
            wanted = attention.wanted() => wanted?,
            () = tokio::time::sleep(next) => {}
            () = &mut over => return Ok(Vec::new()),
            () = served.stopping() => return Ok(Vec::new()),
        }
    }
}

/// How long until a hidden task can be claimed, as far as is known.
async fn until_next(store: &Arc<dyn Store>) -> Answer<Duration> {
    let (Some(at), Some(now)) = (store.next_task_at().await?, store.now().await?.wall) else {
        return Ok(WAIT_MAX);
    };
    Ok(if at > now { at.since(now) } else { Duration::from_millis(1) })
}

/// The name of a task.
pub(crate) fn name(TaskId(task): TaskId) -> String {
    format!("tsk_{task}")
}

fn document(claimed: ClaimedTask) -> Task {
    let ClaimedTask { activity, pin, .. } = &claimed;
    let execution = claimed.execution;
    Task {
        task: name(claimed.task),
        fence: claimed.fence.0,
        attempt: claimed.attempt,
        rescues: claimed.rescues,
        idempotency_key: format!("{}/{}/{}", claimed.session, execution, activity.op),
        namespace: claimed.namespace.as_str().to_owned(),
        session: claimed.session.as_str().to_owned(),
        session_fence: claimed.session_fence.0,
        execution,
        activity: activity.name.as_str().to_owned(),
        input: Payload::of(&activity.input),
        details: claimed.details.as_ref().map(Payload::of),
        pin: pin.as_ref().map(held),
        traceparent: activity.trace.map(|trace| trace.to_string()),
        timeout_ms: activity.timeout.map(millis),
        heartbeat_timeout_ms: activity.heartbeat_timeout.map(millis),
    }
}

fn held(pin: &PinGrant) -> Held {
    let hold = match pin.hold {
        Hold::Held => "held",
        Hold::Claimed => "claimed",
        Hold::Resumed => "resumed",
    };
    Held { key: pin.key.as_str().to_owned(), fence: pin.fence.0, hold: hold.to_owned() }
}

fn id(text: &str) -> Answer<TaskId> {
    let number = text.strip_prefix("tsk_").and_then(|number| number.parse().ok());
    number.map(TaskId).ok_or_else(|| Failure::usage("that is no name of a task"))
}

const fn answer(outcome: TaskOutcome) -> Answered<TaskAnswer> {
    let outcome = match outcome {
        TaskOutcome::Done => TaskStanding::Done,
        TaskOutcome::Expired => TaskStanding::Expired,
        TaskOutcome::Gone => TaskStanding::Gone,
    };
    Answered(TaskAnswer { outcome })
}

/// Says that an attempt goes on, and how far it is
#[utoipa::path(post, path = "/v1/workers/{registration}/tasks/{task}/heartbeat", tag = "workers",
    request_body = RenewTasks, security(("token" = ["worker"])),
    params(("registration" = String, Path, description = "As the worker was told"),
        ("task" = String, Path, description = "The task's name")),
    responses((status = 200, body = TaskAnswer),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn renew(
    State(served): Here,
    caller: Caller,
    Path((registration, task)): Path<(String, String)>,
    Json(wish): Json<RenewTasks>,
) -> Answer<Answered<TaskAnswer>> {
    let worker = served.remotes.find(&served, &caller, &registration).await?.worker;
    let details = wish.details.as_ref().map(task::payload);
    let renewal = TaskRenewal { task: id(&task)?, fence: Fence(wish.fence), details };
    let outcomes = served.setup.engine.store().renew_tasks(worker, vec![renewal]).await?;
    Ok(answer(outcomes.first().copied().unwrap_or(TaskOutcome::Gone)))
}

/// Ends an attempt well
#[utoipa::path(post, path = "/v1/workers/{registration}/tasks/{task}/complete", tag = "workers",
    request_body = CompleteTask, security(("token" = ["worker"])),
    params(("registration" = String, Path, description = "As the worker was told"),
        ("task" = String, Path, description = "The task's name")),
    responses((status = 200, body = TaskAnswer),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn complete(
    State(served): Here,
    caller: Caller,
    Path((registration, task)): Path<(String, String)>,
    Json(wish): Json<CompleteTask>,
) -> Answer<Answered<TaskAnswer>> {
    let worker = served.remotes.find(&served, &caller, &registration).await?.worker;
    let result = Ok(task::payload(&wish.output));
    end(
        &served,
        TaskEnd { worker, task: id(&task)?, fence: Fence(wish.fence), result, details: None, regrants: true },
    )
    .await
}

/// Ends an attempt badly
///
/// Whether there is another one is for the activity's retries to say.
#[utoipa::path(post, path = "/v1/workers/{registration}/tasks/{task}/fail", tag = "workers",
    request_body = FailTask, security(("token" = ["worker"])),
    params(("registration" = String, Path, description = "As the worker was told"),
        ("task" = String, Path, description = "The task's name")),
    responses((status = 200, body = TaskAnswer),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn fail(
    State(served): Here,
    caller: Caller,
    Path((registration, task)): Path<(String, String)>,
    Json(wish): Json<FailTask>,
) -> Answer<Answered<TaskAnswer>> {
    let worker = served.remotes.find(&served, &caller, &registration).await?.worker;
    let cause = if wish.is_final { Cause::Rejected } else { Cause::Failed };
    let details = wish.progress.as_ref().map(task::payload);
    let why = Why { details: wish.details.as_ref().map(task::payload), ..Why::new(cause, wish.message) };
    let end_of = TaskEnd {
        worker,
        task: id(&task)?,
        fence: Fence(wish.fence),
        result: Err(why),
        details,
        regrants: true,
    };
    end(&served, end_of).await
}

async fn end(served: &Served, ended: TaskEnd) -> Answer<Answered<TaskAnswer>> {
    count(if ended.result.is_ok() { &served.counters.completed } else { &served.counters.failed }, 1);
    Ok(answer(served.setup.engine.store().end_task(ended).await?))
}

/// Gives an attempt back
#[utoipa::path(post, path = "/v1/workers/{registration}/tasks/{task}/hand-back", tag = "workers",
    request_body = HandBackTask, security(("token" = ["worker"])),
    params(("registration" = String, Path, description = "As the worker was told"),
        ("task" = String, Path, description = "The task's name")),
    responses((status = 200, body = TaskAnswer),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn hand_back(
    State(served): Here,
    caller: Caller,
    Path((registration, task)): Path<(String, String)>,
    Json(wish): Json<HandBackTask>,
) -> Answer<Answered<TaskAnswer>> {
    let worker = served.remotes.find(&served, &caller, &registration).await?.worker;
    let back = HandBack {
        worker,
        task: id(&task)?,
        fence: Fence(wish.fence),
        delay: Duration::from_millis(wish.delay_ms).min(DELAY_MAX),
        counts: false,
        lacks_code: wish.lacks_code,
    };
    Ok(answer(served.setup.engine.store().hand_back(back).await?))
}
