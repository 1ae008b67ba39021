//! Sessions: found, and renewed. What changes them is decided by the server.

use async_trait::async_trait;
use tenure_client::ClientError;
use tenure_core::id::{Fence, SessionId};
use tenure_core::session::Current;
use tenure_core::time::{BootId, BootMoment, Moment, WallTime};
use tenure_store::{
    CommitOutcome, CommitRequest, Committed, Find, Found, Handle, Listed, RenewOutcome, RenewRequest,
    SessionStore, Slot, StoreError,
};

use crate::{Remote, refusal, told};

#[async_trait]
impl SessionStore for Remote {
    async fn now(&self) -> Result<Moment, StoreError> {
        if self.0.client.server_ms().is_none() {
            // Any answer tells it.
            self.ask(|client| async move { client.ready().await })
                .await
                .map_err(|error| self.error(error))?;
        }
        let wall = self.0.client.server_ms().map(WallTime::from_epoch_ms);
        // The server's leases are told in terms of its wall clock alone.
        Ok(Moment { wall, boot: BootMoment { boot: BootId([0; 16]), ms: 0 } })
    }

    async fn find(&self, request: Find) -> Result<Found, StoreError> {
        let listed = match request {
            Find::Handle(handle) => match self.0.handles.id(handle) {
                Some(id) => self.by_id(&id).await?,
                None => None,
            },
            Find::Id { id, .. } => self.by_id(&id).await?,
            Find::Slot(slot) => self.in_slot(&slot).await?,
        };
        Ok(listed.map_or_else(Found::default, |Listed { handle, session, head, earliest }| {
            let counters = session.counters;
            Found {
                current: Current { session: Some(session), counters },
                handle: Some(handle),
                head,
                earliest,
            }
        }))
    }

    async fn commit(&self, _: CommitRequest) -> Result<CommitOutcome, StoreError> {
        Err(StoreError::NotOverTheWire { what: "write what they decided" })
    }

    async fn renew(&self, RenewRequest { handle, fence }: RenewRequest) -> Result<RenewOutcome, StoreError> {
        let id = self.id(handle)?;
        let renewed = self.ask(|client| async move { client.keep(id.as_str(), fence.0).await }).await;
        let error = match renewed {
            Ok(session) => {
                let lease = self.listed(session)?.session.lease;
                let lease = lease.ok_or_else(|| told::unreadable("a renewed session has no lease"))?;
                return Ok(RenewOutcome::Renewed(lease.term));
            }
            Err(error) => error,
        };
        match error.code() {
            Some("LEASE_OVER") => Ok(RenewOutcome::Expired),
            Some("FENCED" | "NOT_FOUND") => Ok(RenewOutcome::Fenced { current: current_fence(&error) }),
            _ => Err(self.error(error)),
        }
    }

    async fn resolve(&self, _: &CommitRequest) -> Result<Option<Committed>, StoreError> {
        Ok(None)
    }
}

pub(crate) fn current_fence(error: &ClientError) -> Fence {
    let fence = match error {
        ClientError::Refused(problem) => {
            problem.facts.get("current_fence").and_then(serde_json::Value::as_u64)
        }
        ClientError::Unreachable { .. } | ClientError::Unanswered { .. } | ClientError::Unreadable { .. } => {
            None
        }
    };
    Fence(fence.unwrap_or_default())
}

impl Remote {
    /// The session of that id, and no other of that name.
    pub(crate) async fn by_id(&self, id: &SessionId) -> Result<Option<Listed>, StoreError> {
        let name = id.as_str().to_owned();
        let found = self.named_alone(name).await?;
        Ok(found.filter(|listed| listed.session.id == *id))
    }

    async fn in_slot(&self, slot: &Slot) -> Result<Option<Listed>, StoreError> {
        let found = self.all_named(slot.key.as_str()).await?;
        Ok(found.into_iter().find(|listed| {
            listed.session.kind == slot.kind && listed.session.key.as_ref() == Some(&slot.key)
        }))
    }

    /// What a name means; several where it is the key of several.
    pub(crate) async fn all_named(&self, name: &str) -> Result<Vec<Listed>, StoreError> {
        let asked = name.to_owned();
        match self.ask(|client| async move { client.session(&asked).await }).await {
            Ok(session) => Ok(vec![self.listed(session)?]),
            Err(error) if error.code() == Some("AMBIGUOUS") => {
                let mut all = Vec::new();
                for id in refusal::matches(&error) {
                    all.extend(self.named_alone(id).await?);
                }
                Ok(all)
            }
            Err(error) if error.code() == Some("NOT_FOUND") => Ok(Vec::new()),
            Err(error) => Err(self.error(error)),
        }
    }

    async fn named_alone(&self, name: String) -> Result<Option<Listed>, StoreError> {
        match self.ask(|client| async move { client.session(&name).await }).await {
            Ok(session) => Ok(Some(self.listed(session)?)),
            Err(error) if matches!(error.code(), Some("NOT_FOUND" | "AMBIGUOUS")) => Ok(None),
            Err(error) => Err(self.error(error)),
        }
    }

    /// A session that was told, under a handle of this process.
    pub(crate) fn listed(&self, session: tenure_api::Session) -> Result<Listed, StoreError> {
        let told = told::session(session)?;
        Ok(Listed { handle: self.0.handles.of(&told.session.id), ..told })
    }

    /// The id that a handle stands for.
    pub(crate) fn id(&self, handle: Handle) -> Result<SessionId, StoreError> {
        let unknown =
            || StoreError::Corrupt { what: format!("no session is known by the handle {}", handle.0) };
        self.0.handles.id(handle).ok_or_else(unknown)
    }
}

impl Remote {
    /// What a session waits for, if it is an open instance of an orchestration.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn waits_for(&self, listed: &Listed) -> Result<Option<tenure_api::Pending>, StoreError> {
        if listed.session.execution.is_none() || listed.session.is_terminal() {
            return Ok(None);
        }
        let id = listed.session.id.clone();
        let shown = self.ask(|client| async move { client.orchestration(id.as_str()).await }).await;
        Ok(shown.map_err(|error| self.error(error))?.beside.waits_for)
    }
}
