//! Deleting, groups, workers, keys, tokens, and figures.

use std::time::Duration;

use async_trait::async_trait;
use tenure_api::requests::{EvictOrDrain, Going, MovePin as Moving, SetLimit};
use tenure_core::id::{Fence, Namespace, TokenId};
use tenure_core::kind::Kind;
use tenure_core::session::{StateName, Ticket};
use tenure_core::time::WallTime;
use tenure_store::{
    Dismiss, DismissOutcome, Dismissal, MovePin, MovePinOutcome, RevokeToken, RevokeTokenOutcome,
};
use tenure_store::{
    EventCount, Figures, FiguresRequest, GroupFound, GroupMember, GroupRequest, GroupStore, Handle,
    LimitRequest, OpenTimes, Pin, PinsRequest, PurgeOutcome, PurgeStore, QueueCount, Quiet,
    SessionStore as _, Statistics, StoreError, Tally, TokensPage, TokensRequest, Weight, Worker,
    WorkerHandle, Writes,
};

use crate::{Remote, told};

#[async_trait]
impl PurgeStore for Remote {
    async fn purge(&self, handle: Handle) -> Result<PurgeOutcome, StoreError> {
        let id = self.id(handle)?;
        match self.ask(|client| async move { client.delete_session(id.as_str(), false).await }).await {
            Ok(_) => Ok(PurgeOutcome::Purged),
            Err(error) => match error.code() {
                Some("NOT_ENDED") => Ok(PurgeOutcome::NotEnded),
                Some("RETAINED") => Ok(PurgeOutcome::Retained),
                Some("NOT_FOUND") => Ok(PurgeOutcome::NotFound),
                _ => Err(self.error(error)),
            },
        }
    }

    async fn weigh(&self, handle: Handle) -> Result<Weight, StoreError> {
        let id = self.id(handle)?;
        let weight = self.ask(|client| async move { client.weight(id.as_str()).await }).await;
        let weight = weight.map_err(|error| self.error(error))?;
        Ok(Weight { events: weight.events, bytes: weight.bytes })
    }

    /// A server gives room back by itself.
    async fn reclaim(&self) -> Result<bool, StoreError> {
        Ok(false)
    }
}

#[async_trait]
impl GroupStore for Remote {
    async fn group(&self, request: GroupRequest) -> Result<GroupFound, StoreError> {
        let name = request.name.as_str().to_owned();
        let group = match self.ask(|client| async move { client.group(&name).await }).await {
            Ok(group) => group,
            Err(error) if error.code() == Some("NOT_FOUND") => return Ok(GroupFound::default()),
            Err(error) => return Err(self.error(error)),
        };
        let mut members = Vec::new();
        let waiting = group.waiting.iter().zip(0..).map(|(member, place)| (member, Some(Ticket(place))));
        for (member, ticket) in group.active.iter().map(|member| (member, None)).chain(waiting) {
            // One that is gone since is none of its members any more.
            let id = member.read().map_err(told::unreadable)?.session;
            let listed = self.by_id(&id).await?;
            members.extend(listed.map(|listed| GroupMember {
                handle: listed.handle,
                session: listed.session,
                ticket,
            }));
        }
        // A group has no log that could be followed over the wire; that it is there is what its handle says.
        Ok(GroupFound { handle: Some(Handle(0)), limit: group.limit, members })
    }

    async fn limit_group(&self, request: LimitRequest) -> Result<Option<u32>, StoreError> {
        let LimitRequest { group, limit, only_first } = request;
        let name = group.name.as_str().to_owned();
        let wish = SetLimit { limit, only_first };
        let group = self.ask(|client| async move { client.limit_group(&name, &wish).await }).await;
        Ok(group.map_err(|error| self.error(error))?.limit)
    }
}

