//! From rows to tokens.

use rusqlite::Row;
use tenure_core::access::Token;
use tenure_core::id::{InvalidName, Namespace, Principal, TokenId};
use tenure_core::time::{Moment, WallTime};
use tenure_store::{SecretHash, record};

use super::{corrupt, unsigned};
use crate::error::WorkError;

/// A token's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenRow {
    pub(crate) tid: i64,
    pub(crate) token: Token,
    /// The present secret's.
    pub(crate) hash: SecretHash,
    /// The one's before.
    pub(crate) previous: Option<SecretHash>,
}

impl TokenRow {
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, WorkError> {
        let token = Token {
            id: name(row, (1, "token"), TokenId::parse)?,
            namespace: name(row, (2, "namespace"), Namespace::parse)?,
            principal: name(row, (3, "principal"), Principal::parse)?,
            role: record::role_of(row.get(4)?)?,
            note: row.get(5)?,
            created_at: WallTime::from_epoch_ms(unsigned(row.get(6)?)?),
            expires_at: instant(row, 7)?,
            revoked_at: instant(row, 8)?,
            last_used_at: instant(row, 9)?,
            previous_until: instant(row, 12)?,
        };
        let previous = row.get::<_, Option<[u8; 32]>>(11)?.map(SecretHash);
        Ok(Self { tid: row.get(0)?, token, hash: SecretHash(row.get(10)?), previous })
    }

    /// Whether that is a secret of the token that is good at that moment.
    pub(crate) fn takes(&self, hash: SecretHash, now: &Moment) -> bool {
        self.hash == hash || (self.previous == Some(hash) && self.token.takes_previous(now))
    }
}

fn name<T>(
    row: &Row<'_>,
    (column, what): (usize, &str),
    parse: impl Fn(&str) -> Result<T, InvalidName>,
) -> Result<T, WorkError> {
    let text = row.get_ref(column)?.as_str().map_err(|why| corrupt(format!("a {what}: {why}")))?;
    parse(text).map_err(|why| corrupt(format!("a {what} is not a name: {why:?}")))
}

fn instant(row: &Row<'_>, column: usize) -> Result<Option<WallTime>, WorkError> {
    let ms = row.get::<_, Option<i64>>(column)?.map(unsigned).transpose()?;
    Ok(ms.map(WallTime::from_epoch_ms))
}
