//! `tenure events`: a session's log, from a position on, live if asked for.

use std::pin::pin;

use tenure_core::event::{Event, EventBody, Stream, TerminalEvent};
use tenure_core::id::{Seq, SessionId};
use tenure_engine::Next;

use crate::app::App;
use crate::args::session::EventsArgs;
use crate::exit::Exit;
use crate::out::{Out, Unread, reader_gone};
use crate::render::event::Lines;

/// Shows the log as it is, and as it grows.
pub(super) async fn execute(app: &App, args: &EventsArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let types = if args.raw { vec!["terminal".to_owned()] } else { args.types.clone() };
    let after = match args.newest {
        Some(count) => engine.before_newest(listed.handle, count, &types).await?,
        None => Seq(args.after),
    };
    let mut tail = engine.tail(listed.handle, after, types);
    let mut view = View::new(&app.out, listed.session.id, args.raw);
    // Whoever follows wants the newest there are, and then those that come.
    let mut left = args.limit.or_else(|| args.newest.filter(|_| !args.follow)).unwrap_or(u64::MAX);
    let mut is_told = false;
    let mut reader_gone = pin!(reader_gone());
    while left > 0 {
        let events = if args.follow {
            tokio::select! {
                next = tail.next() => followed(next?),
                // What nobody reads is not waited for.
                () = &mut reader_gone => return Err(Unread.into()),
            }
        } else {
            tail.page().await?
        };
        if let (false, Some(earliest)) = (is_told, tail.skipped_to().filter(|_| args.newest.is_none())) {
            is_told = true;
            app.out.warn(&format!("what was before position {earliest} was dropped from this log"));
        }
        if events.is_empty() {
            break;
        }
        for event in events.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            view.show(event)?;
        }
        left = left.saturating_sub(events.len() as u64);
        app.out.flush()?;
    }
    view.finish()?;
    Ok(Exit::Success)
}

/// None at the end.
fn followed(next: Next) -> Vec<Event> {
    match next {
        Next::Events(events) => events,
        Next::Ended(_) | Next::Deleted => Vec::new(),
    }
}

/// How events are shown.
struct View<'a> {
    out: &'a Out,
    session: SessionId,
    form: Form,
}

enum Form {
    Json,
    Raw,
    Text(Box<Lines>),
}

impl<'a> View<'a> {
    fn new(out: &'a Out, session: SessionId, raw: bool) -> Self {
        let form = match (raw, out.is_json()) {
            (true, _) => Form::Raw,
            (false, true) => Form::Json,
            (false, false) => Form::Text(Box::new(Lines::new(out.look()))),
        };
        Self { out, session, form }
    }

    fn show(&mut self, event: &Event) -> anyhow::Result<()> {
        match &mut self.form {
            Form::Json => self.out.json(&tenure_api::Event::of(&self.session, event)),
            Form::Text(lines) => self.out.text(&lines.show(event)),
            Form::Raw => match &event.data {
                EventBody::Terminal(TerminalEvent::Output { stream: Stream::Stderr, bytes }) => {
                    self.out.flush()?;
                    crate::out::complain(bytes);
                    Ok(())
                }
                EventBody::Terminal(TerminalEvent::Output { bytes, .. }) => self.out.bytes(bytes),
                _ => Ok(()),
            },
        }
    }

    fn finish(&mut self) -> anyhow::Result<()> {
        if let Form::Text(lines) = &mut self.form {
            self.out.text(&lines.close())?;
        }
        self.out.flush()
    }
}
