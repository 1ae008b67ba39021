//! Groups, tokens, and how the server is.

use tenure_api::requests::{CreateToken, RotateToken, SetLimit};
use tenure_api::{Figures, Group, Health, IssuedToken, Page, Token};

use crate::call::{Call, Method};
use crate::{Client, ClientError};

impl Client {
    /// A group and its members.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn group(&self, name: &str) -> Result<Group, ClientError> {
        self.ask(Call::new(Method::Get, &["v1", "groups", name])).await
    }

    /// Says how many of a group may be at work at once.
    ///
    /// # Errors
    /// As [`Client::group`].
    pub async fn limit_group(&self, name: &str, limit: &SetLimit) -> Result<Group, ClientError> {
        self.ask(Call::new(Method::Put, &["v1", "groups", name]).json(limit)).await
    }

    /// One page of tokens, without their secrets.
    ///
    /// # Errors
    /// As [`Client::group`].
    pub async fn tokens(&self, limit: usize, cursor: Option<&str>) -> Result<Page<Token>, ClientError> {
        let call = Call::new(Method::Get, &["v1", "tokens"]);
        self.ask(call.query("limit", limit).query_if("cursor", cursor)).await
    }

    /// Makes a token: its secret is in this answer alone. It is not sent again: an answer that is lost is a token that
    /// nobody has the secret of.
    ///
    /// # Errors
    /// As [`Client::group`].
    pub async fn create_token(&self, wish: &CreateToken) -> Result<IssuedToken, ClientError> {
        self.ask(Call::new(Method::Post, &["v1", "tokens"]).json(wish).once_at_most()).await
    }

    /// Takes a token back.
    ///
    /// # Errors
    /// As [`Client::group`].
    pub async fn revoke_token(&self, id: &str) -> Result<Token, ClientError> {
        self.ask(Call::new(Method::Delete, &["v1", "tokens", id])).await
    }

    /// Gives a token another secret.
    ///
    /// # Errors
    /// As [`Client::group`].
    pub async fn rotate_token(&self, id: &str, wish: &RotateToken) -> Result<IssuedToken, ClientError> {
        self.ask(Call::new(Method::Post, &["v1", "tokens", id, "rotate"]).json(wish).once_at_most()).await
    }

    /// Figures about sessions and events.
    ///
    /// # Errors
    /// As [`Client::group`].
    pub async fn statistics(&self, query: &[(&str, String)]) -> Result<Figures, ClientError> {
        let call = Call::new(Method::Get, &["v1", "statistics"]);
        self.ask(query.iter().fold(call, |call, (name, value)| call.query(name, value))).await
    }

    /// Whether the server answers and its store does. It changes nothing.
    ///
    /// # Errors
    /// As [`Client::group`].
    pub async fn ready(&self) -> Result<Health, ClientError> {
        self.ask(Call::new(Method::Get, &["readyz"])).await
    }
}
