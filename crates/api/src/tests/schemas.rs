//! Every document has a schema, and every schema that one names is there.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::command::{CommandAnswer, CommandRequest};
use crate::{
    Event, Figures, Group, HeldBy, ListedCheckpoint, ListedFile, Pin, Problem, SavedCheckpoint, SessionSeen,
    ShownCheckpoint, Worker, payload,
};

type Schemas = Vec<(String, RefOr<Schema>)>;

fn of<T: ToSchema + PartialSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

fn all() -> BTreeMap<String, Value> {
    let mut schemas = Schemas::new();
    of::<SessionSeen>(&mut schemas);
    of::<ListedFile>(&mut schemas);
    of::<SavedCheckpoint>(&mut schemas);
    of::<Event>(&mut schemas);
    of::<ListedCheckpoint>(&mut schemas);
    of::<ShownCheckpoint>(&mut schemas);
    of::<Worker>(&mut schemas);
    of::<Pin>(&mut schemas);
    of::<Group>(&mut schemas);
    of::<Figures>(&mut schemas);
    of::<HeldBy>(&mut schemas);
    of::<Problem>(&mut schemas);
    payloads(&mut schemas);
    by_name(schemas)
}

/// Those of commands. They have names of their own, but that what a command used is what requests say of that.
fn commands() -> BTreeMap<String, Value> {
    let mut schemas = Schemas::new();
    of::<CommandRequest>(&mut schemas);
    of::<CommandAnswer>(&mut schemas);
    by_name(schemas)
}

fn by_name(schemas: Schemas) -> BTreeMap<String, Value> {
    let mut named = BTreeMap::new();
    for (name, schema) in schemas {
        let schema = serde_json::to_value(schema).unwrap();
        let before = named.insert(name.clone(), schema.clone());
        assert!(before.is_none_or(|before| before == schema), "two schemas are called {name}");
    }
    named
}

fn payloads(schemas: &mut Schemas) {
    of::<payload::StateChanged>(schemas);
    of::<payload::Ending>(schemas);
    of::<payload::ActivityNoted>(schemas);
    of::<payload::LeaseGranted>(schemas);
    of::<payload::LeaseTakenOver>(schemas);
    of::<payload::LeaseReleased>(schemas);
    of::<payload::Succeeded>(schemas);
    of::<payload::CheckpointCreated>(schemas);
    of::<payload::CheckpointRestored>(schemas);
    of::<payload::RetainedNow>(schemas);
    of::<payload::RetentionEnded>(schemas);
    of::<payload::HandedOver>(schemas);
    of::<payload::Asked>(schemas);
    of::<payload::Terminal>(schemas);
}

fn named_in(schema: &Value, found: &mut Vec<String>) {
    match schema {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| named_in(value, found));
        }
        Value::Array(values) => values.iter().for_each(|value| named_in(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_schema_that_is_named_is_there() {
    for all in [all(), commands()] {
        for (name, schema) in &all {
            let mut found = Vec::new();
            named_in(schema, &mut found);
            for path in found {
                let wanted = path.strip_prefix("#/components/schemas/").unwrap();
                assert!(all.contains_key(wanted), "{name} names {wanted}");
            }
        }
    }
}

#[test]
fn a_command_is_known_by_its_name_and_has_no_name_of_something_else() {
    let commands = commands();
    let names = |schema: &str, tag: &str| {
        let sorts = commands[schema]["oneOf"].as_array().unwrap().iter();
        let parts = |sort: &Value| match sort["allOf"].as_array() {
            Some(parts) => parts.clone(),
            None => vec![sort.clone()],
        };
        let names = sorts
            .flat_map(parts)
            .filter_map(|part| part["properties"][tag]["enum"][0].as_str().map(str::to_owned));
        names.collect::<Vec<_>>()
    };
    assert_eq!((names("Command", "command").len(), names("Step", "step").len()), (23, 8));
    assert_eq!(names("Target", "by"), ["slot", "session", "none", "id"]);
    let all = all();
    for (name, schema) in commands.iter().filter(|(name, _)| *name != "Used") {
        assert!(all.get(name).is_none_or(|other| other == schema), "{name} is something else, too");
    }
}

#[test]
fn what_is_told_of_an_event_names_the_schema_of_each_type() {
    let all = all();
    let told = all["Event"]["properties"]["data"]["description"].as_str().unwrap();
    let named = told.split('`').skip(1).step_by(2).filter(|word| word.starts_with(char::is_uppercase));
    let named: Vec<_> = named.collect();
    assert_eq!(named.len(), 14);
    assert!(named.iter().all(|name| all.contains_key(*name)), "{named:?}");
}

#[test]
fn a_word_has_its_vocabulary_and_an_instant_its_form() {
    let all = all();
    assert_eq!(all["State"]["enum"][1], "active");
    assert_eq!(all["WorkerState"]["enum"][1], "stalled");
    assert_eq!(all["Instant"]["format"], "date-time");
    assert_eq!(all["Session"]["properties"]["state"]["$ref"], "#/components/schemas/State");
}

#[test]
fn what_is_null_rather_than_left_out_is_always_there() {
    let all = all();
    let required = |name: &str| all[name]["required"].as_array().unwrap().clone();
    assert!(required("Session").contains(&"key".into()) && required("Session").contains(&"lease".into()));
    assert!(!required("Session").contains(&"head_seq".into()));
    assert!(required("Handover").contains(&"by".into()));
}
