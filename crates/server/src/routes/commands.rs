//! Changes as the rules name them, for Tenure's own programs elsewhere.

use axum::Json as Answered;
use axum::extract::{Path, State};
use tenure_api::command::{Aim, CommandAnswer, CommandRequest, Warning, Written};
use tenure_api::{Instant, Problem, Seen};
use tenure_core::access::Role;
use tenure_core::refusal::{Existing, Refusal};
use tenure_core::session::{Command, Session};
use tenure_engine::{Applied, Target};
use tenure_store::{Find, Handle, Listed, Slot};

use super::{Here, SessionAnswer, Write, named, shown};
use crate::answer::{Answer, Failure};
use crate::body::Json;
use crate::caller::Caller;
use crate::setup::Served;

/// Carries out a change as the rules name it
///
/// What `tenure` on another machine asks for: it names holders, ids and incarnations by itself. For programs of one's own,
/// the routes of sessions say the same in fewer words.
#[utoipa::path(post, path = "/v1/commands", tag = "sessions", request_body = CommandRequest,
    security(("token" = ["owner"])),
    params(("Fence" = Option<u64>, Header, description = "Under which the session is held"),
        ("If-Match" = Option<String>, Header, description = "The revision that the session must have")),
    responses((status = 200, body = CommandAnswer),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn apply(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Json(wish): Json<CommandRequest>,
) -> Answer<Answered<CommandAnswer>> {
    let senseless = |wrong: tenure_api::Unreadable| Failure::usage(format!("in the command, {wrong}"));
    let aim = wish.target.read().map_err(senseless)?;
    let command = wish.command.read(&caller.namespace).map_err(senseless)?;
    let command = on_behalf(command, &caller)?;
    let (target, before) = target(&served, &caller, (aim, opens(&command))).await?;
    if let Some(handle) = before.filter(|_| takes_over(&command)) {
        served.setup.alive.ensure_gone(handle).await?;
    }
    let done = engine.apply_under(&target, &command, guards.under()).await;
    answered(&engine, &caller, guards.judged(done)?).await.map(Answered)
}

/// Whether it opens a session where there is none.
const fn opens(command: &Command) -> bool {
    matches!(command, Command::StartRun(_) | Command::Create(_) | Command::WorkspaceStart(_))
}

/// Whether a holder's processes must be gone before this.
const fn takes_over(command: &Command) -> bool {
    match command {
        Command::Takeover { .. } | Command::WorkspaceTakeover(_) | Command::Rerun(_) => true,
        Command::StartRun(start) => start.takeover.is_some(),
        _ => false,
    }
}

/// The command on behalf of whom the caller may act for. Workspaces belong to nobody, and are administrators'.
fn on_behalf(mut command: Command, caller: &Caller) -> Answer<Command> {
    let is_admin = caller.role == Role::Admin;
    match &mut command {
        Command::StartRun(start) if !is_admin || start.principal.is_none() => {
            start.principal = caller.principal.clone();
        }
        Command::Create(create) if !is_admin || create.principal.is_none() => {
            create.principal = caller.principal.clone();
        }
        Command::WorkspaceStart(_)
        | Command::WorkspaceHeartbeat(_)
        | Command::WorkspaceTakeover(_)
        | Command::WorkspaceClear(_)
            if !is_admin =>
        {
            let statement = "workspaces belong to nobody: only an administrator holds them";
            return Err(tenure_words::Problem::refused("FORBIDDEN", statement).into());
        }
        _ => {}
    }
    Ok(command)
}

/// What the command is about, and the session that is there. Those that the caller may not see are not there, but keep
/// their ids, and their keys for as long as they are open. Only what opens a session may find another one when it is
/// carried out than was found here.
async fn target(
    served: &Served,
    caller: &Caller,
    (aim, opens): (Aim, bool),
) -> Answer<(Target, Option<Handle>)> {
    let namespace = || caller.namespace.clone();
    let slot = |(kind, key)| Slot { namespace: namespace(), kind, key };
    let (target, name, found) = match aim {
        Aim::Nothing => return Ok((Target::New, None)),
        Aim::Session(id) => {
            let found = find(served, Find::Id { namespace: namespace(), id: id.clone() }).await?;
            let seen = found.filter(|(_, session)| caller.sees(session));
            let (handle, _) = seen.ok_or_else(|| Failure::not_found(id.as_str()))?;
            return Ok((Target::Session(handle), Some(handle)));
        }
        Aim::Slot(kind, key) => {
            let (name, slot) = (key.as_str().to_owned(), slot((kind, key)));
            let found = find(served, Find::Slot(slot.clone())).await?;
            (Target::Slot(slot), name, found)
        }
        Aim::Id(id, at) => {
            let (name, slot) = (id.as_str().to_owned(), at.map(slot));
            let found = match find(served, Find::Id { namespace: namespace(), id: id.clone() }).await? {
                Some((_, hidden)) if !caller.sees(&hidden) => {
                    return Err(Failure::refused(Refusal::IdInUse(Box::new(Existing::of(&hidden)))));
                }
                Some(found) => Some(found),
                None => match slot.clone() {
                    Some(slot) => find(served, Find::Slot(slot)).await?,
                    None => None,
                },
            };
            (Target::Id { namespace: namespace(), id, slot }, name, found)
        }
    };
    match found {
        Some((handle, session)) if caller.sees(&session) => {
            let is_open = !session.is_terminal();
            Ok((if opens { target } else { Target::Session(handle) }, is_open.then_some(handle)))
        }
        Some((_, hidden)) if !hidden.is_terminal() => {
            Err(Failure::refused(Refusal::KeyInUse(Box::new(Existing::of(&hidden)))))
        }
        Some(_) | None if opens || caller.role == Role::Admin => Ok((target, None)),
        Some(_) | None => Err(Failure::not_found(&name)),
    }
}

async fn find(served: &Served, find: Find) -> Answer<Option<(Handle, Session)>> {
    let found = served.setup.engine.store().find(find).await?;
    Ok(found.handle.zip(found.current.session))
}

/// What became of it. What it was for may have been there, and not be the caller's to see.
async fn answered(engine: &tenure_engine::Engine, caller: &Caller, done: Applied) -> Answer<CommandAnswer> {
    let Applied { before, session, committed, warning } = done;
    if let Some(hidden) = session.as_ref().or(before.as_ref()).filter(|session| !caller.sees(session)) {
        return Err(Failure::refused(Refusal::IdInUse(Box::new(Existing::of(hidden)))));
    }
    let before = before.filter(|session| caller.sees(session));
    let now = engine.store().now().await?;
    // Where their logs stand was not read; where what was written ends is told beside them.
    let document = |session: Session| {
        let is_gone = session.lease.as_ref().is_some_and(|lease| engine.is_gone(lease));
        tenure_api::Session::of(&session, Seen { now: &now, is_gone, log: None }).with_recipe(&session)
    };
    let (before, session) = (before.map(document), session.map(document));
    let written = committed.map(|committed| Written {
        head_seq: committed.head.0,
        revision: committed.revision.0,
        at: Instant(committed.at),
    });
    Ok(CommandAnswer { before, session, written, warning: warning.as_ref().map(Warning::of) })
}

/// Renews a lease, whatever sort of holder has it
///
/// For the process that runs a session's command, which names its fence. What is driven by hand is renewed with `lease`.
#[utoipa::path(post, path = "/v1/sessions/{name}/renew", tag = "lease", security(("token" = ["owner"])),
    params(("name" = String, Path, description = "An id, or a key"),
        ("Fence" = u64, Header, description = "Under which the session is held")),
    responses((status = 200, body = tenure_api::Session),
        (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn renew(
    State(served): Here,
    Write { caller, engine, guards }: Write,
    Path(name): Path<String>,
) -> Answer<SessionAnswer> {
    let fence = guards.fence()?;
    let listed = named(&served, &caller, &name).await?;
    let session = engine.keep(listed.handle, fence).await?;
    shown(&engine, &Listed { session, ..listed }).await
}
