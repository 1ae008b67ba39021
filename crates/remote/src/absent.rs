//! What a server does by itself, or lets only programs beside its store do.

use std::sync::Arc;

use async_trait::async_trait;
use tenure_api::requests::End;
use tenure_core::access::Token;
use tenure_core::id::{AffinityKey, Namespace, TokenId};
use tenure_core::orchestration::{Mail, MessageId};
use tenure_core::time::WallTime;
use tenure_store::*;

use crate::Remote;

const fn absent<T>(what: &'static str) -> Result<T, StoreError> {
    Err(StoreError::NotOverTheWire { what })
}

const TAKE_IN: &str = "take sessions in from elsewhere";
const ANSWERS: &str = "keep its answers for it";
const INSTANCES: &str = "run orchestrations";
const TASKS: &str = "run activities as if beside its store";

#[async_trait]
impl ArrivalStore for Remote {
    async fn arrive(&self, _: ArriveRequest) -> Result<ArriveOutcome, StoreError> {
        absent(TAKE_IN)
    }

    async fn bring(&self, _: BringRequest) -> Result<BringOutcome, StoreError> {
        absent(TAKE_IN)
    }

    async fn bring_checkpoint(
        &self,
        _: BringCheckpointRequest,
    ) -> Result<BringCheckpointOutcome, StoreError> {
        absent(TAKE_IN)
    }

    async fn admit(&self, _: AdmitRequest) -> Result<AdmitOutcome, StoreError> {
        absent(TAKE_IN)
    }

    async fn give_up(&self, _: Handle) -> Result<(), StoreError> {
        absent(TAKE_IN)
    }
}

#[async_trait]
impl AnswerStore for Remote {
    async fn begin_answer(&self, _: BeginAnswer) -> Result<BeginOutcome, StoreError> {
        absent(ANSWERS)
    }

    async fn end_answer(&self, _: EndAnswer) -> Result<EndOutcome, StoreError> {
        absent(ANSWERS)
    }

    async fn drop_answer(&self, _: AnswerKey, _: [u8; 16]) -> Result<(), StoreError> {
        absent(ANSWERS)
    }

    async fn forget_answers(&self, _: usize) -> Result<usize, StoreError> {
        absent(ANSWERS)
    }
}

#[async_trait]
impl InstanceStore for Remote {
    async fn commit_turns(&self, turns: Vec<Arc<TurnRequest>>) -> Vec<Result<TurnOutcome, StoreError>> {
        turns.iter().map(|_turn| absent(INSTANCES)).collect()
    }

    async fn claim(&self, _: ClaimRequest) -> Result<Vec<Claimed>, StoreError> {
        absent(INSTANCES)
    }

    async fn free(&self, _: Vec<FreeRequest>) -> Result<(), StoreError> {
        absent(INSTANCES)
    }

    async fn history(&self, _: HistoryRequest) -> Result<HistoryPage, StoreError> {
        absent("read histories as they are stored")
    }

    /// The one thing that others send.
    async fn post(&self, request: PostRequest) -> Result<PostOutcome, StoreError> {
        let Mail::CancelRequested { reason, .. } = request.mail else {
            return absent("send that to instances");
        };
        let id = request.id.as_str().to_owned();
        let end = End { reason: Some(reason), now: false };
        match self.ask(|client| async move { client.cancel(&id, &end).await }).await {
            Ok(_) => Ok(PostOutcome::Posted(MessageId(0))),
            Err(error) => match error.code() {
                Some("ENDED" | "INVALID_TRANSITION") => Ok(PostOutcome::Ended),
                Some("NOT_FOUND") => Ok(PostOutcome::NotFound),
                _ => Err(self.error(error)),
            },
        }
    }

    async fn mail(&self, _: MailRequest) -> Result<Mailed, StoreError> {
        absent(INSTANCES)
    }

    async fn attend(&self) -> Result<Attention, StoreError> {
        absent(INSTANCES)
    }

    async fn next_wake(&self) -> Result<Option<WallTime>, StoreError> {
        absent(INSTANCES)
    }
}

#[async_trait]
impl TaskStore for Remote {
    async fn claim_tasks(&self, _: TaskClaim) -> Result<GivenTasks, StoreError> {
        absent(TASKS)
    }

    async fn end_task(&self, _: TaskEnd) -> Result<TaskOutcome, StoreError> {
        absent(TASKS)
    }

    async fn hand_back(&self, _: HandBack) -> Result<TaskOutcome, StoreError> {
        absent(TASKS)
    }

    async fn renew_tasks(
        &self,
        _: WorkerHandle,
        _: Vec<TaskRenewal>,
    ) -> Result<Vec<TaskOutcome>, StoreError> {
        absent(TASKS)
    }

    async fn touch_pins(
        &self,
        _: WorkerHandle,
        _: Vec<(Namespace, AffinityKey)>,
    ) -> Result<Vec<bool>, StoreError> {
        absent(TASKS)
    }

    async fn pins(&self, request: PinsRequest) -> Result<Vec<Pin>, StoreError> {
        self.some_pins(request).await
    }

    async fn move_pin(&self, request: MovePin) -> Result<MovePinOutcome, StoreError> {
        self.pin_moved(request).await
    }

    async fn tasks_of(&self, _: Handle) -> Result<Vec<ListedTask>, StoreError> {
        absent("list tasks as they are stored")
    }

    async fn next_task_at(&self) -> Result<Option<WallTime>, StoreError> {
        absent(TASKS)
    }
}

#[async_trait]
impl WorkerStore for Remote {
    async fn register(&self, _: RegisterRequest) -> Result<RegisterOutcome, StoreError> {
        absent(TASKS)
    }

    async fn renew_worker(&self, _: RenewWorker) -> Result<WorkerRenewal, StoreError> {
        absent(TASKS)
    }

    async fn retire(&self, _: WorkerHandle) -> Result<(), StoreError> {
        absent(TASKS)
    }

    async fn dismiss(&self, request: Dismiss) -> Result<DismissOutcome, StoreError> {
        self.dismissed(request).await
    }

    async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        self.all_workers().await
    }
}

#[async_trait]
impl TokenStore for Remote {
    async fn create_token(&self, _: CreateToken) -> Result<CreateTokenOutcome, StoreError> {
        absent("choose the secrets of tokens")
    }

    async fn token_by_hash(&self, _: SecretHash) -> Result<Option<Token>, StoreError> {
        absent("look tokens up by their secrets")
    }

    async fn tokens(&self, request: TokensRequest) -> Result<TokensPage, StoreError> {
        self.some_tokens(request).await
    }

    async fn revoke_token(&self, request: RevokeToken) -> Result<RevokeTokenOutcome, StoreError> {
        self.token_revoked(request).await
    }

    async fn rotate_token(&self, _: RotateToken) -> Result<RotateTokenOutcome, StoreError> {
        absent("choose the secrets of tokens")
    }

    async fn touch_token(&self, _: TokenId) -> Result<(), StoreError> {
        absent("say that tokens were used")
    }
}
