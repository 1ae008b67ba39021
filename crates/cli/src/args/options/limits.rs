//! How much is too much for a server: the file's `[serve]`, or a default.

use std::ops::RangeInclusive;
use std::time::Duration;

use tenure_server::Limits;

use super::{Origin, Said, Setting};
use crate::args::file::ServeFile;
use crate::args::run::duration;
use tenure_words::Problem;
use tenure_words::when::length;

/// What each limit may be.
const CONNECTIONS: RangeInclusive<u64> = 1..=1_000_000;
const BODY_BYTES: RangeInclusive<u64> = 64 * 1024..=1024 * 1024 * 1024;
const TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(600);
const HEARTBEAT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(3600);
pub(crate) const DRAIN: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_secs(3600);

/// How much of anything is too much.
#[derive(Debug, Clone)]
pub(crate) struct LimitSettings {
    /// Most connections at once.
    pub(crate) connections: Setting<usize>,
    /// Largest body of a request, in bytes.
    pub(crate) body_bytes: Setting<usize>,
    /// How long a request's head may take.
    pub(crate) head_timeout: Setting<Duration>,
    /// How long a request's body may pause.
    pub(crate) body_timeout: Setting<Duration>,
    /// How long an answer may wait for its reader.
    pub(crate) write_timeout: Setting<Duration>,
    /// How often a silent stream says that it is there.
    pub(crate) heartbeat: Setting<Duration>,
    /// How long requests may go on once the server is to stop.
    pub(crate) drain: Setting<Duration>,
}

impl LimitSettings {
    pub(super) fn of(file: Option<&ServeFile>) -> Result<Self, Problem> {
        let none = ServeFile::default();
        let file = file.unwrap_or(&none);
        let limits = Limits::default();
        Ok(Self {
            connections: number("connections", file.connections, (limits.connections, CONNECTIONS))?,
            body_bytes: number("body_bytes", file.body_bytes, (limits.body_bytes, BODY_BYTES))?,
            head_timeout: time("head_timeout", file.head_timeout.as_deref(), (limits.head_timeout, TIMEOUT))?,
            body_timeout: time("body_timeout", file.body_timeout.as_deref(), (limits.body_timeout, TIMEOUT))?,
            write_timeout: time(
                "write_timeout",
                file.write_timeout.as_deref(),
                (limits.write_timeout, TIMEOUT),
            )?,
            heartbeat: time("heartbeat", file.heartbeat.as_deref(), (limits.heartbeat, HEARTBEAT))?,
            drain: time("drain", file.drain.as_deref(), (limits.drain, DRAIN))?,
        })
    }

    /// As a server takes them.
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            connections: self.connections.value,
            body_bytes: self.body_bytes.value,
            head_timeout: self.head_timeout.value,
            body_timeout: self.body_timeout.value,
            write_timeout: self.write_timeout.value,
            heartbeat: self.heartbeat.value,
            drain: self.drain.value,
        }
    }
}

fn number(
    name: &str,
    said: Option<u64>,
    (otherwise, bounds): (usize, RangeInclusive<u64>),
) -> Result<Setting<usize>, Problem> {
    let Some(number) = said else {
        return Ok(Setting { value: otherwise, origin: Origin::Default });
    };
    let form = format!("a number from {} to {} for `serve.{name}`", bounds.start(), bounds.end());
    let said = Said { text: number.to_string(), origin: Origin::File };
    said.parse(|_| usize::try_from(number).ok().filter(|_| bounds.contains(&number)), &form)
}

fn time(
    name: &str,
    said: Option<&str>,
    (otherwise, bounds): (Duration, RangeInclusive<Duration>),
) -> Result<Setting<Duration>, Problem> {
    let Some(text) = said else {
        return Ok(Setting { value: otherwise, origin: Origin::Default });
    };
    let (least, most) = (length(*bounds.start()), length(*bounds.end()));
    let form = format!("a length of time from {least} to {most} for `serve.{name}`");
    let said = Said { text: text.to_owned(), origin: Origin::File };
    said.parse(|text| duration(text).ok().filter(|length| bounds.contains(length)), &form)
}
