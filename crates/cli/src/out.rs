//! The one place that prints: answers to standard output, the rest to standard error.

use std::cell::RefCell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use serde::Serialize;
use serde_json::ser::Formatter;
use tenure_core::escape::is_hostile;

use crate::args::{Color, Form};
use crate::render::{Look, Report, Tone};

/// Whoever read the answers has gone: not an error, and nothing is left to say.
#[derive(Debug)]
pub(crate) struct Unread;

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody reads the answers any more")
    }
}

impl std::error::Error for Unread {}

/// Where answers go.
pub(crate) struct Out {
    form: Form,
    look: Look,
    errors: Look,
    answers: RefCell<BufWriter<Box<dyn Write>>>,
}

impl fmt::Debug for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Out").field("form", &self.form).finish_non_exhaustive()
    }
}

impl Out {
    /// Answers in `form`, coloured as asked for.
    pub(crate) fn new(form: Form, color: Color) -> Self {
        Self {
            form,
            look: look(&io::stdout(), color),
            errors: look(&io::stderr(), color),
            answers: RefCell::new(BufWriter::new(answers())),
        }
    }

    /// Whether answers are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.form == Form::Json
    }

    /// How text is to look.
    pub(crate) fn look(&self) -> Look {
        self.look
    }

    /// Prints a report in the form that was asked for.
    pub(crate) fn report(&self, report: &dyn Report) -> anyhow::Result<()> {
        match self.form {
            Form::Text => self.text(&report.text(&self.look))?,
            Form::Json => self.json(&report.json())?,
        }
        self.flush()
    }

    /// Prints text as it is.
    pub(crate) fn text(&self, text: &str) -> anyhow::Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Prints one document on one line.
    pub(crate) fn json(&self, document: &impl Serialize) -> anyhow::Result<()> {
        let mut line = Vec::new();
        document.serialize(&mut serde_json::Serializer::with_formatter(&mut line, ForTerminals))?;
        line.push(b'\n');
        self.bytes(&line)
    }

    /// Prints bytes as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> anyhow::Result<()> {
        self.answers.borrow_mut().write_all(bytes).map_err(unread)
    }

    /// Hands over what was printed so far.
    pub(crate) fn flush(&self) -> anyhow::Result<()> {
        self.answers.borrow_mut().flush().map_err(unread)
    }

    /// Says beside the answers that something is not as it should be.
    pub(crate) fn warn(&self, words: &str) {
        let label = self.errors.paint(Tone::Warn, "warning:");
        complain(format!("{label} {words}\n").as_bytes());
    }

    /// Says why nothing was done: as JSON among the answers, as text beside them.
    pub(crate) fn fail(&self, failure: &dyn Report) -> anyhow::Result<()> {
        match self.form {
            Form::Text => {
                let flushed = self.flush();
                complain(failure.text(&self.errors).as_bytes());
                flushed
            }
            Form::Json => self.report(failure),
        }
    }
}

/// JSON that is safe to look at, too: it escapes more than it must.
struct ForTerminals;

impl Formatter for ForTerminals {
    fn write_string_fragment<W: Write + ?Sized>(&mut self, to: &mut W, text: &str) -> io::Result<()> {
        for part in text.split_inclusive(is_hostile) {
            let plain = part.trim_end_matches(is_hostile);
            to.write_all(plain.as_bytes())?;
            part[plain.len()..].encode_utf16().try_for_each(|unit| write!(to, "\\u{unit:04x}"))?;
        }
        Ok(())
    }
}

/// Standard output, but not `Stdout`, which flushes at every line: a log may have a million.
fn answers() -> Box<dyn Write> {
    match io::stdout().as_fd().try_clone_to_owned() {
        Ok(copy) => Box::new(File::from(copy)),
        Err(_no_descriptor_left) => Box::new(io::stdout()),
    }
}

/// Returns once nobody reads standard output any more; never where that cannot be told.
pub(crate) async fn reader_gone() {
    let (tell, told) = tokio::sync::oneshot::channel();
    let look = move || {
        if is_closed_in_the_end() {
            // Nobody waits any more where the log has ended.
            let _ = tell.send(());
        }
    };
    // It ends with this process. Without a thread for it, the next answer will tell.
    drop(std::thread::Builder::new().name("reader".to_owned()).spawn(look));
    if told.await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits for what is told unasked: a pipe without a reader, a terminal that was hung up.
fn is_closed_in_the_end() -> bool {
    let output = io::stdout();
    let mut fds = [PollFd::new(&output, PollFlags::empty())];
    while poll(&mut fds, None) == Err(Errno::INTR) {}
    fds[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Writes to standard error. If nobody listens, there is nobody to tell that either.
pub(crate) fn complain(bytes: &[u8]) {
    drop(io::stderr().write_all(bytes));
}

fn unread(error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Unread.into();
    }
    anyhow::Error::new(error).context("write the answer")
}

fn look(stream: &impl IsTerminal, color: Color) -> Look {
    let is_colored = match color {
        Color::Auto => stream.is_terminal(),
        Color::Always => true,
        Color::Never => false,
    };
    Look { is_colored }
}
