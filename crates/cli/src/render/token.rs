//! Tokens, for people and programs.

use serde_json::{Value, json};
use tenure_core::access::{Token, Validity};
use tenure_core::escape::Escaped;
use tenure_core::time::Moment;
use tenure_engine::Secret;
use tenure_store::TokensPage;
use tenure_words::when::{ago, instant};

use super::table::{Columns, table};
use super::{Look, Report, Tone, block};

/// A page of tokens.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    pub(crate) page: TokensPage,
    pub(crate) now: Option<Moment>,
}

/// How a token is. Without a usable clock, one that expires is not known to be valid.
fn state(token: &Token, now: Option<&Moment>) -> &'static str {
    match now.map(|now| token.validity(now)) {
        Some(Ok(Validity::Valid)) => "valid",
        Some(Ok(Validity::Expired { .. })) => "expired",
        Some(Ok(Validity::Revoked { .. })) => "revoked",
        Some(Err(_)) | None => "unknown",
    }
}

impl Report for Tokens {
    fn text(&self, look: &Look) -> String {
        if self.page.tokens.is_empty() {
            return "No tokens.\n".to_owned();
        }
        let row = |token: &Token| {
            let dash = || "-".to_owned();
            let used = token.last_used_at.zip(self.now.as_ref());
            [
                state(token, self.now.as_ref()).to_owned(),
                token.id.to_string(),
                token.principal.to_string(),
                token.role.name().to_owned(),
                token.expires_at.map_or_else(|| "never".to_owned(), instant),
                used.map_or_else(dash, |(at, now)| ago(at, now)),
                if token.note.is_empty() { dash() } else { Escaped(&token.note).to_string() },
            ]
        };
        let header = ["STATE", "TOKEN", "PRINCIPAL", "ROLE", "EXPIRES", "USED", "NOTE"];
        let mut text = table(look, (header, Columns::Left), self.page.tokens.iter().map(row));
        if let Some(next) = &self.page.next {
            text.push_str(&look.paint(Tone::Dim, &format!("more: tenure token list --cursor {next}")));
            text.push('\n');
        }
        text
    }

    fn json(&self) -> Value {
        let row = |token: &Token| {
            let mut document = token_json(token);
            document["state"] = state(token, self.now.as_ref()).into();
            document
        };
        let next = self.page.next.as_ref().map(|next| next.as_str());
        json!({ "data": self.page.tokens.iter().map(row).collect::<Vec<_>>(), "next_cursor": next })
    }
}

fn token_json(token: &Token) -> Value {
    tenure_api::document(&tenure_api::Token::of(token))
}

/// A token with its secret: the only time that it is shown.
#[derive(Debug)]
pub(crate) struct Secretive {
    pub(crate) token: Token,
    pub(crate) secret: Secret,
    pub(crate) is_rotated: bool,
}

impl Report for Secretive {
    fn text(&self, look: &Look) -> String {
        let Token { id, namespace, principal, role, .. } = &self.token;
        let done = if self.is_rotated { "Rotated" } else { "Created" };
        let mut rows = vec![
            ("Principal", principal.to_string()),
            ("Role", role.name().to_owned()),
            ("Namespace", namespace.to_string()),
            ("Expires", self.token.expires_at.map_or_else(|| "never".to_owned(), instant)),
        ];
        rows.extend(
            self.token
                .previous_until
                .map(|until| ("Secret before", format!("good until {}", instant(until)))),
        );
        rows.push(("Secret", self.secret.reveal().to_owned()));
        format!("{done} token {id}.\n{}Keep the secret: it is not shown again.\n", block(look, rows))
    }

    fn json(&self) -> Value {
        let command = if self.is_rotated { "token rotate" } else { "token create" };
        json!({ "command": command, "ok": true, "token": token_json(&self.token), "secret": self.secret.reveal() })
    }
}

/// A token that is not valid any more.
#[derive(Debug)]
pub(crate) struct Revoked {
    pub(crate) token: Token,
    /// Whether it was so before.
    pub(crate) was_revoked: bool,
}

impl Report for Revoked {
    fn text(&self, _: &Look) -> String {
        let Token { id, principal, role, revoked_at, .. } = &self.token;
        match revoked_at.filter(|_| self.was_revoked) {
            Some(at) => format!("Token {id} was revoked before, {}.\n", instant(at)),
            None => format!("Revoked token {id} of {principal} ({}).\n", role.name()),
        }
    }

    fn json(&self) -> Value {
        json!({
            "command": "token revoke",
            "ok": true,
            "was_revoked": self.was_revoked,
            "token": token_json(&self.token),
        })
    }
}
