//! A session's own record as JSON, and what of it can be brought back.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tenure_core::checkpoint::Record;
use tenure_core::id::{ActorId, Revision, Seq};
use tenure_core::kind::IdleRule;
use tenure_core::lease::Holder;
use tenure_core::session::{Activity, Mode, Progress, Session, State};
use tenure_core::time::{WallTime, millis};

/// The form of the record. A reader knows its own and every earlier one.
const SCHEMA: u64 = 1;

/// The fields of a record by name.
type Fields = BTreeMap<&'static str, Box<RawValue>>;

/// A session's record, without its checkpoints.
pub(super) fn written(session: &Session, head: Seq) -> Vec<u8> {
    let mut fields = Fields::new();
    put(&mut fields, "schema", SCHEMA.into());
    about_identity(&mut fields, session, head);
    about_work(&mut fields, session);
    about_times(&mut fields, session);
    let mut bytes = serde_json::to_vec_pretty(&fields).expect("names and numbers are JSON");
    bytes.push(b'\n');
    bytes
}

fn put(fields: &mut Fields, name: &'static str, value: Value) {
    put_as_it_is(fields, name, &value);
}

fn put_as_it_is(fields: &mut Fields, name: &'static str, value: &impl serde::Serialize) {
    fields.insert(name, to_raw_value(value).expect("names and numbers are JSON"));
}

fn about_identity(fields: &mut Fields, session: &Session, head: Seq) {
    put(fields, "id", session.id.as_str().into());
    put(fields, "namespace", session.namespace.as_str().into());
    put(fields, "kind", session.kind.name().into());
    put(fields, "key", session.key.as_ref().map(|key| key.as_str()).into());
    put(fields, "state", session.state.name().name().into());
    if let State::Paused { reason } = &session.state {
        put(fields, "reason", reason.as_str().into());
    }
    put(fields, "holder", session.lease.as_ref().map_or(Value::Null, |lease| holder(&lease.holder)));
    put(fields, "revision", session.counters.revision.0.into());
    put(fields, "fence", session.counters.fence.0.into());
    put(fields, "head_seq", head.0.into());
    put(fields, "predecessor", session.predecessor.as_ref().map(|id| id.as_str()).into());
    put(fields, "parent", session.parent.as_ref().map(|parent| parent.id.as_str()).into());
}

fn holder(holder: &Holder) -> Value {
    json!({
        "kind": holder.kind.name(),
        "id": holder.id.as_str(),
        "supervisor": holder.supervisor.as_ref().map(|id| id.as_str()),
    })
}

/// What is brought back, and what was used.
fn about_work(fields: &mut Fields, session: &Session) {
    let record = Record::of(session);
    put(fields, "mode", record.mode.name().into());
    put(fields, "labels", json!(record.labels));
    put(fields, "command", json!(record.command));
    put(fields, "directory", record.directory.into());
    let idle =
        record.idle.map(|idle| json!({ "after_ms": millis(idle.after), "spares_held": idle.spares_held }));
    put(fields, "idle", idle.into());
    // Text for text: a number may have more digits than a program keeps.
    let metadata: BTreeMap<_, _> =
        record.metadata.into_iter().map(|(name, text)| (name, raw(text))).collect();
    put_as_it_is(fields, "metadata", &metadata);
    let progress =
        record.progress.map(|progress| json!({ "current": progress.current, "total": progress.total }));
    put(fields, "progress", progress.into());
    let timings: BTreeMap<_, _> = record.timings.iter().map(|(name, took)| (name, nanos(*took))).collect();
    put(fields, "timings_ns", json!(timings));
    let activity = record.activity.map(|activity| {
        json!({
            "text": activity.text,
            "actor_id": activity.actor.as_str(),
            "at_epoch_ms": activity.at.epoch_ms(),
            "revision": activity.revision.0,
        })
    });
    put(fields, "activity", activity.into());
    let used = session.facts.usage;
    let usage = json!({
        "iterations": used.iterations,
        "input_tokens": used.input_tokens,
        "output_tokens": used.output_tokens,
        "tool_calls": used.tool_calls,
        "cost_micros": used.cost_micros,
    });
    put(fields, "usage", usage);
}

