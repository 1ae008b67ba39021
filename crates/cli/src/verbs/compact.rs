//! `tenure compact`: drop the beginning of a log.

use tenure_core::id::Seq;
use tenure_core::refusal::{Existing, Refusal};

use super::given;

use crate::app::App;
use crate::args::session::CompactArgs;
use crate::exit::Exit;
use crate::render::session::Compacted;
use tenure_words::Problem;

/// Drops what is before a position, or says what that would be.
pub(super) async fn execute(app: &App, args: &CompactArgs) -> anyhow::Result<Exit> {
    let (engine, listed) = app.named(&args.name).await?;
    let head = listed.head;
    let before = match (args.before, args.keep) {
        (Some(before), _) => Seq(before),
        (None, keep) => Seq(head.0.saturating_sub(keep.unwrap_or(u64::MAX)).saturating_add(1)),
    };
    if before > head.next() {
        let statement = format!("the session's newest event is at position {head}");
        return Err(Problem::usage(statement).hint("tenure events <name> --newest 10").into());
    }
    if args.dry_run && listed.session.retained.is_some() {
        return Err(given::refuse(Refusal::Retained(Box::new(Existing::of(&listed.session)))));
    }
    let from = listed.earliest;
    let earliest =
        if args.dry_run { before.max(from) } else { engine.compact(listed.handle, before).await? };
    app.warn_of_damage();
    let session = listed.session.id;
    app.out.report(&Compacted { session, from, earliest, head, is_dry: args.dry_run })?;
    if !args.dry_run {
        app.sweep(engine).await;
    }
    Ok(Exit::Success)
}
