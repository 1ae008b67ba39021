//! Words of a fixed vocabulary, of which a newer server may know more.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tenure_core::checkpoint::Encoding;
use tenure_core::kind::Kind;
use tenure_core::lease::HolderKind;
use tenure_core::orchestration::Cause;
use tenure_core::session::{Mode, StateName};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::unreadable::{Flaw, Unreadable};

/// A vocabulary: each of its words is a value.
pub trait Word: Copy + 'static {
    /// What the vocabulary is called in a schema.
    const TITLE: &'static str;
    /// Every value.
    const ALL: &'static [Self];

    /// The word for it.
    fn word(self) -> &'static str;
}

/// A word of a vocabulary, or one that this version does not know.
///
/// Documents name it by an alias: a schema is made of a type without parameters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Named<T> {
    /// A known one.
    Known(T),
    /// Another one.
    Unknown(String),
}

impl<T: Word> Named<T> {
    /// The word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(value) => value.word(),
            Self::Unknown(word) => word,
        }
    }

    /// What it stands for; `None`: this version does not know it.
    #[must_use]
    pub const fn get(&self) -> Option<T> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Unknown(_) => None,
        }
    }

    /// What it stands for, in a field that makes no sense without.
    pub(crate) fn read(&self, field: &str) -> Result<T, Unreadable> {
        self.get().ok_or_else(|| Unreadable::of(field, Flaw::Unknown(self.as_str().to_owned())))
    }
}

impl<T: Word> From<T> for Named<T> {
    fn from(value: T) -> Self {
        Self::Known(value)
    }
}

impl<T: Word> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, T: Word> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let known = T::ALL.iter().find(|value| value.word() == word);
        Ok(known.map_or(Self::Unknown(word), |value| Self::Known(*value)))
    }
}

impl<T: Word> PartialSchema for Named<T> {
    fn schema() -> RefOr<Schema> {
        let words = T::ALL.iter().map(|value| value.word());
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
    }
}

impl<T: Word> ToSchema for Named<T> {
    fn name() -> Cow<'static, str> {
        T::TITLE.into()
    }
}

/// A session's kind.
pub type KindWord = Named<Kind>;
/// A session's state.
pub type StateWord = Named<StateName>;
/// What a workspace is for.
pub type ModeWord = Named<Mode>;
/// What sort of holder it is.
pub type HolderKindWord = Named<HolderKind>;
/// How a payload is stored.
pub type EncodingWord = Named<Encoding>;
/// What sort of failure it is.
pub type CauseWord = Named<Cause>;

macro_rules! words_of {
    ($($of:ty, $title:literal, $all:expr;)*) => {
        $(impl Word for $of {
            const TITLE: &'static str = $title;
            const ALL: &'static [Self] = &$all;

            fn word(self) -> &'static str {
                self.name()
            }
        })*
    };
}

words_of! {
    Kind, "Kind", Self::ALL;
    StateName, "State", Self::ALL;
    Mode, "Mode", Self::ALL;
    HolderKind, "HolderKind", Self::ALL;
    Encoding, "Encoding", [Self::Plain, Self::Zstd];
    Cause, "FailureCause", Self::ALL;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_as_what_it_stands_for() {
        let read = serde_json::from_str::<Named<StateName>>("\"active\"").unwrap();
        assert_eq!(read, StateName::Active.into());
        assert_eq!((read.as_str(), read.get()), ("active", Some(StateName::Active)));
    }

    #[test]
    fn a_word_that_is_not_known_is_kept() {
        let read = serde_json::from_str::<Named<Kind>>("\"swarm\"").unwrap();
        assert_eq!((&read, read.get()), (&Named::Unknown("swarm".to_owned()), None));
        assert_eq!(serde_json::to_string(&read).unwrap(), "\"swarm\"");
    }
}
