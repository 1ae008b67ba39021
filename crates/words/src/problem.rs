//! What was not done, and why: words, a code and facts.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::path::Path;

use serde_json::{Map, Value};
use tenure_core::escape::Escaped;

/// What was not done, and why: words for people, a code and facts for programs.
///
/// A failure's first line reads "failed to …"; that of wrong usage and of a refusal is a statement.
#[derive(Debug)]
pub struct Problem(Box<Said>);

/// What kind of no it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Something did not work, or is not there.
    Failure,
    /// The words of the request make no sense together.
    Usage,
    /// A rule says no.
    Refusal,
}

/// What a problem says.
#[derive(Debug)]
pub struct Said {
    /// What kind of no it is.
    pub blame: Blame,
    /// Names the reason to programs.
    pub code: Cow<'static, str>,
    /// The line that says it.
    pub primary: String,
    /// Lines that say more.
    pub details: Vec<String>,
    /// What to do next. Placeholders only: never raw text from outside.
    pub hints: Vec<String>,
    /// More for programs.
    pub facts: Map<String, Value>,
}

impl Problem {
    /// Something did not work. `what` reads after "failed to".
    pub fn failure(code: impl Into<Cow<'static, str>>, what: impl fmt::Display) -> Self {
        Self::new(Blame::Failure, code.into(), format!("failed to {what}"))
    }

    /// Something that was asked for is not there, or did not happen.
    pub fn missing(code: impl Into<Cow<'static, str>>, statement: impl Into<String>) -> Self {
        Self::new(Blame::Failure, code.into(), statement.into())
    }

    /// The words of the command do not make sense together.
    pub fn usage(statement: impl Into<String>) -> Self {
        Self::new(Blame::Usage, "USAGE".into(), statement.into())
    }

    /// A rule says no.
    pub fn refused(code: impl Into<Cow<'static, str>>, statement: impl Into<String>) -> Self {
        Self::new(Blame::Refusal, code.into(), statement.into())
    }

    fn new(blame: Blame, code: Cow<'static, str>, primary: String) -> Self {
        let (details, hints, facts) = Default::default();
        Self(Box::new(Said { blame, code, primary, details, hints, facts }))
    }

    /// The same with one more line below the first.
    pub fn detail(mut self, line: impl Into<String>) -> Self {
        self.0.details.push(line.into());
        self
    }

    /// The same with more lines below the first.
    pub fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.0.details.extend(lines);
        self
    }

    /// The same with the causes of `error`, one a line.
    pub fn because(self, error: impl Error) -> Self {
        self.details(causes(&error))
    }

    /// The same with what to do next. Placeholders only: never raw text from outside.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// The same with one more thing for programs to know.
    pub fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.facts.insert(name.to_owned(), value.into());
        self
    }
}

impl Deref for Problem {
    type Target = Said;

    fn deref(&self) -> &Said {
        &self.0
    }
}

/// What an error says, and what its causes say, unless they repeat it; escaped, one line each.
pub fn causes(error: &dyn Error) -> Vec<String> {
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
pub fn lines(text: &str) -> Vec<String> {
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| Escaped(line).to_string()).collect()
}

/// A path, escaped.
pub fn shown(path: &Path) -> String {
    Escaped(&path.to_string_lossy()).to_string()
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.primary)
    }
}

impl Error for Problem {}
