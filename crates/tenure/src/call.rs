//! What an orchestration waits for, as typed futures.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tenure_core::id::{AffinityKey, CodeName, QueueName, SessionId, SignalName};
use tenure_core::orchestration::{Backoff, Payload, RetryPolicy, Version};
use tenure_core::time::WallTime;
use tenure_core::worker::Affinity;
use tenure_replay::{Context as Replay, Wait, Wanted};

use crate::Failure;
use crate::failure::decode;

/// Something that is wanted and not asked for yet, something that is waited for, or a failure to tell.
#[derive(Debug)]
enum Stage<W> {
    Wanted(Replay, W),
    Asked(Wait),
    Failed(Failure),
    Over,
}

impl<W> Stage<W> {
    fn of(replay: &Replay, wanted: Result<W, Failure>) -> Self {
        match wanted {
            Ok(wanted) => Self::Wanted(replay.clone(), wanted),
            Err(failure) => Self::Failed(failure),
        }
    }

    fn change(&mut self, change: impl FnOnce(&mut W)) {
        if let Self::Wanted(_, wanted) = self {
            change(wanted);
        }
    }

    fn poll(
        &mut self,
        task: &mut Context<'_>,
        ask: impl FnOnce(Replay, W) -> Wait,
    ) -> Poll<Result<Payload, Failure>> {
        let mut wait = match std::mem::replace(self, Self::Over) {
            Self::Wanted(replay, wanted) => ask(replay, wanted),
            Self::Asked(wait) => wait,
            Self::Failed(failure) => return Poll::Ready(Err(failure)),
            Self::Over => return Poll::Pending,
        };
        match Pin::new(&mut wait).poll(task) {
            Poll::Ready(outcome) => Poll::Ready(outcome.map_err(Failure::from_inner)),
            Poll::Pending => {
                *self = Self::Asked(wait);
                Poll::Pending
            }
        }
    }
}

/// An activity that is to be run. It is asked for when this is first awaited; dropping it cancels it.
#[derive(Debug)]
#[must_use = "nothing is run until this is awaited"]
pub struct ActivityCall<O> {
    stage: Stage<Wanted>,
    name: String,
    /// The instance's own key.
    own: String,
    output: PhantomData<fn() -> O>,
}

impl<O> ActivityCall<O> {
    pub(crate) fn new(replay: &Replay, name: &str, input: Result<Payload, Failure>) -> Self {
        let wanted = input.and_then(|input| {
            let name = code_name(name)?;
            Ok(Wanted {
                name,
                input,
                retry: RetryPolicy::ONCE,
                timeout: None,
                heartbeat_timeout: None,
                queue: None,
                affinity: None,
            })
        });
        let own = replay.id().as_str().to_owned();
        Self { stage: Stage::of(replay, wanted), name: name.to_owned(), own, output: PhantomData }
    }

    /// Runs it on the worker that runs the other activities of this key, for as long as that worker holds the key:
    /// what they keep in its memory is there. Any text of up to 256 bytes; every instance of the tenant can use it.
    /// All attempts follow the key.
    ///
    /// [`crate::Activity::pin`] says whether that worker had the key before.
    pub fn on_session(mut self, key: &str) -> Self {
        match affinity_key(key) {
            Ok(key) => self.stage.change(|wanted| {
                let is_exclusive = wanted.affinity.as_ref().is_some_and(|affinity| affinity.is_exclusive);
                wanted.affinity = Some(Affinity { key, is_exclusive });
            }),
            Err(failure) => self.stage = Stage::Failed(failure),
        }
        self
    }

    /// As [`Self::on_session`], with the instance's own id as the key.
    pub fn on_own_session(self) -> Self {
        let own = self.own.clone();
        self.on_session(&own)
    }

    /// Runs it while no other activity of its key runs, in the order in which they were asked for. Without a key: that
    /// of the instance.
    pub fn exclusive(mut self) -> Self {
        let has_key = matches!(&self.stage, Stage::Wanted(_, wanted) if wanted.affinity.is_some());
        if !has_key {
            self = self.on_own_session();
        }
        self.stage.change(|wanted| {
            wanted.affinity =
                wanted.affinity.take().map(|affinity| Affinity { is_exclusive: true, ..affinity });
        });
        self
    }

    /// Runs it on a worker that serves this queue: see [`crate::Builder::queue`].
    pub fn on_queue(mut self, queue: &str) -> Self {
        match queue_name(queue) {
            Ok(queue) => self.stage.change(|wanted| wanted.queue = Some(queue)),
            Err(failure) => self.stage = Stage::Failed(failure),
        }
        self
    }

    /// Tries it again as this says, when it fails. Otherwise it is tried once.
    pub fn retry(mut self, retry: RetryPolicy) -> Self {
        self.stage.change(|wanted| wanted.retry = retry);
        self
    }

    /// Tries it up to so many times, with growing waits in between.
    pub fn attempts(self, attempts_max: u32) -> Self {
        self.retry(RetryPolicy { attempts_max, backoff: Backoff::default() })
    }

