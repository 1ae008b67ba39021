//! Who did what, as lines in the log.
//!
//! One for every write by a token, and for every refusal at the door.

use axum::extract::{MatchedPath, RawPathParams, Request};
use axum::http::{Method, StatusCode};
use axum::response::Response;

use crate::answer::Code;
use crate::caller::Caller;
use crate::once::Replayed;

/// What an answer is about, for these lines.
#[derive(Debug, Clone)]
pub(crate) enum About {
    /// A session, by its id.
    Session(String),
    /// Something else, by its name.
    Other(String),
}

/// What is asked: as much of it as may be told.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    method: Method,
    path: MatchedPath,
    session: Option<String>,
    other: Option<String>,
}

/// Names in paths that say what is meant, beside sessions. That of a registration is its worker's secret.
const OTHERS: [&str; 5] = ["token", "group", "key", "worker", "checkpoint"];

impl Asked {
    /// What a request asks.
    pub(crate) fn of(request: &Request, path: MatchedPath, names: Option<&RawPathParams>) -> Self {
        let named = |wanted: &[&str]| {
            let mut names = names.into_iter().flatten();
            names.find(|(name, _)| wanted.contains(name)).map(|(_, value)| value.to_owned())
        };
        Self { method: request.method().clone(), path, session: named(&["name"]), other: named(&OTHERS) }
    }

    fn is_write(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD)
    }
}

/// A write that is under way. However it ends, it is told.
#[derive(Debug)]
pub(crate) struct Line {
    caller: Caller,
    asked: Asked,
    answered: Option<Answered>,
}

#[derive(Debug)]
struct Answered {
    status: StatusCode,
    code: Option<&'static str>,
    is_replayed: bool,
}

impl Line {
    /// A line for a write by a token; nothing for what only reads, and for anybody on a server that lets everybody in.
    pub(crate) fn begin(caller: &Caller, asked: Asked) -> Option<Self> {
        let is_told = asked.is_write() && caller.token.is_some();
        is_told.then(|| Self { caller: caller.clone(), asked, answered: None })
    }

    /// It was answered.
    pub(crate) fn answered(&mut self, response: &Response) {
        match response.extensions().get::<About>() {
            Some(About::Session(id)) => self.asked.session = Some(id.clone()),
            Some(About::Other(name)) => self.asked.other = Some(name.clone()),
            None => {}
        }
        self.answered = Some(Answered {
            status: response.status(),
            code: response.extensions().get::<Code>().map(|code| code.0),
            is_replayed: response.extensions().get::<Replayed>().is_some(),
        });
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let Self { caller, asked, answered } = self;
        match answered {
            Some(Answered { status, code, is_replayed: false }) => {
                tell("write", (Some(caller), asked), Some((*status, *code)));
            }
            Some(Answered { status, code, is_replayed: true }) => {
                tell("answered again", (Some(caller), asked), Some((*status, *code)));
            }
            // Whoever asked has gone, or the server failed: it may have been done.
            None => tell("write without an answer", (Some(caller), asked), None),
        }
    }
}

/// Tells of somebody who was not let in.
pub(crate) fn refused(caller: Option<&Caller>, asked: &Asked, response: &Response) {
    let code = response.extensions().get::<Code>().map(|code| code.0);
    // What somebody says who is not known is not worth keeping.
    let anonymous = Asked { session: None, other: None, ..asked.clone() };
    let asked = if caller.is_some() { asked } else { &anonymous };
    tell("refused at the door", (caller, asked), Some((response.status(), code)));
}

type Outcome = (StatusCode, Option<&'static str>);

fn tell(what: &'static str, (caller, asked): (Option<&Caller>, &Asked), outcome: Option<Outcome>) {
    let (status, code) = outcome.unzip();
    tracing::info!(
        target: "audit",
        namespace = caller.map(|caller| caller.namespace.as_str()),
        principal = caller.and_then(|caller| caller.principal.as_ref()).map(|name| name.as_str()),
        token = caller.and_then(|caller| caller.token.as_ref()).map(|token| token.as_str()),
        role = caller.map(|caller| caller.role.name()),
        method = asked.method.as_str(),
        path = asked.path.as_str(),
        session = asked.session.as_deref(),
        subject = asked.other.as_deref(),
        status = status.map(|status| status.as_u16()),
        code = code.flatten(),
        "{what}"
    );
}
