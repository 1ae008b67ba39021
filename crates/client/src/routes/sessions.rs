//! Sessions: listed, created, shown, changed, deleted.

use tenure_api::command::{CommandAnswer, CommandRequest};
use tenure_api::requests::{CreateSession, UpdateSession};
use tenure_api::{Page, Session, Tenant, Weight};

use super::session;
use crate::call::{Call, Method};
use crate::{Client, ClientError};

impl Client {
    /// One page of sessions. `query` has the filters, as the API names them.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn sessions(&self, query: &[(&str, String)]) -> Result<Page<Session>, ClientError> {
        let call = Call::new(Method::Get, &["v1", "sessions"]);
        self.ask(query.iter().fold(call, |call, (name, value)| call.query(name, value))).await
    }

    /// Creates a session, to be started later.
    ///
    /// # Errors
    /// As [`Client::sessions`].
    pub async fn create_session(&self, wish: &CreateSession) -> Result<Session, ClientError> {
        self.ask(Call::new(Method::Post, &["v1", "sessions"]).json(wish)).await
    }

    /// The session that a name means.
    ///
    /// # Errors
    /// As [`Client::sessions`]; `AMBIGUOUS` where it means several.
    pub async fn session(&self, name: &str) -> Result<Session, ClientError> {
        self.ask(session(Method::Get, name, &[])).await
    }

    /// Changes what is kept with a session.
    ///
    /// # Errors
    /// As [`Client::sessions`].
    pub async fn update_session(
        &self,
        name: &str,
        fence: Option<u64>,
        wish: &UpdateSession,
    ) -> Result<Session, ClientError> {
        self.ask(session(Method::Patch, name, &[]).fence(fence).json(wish)).await
    }

    /// Deletes a session; `force`: one that is open is ended first. It answers with what it was.
    ///
    /// # Errors
    /// As [`Client::sessions`].
    pub async fn delete_session(&self, name: &str, force: bool) -> Result<Session, ClientError> {
        let call = session(Method::Delete, name, &[]);
        self.ask(if force { call.query("force", true) } else { call }).await
    }

    /// The newest sessions that were created for a session.
    ///
    /// # Errors
    /// As [`Client::sessions`].
    pub async fn children(
        &self,
        name: &str,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Session>, ClientError> {
        let call = session(Method::Get, name, &["children"]);
        self.ask(call.query("limit", limit).query_if("cursor", cursor)).await
    }

    /// What deleting a session would give back.
    ///
    /// # Errors
    /// As [`Client::sessions`].
    pub async fn weight(&self, name: &str) -> Result<Weight, ClientError> {
        self.ask(session(Method::Get, name, &["weight"])).await
    }

    /// The tenants that the caller may know of.
    ///
    /// # Errors
    /// As [`Client::sessions`].
    pub async fn namespaces(&self) -> Result<Page<Tenant>, ClientError> {
        self.ask(Call::new(Method::Get, &["v1", "namespaces"])).await
    }

    /// Carries a change out as the rules name it: what Tenure's own terminals ask for.
    ///
    /// # Errors
    /// As [`Client::sessions`].
    pub async fn command(
        &self,
        (fence, revision): (Option<u64>, Option<u64>),
        request: &CommandRequest,
    ) -> Result<CommandAnswer, ClientError> {
        let call = Call::new(Method::Post, &["v1", "commands"]).fence(fence);
        let call = match revision {
            Some(revision) => call.header("if-match", format!("\"{revision}\"")),
            None => call,
        };
        self.ask(call.json(request)).await
    }
}
