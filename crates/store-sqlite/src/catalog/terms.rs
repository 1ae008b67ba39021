//! What is true of a session, as text.
//!
//! The first letter says what sort of thing it is. Long ones are cut: two that begin alike for long are one
//! term, and the session itself tells them apart.

use std::collections::BTreeSet;

use tenure_core::kind::Kind;
use tenure_core::session::{Session, StateName};
use tenure_store::{last_part, record, words_of};

/// Longest term, in bytes, besides its letter.
const TERM_BYTES_MAX: usize = 48;

/// What the terms of kinds and states begin with.
pub(super) const STATES: &str = "s";

/// The sorts of other terms.
pub(super) const HOLDER: char = 'h';
pub(super) const DIRECTORY: char = 'd';
pub(super) const LAST_PART: char = 'n';
pub(super) const LABEL: char = 'l';
pub(super) const PARENT: char = 'p';
pub(super) const GROUP: char = 'g';
pub(super) const OPENED_FOR: char = 'o';
pub(super) const WORD: char = 'w';

/// A term of one sort.
pub(super) fn term(sort: char, text: &str) -> String {
    let end = text.floor_char_boundary(TERM_BYTES_MAX);
    format!("{sort}{}", &text[..end])
}

/// The term of a kind in a state.
pub(super) fn state(kind: Kind, state: StateName) -> String {
    format!("{STATES}{}.{}", record::kind_code(kind), record::state_code(state))
}

/// A label's term.
pub(super) fn label(name: &str, value: &str) -> String {
    term(LABEL, &format!("{name}={value}"))
}

/// Everything that is true of a session.
pub(super) fn of(session: &Session) -> BTreeSet<String> {
    let mut terms: BTreeSet<_> = steady(session).collect();
    terms.extend(moving(session));
    terms
}

/// What every step of its life changes.
fn moving(session: &Session) -> impl Iterator<Item = String> {
    // Who holds instances changes with their workers, which write none of their sessions.
    let lease = session.lease.as_ref().filter(|_| session.kind != Kind::Workflow);
    let holder = lease.map(|lease| term(HOLDER, lease.holder.id.as_str()));
    std::iter::once(state(session.kind, session.state.name())).chain(holder)
}

/// What seldom changes.
fn steady(session: &Session) -> impl Iterator<Item = String> {
    let directory = session.directory.as_deref();
    let whole = directory.map(|directory| term(DIRECTORY, directory));
    let part = directory.and_then(last_part).map(|part| term(LAST_PART, part));
    let labels = session.labels.iter().map(|(name, value)| label(name, value));
    let group = session.group.as_ref().map(|group| term(GROUP, group.as_str()));
    let parent = session.parent.as_ref().map(|parent| term(PARENT, parent.id.as_str()));
    let principal = session.principal.as_ref().map(|principal| term(OPENED_FOR, principal.as_str()));
    let words = words_of(session).into_iter().map(|word| term(WORD, &word));
    whole.into_iter().chain(part).chain(parent).chain(group).chain(principal).chain(labels).chain(words)
}

/// What was true of a session and is no longer, and what has become true.
pub(super) fn difference(old: &Session, new: &Session) -> (Vec<String>, Vec<String>) {
    let is_described_alike = old.labels == new.labels
        && old.directory == new.directory
        && old.key == new.key
        && old.group == new.group
        && old.command == new.command
        && old.facts.metadata == new.facts.metadata
        && old.activity.as_ref().map(|activity| &activity.text)
            == new.activity.as_ref().map(|activity| &activity.text);
    let terms = |session| if is_described_alike { moving(session).collect() } else { of(session) };
    let (before, after): (BTreeSet<String>, BTreeSet<String>) = (terms(old), terms(new));
    (before.difference(&after).cloned().collect(), after.difference(&before).cloned().collect())
}
