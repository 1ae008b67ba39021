//! Changes that the server decides.

use std::time::Duration;

use async_trait::async_trait;
use tenure_api::command::{Aim, Command as Document, CommandAnswer, CommandRequest, Target as Named};
use tenure_api::requests::{CreateToken, Fork, PruneCheckpoints, RotateToken};
use tenure_core::access::Token;
use tenure_core::id::{CheckpointId, Fence, Revision, Seq, SessionId, TokenId};
use tenure_core::session::{Command, Session};
use tenure_core::time::millis;
use tenure_engine::{
    Applied, Elsewhere, EngineError, ForkAt, ForkWish, Forked, Prune, Pruned, Rotation, Secret, Target,
    TokenWish, Under,
};
use tenure_store::{
    CheckpointStore, CheckpointsRequest, Committed, Handle, Listed, ListedCheckpoint, Slot, StoreError,
};

use crate::{Remote, refusal, told};

#[async_trait]
impl Elsewhere for Remote {
    async fn apply(&self, target: &Target, command: &Command, under: Under) -> Result<Applied, EngineError> {
        let verb = command.verb();
        let document = Document::of(command);
        let command = document.ok_or(StoreError::NotOverTheWire { what: "change sessions like that" })?;
        let request = CommandRequest { target: self.target(target)?, command };
        let guards =
            (under.fence.map(|Fence(fence)| fence), under.revision.map(|Revision(revision)| revision));
        let answer = self.ask(|client| async move { client.command(guards, &request).await }).await;
        let answer = answer.map_err(|error| refusal::engine(error, self.0.client.address(), verb))?;
        Ok(self.applied(answer)?)
    }

    async fn fork(&self, parent: Handle, wish: ForkWish) -> Result<Forked, EngineError> {
        let id = self.id(parent)?;
        let (at_seq, checkpoint) = match wish.at {
            ForkAt::Head => (None, None),
            ForkAt::Seq(Seq(seq)) => (Some(seq), None),
            ForkAt::Checkpoint(id) => (None, Some(id.as_str().to_owned())),
        };
        let fork = Fork { at_seq, checkpoint, id: wish.id.map(|id| id.as_str().to_owned()) };
        let name = id.clone();
        let forked = self.ask(|client| async move { client.fork(name.as_str(), &fork).await }).await;
        let forked = forked.map_err(|error| refusal::engine(error, self.0.client.address(), "fork"))?;
        let fork = SessionId::parse(&forked.session).map_err(|_invalid| told::unreadable("the fork's id"))?;
        let listed = self.by_id(&fork).await?.ok_or_else(|| told::unreadable("the fork is not there"))?;
        let Listed { handle, session, earliest, .. } = listed;
        Ok(Forked { session, handle, at: Seq(forked.at_seq), earliest, parent: id })
    }

    async fn prune(&self, handle: Handle, prune: &Prune) -> Result<Pruned, EngineError> {
        let id = self.id(handle)?;
        let all = self.all_checkpoints(handle).await?;
        let keep = u32::try_from(prune.keep).unwrap_or(u32::MAX);
        let (wish, fence) =
            (PruneCheckpoints { keep, dry_run: prune.dry_run }, prune.fence.map(|Fence(fence)| fence));
        let done =
            self.ask(|client| async move { client.prune_checkpoints(id.as_str(), fence, &wish).await }).await;
        let done =
            done.map_err(|error| refusal::engine(error, self.0.client.address(), "checkpoint prune"))?;
        let is_gone =
            |listed: &ListedCheckpoint| done.checkpoints.iter().any(|gone| gone == id_of(listed).as_str());
        let (removed, kept): (Vec<_>, Vec<_>) = all.into_iter().partition(is_gone);
        // One beyond those that are wanted is kept because no newer one can be brought back.
        let kept =
            kept.into_iter().enumerate().map(|(place, listed)| (listed, place >= prune.keep)).collect();
        Ok(Pruned { kept, removed })
    }

