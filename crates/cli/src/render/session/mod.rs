//! Sessions as people and programs see them, and reports about one.

mod changed;
mod driven;
mod execution;
mod forked;
mod group;
mod list;
mod log;
mod show;

use tenure_core::escape::Escaped;
use tenure_core::session::{Session, State};

pub(crate) use changed::{
    Appended, Asked, AskedToEnd, Cancelled, Checked, Imported, Noted, Recovered, Recovery, Stopped, TakenOver,
};
pub(crate) use driven::{Claimed, Created, Deleted, Driven, Renewed};
pub(crate) use forked::Forked;
pub(crate) use group::Group;
pub(crate) use list::Sessions;
pub(crate) use log::{AppendedMany, Compacted, Replayed};
pub(crate) use show::{Ended, Shown, used};

use super::{Look, Tone};

/// A session's name for people: its id, and its key if it has one.
pub(super) fn title(session: &Session) -> String {
    match &session.key {
        Some(key) => format!("session `{}` (key `{key}`)", session.id),
        None => format!("session `{}`", session.id),
    }
}

/// A state in the colour of what it means.
fn state(look: &Look, session: &Session) -> String {
    let tone = match session.state {
        State::Active => Tone::Good,
        State::Pending | State::Paused { .. } => Tone::Warn,
        State::Failed { .. } => Tone::Bad,
        State::Completed { .. } | State::Cancelled { .. } | State::Expired { .. } => Tone::Dim,
    };
    look.paint(tone, session.state.name().name())
}

/// A command as it could be typed, escaped.
pub(super) fn command_line(words: &[String]) -> String {
    let quoted = words.iter().map(|word| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", Escaped(word).to_string().replace('\'', "'\\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}
