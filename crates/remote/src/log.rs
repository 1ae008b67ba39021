//! Logs: read, written, watched.

use async_trait::async_trait;
use tenure_api::requests::{AppendEvents, AskOwner, EventDraft, SendMessages};
use tenure_client::ClientError;
use tenure_core::event::{EventBody, EventDraft as Draft};
use tenure_core::id::Seq;
use tenure_store::payload::Hex;
use tenure_store::{
    AppendOutcome, AppendRequest, AppendResolution, Changes, CompactOutcome, CompactRequest, Handle, Head,
    LogPage, LogStore, ReadOutcome, ReadRequest, StoreError, Watch,
};

use crate::sessions::current_fence;
use crate::{Remote, told};

#[async_trait]
impl LogStore for Remote {
    /// The commit's id is the idempotency key: the same request appends once, however often it is made.
    async fn append(&self, request: AppendRequest) -> Result<AppendOutcome, StoreError> {
        let id = self.id(request.handle)?;
        let key = Hex(&request.commit_id.0).to_string();
        if let [Draft { data: EventBody::Request(asked), .. }] = request.events.as_slice() {
            let wish = AskOwner { request: (*asked).into() };
            let asked = self.ask(|client| async move { client.request(id.as_str(), wish, key).await }).await;
            return match asked {
                // What was done already is asked for nowhere.
                Ok(asked) => {
                    let seq = Seq(asked.seq.unwrap_or_default());
                    Ok(AppendOutcome::Appended { first: seq, last: seq })
                }
                Err(error) => self.not_appended(error),
            };
        }
        let has_ids = request.events.iter().any(|event| event.id.is_some());
        let count = request.events.len() as u64;
        let events: Vec<_> = request.events.iter().map(EventDraft::of).collect();
        let appended = match request.fence {
            Some(fence) => {
                self.ask(|client| async move {
                    client.append_once((id.as_str(), fence.0), &AppendEvents { events }, key).await
                })
                .await
            }
            None => {
                self.ask(|client| async move {
                    client.send_once(id.as_str(), &SendMessages { events }, key).await
                })
                .await
            }
        };
        match appended {
            Ok(appended) => {
                let seqs: Vec<_> = appended.seqs.iter().copied().map(Seq).collect();
                Ok(match (seqs.first(), seqs.last()) {
                    (Some(first), Some(last)) if appended.new == count || !has_ids => {
                        AppendOutcome::Appended { first: *first, last: *last }
                    }
                    _ => AppendOutcome::Known { seqs, new: appended.new },
                })
            }
            Err(error) => self.not_appended(error),
        }
    }

    /// Asked for again, it is made once: so it is asked for again.
    async fn resolve_append(&self, _: &AppendRequest) -> Result<AppendResolution, StoreError> {
        Ok(AppendResolution::NotThere)
    }

    async fn read(&self, request: ReadRequest) -> Result<ReadOutcome, StoreError> {
        let ReadRequest { handle, after, limit, types } = request;
        let id = self.id(handle)?;
        let read = self
            .ask(|client| async move { client.events(id.as_str(), (after.0, limit), &types).await })
            .await;
        match read {
            Ok(page) => {
                let events: Result<Vec<_>, _> = page.data.into_iter().map(tenure_api::Event::read).collect();
                let events = events.map_err(told::unreadable)?;
                Ok(ReadOutcome::Page(LogPage {
                    events,
                    read_to: Seq(page.read_to),
                    head: Seq(page.head_seq),
                }))
            }
            Err(error) if error.code() == Some("COMPACTED") => {
                Ok(ReadOutcome::Compacted { earliest: earliest(&error) })
            }
            Err(error) => Err(self.error(error)),
        }
    }

    async fn compact(&self, request: CompactRequest) -> Result<CompactOutcome, StoreError> {
        let (id, before) = (self.id(request.handle)?, request.before.0);
        match self.ask(|client| async move { client.compact(id.as_str(), before).await }).await {
            Ok(done) => Ok(CompactOutcome::Compacted { earliest: Seq(done.earliest_seq), is_done: true }),
            Err(error) => match error.code() {
                Some("RETAINED") => Ok(CompactOutcome::Retained),
                Some("NOT_FOUND") => Ok(CompactOutcome::NotFound),
                _ => Err(self.error(error)),
            },
        }
    }

    async fn watch(&self, handle: Handle) -> Result<Watch, StoreError> {
        let id = self.id(handle)?;
        let head = self.by_id(&id).await?.map_or(Seq(0), |listed| listed.head);
        self.listen(id.as_str(), head).await.map_err(|error| self.error(error))
    }

    async fn changes(&self) -> Result<Changes, StoreError> {
        Err(StoreError::NotOverTheWire { what: "follow every session of every tenant" })
    }

    async fn heads(&self, _: Handle, _: usize) -> Result<Vec<Head>, StoreError> {
        Err(StoreError::NotOverTheWire { what: "look at every session of every tenant" })
    }
}

impl Remote {
    fn not_appended(&self, error: ClientError) -> Result<AppendOutcome, StoreError> {
        match error.code() {
            Some("FENCED") => Ok(AppendOutcome::Fenced { current: current_fence(&error) }),
            Some("ENDED") => Ok(AppendOutcome::Ended),
            Some("NOT_FOUND") => Ok(AppendOutcome::NotFound),
            _ => Err(self.error(error)),
        }
    }
}

fn earliest(error: &ClientError) -> Seq {
    let ClientError::Refused(problem) = error else { return Seq(0) };
    Seq(problem.facts.get("earliest").and_then(serde_json::Value::as_u64).unwrap_or_default())
}
