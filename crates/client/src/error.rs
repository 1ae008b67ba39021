//! Why something was not done, or not learned.

use tenure_api::Problem;

/// Why something was not done, or not learned.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server says no, and why.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// The request did not reach the server. Nothing was done.
    #[error("reach the server")]
    Unreachable {
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The request was sent, and no answer came: it may or may not have been carried out.
    #[error("hear from the server")]
    Unanswered {
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What was answered is not what the API says.
    #[error("understand the server's answer: {what}")]
    Unreadable {
        /// What is wrong with it.
        what: String,
    },
}

impl ClientError {
    /// The problem's code, where the server says no.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(problem) => Some(&problem.code),
            Self::Unreachable { .. } | Self::Unanswered { .. } | Self::Unreadable { .. } => None,
        }
    }
}
