//! Which sessions a list is about.

use std::collections::BTreeSet;

use tenure_core::id::{ActorId, GroupName, Principal, SessionId};
use tenure_core::kind::Kind;
use tenure_core::session::{Session, StateName};
use tenure_core::time::WallTime;

/// Which sessions a list is about: those that everything in here lets through. The default lets all through.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// In one of these states; empty: any.
    pub states: Vec<StateName>,
    /// Of one of these kinds; empty: any.
    pub kinds: Vec<Kind>,
    /// Opened on behalf of one of these; empty: of anybody or nobody.
    pub principals: Vec<Principal>,
    /// With all of these labels.
    pub labels: Vec<(String, String)>,
    /// Held by this actor, whether its lease is live or not.
    pub holder: Option<ActorId>,
    /// With a key that begins like this.
    pub key_prefix: Option<String>,
    /// In this directory; or, where this is no path, in one whose last part this is.
    pub directory: Option<String>,
    /// Created for the session with this id.
    pub parent: Option<SessionId>,
    /// Of this group.
    pub group: Option<GroupName>,
    /// Opened within this time.
    pub created: Period,
    /// First started within this time.
    pub started: Period,
    /// What was searched for: every one of these is to be found.
    pub terms: Vec<String>,
}

/// A time with two ends that belong to it, either of which may be open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    /// Its first instant.
    pub from: Option<WallTime>,
    /// Its last instant.
    pub to: Option<WallTime>,
}

/// Longest word that is told from others, in characters: longer ones are cut.
pub const WORD_CHARS_MAX: usize = 32;
/// Most different words by which one session is found.
pub const WORDS_MAX: usize = 128;

impl Filter {
    /// Whether it lets `session` through.
    #[must_use]
    pub fn admits(&self, session: &Session) -> bool {
        let label = |(name, value): &(String, String)| session.labels.get(name) == Some(value);
        (self.states.is_empty() || self.states.contains(&session.state.name()))
            && (self.kinds.is_empty() || self.kinds.contains(&session.kind))
            && (self.principals.is_empty() || self.principals.iter().any(|one| is_of(session, one)))
            && self.labels.iter().all(label)
            && self.holder.as_ref().is_none_or(|holder| is_held_by(session, holder))
            && self.key_prefix.as_deref().is_none_or(|prefix| has_key(session, prefix))
            && self.directory.as_deref().is_none_or(|directory| works_in(session, directory))
            && self.parent.as_ref().is_none_or(|parent| is_child(session, parent))
            && self.group.as_ref().is_none_or(|group| session.group.as_ref() == Some(group))
            && self.created.holds(Some(session.created_at))
            && self.started.holds(session.started_at)
            && self.finds(session)
    }

    fn finds(&self, session: &Session) -> bool {
        if self.terms.is_empty() {
            return true;
        }
        let words = words_of(session);
        self.terms.iter().all(|term| is_id_like(&session.id, term) || has_words(&words, term))
    }
}

impl Period {
    /// Whether it says nothing.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Whether `at` is in it. What never happened is only in a period that says nothing.
    #[must_use]
    pub fn holds(&self, at: Option<WallTime>) -> bool {
        match at {
            Some(at) => self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at <= to),
            None => self.is_open(),
        }
    }
}

fn is_held_by(session: &Session, holder: &ActorId) -> bool {
    session.lease.as_ref().is_some_and(|lease| lease.holder.id == *holder)
}

fn is_of(session: &Session, principal: &Principal) -> bool {
    session.principal.as_ref() == Some(principal)
}

fn is_child(session: &Session, parent: &SessionId) -> bool {
    session.parent.as_ref().is_some_and(|found| found.id == *parent)
}

fn has_key(session: &Session, prefix: &str) -> bool {
    session.key.as_ref().is_some_and(|key| key.as_str().starts_with(prefix))
}

fn works_in(session: &Session, directory: &str) -> bool {
    let is_path = directory.contains('/');
    let here = session.directory.as_deref();
    here.is_some_and(|here| if is_path { here == directory } else { last_part(here) == Some(directory) })
}

/// The last part of a path, if it has one.
#[must_use]
pub fn last_part(path: &str) -> Option<&str> {
    path.rsplit('/').find(|part| !part.is_empty())
}

/// Whether an id begins like `term`, with or without what all made ids begin with, which nobody types.
fn is_id_like(id: &SessionId, term: &str) -> bool {
    let id = id.as_str();
    let made = || id.strip_prefix(SessionId::PREFIX);
    !term.is_empty()
        && (id.starts_with(term) || made().is_some_and(|made| made.starts_with(&term.to_ascii_uppercase())))
}

/// Whether each word of `term` begins one of `words`. A term without any is in nothing.
fn has_words(words: &BTreeSet<String>, term: &str) -> bool {
    let mut parts = words_in(term).peekable();
    let begins =
        |part: String| words.range(part.clone()..).next().is_some_and(|word| word.starts_with(&part));
    parts.peek().is_some() && parts.all(begins)
}

/// The words by which a session is found: of its key, labels, activity, command and metadata, in that order, as
/// many as are kept.
#[must_use]
pub fn words_of(session: &Session) -> BTreeSet<String> {
    let key = session.key.iter().map(|key| key.as_str());
    let labels = session.labels.iter().flat_map(|(name, value)| [name.as_str(), value]);
    let activity = session.activity.iter().map(|activity| activity.text.as_str());
    let command = session.command.iter().map(String::as_str);
    let metadata =
        session.facts.metadata.iter().flat_map(|(name, json)| words_in(name).chain(words_of_json(json)));
    let mut words = BTreeSet::new();
    for word in key.chain(labels).chain(activity).chain(command).flat_map(words_in).chain(metadata) {
        if words.len() == WORDS_MAX {
            break;
        }
        words.insert(word);
    }
    words
}

/// The words of a text: letters and digits that stand together, small, and cut where they are too long.
pub fn words_in(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(|part| part.chars().flat_map(char::to_lowercase).take(WORD_CHARS_MAX).collect())
}

/// The words of JSON text. What is escaped in it, such as a line's end, stands between words.
fn words_of_json(json: &str) -> impl Iterator<Item = String> {
    let mut text = String::with_capacity(json.len());
    let mut chars = json.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        text.push(' ');
        if chars.next() == Some('u') {
            chars.by_ref().take("0000".len()).for_each(drop);
        }
    }
    words_in(&text).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests;
