//! Answers that say no: a problem, and the status that goes with it.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tenure_core::refusal::{LimitRefusal, Refusal};
use tenure_engine::EngineError;
use tenure_store::StoreError;
use tenure_words::{Blame, Problem};

/// What was not done, and why.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) Problem);

/// Which no an answer is, for whoever counts them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Code(pub(crate) &'static str);

/// What is done, or what is said instead.
pub(crate) type Answer<T> = Result<T, Failure>;

impl Failure {
    /// A rule's no.
    pub(crate) fn refused(refusal: impl Into<Refusal>) -> Self {
        Self(tenure_words::refusal(&refusal.into(), false))
    }

    /// Nobody may know whether there is one.
    pub(crate) fn not_found(name: &str) -> Self {
        EngineError::NotFound { name: name.to_owned() }.into()
    }

    /// The request's words make no sense.
    pub(crate) fn usage(statement: impl Into<String>) -> Self {
        Self(Problem::usage(statement))
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self(tenure_words::engine(&error))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(tenure_words::store(&error))
    }
}

impl From<LimitRefusal> for Failure {
    fn from(refusal: LimitRefusal) -> Self {
        Self::refused(refusal)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let document = document(&self.0);
        let status = StatusCode::from_u16(document.status).expect("every status in the table is one");
        let retry_after = document.retry_after_ms;
        let body = serde_json::to_vec(&document).expect("a problem can be written as JSON");
        let mut response = (status, body).into_response();
        // What another server said is no code of this one's.
        if let Cow::Borrowed(code) = self.0.code {
            response.extensions_mut().insert(Code(code));
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(ms) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(ms.div_ceil(1000)));
        }
        response
    }
}

impl Failure {
    /// It, as it is sent.
    pub(crate) fn document(&self) -> tenure_api::Problem {
        document(&self.0)
    }
}

/// Where each code has its page.
const PAGES: &str = "https://github.com/tenure/tenure/blob/main/docs/errors/";

/// A problem as it is sent.
fn document(problem: &Problem) -> tenure_api::Problem {
    let Kind { status, retry_after_ms } = kind(&problem.code, problem.blame);
    tenure_api::Problem {
        type_: format!("{PAGES}{}.md", problem.code),
        title: title(&problem.code),
        status,
        detail: problem.primary.clone(),
        instance: None,
        code: problem.code.clone().into_owned(),
        retryable: retry_after_ms.is_some(),
        retry_after_ms,
        details: problem.details.clone(),
        hint: (!problem.hints.is_empty()).then(|| problem.hints.join("\n")),
        facts: problem.facts.clone(),
    }
}

/// `KEY_IN_USE` → `Key in use`.
fn title(code: &str) -> String {
    let words = code.to_ascii_lowercase().replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// How an answer that says no is classed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    status: u16,
    /// Whether the same request may succeed later, and when it is worth a try.
    retry_after_ms: Option<u64>,
}

/// The statuses of codes that are not those of their sort of no.
const STATUSES: &[(&str, u16)] = &[
    ("UNAUTHENTICATED", 401),
    ("FORBIDDEN", 403),
    ("NOT_FOUND", 404),
    ("CHECKPOINT_NOT_FOUND", 404),
    ("FILE_NOT_FOUND", 404),
    ("FILE_NOT_KEPT", 404),
    ("METHOD_NOT_ALLOWED", 405),
    ("NOT_ACCEPTABLE", 406),
    ("REQUEST_TIMEOUT", 408),
    ("COMPACTED", 410),
    ("FILE_DELETED", 410),
    ("PRECONDITION_FAILED", 412),
    ("TOO_LARGE", 413),
    ("UNSUPPORTED_MEDIA_TYPE", 415),
    ("LIMIT", 422),
    ("RESERVED_TYPE", 422),
    ("WRONG_KIND", 422),
    ("INVALID", 422),
    ("KEY_REUSED", 422),
    ("NOT_ANSWERED", 409),
    ("TIMEOUT", 504),
];

/// Codes that say that the same request may succeed later, with their status and how much later.
const PASSING: &[(&str, u16, u64)] = &[
    ("STORE_UNAVAILABLE", 503, 1_000),
    ("STORE_BLOCKED", 503, 1_000),
    ("STORE_FULL", 507, 30_000),
    ("STORE_CLOSED", 503, 1_000),
    ("UNDER_WAY", 409, 200),
    ("BUSY", 503, 1_000),
    ("TOO_MANY", 429, 1_000),
    ("CONFLICT", 409, 50),
];

/// The status of a code, and after how many milliseconds the same request may succeed, if it may.
#[must_use]
pub fn status(code: &str, blame: Blame) -> (u16, Option<u64>) {
    let Kind { status, retry_after_ms } = kind(code, blame);
    (status, retry_after_ms)
}

fn kind(code: &str, blame: Blame) -> Kind {
    if let Some((_, status, after)) = PASSING.iter().find(|(passing, ..)| *passing == code) {
        return Kind { status: *status, retry_after_ms: Some(*after) };
    }
    let status = STATUSES.iter().find(|(other, _)| *other == code).map(|(_, status)| *status);
    let of_blame = match blame {
        Blame::Failure => 500,
        Blame::Usage => 400,
        Blame::Refusal => 409,
    };
    Kind { status: status.unwrap_or(of_blame), retry_after_ms: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(problem: Problem) -> (u16, bool) {
        let document = document(&problem);
        (document.status, document.retryable)
    }

    #[test]
    fn a_no_is_classed_by_its_code_and_else_by_whose_it_is() {
        assert_eq!(class(Problem::refused("HELD", "held")), (409, false));
        assert_eq!(class(Problem::missing("NOT_FOUND", "none")), (404, false));
        assert_eq!(class(Problem::missing("COMPACTED", "gone")), (410, false));
        assert_eq!(class(Problem::refused("LIMIT", "long")), (422, false));
        assert_eq!(class(Problem::usage("what")), (400, false));
        assert_eq!(class(Problem::failure("STORE_BLOCKED", "write")), (503, true));
        assert_eq!(class(Problem::failure("STORE_CORRUPT", "read")), (500, false));
        assert_eq!(class(Problem::refused("CONFLICT", "raced")), (409, true));
    }

    #[test]
    fn a_title_is_the_code_in_words() {
        assert_eq!(title("KEY_IN_USE"), "Key in use");
    }
}
