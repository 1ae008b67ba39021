//! Who asks, and what they may see.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tenure_core::access::Role;
use tenure_core::id::{ActorId, Namespace, Principal, TokenId};
use tenure_core::session::Session;

use crate::answer::{Answer, Failure};

/// Who asks. Every request that reaches a handler has been let in as somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The tenant.
    pub(crate) namespace: Namespace,
    /// Whose token it is; `None`: anybody, on a server that lets everybody in.
    pub(crate) principal: Option<Principal>,
    /// Which token that is.
    pub(crate) token: Option<TokenId>,
    /// What it may do.
    pub(crate) role: Role,
}

impl Caller {
    /// Whether it may see a session of its namespace.
    pub(crate) fn sees(&self, session: &Session) -> bool {
        let reaches = |principal| self.role.reaches(principal, session.principal.as_ref());
        session.namespace == self.namespace && self.principal.as_ref().is_none_or(reaches)
    }

    /// The principals whose sessions it may see; empty: all.
    pub(crate) fn seen_principals(&self) -> Vec<Principal> {
        match (self.role, &self.principal) {
            (Role::Admin, _) | (_, None) => Vec::new(),
            (_, Some(principal)) => vec![principal.clone()],
        }
    }

    /// Who is said to have done something.
    pub(crate) fn actor(&self) -> Option<ActorId> {
        self.principal.as_ref().and_then(|principal| ActorId::parse(principal.as_str()).ok())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Answer<Self> {
        Ok(parts.extensions.get::<Self>().expect("a handler is reached by who was let in").clone())
    }
}
