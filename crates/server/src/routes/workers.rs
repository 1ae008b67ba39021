//! Workers: listed, registered, renewed, let go.

use std::time::Duration;

use axum::Json as Answered;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use tenure_api::requests::{EvictOrDrain, Going, RegisterWorker, RenewWorker};
use tenure_api::{Accepted, Notice as Told, Page, Problem, Registration, Renewed, Worker, task};
use tenure_core::id::{QueueName, WorkerId};
use tenure_core::lease::Ttl;
use tenure_core::limits;
use tenure_core::orchestration::MessageId;
use tenure_core::worker::{Queues, Serving, ServingRefusal};
use tenure_store::{
    Dismiss, DismissOutcome, Dismissal, MailRequest, Notice, NoticeId, RegisterOutcome, RegisterRequest,
    RenewWorker as Renewal, WorkerRenewal,
};
use tenure_words::documents;

use super::{Asked, Here};
use crate::answer::{Answer, Failure};
use crate::body::{Json, Optional};
use crate::caller::Caller;
use crate::given;
use crate::remote::Remote;

/// Most notices told at once.
const NOTICES_MAX: usize = 1000;
/// The queue that activities wait in when none is named.
const DEFAULT_QUEUE: &str = "default";

/// Lists the workers that serve the namespace
#[utoipa::path(get, path = "/v1/workers", tag = "workers", security(("token" = ["observer"])),
    responses((status = 200, body = Page<Worker>),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn list(State(served): Here, caller: Caller) -> Answer<Answered<Page<Worker>>> {
    let store = served.setup.engine.store();
    let now = store.now().await?;
    let mut workers = store.workers().await?;
    workers.retain(|worker| worker.serving.serves_tenant(&caller.namespace));
    Ok(Answered(Page {
        data: workers.iter().map(|worker| Worker::of(&documents::worker(worker), Some(&now))).collect(),
        next_cursor: None,
    }))
}

/// Makes a worker known
///
/// It holds a lease that it renews. What it holds when that is over goes to others.
#[utoipa::path(post, path = "/v1/workers", tag = "workers", request_body = RegisterWorker,
    security(("token" = ["worker"])),
    responses((status = 201, body = Registration),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn register(
    State(served): Here,
    caller: Caller,
    engine: Asked,
    Json(wish): Json<RegisterWorker>,
) -> Answer<(StatusCode, Answered<Registration>)> {
    let id = WorkerId::parse(&wish.id).map_err(given::name("worker id"))?;
    let ttl = given::ttl(wish.ttl_ms, limits::RUN_TTL_DEFAULT)?;
    let serving = serving(&wish, ttl, &caller)?;
    serving.check(ttl).map_err(refused)?;
    let incarnation = engine.ids().incarnation();
    let request = RegisterRequest {
        id: id.clone(),
        incarnation,
        place: None,
        is_elsewhere: true,
        ttl,
        replaces: wish.replace,
        serving,
    };
    let registered = match engine.store().register(request).await? {
        RegisterOutcome::Registered(registered) => registered,
        RegisterOutcome::Live(other) => return Err(live(&other)),
    };
    let remote = Remote { worker: registered.worker, revokes: wish.revoke_on_disconnect };
    let registration = served.remotes.enter(&caller, incarnation, remote);
    let expires_at = task::ends_at(&registered.term).ok_or_else(|| Failure::usage("the lease has no end"))?;
    let worker = id.as_str().to_owned();
    let ttl_ms = tenure_core::time::millis(ttl.length());
    Ok((StatusCode::CREATED, Answered(Registration { registration, worker, ttl_ms, expires_at })))
}

fn serving(wish: &RegisterWorker, ttl: Ttl, caller: &Caller) -> Answer<Serving> {
    let queue = |name: &String| match name.as_str() {
        DEFAULT_QUEUE => Ok(None),
        name => QueueName::parse(name).map(Some),
    };
    let queues = match wish.queues.as_slice() {
        [] => Queues::default_only(),
        queues => {
            Queues::These(queues.iter().map(queue).collect::<Result<_, _>>().map_err(given::name("queue"))?)
        }
    };
    let usual = Serving::default();
    let held_max = wish.keys_max.map_or(usual.held_max, |max| usize::try_from(max).unwrap_or(usize::MAX));
    Ok(Serving {
        queues,
        busy_max: usual.busy_max.min(held_max),
        held_max,
        idle_after: wish
            .key_idle_ms
            .map_or_else(|| usual.idle_after.max(Serving::idle_min(ttl)), Duration::from_millis),
        is_exclusive: false,
        namespace: Some(caller.namespace.clone()),
    })
}

fn refused(refusal: ServingRefusal) -> Failure {
    match refusal {
        ServingRefusal::IdleTooShort { needed } => {
            let needed = tenure_words::when::length(needed);
            Failure::usage(format!("`key_idle_ms` is shorter than two renewals of the lease: {needed}"))
        }
        ServingRefusal::HeldBelowBusy => Failure::usage("more keys would be busy than may be held"),
    }
}

fn live(other: &tenure_store::Worker) -> Failure {
    let id = &other.lease.holder.id;
    tenure_words::Problem::refused("WORKER_LIVE", format!("a live worker is called `{id}`"))
        .hint("give this one another name, or take the other's place: `replace`")
        .into()
}

/// Renews a worker's lease, and tells it what there is to know
#[utoipa::path(post, path = "/v1/workers/{registration}/renew", tag = "workers", request_body = Option<RenewWorker>,
    security(("token" = ["worker"])),
    params(("registration" = String, Path, description = "As the worker was told")),
    responses((status = 200, body = Renewed),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn renew(
    State(served): Here,
    caller: Caller,
    Path(registration): Path<String>,
    Optional(wish): Optional<RenewWorker>,
) -> Answer<Answered<Renewed>> {
    let worker = served.remotes.find(&served, &caller, &registration).await?.worker;
    let store = served.setup.engine.store();
    let noticed = NoticeId(wish.noticed);
    let renewal = Renewal { worker, progress: wish.progress, noticed };
    let WorkerRenewal::Renewed(term) = store.renew_worker(renewal).await? else {
        return Err(gone());
    };
    let mail = MailRequest { worker, after: MessageId(i64::MAX), noticed, limit: NOTICES_MAX };
    let mail = store.mail(mail).await?;
    let expires_at = task::ends_at(&term).ok_or_else(gone)?;
    let notices = mail.notices.into_iter().map(|(id, notice)| told(id, notice)).collect();
    Ok(Answered(Renewed { expires_at, draining: mail.is_draining, notices }))
}

/// The worker is known no more.
pub(crate) fn gone() -> Failure {
    tenure_words::Problem::refused("WORKER_GONE", "this start of the worker is not known any more")
        .hint("let go of everything, and register anew")
        .into()
}

fn told(NoticeId(notice): NoticeId, what: Notice) -> Told {
    match what {
        Notice::PinLost { namespace, key, fence } => Told::PinLost {
            notice,
            namespace: namespace.as_str().to_owned(),
            key: key.as_str().to_owned(),
            fence: fence.0,
        },
        Notice::Withdrawn { task, fence } => {
            Told::Withdrawn { notice, task: super::tasks::name(task), fence: fence.0 }
        }
    }
}

/// Lets go of everything that a worker holds, and forgets it
#[utoipa::path(delete, path = "/v1/workers/{registration}", tag = "workers", security(("token" = ["worker"])),
    params(("registration" = String, Path, description = "As the worker was told")),
    responses((status = 200, body = Accepted),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn retire(
    State(served): Here,
    caller: Caller,
    Path(registration): Path<String>,
) -> Answer<Answered<Accepted>> {
    let worker = served.remotes.find(&served, &caller, &registration).await?.worker;
    served.setup.engine.store().retire(worker).await?;
    served.remotes.leave(&registration);
    Ok(Answered(Accepted { accepted: true }))
}

/// Makes a worker go
///
/// A token's bearer may send away those that serve its namespace alone.
#[utoipa::path(post, path = "/v1/workers/{worker}/dismiss", tag = "workers", request_body = EvictOrDrain,
    security(("token" = ["admin"])),
    params(("worker" = String, Path, description = "The worker's name")),
    responses((status = 200, body = Worker),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn dismiss(
    State(served): Here,
    caller: Caller,
    Path(worker): Path<String>,
    Json(wish): Json<EvictOrDrain>,
) -> Answer<Answered<Worker>> {
    let id = WorkerId::parse(&worker).map_err(given::name("worker id"))?;
    let how = match wish.how {
        Going::Drain => Dismissal::Drain,
        Going::Evict => Dismissal::Evict,
    };
    let store = served.setup.engine.store();
    let is_its = |other: &tenure_store::Worker| {
        other.lease.holder.id.as_str() == worker
            && other.serving.namespace.as_ref() == Some(&caller.namespace)
    };
    if caller.principal.is_some() && !store.workers().await?.iter().any(is_its) {
        return Err(unknown(&worker));
    }
    match store.dismiss(Dismiss { id, how }).await? {
        DismissOutcome::Dismissed(worker) => {
            Ok(Answered(Worker::of(&documents::worker(&worker), Some(&store.now().await?))))
        }
        DismissOutcome::NotFound => Err(unknown(&worker)),
    }
}

fn unknown(worker: &str) -> Failure {
    let worker = tenure_core::escape::Escaped(worker);
    tenure_words::Problem::missing("NOT_FOUND", format!("no worker that is known is called `{worker}`"))
        .into()
}
