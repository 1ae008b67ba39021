//! `tenure append --batch`: many events, one a line, some at a time.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsFd;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;
use tenure_core::event::{EventBody, EventDraft};
use tenure_core::limits;
use tenure_core::refusal::LimitRefusal;
use tenure_store::AppendOutcome;

use super::append::{Appending, check_length, id, kind};
use super::given;
use crate::app::App;
use crate::args::session::AppendArgs;
use crate::exit::Exit;
use crate::render::explain;
use crate::render::session::AppendedMany;
use tenure_words::{Problem, lines, shown};

/// Bytes of lines that make one append full.
const APPEND_BYTES: usize = 1 << 20;
/// Longest line: the largest payload, and room for its type and id.
const LINE_BYTES_MAX: usize = limits::EVENT_BYTES_MAX + 1024;

/// One line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    id: Option<String>,
}

/// Appends every line, so many at a time, and says how far it got.
pub(super) async fn execute(app: &App, args: &AppendArgs, file: &Path) -> anyhow::Result<Exit> {
    let opened = if file == Path::new("-") {
        std::io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::open(file)
    };
    let opened =
        opened.map_err(|error| Problem::failure("FAILED", format!("open {}", shown(file))).because(error))?;
    let mut input = BufReader::with_capacity(APPEND_BYTES, opened);
    let to = Appending::to(app, args).await?;
    let mut done = AppendedMany::new(to.session.clone(), to.fence);
    loop {
        let (events, stopped) = read(&mut input, done.lines);
        if !events.is_empty() {
            let count = events.len();
            match to.append(events).await {
                Ok(outcome) => note(&mut done, count, outcome),
                Err(error) => return Err(unfinished(&done, error.into())),
            }
        }
        match stopped {
            Stopped::Full => {}
            Stopped::End => break,
            Stopped::At(error) => return Err(unfinished(&done, error)),
        }
    }
    app.out.report(&done)?;
    app.sweep(to.engine).await;
    Ok(Exit::Success)
}

/// Why no more lines were read.
enum Stopped {
    /// They are as many as one append takes, or as have come so far.
    Full,
    /// There are no more.
    End,
    /// The next one cannot be appended.
    At(anyhow::Error),
}

/// The lines of the next append: what has come so far, so that nothing waits for a slow writer to say more.
///
/// Those before one that cannot be appended are appended all the same.
fn read(input: &mut BufReader<File>, before: u64) -> (Vec<EventDraft>, Stopped) {
    let (mut events, mut bytes) = (Vec::new(), 0);
    while events.len() < limits::EVENTS_PER_APPEND_MAX && bytes < APPEND_BYTES {
        if !events.is_empty() && input.buffer().is_empty() {
            return (events, Stopped::Full);
        }
        let mut line = Vec::new();
        let read = input.take(LINE_BYTES_MAX as u64 + 1).read_until(b'\n', &mut line);
        let number = before + events.len() as u64 + 1;
        let event = match read {
            Ok(0) => return (events, Stopped::End),
            Ok(_) => event(&line),
            Err(error) => Err(anyhow::Error::new(error).context("read the events")),
        };
        match event {
            Ok(event) => events.push(event),
            Err(error) => return (events, Stopped::At(in_line(number, error))),
        }
        bytes += line.len();
    }
    (events, Stopped::Full)
}

fn event(line: &[u8]) -> anyhow::Result<EventDraft> {
    if line.len() > LINE_BYTES_MAX {
        let (length, max) = (line.len(), LINE_BYTES_MAX);
        return Err(given::refuse(LimitRefusal::Bytes { what: "line", length, max }));
    }
    let line: Line<'_> = serde_json::from_slice(line.trim_ascii_end()).map_err(|error| {
        Problem::usage("a line is not an event")
            .details(lines(&error.to_string()))
            .hint("{\"type\": \"note\", \"data\": {\"step\": 3}, \"id\": \"step-3\"}")
    })?;
    let json = line.data.map_or("{}", RawValue::get);
    check_length(json)?;
    let data = EventBody::Given { kind: kind(&line.kind)?, json: json.to_owned() };
    Ok(EventDraft { id: line.id.as_deref().map(id).transpose()?, data })
}

fn note(done: &mut AppendedMany, count: usize, outcome: AppendOutcome) {
    match outcome {
        AppendOutcome::Appended { first, last } => done.note(count as u64, count as u64, (first, last)),
        AppendOutcome::Known { seqs, new } => {
            let ends = (seqs.iter().min().copied(), seqs.iter().max().copied());
            done.note(count as u64, new, (ends.0.unwrap_or_default(), ends.1.unwrap_or_default()));
        }
        refused => unreachable!("the engine makes an error of {refused:?}"),
    }
}

/// What is wrong, and in which line.
fn in_line(number: u64, error: anyhow::Error) -> anyhow::Error {
    match explain(error) {
        Some(problem) => problem.detail(format!("line {number}")).fact("line", number).into(),
        None => Problem::failure("FAILED", "read the events").fact("line", number).into(),
    }
}

/// What is wrong, and how far it got before.
fn unfinished(done: &AppendedMany, error: anyhow::Error) -> anyhow::Error {
    let Some(problem) = explain(error) else {
        return Problem::failure("FAILED", "append the events").into();
    };
    let so_far = match done.last {
        Some(last) => {
            format!("lines 1 to {} are appended, up to position {last}; none after them", done.lines)
        }
        None => "nothing was appended".to_owned(),
    };
    let problem = problem.detail(so_far).fact("lines_appended", done.lines);
    match done.last {
        Some(last) => problem.fact("last_seq", last.0).into(),
        None => problem.into(),
    }
}
