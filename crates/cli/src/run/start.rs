//! From options to a running command, and from its end to this process's.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use anyhow::Context;
use tenure_core::event::{Request, Stream as Recorded, TerminalEvent};
use tenure_core::id::Namespace;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, Recipe, Session, Stats};
use tenure_engine::{Engine, EngineError, LeaseEvent, Loss};
use tenure_guard::terminal::Screen;
use tenure_guard::{
    BootTime, Console, Control, Ended, Guarded, HoldLock, Launch, Output, Reexec, Signals, Stdio, Stream,
    launch,
};
use tenure_store::Handle;
use tenure_store_sqlite::SqliteStore;

use super::autosave::{Autosave, Saving};
use super::changes::{Changes, Watching};
use super::claim::{self, Claim, Claimed};
use super::happening::Happening;
use super::lease::{self, Granted};
use super::notice::Notices;
use super::places::{Waited, Waiting};
use super::record::{Recorder, Recording};
use super::runner::{ENDING, End, Runner, SHUTTING_DOWN, Stopped, exit, is_one_of};
use super::saved::Saved;
use super::suspend::Sitters;
use super::{detach, earlier, finish, holds, inbox, wish};
use crate::args::run::RunArgs;
use tenure_words::{Problem, shown};

/// Where a run takes place.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    /// The engine over the store.
    pub(crate) engine: Engine,
    /// The store's file underneath, if it is one.
    pub(crate) store: Option<Arc<SqliteStore>>,
    /// The store's file, absolute; where a server keeps the store, what stands for one on this machine.
    pub(crate) db: PathBuf,
    /// The options by which another process of this program finds the same sessions.
    pub(crate) place: [OsString; 2],
    /// The tenant.
    pub(crate) namespace: Namespace,
}

/// How a run ended, for this process's exit.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// This process ends as the command did.
    Like(Ended),
    /// This process exits with a code of its own.
    Code(u8),
    /// The claim was refused, or the session lost and nothing tells how.
    Refused(Box<EngineError>),
    /// Others ended or took the session.
    Lost(Box<Session>, Loss),
    /// Somebody else holds the session, and that was to be accepted.
    Skipped(Box<tenure_core::refusal::Held>),
}

/// Tells whoever waits for a background process that it holds this session.
pub(crate) type Announce<'a> = &'a dyn Fn(&Session) -> anyhow::Result<()>;

/// Runs what `args` say. A background process announces its session once it holds it.
pub(crate) fn execute(ground: &Ground, args: &RunArgs, announce: Announce<'_>) -> anyhow::Result<Verdict> {
    if args.detach && !args.detached {
        return detach::start();
    }
    let cwd = std::env::current_dir().context("find the working directory")?;
    perform(ground, Task { args, cwd: &cwd, again: None }, announce)
}

/// A session that was run before, and is to be run again.
#[derive(Debug)]
pub(crate) struct Again {
    /// Its row.
    pub(crate) handle: Handle,
    /// The session, as it was found.
    pub(crate) session: Session,
    /// How it is run again.
    pub(crate) recipe: Recipe,
    /// Who runs it, if that was said now.
    pub(crate) actor: Option<String>,
    /// Whether nobody asked for this very session.
    pub(crate) is_automatic: bool,
    /// Whether this process is to leave the terminal once it holds the session.
    pub(crate) is_detached: bool,
}

/// Runs a session's command again.
pub(crate) fn resume(ground: &Ground, again: &Again, announce: Announce<'_>) -> anyhow::Result<Verdict> {
    let args = wish::again(&again.session, &again.recipe);
    let args =
        RunArgs { detached: again.is_detached, actor_id: again.actor.clone().or(args.actor_id), ..args };
    let cwd = wish::directory(&again.session, &again.recipe).unwrap_or_else(|| PathBuf::from("/"));
    // Before the session is claimed: it is not to suffer from what is not its fault.
    if !cwd.is_dir() {
        let what =
            format!("run session {} again: its directory {} is not there", again.session.id, shown(&cwd));
        return Err(Problem::failure("DIRECTORY_GONE", what).hint("bring it back, then try again").into());
    }
    perform(
        ground,
        Task { args: &args, cwd: &cwd, again: Some((again.handle, again.is_automatic)) },
        announce,
    )
}

