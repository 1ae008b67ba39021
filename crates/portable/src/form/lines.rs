//! The first and the last line.

use serde::{Deserialize, Serialize};
use tenure_core::id::{Namespace, Seq, SessionId};

use super::scalar::{hex, name, unhex};
use crate::read::wrong;
use crate::{End, FORMAT, FlawKind, Header, VERSION};

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeaderForm {
    line: String,
    format: String,
    version: u64,
    session: String,
    namespace: String,
    earliest: u64,
    last: u64,
    events: u64,
}

/// What tells that the rest may be of another form.
#[derive(Debug, Deserialize)]
struct Version {
    format: String,
    version: u64,
}

impl HeaderForm {
    pub(crate) fn of(header: &Header) -> Self {
        Self {
            line: "header".to_owned(),
            format: FORMAT.to_owned(),
            version: VERSION,
            session: header.session.as_str().to_owned(),
            namespace: header.namespace.as_str().to_owned(),
            earliest: header.earliest.0,
            last: header.last.0,
            events: header.events(),
        }
    }

    pub(crate) fn read(json: &[u8]) -> Result<Header, FlawKind> {
        let of: Version = parse(json)?;
        if of.format != FORMAT {
            return Err(FlawKind::Foreign);
        }
        if of.version != VERSION {
            return Err(FlawKind::Newer { version: of.version });
        }
        let form: Self = parse(json)?;
        let header = Header {
            session: name("session", &form.session, SessionId::parse)?,
            namespace: name("namespace", &form.namespace, Namespace::parse)?,
            earliest: Seq(form.earliest),
            last: Seq(form.last),
        };
        let is_log =
            form.earliest >= 1 && form.last < u64::MAX && form.last.saturating_add(1) >= form.earliest;
        if !is_log || header.events() != form.events {
            return Err(FlawKind::Miscounted);
        }
        Ok(header)
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndForm {
    line: String,
    events: u64,
    checkpoints: u64,
    lines: u64,
    sha256: String,
}

impl EndForm {
    pub(crate) fn of(end: &End) -> Self {
        let End { events, checkpoints, lines, sha256 } = end;
        let (events, checkpoints, lines) = (*events, *checkpoints, *lines);
        Self { line: "end".to_owned(), events, checkpoints, lines, sha256: hex(sha256) }
    }

    pub(crate) fn read(json: &[u8]) -> Result<End, FlawKind> {
        let form: Self = parse(json)?;
        let Self { events, checkpoints, lines, .. } = form;
        Ok(End { events, checkpoints, lines, sha256: unhex("hash", &form.sha256)? })
    }
}

/// A line of this form.
pub(super) fn parse<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, FlawKind> {
    serde_json::from_slice(json).map_err(|why| wrong(why.to_string()))
}
