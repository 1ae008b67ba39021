//! What each verb does: ask the engine, hand the answer to `render`.

mod append;
mod append_batch;
mod ask;
mod backup;
mod cancel;
mod check;
mod checkpoint;
mod claim;
mod clear;
mod compact;
mod completions;
mod create;
mod delete;
pub(crate) mod doctor;
mod drive;
mod events;
mod export;
mod facts;
mod files;
mod fork;
mod given;
mod group;
mod guard;
mod hand_over;
mod heartbeat;
mod import;
mod list;
mod meant;
mod ownership;
mod profile;
mod prune;
mod recover;
mod reference;
mod resume;
mod retain;
mod run;
mod send;
mod serve;
mod show;
mod start;
mod stats;
mod status;
mod stop;
mod takeover;
mod token;
mod wait;
mod workers;

use std::future::Future;

use tenure_core::event::Request;
use tenure_core::session::Current;
use tenure_engine::Engine;
use tenure_store::{Find, Handle};

use crate::app::App;
use crate::args::Command;
use crate::exit::Exit;

/// Does what was asked.
pub(crate) fn execute(app: &App, command: Command) -> anyhow::Result<Exit> {
    if let Some(what) = only_beside_a_file(&command) {
        app.must_be_local(what)?;
    }
    match command {
        Command::Run(args) => run::execute(app, &args),
        Command::PlaySitter(args) => run::sit(app, &args),
        Command::Create(args) => block_on(create::execute(app, &args)),
        Command::Start(args) => block_on(start::execute(app, &args)),
        Command::Acquire(args) => block_on(claim::acquire(app, &args)),
        Command::Renew(args) => block_on(drive::renew(app, &args)),
        Command::Release(args) => block_on(drive::release(app, &args)),
        Command::Heartbeat(args) => block_on(heartbeat::execute(app, &args)),
        Command::Takeover(args) => block_on(takeover::execute(app, &args)),
        Command::Clear(args) => block_on(clear::execute(app, &args)),
        Command::Status(args) => block_on(status::execute(app, &args)),
        Command::List(args) => block_on(list::execute(app, &args)),
        Command::Stats(args) => block_on(stats::execute(app, &args)),
        Command::Show(args) => block_on(show::execute(app, &args)),
        Command::Events(args) => block_on(events::execute(app, &args)),
        Command::Append(args) => block_on(append::execute(app, &args)),
        Command::Compact(args) => block_on(compact::execute(app, &args)),
        Command::Send(args) => block_on(send::execute(app, &args)),
        Command::Pause(args) => block_on(ask::execute(app, &args.ask, Request::Pause)),
        Command::Resume(args) => resume::execute(app, &args),
        Command::Stop(args) => block_on(stop::execute(app, &args)),
        Command::Group(args) => block_on(group::execute(app, &args)),
        Command::Recover(args) => block_on(recover::execute(app, &args)),
        Command::Update(args) => block_on(drive::update(app, &args)),
        Command::Complete(args) => block_on(drive::complete(app, &args)),
        Command::Fail(args) => block_on(drive::fail(app, &args)),
        Command::Cancel(args) => block_on(cancel::execute(app, &args)),
        Command::Delete(args) => block_on(delete::execute(app, &args)),
        Command::Wait(args) => block_on(wait::execute(app, &args)),
        Command::Check(args) => block_on(check::execute(app, &args)),
        Command::Checkpoint(args) => block_on(checkpoint::execute(app, &args.verb)),
        Command::Files(args) => block_on(files::execute(app, &args)),
        Command::Fork(args) => block_on(fork::execute(app, &args)),
        Command::Serve(args) => serve::execute(app, &args),
        Command::Guard(args) => guard::execute(app, &args),
        Command::Worker(args) => block_on(workers::worker(app, &args.verb)),
        Command::Token(args) => block_on(token::execute(app, &args.verb)),
        Command::Pins(args) => block_on(workers::pins(app, &args)),
        Command::Pin(args) => block_on(workers::pin(app, &args.verb)),
        Command::Retain(args) => block_on(retain::execute(app, &args)),
        Command::Prune(args) => block_on(prune::execute(app, &args)),
        Command::Export(args) => block_on(export::execute(app, &args)),
        Command::Import(args) => block_on(import::execute(app, &args)),
        Command::Move(args) => block_on(hand_over::execute(app, &args)),
        Command::Backup(args) => block_on(backup::execute(app, &args)),
        Command::Profile(args) => profile::execute(app, &args),
        Command::Doctor(args) => block_on(doctor::execute(app, &args)),
        Command::Completions(args) => completions::execute(app, &args),
        Command::Reference => reference::execute(app),
        Command::PlayGuard | Command::PlayStage => unreachable!("main plays them before anything else"),
    }
}

/// What a verb does that only works beside a store's file.
const fn only_beside_a_file(command: &Command) -> Option<&'static str> {
    match command {
        Command::Serve(_) => Some("serve its store a second time"),
        Command::Backup(_) => Some("copy its store"),
        Command::Export(_) => Some("write sessions to files"),
        Command::Import(_) => Some("take sessions in from files"),
        Command::Move(_) => Some("move sessions to another store"),
        _ => None,
    }
}

/// Runs on this thread: a verb waits for one thing at a time.
fn block_on<T>(verb: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(verb)
}

/// What is stored under a handle.
async fn current(engine: &Engine, handle: Handle) -> anyhow::Result<Current> {
    Ok(engine.store().find(Find::Handle(handle)).await?.current)
}
