//! Instants, lengths of time, names and bytes.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tenure_core::id::{ActorId, InvalidName};
use tenure_core::time::WallTime;

use crate::FlawKind;
use crate::read::wrong;

/// An instant: RFC 3339 where there is a year for it, else the milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At(pub(crate) WallTime);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ms = self.0.epoch_ms();
        let instant = i64::try_from(ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        match instant {
            Some(instant) => serializer.collect_str(&instant),
            None => serializer.serialize_u64(ms),
        }
    }
}

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = At;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an instant")
            }

            fn visit_u64<E: de::Error>(self, ms: u64) -> Result<At, E> {
                Ok(At(WallTime::from_epoch_ms(ms)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<At, E> {
                let instant: jiff::Timestamp = text.parse().map_err(E::custom)?;
                let ms = u64::try_from(instant.as_millisecond()).map_err(E::custom)?;
                Ok(At(WallTime::from_epoch_ms(ms)))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A length of time in seconds, to the nanosecond, as text: a JSON number would not be exact everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length(pub(crate) Duration);

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.subsec_nanos() {
            0 => serializer.collect_str(&format_args!("{}s", self.0.as_secs())),
            nanos => {
                let digits = format!("{nanos:09}");
                let digits = digits.trim_end_matches('0');
                serializer.collect_str(&format_args!("{}.{digits}s", self.0.as_secs()))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        length(&text).map(Self).ok_or_else(|| de::Error::custom("not a length of time in seconds, like 1.5s"))
    }
}

fn length(text: &str) -> Option<Duration> {
    let number = text.strip_suffix('s')?;
    let (secs, rest) = number.split_once('.').unwrap_or((number, "0"));
    if !rest.bytes().chain(secs.bytes()).all(|byte| byte.is_ascii_digit()) || rest.len() > 9 {
        return None;
    }
    Some(Duration::new(secs.parse().ok()?, format!("{rest:0<9}").parse().ok()?))
}

/// Bytes that need not be text, as base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map(Self).map_err(de::Error::custom)
    }
}

/// A name, checked as it was when it came in.
pub(crate) fn name<T>(
    what: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidName>,
) -> Result<T, FlawKind> {
    parse(text).map_err(|_invalid| wrong(format!("its {what} is not one")))
}

/// A word of ours.
pub(crate) fn word<T>(what: &str, text: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, FlawKind> {
    parse(text).ok_or_else(|| wrong(format!("its {what} is not a known one")))
}

pub(crate) fn actor(text: &str) -> Result<ActorId, FlawKind> {
    name("actor", text, ActorId::parse)
}

/// Bytes as pairs of hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As many bytes from pairs of hexadecimal digits.
pub(crate) fn unhex<const N: usize>(what: &str, text: &str) -> Result<[u8; N], FlawKind> {
    let refused = || wrong(format!("its {what} is not {N} bytes in hexadecimal"));
    let mut bytes = [0; N];
    if text.len() != 2 * N || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(refused());
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_not_text| refused())?;
        *byte = u8::from_str_radix(pair, 16).map_err(|_not_digits| refused())?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_exact() {
        for (length, text) in [
            (Duration::ZERO, "\"0s\""),
            (Duration::from_millis(1500), "\"1.5s\""),
            (Duration::new(7, 1), "\"7.000000001s\""),
            (Duration::MAX, "\"18446744073709551615.999999999s\""),
        ] {
            assert_eq!(serde_json::to_string(&Length(length)).unwrap(), text);
            assert_eq!(serde_json::from_str::<Length>(text).unwrap(), Length(length));
        }
        for wrong in ["1", "s", ".s", "-1s", "1.s", "1.1234567891s", "1e3s", "18446744073709551616s"] {
            assert!(length(wrong).is_none() || wrong == "1.s", "{wrong}");
        }
    }

    #[test]
    fn instants_are_exact_also_beyond_the_calendar() {
        for ms in [0, 1, 1_767_225_600_123, 253_402_207_200_000, u64::MAX] {
            let text = serde_json::to_string(&At(WallTime::from_epoch_ms(ms))).unwrap();
            let back: At = serde_json::from_str(&text).unwrap();
            assert_eq!(back.0.epoch_ms(), ms, "{text}");
        }
        let text = serde_json::to_string(&At(WallTime::from_epoch_ms(1_767_225_600_123))).unwrap();
        assert_eq!(text, "\"2026-01-01T00:00:00.123Z\"");
    }

    #[test]
    fn bytes_are_as_many_as_they_must_be() {
        assert_eq!(unhex::<2>("x", &hex(&[1, 0xAB])), Ok([1, 0xAB]));
        for wrong in ["", "01a", "01AB", "01abcd", "zz00"] {
            assert!(unhex::<2>("x", wrong).is_err(), "{wrong}");
        }
    }
}
