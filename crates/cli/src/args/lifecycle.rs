//! Options of the verbs by which agents and scripts drive sessions by hand.

use std::time::Duration;

use clap::Args;
use tenure_core::session::Progress;

use super::run::duration;

/// A length of time, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// For ever.
    Never,
    /// Not longer than this.
    After(Duration),
}

/// Create a session that is started later.
///
/// It is pending and held by nobody until `tenure start NAME` or `tenure run --key KEY` starts it. Creating the
/// same id again with the same options returns it as it is, so that a script may be repeated.
#[derive(Debug, Clone, Args)]
pub(crate) struct CreateArgs {
    /// Its id; without one, a new one is made
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Name of the session's slot: at most one open session has it
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The session that it is created for: its id, or its key
    #[arg(long, value_name = "NAME")]
    pub(crate) parent: Option<String>,
    /// The group it belongs to, of which only so many sessions are at work at once
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// How many sessions of the group may be at work at once, if it has no limit yet (see `tenure group`)
    #[arg(long, value_name = "N", requires = "group", value_parser = super::run::limit)]
    pub(crate) group_limit: Option<super::run::Limit>,
    /// A name and value to keep with it; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = super::filter::label)]
    pub(crate) labels: Vec<(String, String)>,
    /// What to keep with it: a JSON object; `-` reads it from standard input
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub(crate) metadata: Option<String>,
    /// The directory it works in
    #[arg(long, value_name = "DIR")]
    pub(crate) directory: Option<String>,
    #[command(flatten)]
    pub(crate) expiry: ExpiryArgs,
}

/// When a session expires by itself.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ExpiryArgs {
    /// Expire it without activity for longer than this, or `never` [env: TENURE_IDLE_TIMEOUT] [default: 30m]
    #[arg(long, value_name = "DURATION", value_parser = span)]
    pub(crate) idle_timeout: Option<Span>,
    /// Expire it this long after it was created, whatever happens, or `never` [env: TENURE_EXPIRES_IN] [default: never]
    #[arg(long, value_name = "DURATION", value_parser = span)]
    pub(crate) expires_in: Option<Span>,
    /// Expire it when it was not started this long after it was created, or `never` [env: TENURE_PENDING_TIMEOUT] [default: never]
    #[arg(long, value_name = "DURATION", value_parser = span)]
    pub(crate) pending_timeout: Option<Span>,
}

/// Become the holder of a session that nobody holds, without a change of its state.
///
/// What somebody holds is refused, naming the holder. What its holder has left needs `tenure takeover`. With a
/// fence, its own holder gets back what it was late to renew and nobody took.
#[derive(Debug, Clone, Args)]
pub(crate) struct AcquireArgs {
    #[command(flatten)]
    pub(crate) claim: ClaimArgs,
    /// The fence it was held under, to get it back [env: TENURE_FENCE, for the session of TENURE_SESSION_ID]
    #[arg(long, value_name = "N")]
    pub(crate) fence: Option<u64>,
}

/// Who becomes the holder.
#[derive(Debug, Clone, Args)]
pub(crate) struct ClaimArgs {
    /// The session's id, or its key [env: TENURE_SESSION_ID]
    pub(crate) name: Option<String>,
    /// Who holds it from now on
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    /// How long the lease holds after each renewal: 1 to 600 [default: 60]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) lease_seconds: Option<u64>,
    /// Print what a shell can take over: eval "$(tenure acquire NAME --actor-id ID --export)"
    #[arg(long)]
    pub(crate) export: bool,
}

/// Which session its owner means, and under which fence it is held.
#[derive(Debug, Clone, Args)]
pub(crate) struct OwnedArgs {
    /// The session's id, or its key [env: TENURE_SESSION_ID]
    pub(crate) name: Option<String>,
    /// The fence it is held under [env: TENURE_FENCE, for the session of TENURE_SESSION_ID]
    #[arg(long, value_name = "N")]
    pub(crate) fence: Option<u64>,
}

/// Renew a session's lease.
///
/// It holds for another ttl from now. What is over is never revived: see `tenure acquire --fence`.
#[derive(Debug, Clone, Args)]
pub(crate) struct RenewArgs {
    #[command(flatten)]
    pub(crate) owned: OwnedArgs,
}

/// Let a session go, without a change of its state.
///
/// Anybody may start, acquire or end it then.
#[derive(Debug, Clone, Args)]
pub(crate) struct ReleaseArgs {
    #[command(flatten)]
    pub(crate) owned: OwnedArgs,
}

/// End a session well.
///
/// With the fence it is held under, or when nobody holds it.
#[derive(Debug, Clone, Args)]
pub(crate) struct CompleteArgs {
    #[command(flatten)]
    pub(crate) owned: OwnedArgs,
    /// What to tell people
    #[arg(long, value_name = "TEXT", default_value = "completed")]
    pub(crate) message: String,
    /// Who does it, when nobody holds the session
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    #[command(flatten)]
    pub(crate) usage: UsageArgs,
}

/// End a session badly.
///
/// With the fence it is held under, or when nobody holds it.
#[derive(Debug, Clone, Args)]
pub(crate) struct FailArgs {
    #[command(flatten)]
    pub(crate) owned: OwnedArgs,
    /// What went wrong
    #[arg(long, value_name = "TEXT")]
    pub(crate) error: String,
    /// Who does it, when nobody holds the session
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    #[command(flatten)]
    pub(crate) usage: UsageArgs,
}

