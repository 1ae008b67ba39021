//! From the options of `tenure run` to what is to be claimed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tenure_core::id::{ActorId, GroupName, InvalidName, Key, Namespace};
use tenure_core::kind::IdleRule;
use tenure_core::lease::{Place, RunTimes};
use tenure_core::limits;
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_core::session::{Autosave, Recipe, Session, Watched};
use tenure_core::workspace::parse_reason;

use super::claim::Wish;
use crate::args::run::{IfFull, IfHeld, JoinArgs, OnLost, RunArgs};

/// What `args` wish for, run in `directory`.
pub(super) fn wish(namespace: Namespace, args: &RunArgs, directory: Option<&Path>) -> Result<Wish, Refusal> {
    let place = place();
    let key = args.key.as_deref().map(|key| Key::parse(key).map_err(name("key"))).transpose()?;
    let actor = match &args.actor_id {
        Some(actor) => ActorId::parse(actor),
        None => ActorId::parse(&format!("run/{}/{}", place.host, place.pid)),
    };
    let times = RunTimes::new(args.ttl, args.grace)?;
    Ok(Wish {
        namespace,
        key,
        actor: actor.map_err(name("actor id"))?,
        place,
        times,
        labels: labels(&args.labels)?,
        command: args.command.iter().map(|word| word.to_string_lossy().into_owned()).collect(),
        directory: directory.map(|directory| directory.to_string_lossy().into_owned()),
        idle: idle(args)?,
        takeover: args.takeover.as_deref().map(parse_reason).transpose()?,
        is_fresh: args.fresh,
        group: args
            .group
            .group
            .as_deref()
            .map(|group| GroupName::parse(group).map_err(name("group")))
            .transpose()?,
        waits: waits(args),
        recipe: recipe(args, directory, times)?,
        if_held: args.if_held,
        on_lost: args.on_lost,
    })
}

/// What has to be known to run it again.
fn recipe(args: &RunArgs, directory: Option<&Path>, times: RunTimes) -> Result<Recipe, Refusal> {
    let is_text = args.command.iter().all(|word| word.to_str().is_some());
    let bytes = |word: &OsString| word.as_bytes().to_vec();
    let raw_directory = directory.filter(|directory| directory.to_str().is_none());
    Ok(Recipe {
        raw_command: if is_text { Vec::new() } else { args.command.iter().map(bytes).collect() },
        raw_directory: raw_directory.map(|directory| directory.as_os_str().as_bytes().to_vec()),
        actor: args.actor_id.as_deref().map(ActorId::parse).transpose().map_err(name("actor id"))?,
        times,
        outlives_lease: args.on_lost == OnLost::Continue,
        record_limit: (!args.no_record).then_some(args.record_limit),
        watch: args.watch.as_ref().map(|directory| Watched {
            directory: directory.as_os_str().as_bytes().to_vec(),
            limit: args.watch_limit,
        }),
        autosave: args.checkpoint_file.as_ref().map(|file| Autosave {
            file: file.as_os_str().as_bytes().to_vec(),
            interval: args.checkpoint_interval,
        }),
        refused_exit: args.refused_exit,
        auto_resume: !args.no_auto_resume,
        waits: waits(args),
    })
}

/// The options by which `session` was run, once more.
pub(super) fn again(session: &Session, recipe: &Recipe) -> RunArgs {
    let words = session.command.iter().map(OsString::from);
    let raw = recipe.raw_command.iter().map(|word| OsString::from_vec(word.clone()));
    RunArgs {
        key: session.key.as_ref().map(|key| key.as_str().to_owned()),
        ttl: recipe.times.ttl().length(),
        grace: recipe.times.grace(),
        on_lost: if recipe.outlives_lease { OnLost::Continue } else { OnLost::Stop },
        if_held: IfHeld::Fail,
        takeover: None,
        fresh: false,
        no_auto_resume: !recipe.auto_resume,
        idle_timeout: session.idle.filter(|rule| !rule.spares_held).map(|rule| rule.after),
        labels: Vec::new(),
        actor_id: recipe.actor.as_ref().map(|actor| actor.as_str().to_owned()),
        no_record: recipe.record_limit.is_none(),
        record_limit: recipe.record_limit.unwrap_or_default(),
        watch: recipe.watch.as_ref().map(|watched| path(&watched.directory)),
        watch_limit: recipe.watch.as_ref().map_or(0, |watched| watched.limit),
        checkpoint_file: recipe.autosave.as_ref().map(|autosave| path(&autosave.file)),
        checkpoint_interval: recipe.autosave.as_ref().map_or(Duration::ZERO, |autosave| autosave.interval),
        refused_exit: recipe.refused_exit,
        detach: false,
        detached: false,
        group: JoinArgs {
            group: session.group.as_ref().map(|group| group.as_str().to_owned()),
            group_limit: None,
            if_full: Some(if recipe.waits { IfFull::Wait } else { IfFull::Refuse }),
        },
        command: if recipe.raw_command.is_empty() { words.collect() } else { raw.collect() },
    }
}

fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// Where `session` was run.
pub(super) fn directory(session: &Session, recipe: &Recipe) -> Option<PathBuf> {
    let raw = recipe.raw_directory.clone().map(|bytes| PathBuf::from(OsString::from_vec(bytes)));
    raw.or_else(|| session.directory.as_ref().map(PathBuf::from))
}

fn waits(args: &RunArgs) -> bool {
    args.group.if_full == Some(IfFull::Wait)
}

/// A silent command is not an idle one: only when nobody holds the session any more does it expire, unless
/// a time-out was asked for.
fn idle(args: &RunArgs) -> Result<IdleRule, Refusal> {
    match args.idle_timeout {
        None => Ok(IdleRule { after: limits::AGENT_IDLE_AFTER, spares_held: true }),
        Some(after) => {
            let after = LimitRefusal::span("idle time-out", after).map_err(Refusal::Limit)?;
            Ok(IdleRule { after, spares_held: false })
        }
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
