//! Runs a command under a guard with a fixed deadline; exercised by the tests.
//!
//! `guard-probe [--deadline-ms N] [--renew-ms N] [--grace-ms N] [--hold PATH] [--events PATH] [--record PATH]
//! -- COMMAND…` is the smallest runner there can be. `guard-probe __witness PATH` is a command that writes down
//! when it lived.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use tenure_guard::signals::Caught;
use tenure_guard::{
    BootTime, Console, Control, Ended, GuardEvent, HoldLock, Launch, Reexec, Signals, Stdio, guard, jobs,
    launch, stage,
};

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1).peekable();
    match args.peek().and_then(|first| first.to_str()) {
        Some("__guard") => guard::run(),
        Some("__stage") => stage::run(),
        Some("__witness") => witness(args.nth(1)),
        _ => match run(Options::parse(args)) {
            Ok(ended) => ended.exit_like(),
            Err(error) => {
                drop(writeln!(io::stderr(), "guard-probe: {error}"));
                ExitCode::from(125)
            }
        },
    }
}

/// What the tests choose.
struct Options {
    deadline: Option<Duration>,
    renew: Option<Duration>,
    grace: Duration,
    hold: PathBuf,
    events: Option<PathBuf>,
    record: Option<PathBuf>,
    /// A lock that this process holds and that others wait for.
    shared_lock: Option<PathBuf>,
    argv: Vec<OsString>,
}

impl Options {
    fn parse(mut args: impl Iterator<Item = OsString>) -> Self {
        let hold = std::env::temp_dir().join(format!("guard-probe-{}.hold", std::process::id()));
        let (grace, argv) = (Duration::from_secs(1), Vec::new());
        let (deadline, renew, events, record, shared_lock) = Default::default();
        let mut options = Self { deadline, renew, grace, hold, events, record, shared_lock, argv };
        while let Some(name) = args.next() {
            if name == "--" {
                options.argv.extend(args);
                return options;
            }
            options.take(&name, args.next().expect("every option has a value"));
        }
        options
    }

    fn take(&mut self, name: &OsString, value: OsString) {
        let length = || value.to_str().and_then(|text| text.parse().ok()).map(Duration::from_millis);
        match name.to_str() {
            Some("--deadline-ms") => self.deadline = length(),
            Some("--renew-ms") => self.renew = length(),
            Some("--grace-ms") => self.grace = length().expect("a number"),
            Some("--hold") => self.hold = value.into(),
            Some("--shared-lock") => self.shared_lock = Some(value.into()),
            Some("--events") => self.events = Some(value.into()),
            Some("--record") => self.record = Some(value.into()),
            _ => panic!("unknown option {}", name.display()),
        }
    }

    fn deadline_from(&self, now: BootTime) -> BootTime {
        self.deadline.map_or(BootTime::NEVER, |length| now.saturating_add(length))
    }
}

/// Everything the runner waits for comes through one channel.
enum Event {
    Guard(GuardEvent),
    Signal(Caught),
}

impl From<GuardEvent> for Event {
    fn from(event: GuardEvent) -> Self {
        Self::Guard(event)
    }
}

impl From<Caught> for Event {
    fn from(caught: Caught) -> Self {
        Self::Signal(caught)
    }
}

fn run(options: Options) -> Result<Ended, Box<dyn std::error::Error>> {
    let (sender, events) = channel::<Event>();
    let hold = HoldLock::acquire(&options.hold)?;
    let shared_lock = options.shared_lock.as_deref().map(HoldLock::acquire).transpose()?;
    let signals = Signals::watch(&sender)?;
    let guarded = launch(
        Launch {
            program: Reexec::current(["__guard"], ["__stage"])?,
            argv: options.argv.clone(),
            cwd: std::env::current_dir()?,
            env: Vec::new(),
            stdio: Stdio::attached()?,
            hold: &hold,
            grace: options.grace,
            deadline: options.deadline_from(BootTime::now()),
            shared_locks: options.shared_lock.clone().into_iter().collect(),
        },
        &sender,
    )?;
    let mut log = open_log(options.events.as_ref())?;
    writeln!(log, "guard {}", guarded.guard_pid)?;
    let mut record = open_log(options.record.as_ref())?;
    let console = Console::open(guarded.output, &guarded.control, move |_, bytes| {
        record.write_all(bytes).expect("recording works")
    })?;
    console.enter()?;
    let ended = Runner { options, console: &console, control: guarded.control, log }.follow(&events)?;
    console.close();
    drop((signals, hold, shared_lock));
    Ok(ended)
}