/// Keep facts with a session: labels, metadata, progress, timings, usage.
///
/// Metadata is merged name by name; `null` removes a name. Two names are not kept but do arithmetic:
/// `files_changed_delta` adds to `files_changed`, and `increment_iteration: true` counts one iteration. Usage is
/// added to what was reported before.
#[derive(Debug, Clone, Args)]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    pub(crate) owned: OwnedArgs,
    /// A name and value to add or replace; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = super::filter::label)]
    pub(crate) labels: Vec<(String, String)>,
    /// What to merge into the metadata: a JSON object; `-` reads it from standard input
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub(crate) metadata: Option<String>,
    /// How much is done, and of how much if known
    #[arg(long, value_name = "CURRENT[/TOTAL]", value_parser = progress)]
    pub(crate) progress: Option<Progress>,
    /// How long an operation took; may be repeated
    #[arg(long = "timing", value_name = "NAME=DURATION", value_parser = timing)]
    pub(crate) timings: Vec<(String, Duration)>,
    /// What went wrong: the session has failed by that
    #[arg(long, value_name = "TEXT")]
    pub(crate) error: Option<String>,
    /// Who does it, when nobody holds the session
    #[arg(long, value_name = "ID")]
    pub(crate) actor_id: Option<String>,
    #[command(flatten)]
    pub(crate) usage: UsageArgs,
}

/// What was used since the last report.
#[derive(Debug, Clone, Copy, Default, Args)]
#[command(next_help_heading = "What was used since the last report")]
pub(crate) struct UsageArgs {
    /// Rounds of the agent
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) iterations: u64,
    /// Tokens that a model read
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) input_tokens: u64,
    /// Tokens that a model wrote
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) output_tokens: u64,
    /// Tools that were called
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) tool_calls: u64,
    /// What it cost: a decimal number with up to six digits after the point
    #[arg(long, value_name = "NUMBER", default_value = "0", hide_default_value = true, value_parser = micros)]
    pub(crate) cost: u64,
}

/// Send a message to a session's owner.
///
/// It needs no fence, and disturbs nobody: it is an event of the session's log, where its owner finds it with
/// `tenure events NAME --type message --follow`.
#[derive(Debug, Clone, Args)]
pub(crate) struct SendArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// The message's words, kept as {"text": WORDS}
    #[arg(value_name = "TEXT", conflicts_with = "data", required_unless_present = "data")]
    pub(crate) text: Option<String>,
    /// The payload as JSON instead; `-` reads it from standard input
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub(crate) data: Option<String>,
    /// The message's type: lower-case words joined by `_`, `-` or `.`
    #[arg(long = "type", value_name = "TYPE", default_value = "message")]
    pub(crate) kind: String,
}

/// Delete a session that has ended, with its log.
///
/// Nothing of it can be brought back. Its key keeps counting revisions and fences. Sessions that were created
/// for it stay, and say that their parent was deleted.
#[derive(Debug, Clone, Args)]
pub(crate) struct DeleteArgs {
    /// The session's id, or its key
    pub(crate) name: String,
    /// End it as cancelled first, if it is open, whoever holds it
    #[arg(long)]
    pub(crate) force: bool,
    /// Who wishes it
    #[arg(long, value_name = "ID", requires = "force")]
    pub(crate) actor_id: Option<String>,
}

fn span(text: &str) -> Result<Span, String> {
    match text {
        "never" => Ok(Span::Never),
        text => duration(text).map(Span::After).map_err(|why| format!("{why}, or never")),
    }
}

impl Span {
    /// What a setting says.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        span(text).ok()
    }
}

fn progress(text: &str) -> Result<Progress, String> {
    let number = |text: &str| text.parse().map_err(|_other| format!("`{text}` is not a whole number"));
    Ok(match text.split_once('/') {
        Some((current, total)) => Progress { current: number(current)?, total: Some(number(total)?) },
        None => Progress { current: number(text)?, total: None },
    })
}

fn timing(text: &str) -> Result<(String, Duration), String> {
    let (name, length) = text.rsplit_once('=').ok_or("write it as NAME=DURATION")?;
    Ok((name.to_owned(), duration(length)?))
}

/// Millionths of a decimal number, exactly.
fn micros(text: &str) -> Result<u64, String> {
    const DIGITS: usize = 6;
    let wrong = || "write a number like 0.25, with up to six digits after the point".to_owned();
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if !is_number(whole) || !is_number(rest) || rest.len() > DIGITS {
        return Err(wrong());
    }
    let millionths = format!("{whole}{rest:0<DIGITS$}");
    millionths.parse().map_err(|_too_large| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_is_read_exactly() {
        let table =
            [("0", 0), ("1", 1_000_000), ("0.25", 250_000), ("12.000001", 12_000_001), ("007.5", 7_500_000)];
        for (text, expected) in table {
            assert_eq!(micros(text), Ok(expected), "{text}");
        }
        for wrong in ["", ".", "1.", ".5", "-1", "1e3", "0.1234567", "1,5", "99999999999999999999"] {
            assert!(micros(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn progress_is_a_number_and_perhaps_its_total() {
        assert_eq!(progress("3/10"), Ok(Progress { current: 3, total: Some(10) }));
        assert_eq!(progress("3"), Ok(Progress { current: 3, total: None }));
        for wrong in ["", "/", "3/", "-1", "a/b", "1/2/3"] {
            assert!(progress(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_span_is_a_length_of_time_or_never() {
        assert_eq!(span("never"), Ok(Span::Never));
        assert_eq!(span("90s"), Ok(Span::After(Duration::from_secs(90))));
        assert!(span("soon").is_err());
        assert_eq!(timing("a=b=2s"), Ok(("a=b".to_owned(), Duration::from_secs(2))));
    }
}
