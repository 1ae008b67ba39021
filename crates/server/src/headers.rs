//! Headers that guard a write: `Fence` and `If-Match`.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;
use tenure_core::id::{Fence, Revision};
use tenure_core::refusal::Refusal;
use tenure_engine::{EngineError, Under};
use tenure_words::Problem;

use crate::answer::{Answer, Failure};

/// What guards a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Guards {
    /// The fence under which the writer holds the session.
    pub(crate) fence: Option<Fence>,
    /// The revision that the writer saw.
    pub(crate) revision: Option<Revision>,
}

impl<S: Send + Sync> FromRequestParts<S> for Guards {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        Self::of(&parts.headers)
    }
}

impl Guards {
    fn of(headers: &HeaderMap) -> Answer<Self> {
        let fence = text(headers, "fence")?.map(|text| number("Fence", text)).transpose()?.map(Fence);
        let revision = match text(headers, "if-match")? {
            None | Some("*") => None,
            Some(tag) => Some(Revision(number("If-Match", tag.trim().trim_matches('"'))?)),
        };
        Ok(Self { fence, revision })
    }

    /// The fence, which must be there.
    pub(crate) fn fence(&self) -> Answer<Fence> {
        self.fence.ok_or_else(|| {
            let problem = Problem::usage("this is for the session's holder, which names its fence");
            problem.hint("Fence: <the fence that the lease was granted under>").into()
        })
    }

    /// What the engine is to hold the write to.
    pub(crate) const fn under(self) -> Under {
        Under { fence: self.fence, revision: self.revision }
    }

    /// A write's outcome: another revision than the one that was named is a precondition that failed.
    pub(crate) fn judged<T>(self, outcome: Result<T, EngineError>) -> Answer<T> {
        match outcome {
            Err(EngineError::Refused { refusal: Refusal::Conflict { actual, .. }, .. })
                if self.revision.is_some_and(|seen| seen != actual) =>
            {
                Err(precondition_failed(self.revision.unwrap_or_default(), actual))
            }
            outcome => Ok(outcome?),
        }
    }
}

fn precondition_failed(seen: Revision, current: Revision) -> Failure {
    let statement = format!("the session is at revision {current}, not at {seen}");
    Problem::refused("PRECONDITION_FAILED", statement)
        .hint("read it again, and decide anew")
        .fact("expected_revision", seen.0)
        .fact("current_revision", current.0)
        .into()
}

/// A header's value, which is given at most once.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Answer<Option<&'a str>> {
    let mut all = headers.get_all(name).iter();
    let (first, second) = (all.next(), all.next());
    match (first.map(|value| value.to_str()), second) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        (Some(_), _) => {
            Err(Failure::usage(format!("the header `{name}` is given twice, or is no plain text")))
        }
    }
}

fn number(name: &str, text: &str) -> Answer<u64> {
    text.parse().map_err(|_wrong| Failure::usage(format!("the header `{name}` is not a number")))
}