fn open_log(path: Option<&PathBuf>) -> io::Result<Box<dyn Write + Send>> {
    Ok(match path {
        Some(path) => Box::new(OpenOptions::new().append(true).create(true).open(path)?),
        None => Box::new(io::sink()),
    })
}

struct Runner<'a> {
    options: Options,
    console: &'a Console,
    control: Control,
    log: Box<dyn Write + Send>,
}

impl Runner<'_> {
    /// How the command ended, once nothing of it is left.
    fn follow(mut self, events: &Receiver<Event>) -> Result<Ended, Box<dyn std::error::Error>> {
        let mut ended = Ended::Code(125);
        let mut renew_at = self.options.renew.map_or(BootTime::NEVER, |_| BootTime::now());
        loop {
            if BootTime::now() >= renew_at {
                renew_at = renew_at.saturating_add(self.options.renew.unwrap_or_default());
                self.renew()?;
            }
            let event = match events.recv_timeout(renew_at.saturating_since(BootTime::now())) {
                Ok(Event::Guard(event)) => event,
                Ok(Event::Signal(caught)) => {
                    if let Some(size) = self.console.pass(&self.control, caught)? {
                        writeln!(self.log, "resize {} {}", size.columns, size.rows)?;
                    }
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Err("nobody sends events".into()),
            };
            self.write(event)?;
            match event {
                GuardEvent::Failed(failure) => {
                    writeln!(io::stderr(), "guard-probe: {failure}\r")?;
                    ended = Ended::Code(failure.shell_code());
                }
                GuardEvent::Stopped { signal } => self.stop_like(signal)?,
                GuardEvent::Exited(how) => ended = how,
                GuardEvent::TreeGone => return Ok(ended),
                _ => {}
            }
        }
    }

    fn renew(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        let deadline = self.options.deadline_from(BootTime::now());
        // A guard that is gone is told of by an event.
        drop(self.control.extend(deadline));
        writeln!(self.log, "sent {}", deadline.as_nanos())?;
        Ok(())
    }

    /// Stops as the command stopped, and goes on with it.
    fn stop_like(&mut self, signal: i32) -> Result<(), Box<dyn std::error::Error>> {
        if jobs::should_stop(signal) {
            self.console.leave();
            jobs::stop_self(signal)?;
            writeln!(self.log, "continued")?;
        }
        self.console.enter()?;
        self.control.resume()?;
        Ok(())
    }

    fn write(&mut self, event: GuardEvent) -> io::Result<()> {
        match event {
            GuardEvent::Started { pid } => writeln!(self.log, "started {pid}"),
            GuardEvent::Overdue { at } => writeln!(self.log, "overdue {}", at.as_nanos()),
            GuardEvent::Exited(Ended::Code(code)) => writeln!(self.log, "code {code}"),
            GuardEvent::Exited(Ended::Signal(signal)) => writeln!(self.log, "signal {signal}"),
            GuardEvent::TreeGone => writeln!(self.log, "gone"),
            other => writeln!(self.log, "{other:?}"),
        }
    }
}

/// Ignores SIGTERM but for noting it, and writes the time as often as it can, until it is killed.
fn witness(path: Option<OsString>) -> ExitCode {
    let told = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let file = path.map(|path| File::options().append(true).create(true).open(path));
    let (Some(Ok(mut file)), Ok(_)) =
        (file, signal_hook::flag::register(signal_hook::consts::SIGTERM, std::sync::Arc::clone(&told)))
    else {
        return ExitCode::FAILURE;
    };
    loop {
        let now = BootTime::now().as_nanos();
        let word = if told.swap(false, std::sync::atomic::Ordering::SeqCst) { "term" } else { "alive" };
        // In one piece: others write to the same pipe.
        if file.write_all(format!("{word} {now}\n").as_bytes()).is_err() {
            return ExitCode::FAILURE;
        }
        let pause = rustix::event::Timespec { tv_sec: 0, tv_nsec: 1_000_000 };
        let _ = rustix::event::poll(&mut [], Some(&pause));
    }
}
