//! Which sessions a list is about, as it is typed.

use std::time::Duration;

use clap::{Args, ValueEnum};
use tenure_core::kind::Kind;
use tenure_core::session::StateName;
use tenure_core::time::WallTime;

use super::choice;

/// Which sessions a list is about. All that is given must be true.
#[derive(Debug, Clone, Args)]
pub(crate) struct FilterArgs {
    /// Only sessions in this state; may be repeated
    #[arg(long = "state", value_name = "STATE", value_parser = choice::state())]
    pub(crate) states: Vec<StateName>,
    /// Only sessions of this kind; may be repeated
    #[arg(long = "kind", value_name = "KIND", value_parser = choice::kind())]
    pub(crate) kinds: Vec<Kind>,
    /// Only sessions that were opened on behalf of this principal; may be repeated, any of them will do
    #[arg(long = "principal", value_name = "NAME")]
    pub(crate) principals: Vec<String>,
    /// Only sessions with this label; may be repeated, all must be there
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    pub(crate) labels: Vec<(String, String)>,
    /// Only sessions that this actor holds, whether its lease is live or over
    #[arg(long, value_name = "ID")]
    pub(crate) holder: Option<String>,
    /// Only sessions whose key begins like this
    #[arg(long, value_name = "BEGINNING")]
    pub(crate) key: Option<String>,
    /// Only sessions of this group
    #[arg(long, value_name = "GROUP")]
    pub(crate) group: Option<String>,
    /// Only sessions in this directory: a path, or the name of its last part
    #[arg(long, visible_alias = "worktree", value_name = "DIR")]
    pub(crate) directory: Option<String>,
    /// Only sessions that were created for this one: an id, or a key
    #[arg(long, value_name = "NAME")]
    pub(crate) parent: Option<String>,
    /// Only sessions created then or later: an instant, a day, or how long ago (`90m`)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) created_after: Option<Time>,
    /// Only sessions created then or earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) created_before: Option<Time>,
    /// Only sessions first started then or later
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) started_after: Option<Time>,
    /// Only sessions first started then or earlier
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) started_before: Option<Time>,
    /// Only sessions where every one of these words begins a word of the key, the labels, the activity, the
    /// command or the metadata, or begins the id; may be repeated
    #[arg(long = "search", value_name = "WORDS")]
    pub(crate) search: Vec<String>,
}

/// A time, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// That instant.
    At(WallTime),
    /// So long ago.
    Ago(Duration),
}

/// Which sessions of a list come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OrderArg {
    /// Those that were created last
    Newest,
    /// Those that were created first
    Oldest,
}

pub(super) fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn time(text: &str) -> Result<Time, String> {
    // A date with a time of day and no zone is a date to some, and an instant that nobody can tell.
    let midnight = || (text.len() == "2026-01-31".len()).then(|| format!("{text}T00:00:00Z"));
    let day = || midnight()?.parse().ok();
    if let Some(at) = text.parse::<jiff::Timestamp>().ok().or_else(day) {
        let ms = u64::try_from(at.as_millisecond()).map_err(|_early| "it is before 1970")?;
        return Ok(Time::At(WallTime::from_epoch_ms(ms)));
    }
    let ago = super::run::duration(text).map(Time::Ago);
    ago.map_err(|_why| {
        "write a time like 2026-01-31T08:00:00Z, a day like 2026-01-31, or how long ago, like 90m".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_instant_a_day_or_a_length_of_time() {
        let at = |ms| Ok(Time::At(WallTime::from_epoch_ms(ms)));
        assert_eq!(time("2023-11-14T22:13:20.123Z"), at(1_700_000_000_123));
        assert_eq!(time("2023-11-14T23:13:20+01:00"), at(1_700_000_000_000));
        assert_eq!(time("2023-11-15"), at(1_700_006_400_000));
        assert_eq!(time("90m"), Ok(Time::Ago(Duration::from_secs(5400))));
        for wrong in ["", "yesterday", "1969-12-31", "2023-02-30", "-5m", "2023-11-14T22:13:20"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }
}
