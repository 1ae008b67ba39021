//! From the options of `tenure run` to what is to be claimed.

use std::collections::BTreeMap;
use std::path::Path;

use tenure_core::id::{ActorId, InvalidName, Key, Namespace};
use tenure_core::kind::IdleRule;
use tenure_core::lease::{Place, RunTimes};
use tenure_core::limits;
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_core::workspace::parse_reason;

use super::claim::Wish;
use crate::args::run::RunArgs;

/// What `args` wish for, run in `directory`.
pub(super) fn wish(namespace: Namespace, args: &RunArgs, directory: Option<&Path>) -> Result<Wish, Refusal> {
    let place = place();
    let key = args.key.as_deref().map(|key| Key::parse(key).map_err(name("key"))).transpose()?;
    let actor = match &args.actor_id {
        Some(actor) => ActorId::parse(actor),
        None => ActorId::parse(&format!("run/{}/{}", place.host, place.pid)),
    };
    Ok(Wish {
        namespace,
        key,
        actor: actor.map_err(name("actor id"))?,
        place,
        times: RunTimes::new(args.ttl, args.grace)?,
        labels: labels(&args.labels)?,
        command: args.command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        directory: directory.map(|directory| directory.to_string_lossy().into_owned()),
        idle: idle(args)?,
        takeover: args.takeover.as_deref().map(parse_reason).transpose()?,
        if_held: args.if_held,
        on_lost: args.on_lost,
    })
}

/// A silent command is not an idle one: only when nobody holds the session any more does it expire, unless
/// a time-out was asked for.
fn idle(args: &RunArgs) -> Result<IdleRule, Refusal> {
    match args.idle_timeout {
        None => Ok(IdleRule { after: limits::AGENT_IDLE_AFTER, spares_held: true }),
        Some(after) if !after.is_zero() => Ok(IdleRule { after, spares_held: false }),
        Some(_) => Err(Refusal::Limit(LimitRefusal::Length {
            what: "idle time-out",
            min: std::time::Duration::from_millis(1),
            max: std::time::Duration::MAX,
        })),
    }
}

fn labels(given: &[String]) -> Result<BTreeMap<String, String>, Refusal> {
    if given.len() > limits::LABELS_MAX {
        let (count, max) = (given.len(), limits::LABELS_MAX);
        return Err(LimitRefusal::Count { what: "labels", count, max }.into());
    }
    given.iter().map(|text| label(text)).collect()
}

fn label(text: &str) -> Result<(String, String), Refusal> {
    let (label, value) = text.split_once('=').unwrap_or((text, ""));
    if label.trim().is_empty() {
        return Err(name("label")(InvalidName::Blank));
    }
    let length = label.len().max(value.len());
    if length > limits::LABEL_BYTES_MAX {
        let max = limits::LABEL_BYTES_MAX;
        return Err(LimitRefusal::Bytes { what: "label", length, max }.into());
    }
    Ok((label.to_owned(), value.to_owned()))
}

fn name(what: &'static str) -> impl Fn(InvalidName) -> Refusal {
    move |why| Refusal::Limit(LimitRefusal::Name { what, why })
}

fn place() -> Place {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Place { host: host.into(), pid: std::process::id() }
}
