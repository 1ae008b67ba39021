//! `tenure append`: events of the owner's, or messages to it.

use std::cell::Cell;
use std::io::Read;

use anyhow::Context;
use serde_json::Value;
use tenure_core::event::{EventBody, EventDraft, is_reserved};
use tenure_core::id::{EventId, EventType, Fence, Seq, SessionId};
use tenure_core::limits;
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_engine::{Engine, EngineError};
use tenure_store::{AppendOutcome, AppendRequest, Handle, Listed};

use super::{append_batch, given, ownership};
use crate::app::App;
use crate::args::session::AppendArgs;
use crate::exit::Exit;
use crate::render::session::Appended;
use tenure_words::{Problem, lines};

/// Appends one event, or as many as there are lines.
pub(super) async fn execute(app: &App, args: &AppendArgs) -> anyhow::Result<Exit> {
    if let Some(file) = &args.batch {
        return append_batch::execute(app, args, file).await;
    }
    let event = EventDraft {
        id: args.id.as_deref().map(id).transpose()?,
        data: EventBody::Given {
            kind: kind(args.kind.as_deref().unwrap_or_default())?,
            json: payload(&args.data)?,
        },
    };
    let to = Appending::to(app, args).await?;
    one("append", app, &to, event).await
}

/// Appends one event, and says so.
pub(super) async fn one(
    verb: &'static str,
    app: &App,
    to: &Appending<'_>,
    event: EventDraft,
) -> anyhow::Result<Exit> {
    let (seq, is_known) = match to.append(vec![event]).await? {
        AppendOutcome::Known { seqs, .. } => (seqs[0], true),
        AppendOutcome::Appended { last, .. } => (last, false),
        refused => unreachable!("the engine makes an error of {refused:?}"),
    };
    app.out.report(&Appended { verb, session: to.session.clone(), seq, fence: to.fence, is_known })?;
    app.sweep(to.engine).await;
    Ok(Exit::Success)
}

/// Where events are appended, and under which fence.
pub(super) struct Appending<'a> {
    pub(super) engine: &'a Engine,
    pub(super) session: SessionId,
    pub(super) fence: Option<Fence>,
    handle: Handle,
    head: Cell<Seq>,
}

impl<'a> Appending<'a> {
    /// What the options say.
    pub(super) async fn to(app: &'a App, args: &AppendArgs) -> anyhow::Result<Self> {
        let (engine, listed) = app.named(&args.name).await?;
        let fence = ownership::of_session(app, &listed.session.id, given::fence(args.fence));
        Self::of(engine, listed, fence).await
    }

    /// A session's log, under a fence or as its inbox.
    pub(super) async fn of(engine: &'a Engine, listed: Listed, fence: Option<Fence>) -> anyhow::Result<Self> {
        let session = listed.session.id;
        // An event says when it was; a clock that cannot be used must not date it to 1970.
        if engine.store().now().await?.wall.is_none() {
            return Err(EngineError::Refused { refusal: Refusal::Clock, raced: false }.into());
        }
        Ok(Self { engine, session, fence, handle: listed.handle, head: Cell::new(listed.head) })
    }

    /// Appends these, in one durable write.
    pub(super) async fn append(&self, events: Vec<EventDraft>) -> Result<AppendOutcome, EngineError> {
        let request = AppendRequest {
            commit_id: self.engine.ids().commit_id(),
            handle: self.handle,
            fence: self.fence,
            events,
            after: self.head.get(),
        };
        let outcome = self.engine.append(request).await?;
        let last = match &outcome {
            AppendOutcome::Appended { last, .. } => Some(*last),
            AppendOutcome::Known { seqs, .. } => seqs.iter().max().copied(),
            _ => None,
        };
        self.head.set(self.head.get().max(last.unwrap_or_default()));
        Ok(outcome)
    }
}

/// A caller's name for an event.
pub(super) fn id(text: &str) -> anyhow::Result<EventId> {
    EventId::parse(text).map_err(given::name("event id"))
}

/// The type of an event that callers may append.
pub(super) fn kind(text: &str) -> anyhow::Result<EventType> {
    let kind = EventType::parse(text).map_err(given::name("event type"))?;
    if is_reserved(&kind) {
        let problem =
            Problem::refused("RESERVED_TYPE", format!("events of type `{kind}` are written by Tenure only"));
        return Err(problem.hint("choose another type, a custom one for example: `x.<name>`").into());
    }
    Ok(kind)
}

/// The payload as text, known to be JSON of bounded size.
pub(super) fn payload(data: &str) -> anyhow::Result<String> {
    let json = if data == "-" { standard_input()? } else { data.to_owned() };
    check_length(&json)?;
    match serde_json::from_str::<Value>(&json) {
        Ok(_) => Ok(json),
        Err(error) => Err(Problem::usage("the payload is not JSON")
            .details(lines(&error.to_string()))
            .hint("--data '{\"step\": 3}'")
            .into()),
    }
}

/// A payload has a bounded size.
pub(super) fn check_length(json: &str) -> anyhow::Result<()> {
    let (length, max) = (json.len(), limits::EVENT_BYTES_MAX);
    if length > max {
        return Err(given::refuse(LimitRefusal::Bytes { what: "payload", length, max }));
    }
    Ok(())
}

/// No more than is needed to know that it is too much.
fn standard_input() -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    let most = limits::EVENT_BYTES_MAX as u64 + 1;
    std::io::stdin().lock().take(most).read_to_end(&mut bytes).context("read the payload")?;
    String::from_utf8(bytes).map_err(|_not_utf8| Problem::usage("the payload is not UTF-8 text").into())
}
