//! Instants and lengths of time, for people and for programs.

use std::time::Duration;

use jiff::Timestamp;
pub use tenure_api::rfc3339;
use tenure_core::time::{Moment, WallTime};

/// RFC 3339 in UTC with seconds, for people.
pub fn instant(at: WallTime) -> String {
    timestamp(WallTime::from_epoch_secs(at.epoch_secs()))
        .map_or_else(|| at.epoch_ms().to_string(), |at| at.to_string())
}

fn timestamp(at: WallTime) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(at.epoch_ms()).ok()?).ok()
}

/// How long ago `at` was: `12s ago`. The instant itself where no clock can tell.
///
/// What has happened is ahead of a clock that was set back since.
pub fn ago(at: WallTime, now: &Moment) -> String {
    match now.wall {
        Some(now) if now.epoch_secs() < at.epoch_secs() => {
            format!("{} ahead of the clock", length(at.since(now)))
        }
        Some(now) if now.since(at) < Duration::from_secs(1) => "just now".to_owned(),
        Some(now) => format!("{} ago", length(now.since(at))),
        None => instant(at),
    }
}

/// A length of time in at most two units: `450ms`, `12s`, `3m 5s`, `2h`, `4d 1h`.
pub fn length(length: Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let seconds = length.as_secs();
    if seconds == 0 {
        return format!("{}ms", length.subsec_millis());
    }
    let first = UNITS.iter().position(|(size, _)| seconds >= *size).unwrap_or(UNITS.len() - 1);
    let (size, unit) = UNITS[first];
    let rest = UNITS.get(first + 1).map(|(smaller, unit)| (seconds % size / smaller, *unit));
    match rest {
        Some((count, rest)) if count > 0 => format!("{}{unit} {count}{rest}", seconds / size),
        Some(_) | None => format!("{}{unit}", seconds / size),
    }
}

#[cfg(test)]
mod tests {
    use tenure_core::time::{BootId, BootMoment};

    use super::*;

    #[test]
    fn lengths_are_shown_in_at_most_two_units() {
        let shown = |ms| length(Duration::from_millis(ms));
        assert_eq!(shown(450), "450ms");
        assert_eq!(shown(12_900), "12s");
        assert_eq!(shown(185_000), "3m 5s");
        assert_eq!(shown(7_200_000), "2h");
        assert_eq!(shown(7_201_000), "2h", "seconds of hours are noise");
        assert_eq!(shown(349_200_000), "4d 1h");
    }

    #[test]
    fn what_has_happened_is_never_said_to_be_yet_to_come() {
        let boot = BootMoment { boot: BootId([1; 16]), ms: 0 };
        let at = WallTime::from_epoch_secs;
        let shown = |wall| ago(at(1_000), &Moment { wall, boot });
        assert_eq!(shown(Some(at(1_000))), "just now");
        assert_eq!(shown(Some(at(1_012))), "12s ago");
        assert_eq!(shown(Some(at(400))), "10m ahead of the clock");
        assert_eq!(shown(None), "1970-01-01T00:16:40Z");
    }

    #[test]
    fn instants_are_rfc_3339_in_utc() {
        let at = WallTime::from_epoch_ms(1_700_000_000_123);
        assert_eq!(instant(at), "2023-11-14T22:13:20Z");
        assert_eq!(instant(WallTime::from_epoch_ms(u64::MAX)), u64::MAX.to_string());
    }
}
