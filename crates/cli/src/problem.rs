//! What went wrong outside the rules and the store, worded where it happened.

use std::error::Error;
use std::fmt;
use std::path::Path;

use serde_json::{Map, Value};
use tenure_core::escape::Escaped;

use crate::exit::Exit;

/// An error that knows its words, its code and this process's exit.
///
/// A failure's primary words read after "failed to"; those of wrong usage and of a refusal are a statement.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) exit: Exit,
    pub(crate) code: &'static str,
    pub(crate) primary: String,
    pub(crate) details: Vec<String>,
    pub(crate) hint: Option<String>,
    pub(crate) facts: Map<String, Value>,
}

impl Problem {
    /// Something did not work. `what` reads after "failed to".
    pub(crate) fn failure(code: &'static str, what: impl Into<String>) -> Self {
        Self::new(Exit::Failure, code, format!("failed to {}", what.into()))
    }

    /// Something was asked for that is not there.
    pub(crate) fn missing(code: &'static str, statement: impl Into<String>) -> Self {
        Self::new(Exit::Failure, code, statement.into())
    }

    /// The words of the command do not make sense together.
    pub(crate) fn usage(statement: impl Into<String>) -> Self {
        Self::new(Exit::Usage, "USAGE", statement.into())
    }

    /// A rule says no.
    pub(crate) fn refused(code: &'static str, statement: impl Into<String>) -> Self {
        Self::new(Exit::Refused, code, statement.into())
    }

    fn new(exit: Exit, code: &'static str, primary: String) -> Self {
        Self { exit, code, primary, details: Vec::new(), hint: None, facts: Map::new() }
    }

    /// The same with one more line below the first.
    pub(crate) fn detail(mut self, line: impl Into<String>) -> Self {
        self.details.push(line.into());
        self
    }

    /// The same with more lines below the first.
    pub(crate) fn details(mut self, lines: Vec<String>) -> Self {
        self.details.extend(lines);
        self
    }

    /// The same with the causes of `error`, one a line.
    pub(crate) fn because(mut self, error: impl Error) -> Self {
        self.details.extend(causes(&error));
        self
    }

    /// The same with one more thing for programs to know.
    pub(crate) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// The same with what to do next. Placeholders only: never raw text from outside.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What an error says, and what its causes say, unless they repeat it; escaped, one line each.
pub(crate) fn causes(error: &dyn Error) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        for line in lines(&error.to_string()) {
            if !said.iter().any(|before| before.contains(&line)) {
                said.push(line);
            }
        }
        next = error.source();
    }
    said
}

/// The lines of a text from outside, each escaped.
pub(crate) fn lines(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| Escaped(line).to_string()).collect()
}

/// A path, escaped.
pub(crate) fn shown(path: &Path) -> String {
    Escaped(&path.to_string_lossy()).to_string()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.primary)
    }
}

impl Error for Problem {}
