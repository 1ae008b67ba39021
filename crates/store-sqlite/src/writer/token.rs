//! Tokens: made, taken back, given another secret, used.

use tenure_core::access::Validity;
use tenure_core::id::{Namespace, TokenId};
use tenure_store::{
    CreateToken, CreateTokenOutcome, RevokeToken, RevokeTokenOutcome, RotateToken, RotateTokenOutcome,
    SecretHash, record,
};

use super::work::{Work, exactly_one};
use crate::error::WorkError;
use crate::row::{TokenRow, corrupt, signed};
use crate::sql;

impl Work<'_> {
    pub(super) fn create_token(&self, request: &CreateToken) -> Result<CreateTokenOutcome, WorkError> {
        if let Some(row) = self.token(&request.id)? {
            let is_same = row.hash == request.hash;
            return Ok(if is_same {
                CreateTokenOutcome::Created(Box::new(row.token))
            } else {
                CreateTokenOutcome::Taken
            });
        }
        if self.has_secret(request.hash)? {
            return Ok(CreateTokenOutcome::Taken);
        }
        let at = self.wall();
        let expires = request.expires_in.map(|length| signed(at.after(length).epoch_ms()));
        let row = (
            request.id.as_str(),
            request.namespace.as_str(),
            request.principal.as_str(),
            record::role_code(request.role),
            &request.note,
            signed(at.epoch_ms()),
            expires,
            request.hash.0,
        );
        sql::write(self.conn, sql::TOKEN_INSERT, row)?;
        Ok(CreateTokenOutcome::Created(Box::new(self.known_token(&request.id)?.token)))
    }

    pub(super) fn revoke_token(&self, request: &RevokeToken) -> Result<RevokeTokenOutcome, WorkError> {
        let Some(row) = self.token_of(request.namespace.as_ref(), &request.id)? else {
            return Ok(RevokeTokenOutcome::NotFound);
        };
        if row.token.revoked_at.is_some() {
            return Ok(RevokeTokenOutcome::AlreadyRevoked(Box::new(row.token)));
        }
        let touched = sql::write(self.conn, sql::TOKEN_REVOKE, (row.tid, signed(self.wall().epoch_ms())))?;
        exactly_one(touched, "a token")?;
        Ok(RevokeTokenOutcome::Revoked(Box::new(self.known_token(&request.id)?.token)))
    }

    pub(super) fn rotate_token(&self, request: &RotateToken) -> Result<RotateTokenOutcome, WorkError> {
        let Some(row) = self.token_of(request.namespace.as_ref(), &request.id)? else {
            return Ok(RotateTokenOutcome::NotFound);
        };
        if row.token.validity(&self.now) != Ok(Validity::Valid) {
            return Ok(RotateTokenOutcome::Ended(Box::new(row.token)));
        }
        if row.hash == request.hash {
            return Ok(RotateTokenOutcome::Rotated(Box::new(row.token)));
        }
        if self.has_secret(request.hash)? {
            return Ok(RotateTokenOutcome::Taken);
        }
        let until = signed(self.wall().after(request.grace).epoch_ms());
        exactly_one(sql::write(self.conn, sql::TOKEN_ROTATE, (row.tid, request.hash.0, until))?, "a token")?;
        Ok(RotateTokenOutcome::Rotated(Box::new(self.known_token(&request.id)?.token)))
    }

    pub(super) fn touch_token(&self, id: &TokenId) -> Result<(), WorkError> {
        let Some((row, now)) = self.token(id)?.zip(self.now.wall) else {
            return Ok(());
        };
        if row.token.is_use_news(now) {
            exactly_one(
                sql::write(self.conn, sql::TOKEN_TOUCH, (row.tid, signed(now.epoch_ms())))?,
                "a token",
            )?;
        }
        Ok(())
    }

    fn token(&self, id: &TokenId) -> Result<Option<TokenRow>, WorkError> {
        sql::one(self.conn, sql::TOKEN_FIND, [id.as_str()], TokenRow::of)
    }

    fn token_of(&self, namespace: Option<&Namespace>, id: &TokenId) -> Result<Option<TokenRow>, WorkError> {
        let is_meant = |row: &TokenRow| namespace.is_none_or(|namespace| row.token.namespace == *namespace);
        Ok(self.token(id)?.filter(is_meant))
    }

    fn known_token(&self, id: &TokenId) -> Result<TokenRow, WorkError> {
        self.token(id)?.ok_or_else(|| corrupt("a token that was written is not there"))
    }

    fn has_secret(&self, hash: SecretHash) -> Result<bool, WorkError> {
        sql::any(self.conn, sql::TOKEN_BY_HASH, [hash.0])
    }
}