    /// Gives an attempt up that takes longer than this.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.stage.change(|wanted| wanted.timeout = Some(limit));
        self
    }

    /// Gives an attempt up of which nothing is heard for this long: see [`crate::Activity::heartbeat`].
    pub fn heartbeat_timeout(mut self, limit: Duration) -> Self {
        self.stage.change(|wanted| wanted.heartbeat_timeout = Some(limit));
        self
    }
}

impl<O: DeserializeOwned> Future for ActivityCall<O> {
    type Output = Result<O, Failure>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.stage.poll(task, |replay, wanted| replay.activity(wanted));
        polled.map(|outcome| decode(&format!("what {} returned", self.name), &outcome?))
    }
}

/// Another orchestration that is to be run, and waited for. Dropping it cancels it.
#[derive(Debug)]
#[must_use = "nothing is run until this is awaited"]
pub struct ChildCall<O> {
    stage: Stage<Child>,
    name: String,
    output: PhantomData<fn() -> O>,
}

#[derive(Debug)]
struct Child {
    id: Option<SessionId>,
    name: CodeName,
    version: Option<Version>,
    input: Payload,
}

impl<O> ChildCall<O> {
    pub(crate) fn new(replay: &Replay, name: &str, input: Result<Payload, Failure>) -> Self {
        let wanted =
            input.and_then(|input| Ok(Child { id: None, name: code_name(name)?, version: None, input }));
        Self { stage: Stage::of(replay, wanted), name: name.to_owned(), output: PhantomData }
    }

    /// Gives it this id, instead of one that follows from the parent's.
    pub fn id(mut self, id: &str) -> Self {
        match session_id(id) {
            Ok(id) => self.stage.change(|child| child.id = Some(id)),
            Err(failure) => self.stage = Stage::Failed(failure),
        }
        self
    }

    /// Runs exactly this version, instead of the latest.
    pub fn version(mut self, version: Version) -> Self {
        self.stage.change(|child| child.version = Some(version));
        self
    }
}

impl<O: DeserializeOwned> Future for ChildCall<O> {
    type Output = Result<O, Failure>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.stage.poll(task, |replay, Child { id, name, version, input }| {
            replay.child(id, (name, version), input)
        });
        polled.map(|outcome| decode(&format!("what {} returned", self.name), &outcome?))
    }
}

/// A signal that is waited for.
#[derive(Debug)]
#[must_use = "nothing is waited for until this is awaited"]
pub struct SignalCall<T> {
    stage: Stage<SignalName>,
    data: PhantomData<fn() -> T>,
}

impl<T> SignalCall<T> {
    pub(crate) fn new(replay: &Replay, name: &str) -> Self {
        Self { stage: Stage::of(replay, signal_name(name)), data: PhantomData }
    }
}

impl<T: DeserializeOwned> Future for SignalCall<T> {
    type Output = Result<T, Failure>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.stage.poll(task, |replay, name| replay.signal(name));
        polled.map(|outcome| decode("a signal", &outcome?))
    }
}

/// A wait for a time to come. It goes on through restarts.
#[derive(Debug)]
#[must_use = "nothing is waited for until this is awaited"]
pub struct Sleep {
    stage: Stage<Until>,
}

#[derive(Debug, Clone, Copy)]
enum Until {
    Passed(Duration),
    Instant(WallTime),
}

impl Sleep {
    pub(crate) fn length(replay: &Replay, length: Duration) -> Self {
        Self { stage: Stage::of(replay, Ok(Until::Passed(length))) }
    }

    pub(crate) fn until(replay: &Replay, at: WallTime) -> Self {
        Self { stage: Stage::of(replay, Ok(Until::Instant(at))) }
    }
}

impl Future for Sleep {
    type Output = Result<(), Failure>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.stage.poll(task, |replay, until| match until {
            Until::Passed(length) => replay.timer(length),
            Until::Instant(at) => replay.timer_at(at),
        });
        polled.map(|outcome| outcome.map(drop))
    }
}

pub(crate) fn code_name(name: &str) -> Result<CodeName, Failure> {
    let refused =
        |why| Failure::rejected(format!("{name:?} is no name of an orchestration or activity: {why:?}"));
    CodeName::parse(name).map_err(refused)
}

fn affinity_key(key: &str) -> Result<AffinityKey, Failure> {
    AffinityKey::parse(key)
        .map_err(|why| Failure::rejected(format!("{key:?} is no key of a session: {why:?}")))
}

pub(crate) fn queue_name(name: &str) -> Result<QueueName, Failure> {
    QueueName::parse(name)
        .map_err(|why| Failure::rejected(format!("{name:?} is no name of a queue: {why:?}")))
}

pub(crate) fn signal_name(name: &str) -> Result<SignalName, Failure> {
    SignalName::parse(name)
        .map_err(|why| Failure::rejected(format!("{name:?} is no name of a signal: {why:?}")))
}

pub(crate) fn session_id(id: &str) -> Result<SessionId, Failure> {
    SessionId::parse(id).map_err(|why| Failure::rejected(format!("{id:?} is no id: {why:?}")))
}