/// What is to be run, and where.
struct Task<'a> {
    args: &'a RunArgs,
    cwd: &'a Path,
    /// The session to run again, and whether nobody asked for it; else a run is started.
    again: Option<(Handle, bool)>,
}

fn perform(ground: &Ground, task: Task<'_>, announce: Announce<'_>) -> anyhow::Result<Verdict> {
    let Task { args, cwd, again } = task;
    let wish = match wish::wish(ground.namespace.clone(), args, Some(cwd)) {
        Ok(wish) => wish,
        Err(refusal) => return Ok(refused(EngineError::Refused { refusal, raced: false })),
    };
    holds::prepare(&ground.db).context("prepare the directory of hold locks")?;
    let incarnation = ground.engine.ids().incarnation();
    let lock = HoldLock::acquire(&holds::path(&ground.db, incarnation)).context("take the hold lock")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(earlier::tidy(ground))?;
    let place = (&ground.engine, ground.db.as_path());
    let claimed = match again {
        None => runtime.block_on(claim::claim(place, &wish, incarnation, &lock)),
        Some(again) => runtime
            .block_on(claim::again(place, again, &wish, incarnation))
            .map(|claimed| Claim::Granted(Box::new(claimed))),
    };
    let verdict = match claimed {
        Err(error) => error.downcast().map(refused),
        Ok(Claim::Skipped(held)) => Ok(Verdict::Skipped(held)),
        Ok(Claim::Granted(claimed)) => {
            if let Some(key) = &wish.key {
                holds::note_slot(&lock, &ground.namespace, key).context("sign the hold lock")?;
            }
            let run = Run { ground, args, cwd, runtime: &runtime, claimed: &claimed, lock: &lock };
            run.execute(announce)
        }
    };
    // Gone with the lease: what is left to prove is in the log.
    drop(fs::remove_file(lock.path()));
    verdict
}

fn refused(error: EngineError) -> Verdict {
    Verdict::Refused(Box::new(error))
}

/// What goes on beside a command.
#[derive(Default)]
struct Beside {
    changes: Option<Changes>,
    autosave: Option<Autosave>,
    saved: Option<Saved>,
}

impl Beside {
    /// Brings it to its end, which is before the session's.
    fn finish(self, end: &End, give_up_at: BootTime) {
        if let Some(changes) = self.changes {
            changes.finish(end, give_up_at);
        }
        if let Some(autosave) = self.autosave {
            autosave.finish(end, give_up_at);
        }
    }
}

/// A run whose session is held.
struct Run<'a> {
    ground: &'a Ground,
    args: &'a RunArgs,
    cwd: &'a Path,
    runtime: &'a tokio::runtime::Runtime,
    claimed: &'a Claimed,
    lock: &'a HoldLock,
}

