//! Names of new things: the one source of randomness.

use std::cell::RefCell;
use std::fmt::Debug;

use tenure_core::id::{CheckpointId, CommitId, Incarnation, SessionId, TokenId};
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

    /// A token's id: `tok_` and a ULID of that time.
    fn token_id(&self, at: Option<WallTime>) -> TokenId {
        let at_ms = at.map_or(0, WallTime::epoch_ms);
        let ulid = Ulid::from_parts(at_ms, u128::from_be_bytes(self.random()));
        let text = format!("{}{ulid}", TokenId::PREFIX);
        TokenId::parse(&text).expect("a prefix and a ULID are visible ASCII of bounded length")
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

/// Randomness that was drawn and not used yet: asking the system for each name costs more than all the rest of it. A
/// process that is forked would use it twice; but it could not use an open store either.
struct Drawn {
    bytes: [u8; DRAWN_AT_ONCE],
    left: usize,
}

const DRAWN_AT_ONCE: usize = 1024;

thread_local! {
    static DRAWN: RefCell<Drawn> = const { RefCell::new(Drawn { bytes: [0; DRAWN_AT_ONCE], left: 0 }) };
}

impl Drawn {
    #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    fn next(&mut self) -> [u8; 16] {
        if self.left == 0 {
            getrandom::fill(&mut self.bytes).expect("the operating system gives randomness");
            self.left = DRAWN_AT_ONCE;
        }
        let (before, used) = self.bytes.split_at_mut(self.left - 16);
        self.left = before.len();
        let mut random = [0; 16];
        random.copy_from_slice(&used[..16]);
        random
    }
}

impl Ids for SystemIds {
    fn random(&self) -> [u8; 16] {
        DRAWN.with_borrow_mut(Drawn::next)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_randomness_is_used_twice() {
        let draw = || (0..1000).map(|_| SystemIds.random()).collect::<Vec<_>>();
        let all = std::thread::scope(|scope| {
            let (one, other) = (scope.spawn(draw), scope.spawn(draw));
            [one.join().unwrap(), other.join().unwrap(), draw()].concat()
        });
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 3000);
        let zeros = all.iter().flatten().filter(|byte| **byte == 0).count();
        assert!(zeros < 1000, "{zeros} of 48,000 bytes are 0");
    }
}
