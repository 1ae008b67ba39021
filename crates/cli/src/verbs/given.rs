//! What was given on the command line, checked by the rules' own limits.

use tenure_core::id::{ActorId, Fence, InvalidName, Principal};
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_core::workspace::{ActivityText, parse_reason};
use tenure_engine::EngineError;

/// A rule's no, as an error.
pub(super) fn refuse(refusal: impl Into<Refusal>) -> anyhow::Error {
    EngineError::Refused { refusal: refusal.into(), raced: false }.into()
}

/// The id of an actor.
pub(super) fn actor(text: &str) -> anyhow::Result<ActorId> {
    ActorId::parse(text).map_err(name("actor id"))
}

/// The name of a principal.
pub(super) fn principal(text: &str) -> anyhow::Result<Principal> {
    Principal::parse(text).map_err(name("principal"))
}

/// The id of an actor, if one was given.
pub(super) fn optional_actor(text: Option<&str>) -> anyhow::Result<Option<ActorId>> {
    text.map(actor).transpose()
}

/// The id of a supervisor, if one was given.
pub(super) fn supervisor(text: Option<&str>) -> anyhow::Result<Option<ActorId>> {
    text.map(|text| ActorId::parse(text).map_err(name("supervisor id"))).transpose()
}

/// Why something is done.
pub(super) fn reason(text: &str) -> anyhow::Result<String> {
    parse_reason(text).map_err(refuse)
}

/// What is being done, if something was said.
pub(super) fn activity(text: Option<&str>) -> anyhow::Result<Option<ActivityText>> {
    Ok(text.map(ActivityText::parse).transpose().map_err(refuse)?.flatten())
}

/// What is wrong with a name for `what`.
pub(super) fn name(what: &'static str) -> impl Fn(InvalidName) -> anyhow::Error {
    move |why| refuse(LimitRefusal::Name { what, why })
}

/// A fence, if one was given.
pub(super) fn fence(number: Option<u64>) -> Option<Fence> {
    number.map(Fence)
}