#[async_trait]
impl Statistics for Remote {
    async fn figures(&self, request: FiguresRequest) -> Result<Figures, StoreError> {
        let after = request.quiet_after.as_millis().to_string();
        let figures = self
            .ask(|client| async move { client.statistics(&[("stuck_after_ms", after)]).await })
            .await
            .map_err(|error| self.error(error))?;
        let mut longest = Vec::new();
        for id in figures.stuck.sessions.iter().take(request.quiet_max.min(LONGEST_MAX)) {
            longest.extend(self.all_named(id).await?);
        }
        let at = figures.at.map(|at| at.0);
        let sessions: Result<_, _> = figures.sessions.iter().map(tally).collect();
        Ok(Figures {
            at,
            sessions: sessions?,
            recent_sessions: recent(&figures.last_24h),
            open: at.filter(|_| figures.open_sessions > 0).map(|at| {
                let ago = |ms: u64| WallTime::from_epoch_ms(at.epoch_ms().saturating_sub(ms));
                OpenTimes {
                    first: ago(figures.oldest_session_age_ms),
                    last: ago(figures.newest_session_age_ms),
                    mean: ago(figures.avg_session_age_ms),
                }
            }),
            recent_events: counts(&figures.last_hour.events)
                .map(|(kind, count)| EventCount { kind: kind.clone(), count })
                .collect(),
            events: Vec::new(),
            quiet: Quiet { count: figures.stuck.count, longest },
        })
    }

    /// Told at `/metrics`, to whoever scrapes them.
    async fn queues(&self, _: Namespace) -> Result<Vec<QueueCount>, StoreError> {
        Err(StoreError::NotOverTheWire { what: "count the tasks of its queues" })
    }

    fn writes(&self) -> Writes {
        Writes::default()
    }
}

/// So many stuck sessions are looked at, one by one.
const LONGEST_MAX: usize = 10;

fn tally(tally: &tenure_api::Tally) -> Result<Tally, StoreError> {
    let unknown = || told::unreadable("a kind or a state that is not known here");
    Ok(Tally {
        kind: tally.kind.get().ok_or_else(unknown)?,
        state: tally.state.get().ok_or_else(unknown)?,
        count: tally.count,
        lasted: Duration::from_millis(tally.duration_ms.unwrap_or_default()),
    })
}

/// The sessions of the last day by state; of which kinds is not told, and how long they took only in the mean.
fn recent(day: &tenure_api::LastDay) -> Vec<Tally> {
    let has_worked = |state| matches!(state, StateName::Completed | StateName::Failed);
    counts(&day.states)
        .filter_map(|(name, count)| {
            let state = StateName::ALL.into_iter().find(|state| state.name() == name)?;
            let lasted = if has_worked(state) { day.avg_duration_ms.saturating_mul(count) } else { 0 };
            Some(Tally { kind: Kind::Agent, state, count, lasted: Duration::from_millis(lasted) })
        })
        .collect()
}

fn counts(of: &serde_json::Map<String, serde_json::Value>) -> impl Iterator<Item = (&String, u64)> {
    of.iter().filter_map(|(name, count)| Some((name, count.as_u64()?)))
}

impl Remote {
    pub(crate) async fn all_workers(&self) -> Result<Vec<Worker>, StoreError> {
        let page = self
            .ask(|client| async move { client.workers().await })
            .await
            .map_err(|error| self.error(error))?;
        page.data.iter().map(worker).collect()
    }

    pub(crate) async fn dismissed(&self, request: Dismiss) -> Result<DismissOutcome, StoreError> {
        let id = request.id.as_str().to_owned();
        let how = match request.how {
            Dismissal::Drain => Going::Drain,
            Dismissal::Evict => Going::Evict,
        };
        match self.ask(|client| async move { client.dismiss_worker(&id, &EvictOrDrain { how }).await }).await
        {
            Ok(document) => Ok(DismissOutcome::Dismissed(Box::new(worker(&document)?))),
            Err(error) if error.code() == Some("NOT_FOUND") => Ok(DismissOutcome::NotFound),
            Err(error) => Err(self.error(error)),
        }
    }

