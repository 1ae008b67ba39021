//! Every document has a schema, and every schema that one names is there.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use crate::{
    Event, Figures, Group, HeldBy, ListedCheckpoint, Pin, Problem, ShownCheckpoint, ShownSession, Worker,
};

type Schemas = Vec<(String, RefOr<Schema>)>;

fn of<T: ToSchema + PartialSchema>(schemas: &mut Schemas) {
    schemas.push((T::name().into_owned(), T::schema()));
    T::schemas(schemas);
}

fn all() -> BTreeMap<String, Value> {
    let mut schemas = Schemas::new();
    of::<ShownSession>(&mut schemas);
    of::<Event>(&mut schemas);
    of::<ListedCheckpoint>(&mut schemas);
    of::<ShownCheckpoint>(&mut schemas);
    of::<Worker>(&mut schemas);
    of::<Pin>(&mut schemas);
    of::<Group>(&mut schemas);
    of::<Figures>(&mut schemas);
    of::<HeldBy>(&mut schemas);
    of::<Problem>(&mut schemas);
    let mut named = BTreeMap::new();
    for (name, schema) in schemas {
        let schema = serde_json::to_value(schema).unwrap();
        let before = named.insert(name.clone(), schema.clone());
        assert!(before.is_none_or(|before| before == schema), "two schemas are called {name}");
    }
    named
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
    let all = all();
    for (name, schema) in &all {
        let mut found = Vec::new();
        named_in(schema, &mut found);
        for path in found {
            let wanted = path.strip_prefix("#/components/schemas/").unwrap();
            assert!(all.contains_key(wanted), "{name} names {wanted}");
        }
    }
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
