//! Options of the verbs about tokens.

use std::time::Duration;

use clap::{Args, Subcommand};
use tenure_core::access::Role;

use super::choice;

/// Say who may use a server over this store: make tokens, list them, take them back.
#[derive(Debug, Clone, Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    pub(crate) verb: TokenVerb,
}

/// What to do with tokens.
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TokenVerb {
    Create(CreateArgs),
    List(ListArgs),
    Revoke(RevokeArgs),
    Rotate(RotateArgs),
}

/// Make a token, and show its secret, once.
///
/// The store keeps a hash of the secret alone: who loses it rotates the token. It is for the namespace that is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateArgs {
    /// On whose behalf its bearer acts: sessions that it opens are this principal's
    #[arg(long, value_name = "NAME")]
    pub(crate) principal: String,
    /// What its bearer may; each may what the ones before it may
    #[arg(long, value_name = "ROLE", value_parser = choice::role())]
    pub(crate) role: Role,
    /// For how long it is valid, like `30d` or `12h`; without it, until it is revoked
    #[arg(long, value_name = "DURATION", value_parser = validity)]
    pub(crate) expires: Option<Duration>,
    /// What it is for
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) note: String,
}

/// List the tokens of a namespace, newest first, whether they are valid or not.
#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {
    /// At most this many, 1 to 1000
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) limit: u16,
    /// Where the next page begins, as the page before said
    #[arg(long, value_name = "CURSOR")]
    pub(crate) cursor: Option<String>,
}

/// Take a token back: from now on it is not valid, for good.
#[derive(Debug, Clone, Args)]
pub(crate) struct RevokeArgs {
    /// The token's id
    pub(crate) id: String,
}

/// Give a token another secret, and show it, once.
///
/// The secret that it has is good beside it for the grace; one that it had before that is not any more.
#[derive(Debug, Clone, Args)]
pub(crate) struct RotateArgs {
    /// The token's id
    pub(crate) id: String,
    /// For how long the present secret is still good; `0s`: it is over at once
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = days)]
    pub(crate) grace: Duration,
}

fn validity(text: &str) -> Result<Duration, String> {
    let length = days(text)?;
    if length.is_zero() { Err("it would never be valid".to_owned()) } else { Ok(length) }
}

/// A length of time, which may be a number of days.
fn days(text: &str) -> Result<Duration, String> {
    const DAY: u64 = 24 * 60 * 60;
    let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
    match days.map(|days| days.checked_mul(DAY)) {
        Some(Some(seconds)) => Ok(Duration::from_secs(seconds)),
        Some(None) => Err("that is too long".to_owned()),
        None => super::run::duration(text).map_err(|why| format!("{why}, or like 30d")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validity_is_a_length_of_time_or_a_number_of_days() {
        assert_eq!(validity("30d"), Ok(Duration::from_secs(30 * 24 * 60 * 60)));
        assert_eq!(validity("1h30m"), Ok(Duration::from_secs(5400)));
        for wrong in ["0d", "0s", "d", "-1d", "1.5d", "soon", "999999999999999999d"] {
            assert!(validity(wrong).is_err(), "{wrong}");
        }
        assert_eq!(days("0s"), Ok(Duration::ZERO));
    }
}
