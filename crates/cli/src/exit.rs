//! How this process ends.

use std::process::ExitCode;

use tenure_guard::Ended;
use tenure_words::Blame;

/// How this process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: it was done.
    Success,
    /// 1: it was not.
    Failure,
    /// 2: the words made no sense.
    Usage,
    /// 3: a rule said no.
    Refused,
    /// A code of somebody else's choice.
    Code(u8),
    /// As a command that ran under `tenure run` ended.
    Like(Ended),
}

impl Exit {
    /// Ends the process, or says with which code it is to end.
    pub(crate) fn leave(self) -> ExitCode {
        match self {
            Self::Success => ExitCode::SUCCESS,
            Self::Failure => ExitCode::from(1),
            Self::Usage => ExitCode::from(2),
            Self::Refused => ExitCode::from(3),
            Self::Code(code) => ExitCode::from(code),
            Self::Like(ended) => ended.exit_like(),
        }
    }
}

impl From<Blame> for Exit {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Failure => Self::Failure,
            Blame::Usage => Self::Usage,
            Blame::Refusal => Self::Refused,
        }
    }
}
