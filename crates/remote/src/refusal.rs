//! From a server's problems to the errors of an engine.
//!
//! Those on which callers decide are the engine's own; all others stay what the server said.

use serde_json::Value;
use tenure_api::{HeldBy, Problem};
use tenure_client::{Address, ClientError};
use tenure_core::id::{Fence, GroupName, Key, Revision, Seq, SessionId};
use tenure_core::kind::Kind;
use tenure_core::refusal::{Existing, Held, Refusal};
use tenure_core::session::{Full, StateName};
use tenure_engine::EngineError;
use tenure_store::{Said, StoreError};

/// An error as a store has it.
pub(crate) fn store(error: ClientError, at: &Address) -> StoreError {
    let at = at.as_str().to_owned();
    match error {
        ClientError::Refused(problem) => StoreError::Said(Box::new(said(&problem))),
        ClientError::Unreachable { source } => StoreError::Unreachable { at, is_sent: false, source },
        ClientError::Unanswered { source } => StoreError::Unreachable { at, is_sent: true, source },
        ClientError::Unreadable { what } => crate::told::unreadable(what),
    }
}

fn said(problem: &Problem) -> Said {
    let fact = |(name, value): (&String, &Value)| (name.clone(), value.to_string());
    Said {
        code: problem.code.clone(),
        status: problem.status,
        is_passing: problem.retryable,
        statement: problem.detail.clone(),
        details: problem.details.clone(),
        hints: problem.hint.iter().flat_map(|hint| hint.lines()).map(str::to_owned).collect(),
        facts: problem.facts.iter().map(fact).collect(),
    }
}

/// An error as an engine has it, of a command that people type as `verb`. A refusal that would be worded otherwise here
/// is another one than its code says.
pub(crate) fn engine(error: ClientError, at: &Address, verb: &'static str) -> EngineError {
    if let ClientError::Refused(problem) = &error
        && let Some(known) = known(problem, verb)
        && tenure_words::engine(&known).primary == problem.detail
    {
        return known;
    }
    EngineError::Store(store(error, at))
}

/// The sessions that an ambiguous name means.
pub(crate) fn matches(error: &ClientError) -> Vec<String> {
    let ClientError::Refused(problem) = error else { return Vec::new() };
    let all = problem.facts.get("matches").and_then(Value::as_array);
    all.into_iter().flatten().filter_map(|one| Some(one.get("id")?.as_str()?.to_owned())).collect()
}

/// The problem as a refusal on which callers decide, if it is one and says all of it.
fn known(problem: &Problem, verb: &'static str) -> Option<EngineError> {
    let facts = Facts(problem);
    let refusal = match problem.code.as_str() {
        "HELD" => Refusal::Held(facts.held()?),
        "HELD_BY_RUN" => Refusal::HeldByRun(facts.held()?),
        "LEASE_OVER" => Refusal::LeaseOver(facts.held()?),
        "ABANDONED" => {
            Refusal::Abandoned { held: facts.held()?, is_gone: facts.of("holder_gone")?.as_bool()? }
        }
        "FENCED" => Refusal::Fenced {
            given: Fence(facts.number("given_fence")?),
            current: Fence(facts.number("current_fence")?),
            holder: facts.held(),
        },
        "CONFLICT" => Refusal::Conflict {
            verb,
            expected: Revision(facts.number("expected_revision")?),
            actual: Revision(facts.number("current_revision")?),
        },
        "INVALID_TRANSITION" => Refusal::Transition {
            session: facts.session()?,
            from: facts.state("from")?,
            to: facts.state("to")?,
        },
        "WRONG_KIND" => Refusal::WrongKind { kind: Kind::parse(facts.text("kind")?)?, verb },
        "GROUP_FULL" => Refusal::GroupFull(Box::new(facts.full(problem)?)),
        "CLOCK_UNUSABLE" => Refusal::Clock,
        "NOT_IDLE" => Refusal::NotIdle,
        "ENDED" => match facts.existing() {
            Some(existing) => Refusal::Ended(existing),
            None => return Some(EngineError::Ended),
        },
        "ID_IN_USE" => Refusal::IdInUse(facts.existing()?),
        "KEY_IN_USE" => Refusal::KeyInUse(facts.existing()?),
        "NOT_ENDED" => Refusal::NotEnded(facts.existing()?),
        "NOT_STARTED" => Refusal::NotStarted(facts.existing()?),
        "RETAINED" => Refusal::Retained(facts.existing()?),
        "NOT_RETAINED" => Refusal::NotRetained(facts.existing()?),
        "NOT_HELD" => Refusal::NotHeld(facts.existing()?),
        "PAUSED" => Refusal::Paused(facts.existing()?),
        "NOT_SHUT_DOWN" => Refusal::NotShutDown(facts.existing()?),
        "NOT_A_RUN" => Refusal::NotARun(facts.existing()?),
        "NOT_FOUND" => Refusal::NotFound,
        "COMPACTED" => return Some(EngineError::Compacted { earliest: Seq(facts.number("earliest")?) }),
        _ => return None,
    };
    Some(EngineError::Refused { refusal, raced: false })
}

/// What a problem says for programs.
struct Facts<'a>(&'a Problem);

impl Facts<'_> {
    fn of(&self, name: &str) -> Option<&Value> {
        self.0.facts.get(name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.of(name)?.as_str()
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.of(name)?.as_u64()
    }

    fn state(&self, name: &str) -> Option<StateName> {
        let text = self.text(name)?;
        StateName::ALL.into_iter().find(|state| state.name() == text)
    }

    fn session(&self) -> Option<SessionId> {
        SessionId::parse(self.text("session")?).ok()
    }

    fn existing(&self) -> Option<Box<Existing>> {
        let key = self.text("key").map(Key::parse).transpose().ok()?;
        Some(Box::new(Existing { session: self.session()?, key, state: self.state("state")? }))
    }

    /// Who holds the session. In which state that is is told only in words.
    fn held(&self) -> Option<Box<Held>> {
        let held: HeldBy = serde_json::from_value(self.of("holder")?.clone()).ok()?;
        let key = self.text("key").map(Key::parse).transpose().ok()?;
        let state = self.state("state").unwrap_or(StateName::Active);
        Some(Box::new(held.read(Existing { session: self.session()?, key, state }).ok()?))
    }

    fn full(&self, problem: &Problem) -> Option<Full> {
        let active = problem.facts.get("active")?.as_array()?;
        Some(Full {
            group: GroupName::parse(self.text("group")?).ok()?,
            limit: u32::try_from(self.number("limit")?).ok()?,
            active: active.iter().filter_map(|id| SessionId::parse(id.as_str()?).ok()).collect(),
            waiting: self.number("waiting")?.try_into().ok()?,
        })
    }
}
