//! Secrets of tokens: made here, shown once, and known by their hash from then on.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tenure_store::SecretHash;

use crate::Ids;

/// What every secret begins with, so that one is known for what it is where it should not be.
const PREFIX: &str = "tnr_";
/// Random bytes of a secret.
const BYTES: usize = 32;

/// A token's secret: `tnr_` and 43 characters of base64url. Whoever has it is who the token says.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl fmt::Debug for Secret {
    /// Never shown by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    /// A new one.
    pub fn draw(ids: &dyn Ids) -> Self {
        let random = [ids.random(), ids.random()].concat();
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(random)))
    }

    /// The secret that somebody shows; `None` when it is none by its form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        (bytes.len() == BYTES).then(|| Self(text.to_owned()))
    }

    /// What a store keeps of it.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The secret itself, to be shown to whom it is for, once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemIds;

    #[test]
    fn a_secret_is_read_back_and_nothing_else_is() {
        let secret = Secret::draw(&SystemIds);
        assert_eq!(secret.reveal().len(), 4 + 43);
        let again = Secret::parse(secret.reveal()).unwrap();
        assert_eq!((&again, again.hash()), (&secret, secret.hash()));
        let (_, bare) = secret.reveal().split_at(4);
        for wrong in ["", "tnr_", bare, &format!("tnr_{}", &bare[1..]), &format!("tnr_{bare}A"), "tnr_ä"] {
            assert_eq!(Secret::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_two_secrets_are_alike_and_none_shows_itself() {
        let (one, other) = (Secret::draw(&SystemIds), Secret::draw(&SystemIds));
        assert!(one != other && one.hash() != other.hash());
        assert_eq!(format!("{one:?} {:?}", one.hash()), "Secret SecretHash");
    }
}
