//! What a rule found, where, and which rule it was.

use std::fmt;

/// One thing to be put right. Findings sort by place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    path: String,
    line: usize,
    rule: &'static str,
    message: String,
}

impl Finding {
    pub(crate) fn new(path: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} ({})", self.path, self.line, self.message, self.rule)
    }
}

/// The findings as people read them, for tests.
#[cfg(test)]
pub(crate) fn lines(mut findings: Vec<Finding>) -> Vec<String> {
    findings.sort();
    findings.iter().map(Finding::to_string).collect()
}