    pub(crate) async fn some_pins(&self, request: PinsRequest) -> Result<Vec<Pin>, StoreError> {
        let limit = request.limit.clamp(1, tenure_core::limits::LIST_MAX);
        let mut query = vec![("limit", limit.to_string())];
        query.extend(request.worker.iter().map(|worker| ("worker", worker.as_str().to_owned())));
        query.extend(request.after.iter().map(|(_, key)| ("cursor", key.as_str().to_owned())));
        let page = self
            .ask(|client| async move { client.pins(&query).await })
            .await
            .map_err(|error| self.error(error))?;
        page.data.iter().map(pin).collect()
    }

    /// What fence it has from now on is told by nobody.
    pub(crate) async fn pin_moved(&self, request: MovePin) -> Result<MovePinOutcome, StoreError> {
        let (key, to) =
            (request.key.as_str().to_owned(), request.to.as_ref().map(|to| to.as_str().to_owned()));
        match self.ask(|client| async move { client.move_pin(&key, &Moving { to }).await }).await {
            Ok(moved) => Ok(MovePinOutcome::Moved(Fence(moved.fence))),
            Err(error) => match error.code() {
                Some("NOT_FOUND") => Ok(MovePinOutcome::NotFound),
                Some("NO_WORKER") => Ok(MovePinOutcome::NoWorker),
                _ => Err(self.error(error)),
            },
        }
    }

    pub(crate) async fn some_tokens(&self, request: TokensRequest) -> Result<TokensPage, StoreError> {
        let (limit, past) = (request.limit, request.past.map(|id| id.as_str().to_owned()));
        let page = self
            .ask(|client| async move { client.tokens(limit, past.as_deref()).await })
            .await
            .map_err(|error| self.error(error))?;
        let tokens: Result<_, _> =
            page.data.into_iter().map(|token| token.read().map_err(told::unreadable)).collect();
        let next = page.next_cursor.as_deref().map(TokenId::parse).transpose();
        Ok(TokensPage { tokens: tokens?, next: next.map_err(|_invalid| told::unreadable("a cursor"))? })
    }

    pub(crate) async fn token_revoked(&self, request: RevokeToken) -> Result<RevokeTokenOutcome, StoreError> {
        let id = request.id.as_str().to_owned();
        let before = self.now().await?.wall;
        match self.ask(|client| async move { client.revoke_token(&id).await }).await {
            Ok(token) => {
                let token = Box::new(token.read().map_err(told::unreadable)?);
                // The server answers both alike; it says when.
                let was_revoked = token.revoked_at.zip(before).is_some_and(|(at, before)| at < before);
                let outcome = if was_revoked {
                    RevokeTokenOutcome::AlreadyRevoked
                } else {
                    RevokeTokenOutcome::Revoked
                };
                Ok(outcome(token))
            }
            Err(error) if error.code() == Some("NOT_FOUND") => Ok(RevokeTokenOutcome::NotFound),
            Err(error) => Err(self.error(error)),
        }
    }
}

fn worker(document: &tenure_api::Worker) -> Result<Worker, StoreError> {
    use tenure_api::WorkerState;
    Ok(Worker {
        worker: WorkerHandle(0),
        lease: document.lease().map_err(told::unreadable)?,
        is_gone: document.state.as_ref().and_then(tenure_api::Named::get) == Some(WorkerState::Gone),
        instances: document.instances,
        pins: document.keys,
        tasks: document.tasks,
        serving: document.serving().map_err(told::unreadable)?,
        progressed_at: document.progressed_at.0,
        is_draining: document.draining,
    })
}

fn pin(document: &tenure_api::Pin) -> Result<Pin, StoreError> {
    let (namespace, key) = document.key().map_err(told::unreadable)?;
    Ok(Pin {
        namespace,
        key,
        worker: document.worker().map_err(told::unreadable)?,
        fence: Fence(document.fence),
        since: document.since.0,
        last_used: document.last_used_at.0,
        waiting: document.waiting,
        running: document.running,
        is_live: document.live,
    })
}
