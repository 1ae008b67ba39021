//! Names of new things: the one source of randomness.

use std::fmt::Debug;

use tenure_core::id::{CheckpointId, CommitId, Incarnation, SessionId};
use tenure_core::time::WallTime;
use ulid::Ulid;

/// Makes names nobody else makes.
pub trait Ids: Debug + Send + Sync {
    /// Sixteen random bytes.
    fn random(&self) -> [u8; 16];

    /// What a code's random values are drawn from.
    fn seed(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.random();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }

    /// A session's id: `ses_` and a ULID of that time.
    fn session_id(&self, at: Option<WallTime>) -> SessionId {
        let at_ms = at.map_or(0, WallTime::epoch_ms);
        let ulid = Ulid::from_parts(at_ms, u128::from_be_bytes(self.random()));
        let text = format!("{}{ulid}", SessionId::PREFIX);
        SessionId::parse(&text).expect("a prefix and a ULID are visible ASCII of bounded length")
    }

    /// A checkpoint's id: `ckp_` and a ULID of that time.
    fn checkpoint_id(&self, at: Option<WallTime>) -> CheckpointId {
        let at_ms = at.map_or(0, WallTime::epoch_ms);
        let ulid = Ulid::from_parts(at_ms, u128::from_be_bytes(self.random()));
        let text = format!("{}{ulid}", CheckpointId::PREFIX);
        CheckpointId::parse(&text).expect("a prefix and a ULID are visible ASCII of bounded length")
    }

    /// A holder's incarnation.
    fn incarnation(&self) -> Incarnation {
        Incarnation(self.random())
    }

    /// A commit's name.
    fn commit_id(&self) -> CommitId {
        CommitId(self.random())
    }
}

/// Names from the operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the operating system gives randomness");
        bytes
    }
}
