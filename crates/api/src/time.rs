//! Instants on the wire.

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tenure_core::time::WallTime;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

/// An instant: RFC 3339 in UTC with milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub WallTime);

impl From<WallTime> for Instant {
    fn from(at: WallTime) -> Self {
        Self(at)
    }
}

/// RFC 3339 in UTC with milliseconds; milliseconds since the epoch where the calendar ends.
#[must_use]
pub fn rfc3339(at: WallTime) -> String {
    let ms = i64::try_from(at.epoch_ms()).ok();
    match ms.and_then(|ms| Timestamp::from_millisecond(ms).ok()) {
        Some(at) => format!("{at:.3}"),
        None => at.epoch_ms().to_string(),
    }
}

/// Reads an instant of RFC 3339, in any zone; `None`: it is none, or before 1970.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<WallTime> {
    let ms = match text.parse::<Timestamp>() {
        Ok(at) => u64::try_from(at.as_millisecond()).ok()?,
        Err(_) => text.parse().ok()?,
    };
    Some(WallTime::from_epoch_ms(ms))
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_rfc3339(&text)
            .map(Self)
            .ok_or_else(|| D::Error::custom("it is not an instant of RFC 3339 since 1970"))
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        let form = SchemaFormat::KnownFormat(KnownFormat::DateTime);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(form))
            .description(Some("RFC 3339 in UTC with milliseconds."))
            .into()
    }
}

impl ToSchema for Instant {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_rfc_3339_in_utc_and_read_as_such() {
        let at = Instant(WallTime::from_epoch_ms(1_700_000_000_123));
        let text = serde_json::to_string(&at).unwrap();
        assert_eq!(text, "\"2023-11-14T22:13:20.123Z\"");
        assert_eq!(serde_json::from_str::<Instant>(&text).unwrap(), at);
        assert_eq!(serde_json::from_str::<Instant>("\"2023-11-14T23:13:20.123+01:00\"").unwrap(), at);
    }

    #[test]
    fn an_instant_beyond_the_calendar_is_its_milliseconds() {
        let at = Instant(WallTime::from_epoch_ms(u64::MAX));
        let text = serde_json::to_string(&at).unwrap();
        assert_eq!(text, format!("\"{}\"", u64::MAX));
        assert_eq!(serde_json::from_str::<Instant>(&text).unwrap(), at);
    }

    #[test]
    fn what_is_no_instant_since_1970_is_refused() {
        for text in ["\"yesterday\"", "\"1969-12-31T23:59:59Z\"", "\"\"", "17"] {
            assert!(serde_json::from_str::<Instant>(text).is_err(), "{text}");
        }
    }
}