impl Run<'_> {
    fn execute(&self, announce: Announce<'_>) -> anyhow::Result<Verdict> {
        if self.args.detached {
            detach::leave(|| announce(&self.claimed.session))?;
        }
        let began = BootTime::now();
        let stdio = if self.args.detached { Stdio::Pipes } else { Stdio::attached()? };
        let notices = Notices { raw: matches!(stdio, Stdio::Terminal(_)) };
        let recorder = Recorder::start(self.ground.engine.clone(), self.recording(), notices)?;
        // Whatever goes wrong from here on, the session's end is recorded and the lease let go.
        let broken = |error| End { broken: Some(error), ..End::default() };
        let (beside, mut end) = match self.beside(notices) {
            Ok(beside) => {
                let end = self.guarded(stdio, (&recorder, &beside), notices).unwrap_or_else(broken);
                (beside, end)
            }
            Err(error) => (Beside::default(), broken(error)),
        };
        let output_bytes = recorder.output_bytes();
        let give_up_at = end.give_up_at(self.claimed.granted.kept.times);
        recorder.end_by(give_up_at);
        beside.finish(&end, give_up_at);
        end.lost_bytes = recorder.finish();
        let duration = BootTime::now().saturating_since(began);
        let stats = Stats { duration, output_bytes, ..Stats::default() };
        let command = finish::command(self.claimed, &end, stats);
        let recorded = finish::record(&self.ground.engine, &self.claimed.granted, &command, give_up_at);
        let recorded = self.runtime.block_on(recorded);
        if matches!((&command, &recorded), (Command::ShutDown { .. }, Ok(()))) {
            self.say_how_it_goes_on();
        }
        for unshown in &end.unshown {
            Notices { raw: false }.say(&finish::words(unshown));
        }
        let is_lost = matches!(recorded, Err(EngineError::Refused { refusal: Refusal::Fenced { .. }, .. }));
        match end.broken {
            // Whatever went wrong besides, a session that others ended or took says why.
            Some(error) if !is_lost => Err(error),
            _ => Ok(self.verdict(end, recorded)),
        }
    }

    fn say_how_it_goes_on(&self) {
        let id = &self.claimed.session.id;
        Notices { raw: false }.say(&format!("session {id} is paused; go on with it: tenure resume {id}"));
    }

    fn recording(&self) -> Recording {
        let limit = (!self.args.no_record).then_some(self.args.record_limit);
        let head = self.claimed.committed.head;
        Recording { handle: self.claimed.handle(), fence: self.claimed.fence(), head, limit }
    }

    /// What goes on beside the command from now on.
    fn beside(&self, notices: Notices) -> anyhow::Result<Beside> {
        let engine = &self.ground.engine;
        let saved = holds::saved(self.lock);
        let saved = Saved::write(engine, self.claimed.handle(), saved, notices);
        let saved = self.runtime.block_on(saved).context("bring back what was saved")?;
        Ok(Beside { changes: self.changes(notices)?, autosave: self.autosave(notices)?, saved })
    }

    /// Begins to save the command's own file, if it is to be.
    fn autosave(&self, notices: Notices) -> anyhow::Result<Option<Autosave>> {
        let Some(file) = &self.args.checkpoint_file else {
            return Ok(None);
        };
        let (handle, fence) = (self.claimed.handle(), self.claimed.fence());
        let saving =
            Saving { file: self.cwd.join(file), interval: self.args.checkpoint_interval, handle, fence };
        Ok(Some(Autosave::start(self.ground.engine.clone(), saving, notices)?))
    }

    /// Begins to record changes of files, if they are to be.
    fn changes(&self, notices: Notices) -> anyhow::Result<Option<Changes>> {
        let Some(directory) = &self.args.watch else {
            return Ok(None);
        };
        let wanted = self.cwd.join(directory);
        let root = wanted.canonicalize().with_context(|| format!("watch {}", shown(&wanted)))?;
        let (handle, fence, limit) = (self.claimed.handle(), self.claimed.fence(), self.args.watch_limit);
        let watching = Watching { root, handle, fence, limit };
        Ok(Some(Changes::start(self.ground.engine.clone(), watching, notices)?))
    }

    /// Runs the command to its end, and shows all of its output.
    fn guarded(
        &self,
        stdio: Stdio,
        (recorder, beside): (&Recorder, &Beside),
        notices: Notices,
    ) -> anyhow::Result<End> {
        let (news, happenings) = mpsc::channel();
        let signals = Signals::watch(&news).context("catch signals")?;
        let held = (self.claimed.handle(), self.claimed.fence());
        let engine = self.ground.engine.clone();
        inbox::follow(engine, held, self.claimed.committed.head, self.args.idle_timeout, news.clone())?;
        let granted = match self.place(notices, (&news, &happenings))? {
            Ok(granted) => granted,
            Err(end) => return Ok(*end),
        };
        recorder.fact(TerminalEvent::Started { command: self.words(), size: size(&stdio) });
        let granted = self.after_earlier_runs(granted, notices)?;
        let guarded = launch(self.launch(stdio, granted, beside)?, &news).context("start the guard")?;
        let mut end = self.watch((guarded, granted), recorder, notices, (news, &happenings))?;
        drop(signals);
        end.hear_late(&happenings);
        Ok(end)
    }

    /// The lease, once there is a place in the group; else how the wait for it ended.
    fn place(
        &self,
        notices: Notices,
        (news, happenings): (&Sender<Happening>, &Receiver<Happening>),
    ) -> anyhow::Result<Result<Granted, Box<End>>> {
        let (session, granted) = (&self.claimed.session, self.claimed.granted);
        let Some(group) = session.group.clone().filter(|_| session.is_queued) else {
            return Ok(Ok(granted));
        };
        notices.say(&format!("waiting for a place in group `{group}`"));
        let (engine, namespace) = (self.ground.engine.clone(), self.ground.namespace.clone());
        let waiting = Waiting { engine, kept: granted.kept, at: granted.at, namespace, group };
        waiting.on_lane(news.clone()).context("wait for a place")?;
        let mut end = End::default();
        loop {
            match happenings.recv().context("wait for a place")? {
                Happening::Place(Waited::Entered(_, at)) => return Ok(Ok(Granted { at, ..granted })),
                Happening::Place(Waited::Lost(loss)) | Happening::Lease(LeaseEvent::Lost(loss)) => {
                    (end.loss, end.stopped) = (Some(loss), Some(Stopped::Lost));
                }
                Happening::Signal(caught) if is_one_of(&SHUTTING_DOWN, caught) => end.shuts_down = true,
                Happening::Signal(caught) if is_one_of(&ENDING, caught) => end.gave_up = Some(caught.signal),
                Happening::Asked(Request::Stop) => end.shuts_down = true,
                Happening::Guard(_) | Happening::Signal(_) | Happening::Lease(_) | Happening::Asked(_) => {
                    continue;
                }
            }
            end.asked_at = Some(BootTime::now());
            return Ok(Err(Box::new(end)));
        }
    }

    /// The lease, once nobody works for the same key any more.
    fn after_earlier_runs(&self, granted: Granted, notices: Notices) -> anyhow::Result<Granted> {
        match &self.claimed.session.key {
            Some(key) => self.runtime.block_on(earlier::wait(self.ground, self.lock, key, granted, notices)),
            None => Ok(granted),
        }
    }

    fn watch(
        &self,
        (guarded, granted): (Guarded, Granted),
        recorder: &Recorder,
        notices: Notices,
        (news, happenings): (Sender<Happening>, &Receiver<Happening>),
    ) -> anyhow::Result<End> {
        let Guarded { control, output, spared, guard_pid } = guarded;
        let engine = self.ground.engine.clone();
        lease::keep(engine, granted, control.clone(), news.clone())?;
        let console = open(output, &control, recorder)?;
        console.enter().context("take the terminal")?;
        drop(news);
        let sitters = Sitters {
            granted,
            session: self.claimed.session.id.clone(),
            store: self.ground.store.clone(),
            place: self.ground.place.clone(),
            namespace: self.ground.store.is_some().then(|| self.ground.namespace.clone()),
            control: control.clone(),
            spared,
        };
        let runner = Runner {
            runtime: self.runtime,
            engine: &self.ground.engine,
            control,
            console: &console,
            recorder,
            sitters,
            notices,
            end: End::default(),
            is_in_group: self.claimed.session.group.is_some(),
            guard_pid,
            guard_ends_at: None,
        };
        let mut end = runner.run(happenings);
        // The console waits for the recording to take what it still has.
        recorder.end_by(end.give_up_at(granted.kept.times));
        end.unshown = console.close();
        // After its last output, which the console may have held until now.
        if let Some(ended) = end.ended {
            recorder.fact(TerminalEvent::Exited(exit(ended)));
        }
        Ok(end)
    }

    fn launch(&self, stdio: Stdio, granted: Granted, beside: &Beside) -> anyhow::Result<Launch<'_>> {
        Ok(Launch {
            program: Reexec::current(["__guard"], ["__stage"]).context("find this program's file")?,
            argv: self.args.command.clone(),
            cwd: self.cwd.to_owned(),
            env: self.environment(beside),
            stdio,
            hold: self.lock,
            grace: self.claimed.granted.kept.times.grace(),
            deadline: granted.first_deadline(),
            shared_locks: self.ground.store.as_ref().map(|store| store.write_locks()).unwrap_or_default(),
        })
    }

    /// What the command needs to append, to check its fence, and to guard its own side effects.
    fn environment(&self, beside: &Beside) -> Vec<(OsString, Option<OsString>)> {
        let session = &self.claimed.session;
        let [option, place] = &self.ground.place;
        let is_file = self.ground.store.is_some();
        debug_assert_eq!(is_file, option == "--db");
        [
            ("TENURE_SESSION_ID", Some(session.id.as_str().into())),
            ("TENURE_FENCE", Some(self.claimed.fence().to_string().into())),
            ("TENURE_DB", is_file.then(|| place.clone())),
            ("TENURE_SERVER", (!is_file).then(|| place.clone())),
            // A server's token says which tenant.
            ("TENURE_NAMESPACE", is_file.then(|| self.ground.namespace.as_str().into())),
            // A run inside of one that goes on does not go on itself.
            ("TENURE_RESUMED", self.claimed.is_resumed.then(|| "1".into())),
            ("TENURE_CHECKPOINT", beside.saved.as_ref().map(|saved| saved.path().into())),
        ]
        .into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
    }

    /// Why the end could not be recorded. What was not heard of in time is looked up.
    fn lost(&self, heard: Option<Loss>, refusal: EngineError) -> Verdict {
        let granted = self.claimed.committed.head;
        let look_up = || {
            let told = self.ground.engine.loss(self.claimed.handle(), self.claimed.fence(), granted);
            // A store that does not answer now leaves the refusal's own words.
            self.runtime.block_on(told).ok().flatten()
        };
        match heard.filter(Loss::is_told).or_else(look_up) {
            Some(loss) => Verdict::Lost(Box::new(self.claimed.session.clone()), loss),
            None => refused(refusal),
        }
    }

    fn words(&self) -> Vec<String> {
        self.claimed.session.command.clone()
    }

    fn verdict(&self, end: End, recorded: Result<(), EngineError>) -> Verdict {
        let code = self.args.refused_exit;
        match (end.stopped, recorded) {
            (_, Err(error @ EngineError::Refused { .. })) => self.lost(end.loss, error),
            (Some(Stopped::Lost | Stopped::Overdue), Ok(())) => Verdict::Code(code),
            (_, Err(error)) => {
                let missing = finish::missing(&end);
                Notices { raw: false }.say(&format!("failed to record the session's end: {error}{missing}"));
                Verdict::Code(1)
            }
            (None, Ok(())) if end.gave_up.is_some() => {
                Verdict::Like(Ended::Signal(end.gave_up.unwrap_or_default()))
            }
            (None, Ok(())) => match (end.ended, end.failure) {
                (Some(Ended::Code(0)), _) if !end.unshown.is_empty() => Verdict::Code(1),
                (Some(ended), _) => Verdict::Like(ended),
                (None, Some(failure)) => {
                    Notices { raw: false }.say(&format!("failed to start the command: {failure}"));
                    Verdict::Code(u8::try_from(failure.shell_code()).unwrap_or(1))
                }
                (None, None) => Verdict::Code(1),
            },
        }
    }
}

fn open(output: Output, control: &Control, recorder: &Recorder) -> anyhow::Result<Console> {
    let sink = recorder.sink();
    let record = move |stream: Stream, bytes: &[u8]| {
        let stream = match stream {
            Stream::Terminal => Recorded::Terminal,
            Stream::Stdout => Recorded::Stdout,
            Stream::Stderr => Recorded::Stderr,
        };
        sink.take(stream, bytes);
    };
    Console::open(output, control, record).context("connect the command's output")
}

fn size(stdio: &Stdio) -> Option<(u16, u16)> {
    match stdio {
        Stdio::Terminal(Screen { size, .. }) => Some((size.columns, size.rows)),
        Stdio::Pipes => None,
    }
}
