//! What is wrong with a file, and where.

use std::fmt;

use tenure_core::id::Seq;

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// In which line, from 1.
    pub line: u64,
    /// What it is.
    pub what: FlawKind,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlawKind {
    /// It is something else than a session.
    Foreign,
    /// A newer program wrote it.
    Newer {
        /// The version that it has.
        version: u64,
    },
    /// The file ends here, before its end.
    CutOff,
    /// It is not what was written: its checksum is another one.
    Altered,
    /// It is longer than any line that is written.
    TooLong,
    /// It is not of the form that such a line has.
    Form {
        /// What is wrong with it.
        why: String,
    },
    /// A line of another kind belongs here.
    Misplaced {
        /// What it is.
        found: String,
    },
    /// What a line of this kind says is not known.
    Unknown {
        /// Its kind.
        kind: String,
    },
    /// Another event belongs here.
    Position {
        /// Which one.
        expected: Seq,
        /// Which one it is.
        found: Seq,
    },
    /// It is about another session than the first line.
    Stranger,
    /// It counts other lines or events than there are.
    Miscounted,
    /// The lines before it are not those that were written, or not in that order.
    Exchanged,
    /// It comes after the end.
    AfterEnd,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {:?}", self.line, self.what)
    }
}

impl std::error::Error for Flaw {}
