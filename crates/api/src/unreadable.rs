//! Documents that cannot be read: which field, and why.

use std::error::Error;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tenure_core::id::{ActorId, InvalidName};
use tenure_core::refusal::LimitRefusal;

/// A document of which a field says what no value of ours can say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Which field, with dots between the names: `lease.holder.id`.
    pub field: String,
    /// What is wrong with it.
    pub why: Flaw,
}

/// What is wrong with a field of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// It is not there, and what else the document says needs it.
    Missing,
    /// Its word is not one that this version knows.
    Unknown(String),
    /// It cannot be the name that it should be.
    Name(InvalidName),
    /// It is outside what is allowed.
    Limit(LimitRefusal),
    /// It is not what it must be.
    Form(&'static str),
    /// It is JSON of another shape; in the words of whatever read it.
    Shape(String),
}

impl Unreadable {
    pub(crate) fn of(field: &str, why: Flaw) -> Self {
        Self { field: field.to_owned(), why }
    }

    pub(crate) fn missing(field: &str) -> Self {
        Self::of(field, Flaw::Missing)
    }

    pub(crate) fn form(field: &str, form: &'static str) -> Self {
        Self::of(field, Flaw::Form(form))
    }

    /// The same, of a document that is a field of another one. What is wrong with the whole of it has no field yet.
    pub(crate) fn within(field: &str) -> impl FnOnce(Self) -> Self {
        move |Self { field: inner, why }| {
            let is_whole = inner.is_empty();
            Self { field: if is_whole { field.to_owned() } else { format!("{field}.{inner}") }, why }
        }
    }

    /// What a limit says of a field.
    pub(crate) fn limit(field: &str) -> impl FnOnce(LimitRefusal) -> Self {
        move |limit| Self::of(field, Flaw::Limit(limit))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.field, self.why)
    }
}

impl Error for Unreadable {}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("is missing"),
            Self::Unknown(word) => write!(f, "is {word:?}, which is not known here"),
            Self::Name(why) => write_name(f, *why),
            Self::Limit(limit) => write_limit(f, *limit),
            Self::Form(form) => write!(f, "is not {form}"),
            Self::Shape(why) => write!(f, "cannot be read: {why}"),
        }
    }
}

fn write_name(f: &mut fmt::Formatter<'_>, why: InvalidName) -> fmt::Result {
    match why {
        InvalidName::Blank => f.write_str("is blank"),
        InvalidName::TooLong { length, max } => write!(f, "has {length} bytes; the maximum is {max}"),
        InvalidName::Character { at } => {
            write!(f, "holds a character that is not allowed in it, at byte {at}")
        }
    }
}

fn write_limit(f: &mut fmt::Formatter<'_>, limit: LimitRefusal) -> fmt::Result {
    match limit {
        LimitRefusal::Name { why, .. } => write_name(f, why),
        LimitRefusal::Characters { length, max, .. } => {
            write!(f, "has {length} characters; the maximum is {max}")
        }
        LimitRefusal::Bytes { length, max, .. } => write!(f, "has {length} bytes; the maximum is {max}"),
        LimitRefusal::Count { count, max, .. } => write!(f, "has {count} entries; the maximum is {max}"),
        LimitRefusal::Length { min, max, .. } => {
            write!(f, "is not from {} to {} milliseconds", min.as_millis(), max.as_millis())
        }
        LimitRefusal::BlankReason => f.write_str("is blank"),
        LimitRefusal::Form { form, .. } => write!(f, "is not {form}"),
    }
}

/// The name that stands in a field.
pub(crate) fn name<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidName>,
) -> Result<T, Unreadable> {
    parse(text).map_err(|why| Unreadable::of(field, Flaw::Name(why)))
}

/// The name that may stand in a field.
pub(crate) fn optional<T>(
    field: &str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, InvalidName>,
) -> Result<Option<T>, Unreadable> {
    text.map(|text| name(field, text, parse)).transpose()
}

/// Who a field names, if anybody.
pub(crate) fn actor(field: &str, text: Option<&str>) -> Result<Option<ActorId>, Unreadable> {
    optional(field, text, ActorId::parse)
}

/// A word of ours that stands in a field.
pub(crate) fn word<T>(
    field: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, Unreadable> {
    parse(text).ok_or_else(|| Unreadable::of(field, Flaw::Unknown(text.to_owned())))
}

/// The bytes that stand in a field as base64.
pub(crate) fn base64(field: &str, text: &str) -> Result<Vec<u8>, Unreadable> {
    STANDARD.decode(text).map_err(|_why| Unreadable::form(field, "base64"))
}

/// What a document in `field` is the form of, if there is one.
pub(crate) fn part<D, T>(
    field: &str,
    document: Option<D>,
    read: impl FnOnce(D) -> Result<T, Unreadable>,
) -> Result<Option<T>, Unreadable> {
    document.map(read).transpose().map_err(Unreadable::within(field))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_words_name_the_field_and_say_what_is_wrong() {
        let said = |why| Unreadable::within("lease")(Unreadable::of("holder.id", why)).to_string();
        assert_eq!(said(Flaw::Missing), "`lease.holder.id` is missing");
        assert_eq!(
            said(Flaw::Unknown("x\n".into())),
            r#"`lease.holder.id` is "x\n", which is not known here"#
        );
        assert_eq!(said(Flaw::Name(InvalidName::Blank)), "`lease.holder.id` is blank");
        let long = Flaw::Name(InvalidName::TooLong { length: 3, max: 2 });
        assert_eq!(said(long), "`lease.holder.id` has 3 bytes; the maximum is 2");
        let odd = Flaw::Name(InvalidName::Character { at: 4 });
        assert_eq!(said(odd), "`lease.holder.id` holds a character that is not allowed in it, at byte 4");
        assert_eq!(said(Flaw::Form("base64")), "`lease.holder.id` is not base64");
        assert_eq!(said(Flaw::Shape("it is odd".into())), "`lease.holder.id` cannot be read: it is odd");
    }

    #[test]
    fn a_limit_is_said_of_the_field_alone() {
        let said = |limit| Unreadable::limit("x")(limit).to_string();
        let (min, max) = (Duration::from_secs(1), Duration::from_secs(2));
        let length = LimitRefusal::Length { what: "lease", min, max };
        assert_eq!(said(length), "`x` is not from 1000 to 2000 milliseconds");
        assert_eq!(said(LimitRefusal::BlankReason), "`x` is blank");
        let count = LimitRefusal::Count { what: "labels", count: 65, max: 64 };
        assert_eq!(said(count), "`x` has 65 entries; the maximum is 64");
        let bytes = LimitRefusal::Bytes { what: "reason", length: 9, max: 8 };
        assert_eq!(said(bytes), "`x` has 9 bytes; the maximum is 8");
    }
}