/// JSON text as it is. It was checked where it came in; should it not be JSON all the same, it is kept as text.
fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text.clone())
        .unwrap_or_else(|_not_json| to_raw_value(&text).expect("text can be written as JSON"))
}

fn nanos(length: Duration) -> u64 {
    u64::try_from(length.as_nanos()).unwrap_or(u64::MAX)
}

fn about_times(fields: &mut Fields, session: &Session) {
    put(fields, "start_count", session.start_count.into());
    put(fields, "created_at_epoch_ms", session.created_at.epoch_ms().into());
    put(fields, "started_at_epoch_ms", session.started_at.map(WallTime::epoch_ms).into());
    put(fields, "last_started_at_epoch_ms", session.last_started_at.map(WallTime::epoch_ms).into());
    put(fields, "last_activity_at_epoch_ms", session.last_activity_at.epoch_ms().into());
    put(fields, "pending_timeout_ms", session.pending_timeout.map(millis).into());
    put(fields, "expires_at_epoch_ms", session.expires_at.map(WallTime::epoch_ms).into());
}

/// What a record brings back, or what is wrong with it in words.
pub(super) fn read(payload: &[u8]) -> Result<Record, String> {
    let fields: BTreeMap<String, &RawValue> =
        serde_json::from_slice(payload).map_err(|why| format!("its record is not JSON: {why}"))?;
    match field(&fields, "schema").as_u64() {
        Some(SCHEMA) => {}
        Some(newer) => return Err(format!("its record has the form {newer}, and {SCHEMA} is known")),
        None => return Err("its record does not say which form it has".to_owned()),
    }
    record(&fields).ok_or_else(|| "its record lacks what it should bring back".to_owned())
}

/// A field; null where there is none.
fn field(fields: &BTreeMap<String, &RawValue>, name: &str) -> Value {
    fields.get(name).and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

fn record(fields: &BTreeMap<String, &RawValue>) -> Option<Record> {
    let of = |name| field(fields, name);
    let text = |text: &Value| Some(text.as_str()?.to_owned());
    let labels = of("labels");
    let labels = labels.as_object()?.iter().map(|(name, label)| Some((name.clone(), text(label)?)));
    let timings = of("timings_ns");
    let timings = timings
        .as_object()?
        .iter()
        .map(|(name, took)| Some((name.clone(), Duration::from_nanos(took.as_u64()?))));
    Some(Record {
        mode: Mode::parse(of("mode").as_str()?)?,
        labels: labels.collect::<Option<_>>()?,
        command: of("command").as_array()?.iter().map(text).collect::<Option<_>>()?,
        directory: optional(&of("directory"), text)?,
        idle: optional(&of("idle"), idle)?,
        metadata: metadata(fields)?,
        progress: optional(&of("progress"), progress)?,
        timings: timings.collect::<Option<_>>()?,
        activity: optional(&of("activity"), activity)?,
    })
}

/// Metadata, text for text.
fn metadata(fields: &BTreeMap<String, &RawValue>) -> Option<BTreeMap<String, String>> {
    let values: BTreeMap<String, &RawValue> = serde_json::from_str(fields.get("metadata")?.get()).ok()?;
    Some(values.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect())
}

/// What may be absent, read with `read` if it is not. The outer `None`: it is there and makes no sense.
#[expect(clippy::option_option, reason = "absent and senseless are not the same")]
fn optional<T>(value: &Value, read: impl Fn(&Value) -> Option<T>) -> Option<Option<T>> {
    if value.is_null() { Some(None) } else { read(value).map(Some) }
}

fn idle(value: &Value) -> Option<IdleRule> {
    let after = Duration::from_millis(value["after_ms"].as_u64()?);
    Some(IdleRule { after, spares_held: value["spares_held"].as_bool()? })
}

fn progress(value: &Value) -> Option<Progress> {
    let total = optional(&value["total"], Value::as_u64)?;
    Some(Progress { current: value["current"].as_u64()?, total })
}

fn activity(value: &Value) -> Option<Activity> {
    Some(Activity {
        text: value["text"].as_str()?.to_owned(),
        actor: ActorId::parse(value["actor_id"].as_str()?).ok()?,
        at: WallTime::from_epoch_ms(value["at_epoch_ms"].as_u64()?),
        revision: Revision(value["revision"].as_u64()?),
    })
}
