//! When a request is sent again.

use std::time::Duration;

use crate::ClientError;
use crate::call::Twice;

/// For how long a client tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// How long an answer may take to begin.
    pub answer: Duration,
    /// How long a stream may be silent before it is taken for dead. Longer than the server's heartbeat of 15 s.
    pub silence: Duration,
    /// For how long a request that is safe to be sent again is; zero: it is sent once.
    pub total: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(30),
            silence: Duration::from_secs(40),
            total: Duration::from_secs(10),
        }
    }
}

/// The first pause before a request is sent again; the next ones are twice as long each.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long to wait before try number `tries` + 1; `None` when the request is not to be sent again.
pub(crate) fn pause(error: &ClientError, twice: &Twice, tries: u32) -> Option<Duration> {
    let backoff = FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(PAUSE_MAX);
    match error {
        ClientError::Unreachable { .. } => Some(backoff),
        ClientError::Unanswered { .. } => (*twice != Twice::More).then_some(backoff),
        // Whoever is refused for now did not get anything done. A conflict is for the caller to decide anew.
        ClientError::Refused(problem) if problem.retryable && problem.code != "CONFLICT" => {
            let asked = problem.retry_after_ms.map_or(Duration::ZERO, Duration::from_millis);
            Some(asked.max(backoff))
        }
        ClientError::Refused(_) | ClientError::Unreadable { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unanswered() -> ClientError {
        ClientError::Unanswered { source: "cut".into() }
    }

    #[test]
    fn what_may_have_been_done_is_sent_again_only_where_twice_is_once() {
        for twice in [Twice::Same, Twice::Keyed(None)] {
            assert!(pause(&unanswered(), &twice, 1).is_some(), "{twice:?}");
        }
        assert_eq!(pause(&unanswered(), &Twice::More, 1), None);
        let unreachable = ClientError::Unreachable { source: "refused".into() };
        assert!(pause(&unreachable, &Twice::More, 1).is_some(), "it was not sent");
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        let pauses: Vec<_> =
            (1..9).map(|tries| pause(&unanswered(), &Twice::Same, tries).unwrap().as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1600, 2000, 2000]);
    }
}
