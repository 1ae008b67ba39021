//! Session records of an earlier tool, as JSON, versions 1 to 4.

use std::time::Duration;

use serde::Deserialize;
use tenure_core::id::{ActorId, InvalidName, Revision, SessionId};
use tenure_core::lease::{HolderKind, Ttl};
use tenure_core::session::Mode;
use tenure_core::time::WallTime;
use tenure_core::workspace::RecordedOwner;

/// The newest version that is known.
const VERSION_MAX: u32 = 4;

/// What a record says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) session_id: Option<SessionId>,
    pub(super) started: WallTime,
    pub(super) last_started: WallTime,
    pub(super) start_count: u64,
    pub(super) mode: Mode,
    pub(super) owner: RecordedOwner,
    pub(super) revision: Revision,
}

/// A record as it was written. Versions 1 and 2 have no id and no mode, 3 has no owner and no revision.
#[derive(Debug, Deserialize)]
struct Written {
    schema_version: u32,
    started_at_epoch_s: u64,
    last_started_at_epoch_s: Option<u64>,
    start_count: Option<u64>,
    session_id: Option<String>,
    mode: Option<String>,
    owner_kind: Option<String>,
    owner_id: Option<String>,
    supervisor_id: Option<String>,
    lease_ttl_secs: Option<u64>,
    last_heartbeat_at_epoch_s: Option<u64>,
    #[serde(default)]
    revision: u64,
}

/// Reads a record.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn parse(json: &[u8]) -> Result<Record, String> {
    let written: Written = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    if !(1..=VERSION_MAX).contains(&written.schema_version) {
        return Err(format!("schema version {} is not one of 1 to {VERSION_MAX}", written.schema_version));
    }
    let session_id = written.session_id.as_deref().map(SessionId::parse).transpose();
    let started = WallTime::from_epoch_secs(written.started_at_epoch_s);
    Ok(Record {
        session_id: session_id.map_err(|why| wrong("session_id", why))?,
        started,
        last_started: written.last_started_at_epoch_s.map_or(started, WallTime::from_epoch_secs),
        start_count: written.start_count.unwrap_or(1),
        // A mode that nobody knows is none, as it was for the tool that wrote it.
        mode: written.mode.as_deref().and_then(Mode::parse).unwrap_or_default(),
        revision: Revision(written.revision),
        owner: owner(&written)?,
    })
}

fn owner(written: &Written) -> Result<RecordedOwner, String> {
    let kind = written.owner_kind.as_deref().map_or(Some(HolderKind::Interactive), HolderKind::parse);
    let kind = kind.filter(|kind| *kind != HolderKind::Run).ok_or("owner_kind is not a known one")?;
    let id = |name, text: &Option<String>| {
        text.as_deref().map(ActorId::parse).transpose().map_err(|why| wrong(name, why))
    };
    Ok(RecordedOwner {
        kind,
        id: id("owner_id", &written.owner_id)?,
        supervisor: id("supervisor_id", &written.supervisor_id)?,
        ttl: written.lease_ttl_secs.and_then(|seconds| Ttl::stored(Duration::from_secs(seconds))),
        heartbeat: written.last_heartbeat_at_epoch_s.map(WallTime::from_epoch_secs),
    })
}

fn wrong(name: &str, why: InvalidName) -> String {
    match why {
        InvalidName::Blank => format!("{name} is blank"),
        InvalidName::TooLong { length, max } => format!("{name} has {length} bytes; the maximum is {max}"),
        InvalidName::Character { at } => {
            format!("{name} holds a character that is not allowed in it, at byte {at}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Record {
        parse(json.as_bytes()).unwrap()
    }

    #[test]
    fn a_version_2_record_without_an_id_is_read_with_what_it_lacks_as_default() {
        let record = parsed(
            r#"{"schema_version":2,"started_at_epoch_s":100,"last_started_at_epoch_s":200,"start_count":2}"#,
        );
        assert_eq!(record.session_id, None);
        assert_eq!(record.start_count, 2);
        assert_eq!((record.mode, record.revision), (Mode::General, Revision(0)));
        assert_eq!(record.owner.kind, HolderKind::Interactive);
    }

    #[test]
    fn a_version_3_record_with_an_id_is_read() {
        let record = parsed(
            r#"{"schema_version":3,"started_at_epoch_s":1,"last_started_at_epoch_s":1,"start_count":1,
                "session_id":"ses_01ARZ3NDEKTSV4RRFFQ69G5FAV","mode":"research"}"#,
        );
        assert_eq!(record.session_id.unwrap().as_str(), "ses_01ARZ3NDEKTSV4RRFFQ69G5FAV");
        assert_eq!(record.mode, Mode::Research);
    }

    #[test]
    fn a_version_4_record_brings_its_owner_lease_and_revision() {
        let record = parsed(
            r#"{"schema_version":4,"started_at_epoch_s":1,"last_started_at_epoch_s":2,"start_count":3,
                "session_id":"ses_x","mode":"implement","owner_kind":"runtime_worker","owner_id":"runtime/w1",
                "supervisor_id":"s","lease_ttl_secs":60,"last_heartbeat_at_epoch_s":5,"revision":9}"#,
        );
        assert_eq!(record.owner.id.unwrap().as_str(), "runtime/w1");
        assert_eq!(record.owner.ttl.unwrap().length(), Duration::from_secs(60));
        assert_eq!(record.owner.heartbeat, Some(WallTime::from_epoch_secs(5)));
        assert_eq!(record.revision, Revision(9));
    }

    #[test]
    fn what_cannot_be_understood_is_said() {
        let why = |json: &str| parse(json.as_bytes()).unwrap_err();
        assert!(why("{").contains("EOF"));
        assert!(why(r#"{"schema_version":5,"started_at_epoch_s":1}"#).contains("schema version 5"));
        assert!(why(r#"{"schema_version":4}"#).contains("started_at_epoch_s"));
        assert!(why(r#"{"schema_version":4,"started_at_epoch_s":-1}"#).contains("-1"));
        let id = r#"{"schema_version":4,"started_at_epoch_s":1,"session_id":"../x"}"#;
        assert!(why(id).contains("session_id"));
        let kind = r#"{"schema_version":4,"started_at_epoch_s":1,"owner_kind":"run"}"#;
        assert!(why(kind).contains("owner_kind"));
    }
}