    async fn create_token(&self, wish: TokenWish) -> Result<(Token, Secret), EngineError> {
        let wish = CreateToken {
            principal: wish.principal.as_str().to_owned(),
            role: wish.role.name().to_owned(),
            note: wish.note,
            expires_in_ms: wish.expires_in.map(millis),
        };
        let issued = self.ask(|client| async move { client.create_token(&wish).await }).await;
        let issued =
            issued.map_err(|error| refusal::engine(error, self.0.client.address(), "token create"))?;
        Ok(issued_of(issued)?)
    }

    async fn rotate_token(&self, id: &TokenId, grace: Duration) -> Result<Rotation, EngineError> {
        let name = id.as_str().to_owned();
        let wish = RotateToken { grace_ms: Some(millis(grace)) };
        match self.ask(|client| async move { client.rotate_token(&name, &wish).await }).await {
            Ok(issued) => {
                let (token, secret) = issued_of(issued)?;
                Ok(Rotation::Rotated(Box::new(token), secret))
            }
            Err(error) if error.code() == Some("NOT_FOUND") => Ok(Rotation::NotFound),
            Err(error) => Err(self.error(error).into()),
        }
    }
}

fn issued_of(issued: tenure_api::IssuedToken) -> Result<(Token, Secret), StoreError> {
    let secret = Secret::parse(&issued.secret).ok_or_else(|| told::unreadable("the token's secret"))?;
    Ok((issued.token.read().map_err(told::unreadable)?, secret))
}

const fn id_of(listed: &ListedCheckpoint) -> &CheckpointId {
    match listed {
        ListedCheckpoint::Readable(checkpoint) => &checkpoint.id,
        ListedCheckpoint::Damaged { id, .. } => id,
    }
}

impl Remote {
    fn target(&self, target: &Target) -> Result<Named, StoreError> {
        let slot = |slot: &Slot| (slot.kind, slot.key.clone());
        Ok(Named::of(&match target {
            Target::Slot(Slot { kind, key, .. }) => Aim::Slot(*kind, key.clone()),
            Target::Session(handle) => Aim::Session(self.id(*handle)?),
            Target::New => Aim::Nothing,
            Target::Id { id, slot: at, .. } => Aim::Id(id.clone(), at.as_ref().map(slot)),
        }))
    }

    fn applied(&self, answer: CommandAnswer) -> Result<Applied, StoreError> {
        let session = |document: Option<tenure_api::Session>| -> Result<Option<Listed>, StoreError> {
            document.map(|document| self.listed(document)).transpose()
        };
        let (before, after) = (session(answer.before)?, session(answer.session)?);
        let written = answer.written;
        let committed = after.as_ref().zip(written).map(|(listed, written)| Committed {
            handle: listed.handle,
            head: Seq(written.head_seq),
            revision: Revision(written.revision),
            at: written.at.0,
        });
        let of = |listed: Listed| -> Session { listed.session };
        let warning = answer.warning.map(|warning| warning.read().map_err(told::unreadable)).transpose()?;
        Ok(Applied { before: before.map(of), session: after.map(of), committed, warning })
    }

    async fn all_checkpoints(&self, handle: Handle) -> Result<Vec<ListedCheckpoint>, StoreError> {
        let mut all: Vec<ListedCheckpoint> = Vec::new();
        loop {
            let before = all.last().map(seq_of);
            let limit = tenure_core::limits::LIST_MAX;
            let page = CheckpointsRequest { handle, before, limit, with_files: false };
            let page = self.list_checkpoints(page).await?;
            let is_last = page.len() < limit;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}

const fn seq_of(listed: &ListedCheckpoint) -> Seq {
    match listed {
        ListedCheckpoint::Readable(checkpoint) => checkpoint.seq,
        ListedCheckpoint::Damaged { seq, .. } => *seq,
    }
}
