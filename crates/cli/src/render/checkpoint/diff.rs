//! What differs between two payloads.

use std::time::Duration;

use serde_json::{Map, Value, json};
use similar::TextDiff;
use tenure_core::checkpoint::Checkpoint;
use tenure_core::escape::Escaped;
use tenure_engine::Readable;
use tenure_store::payload::Hex;

use super::size;
use crate::render::{Look, Report, Tone};

/// Payloads larger than this are compared by size and hash alone.
const COMPARED_MAX: usize = 16 << 20;

/// How long to look for the shortest way to tell what differs.
const PATIENCE: Duration = Duration::from_secs(2);

/// Characters of one value that are shown to people.
const SHOWN_MAX: usize = 120;

/// What differs between two checkpoints.
#[derive(Debug)]
pub(crate) struct Diff {
    a: Checkpoint,
    b: Checkpoint,
    difference: Difference,
}

#[derive(Debug)]
enum Difference {
    None,
    Json(Vec<Change>),
    Text(String),
    Bytes,
}

/// One place in two JSON values.
#[derive(Debug, PartialEq)]
struct Change {
    /// As a JSON pointer.
    path: String,
    from: Option<Value>,
    to: Option<Value>,
}

impl Diff {
    /// Compares two payloads as closely as they allow.
    pub(crate) fn between(a: Readable, b: Readable) -> Self {
        let difference = compare((&a.checkpoint, &a.bytes), (&b.checkpoint, &b.bytes));
        Self { a: a.checkpoint, b: b.checkpoint, difference }
    }
}

fn compare((a, a_bytes): (&Checkpoint, &[u8]), (b, b_bytes): (&Checkpoint, &[u8])) -> Difference {
    if a.sha256 == b.sha256 {
        return Difference::None;
    }
    if a_bytes.len().max(b_bytes.len()) > COMPARED_MAX {
        return Difference::Bytes;
    }
    if let (Ok(from), Ok(to)) = (serde_json::from_slice(a_bytes), serde_json::from_slice(b_bytes)) {
        let mut changes = Vec::new();
        compare_values(String::new(), (&from, &to), &mut changes);
        return Difference::Json(changes);
    }
    match (std::str::from_utf8(a_bytes), std::str::from_utf8(b_bytes)) {
        (Ok(from), Ok(to)) => {
            let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(from, to);
            let diff = diff.unified_diff().header(a.id.as_str(), b.id.as_str()).to_string();
            Difference::Text(diff)
        }
        _ => Difference::Bytes,
    }
}

fn compare_values(path: String, (from, to): (&Value, &Value), changes: &mut Vec<Change>) {
    match (from, to) {
        (Value::Object(from), Value::Object(to)) => compare_members(&path, (from, to), changes),
        (Value::Array(from), Value::Array(to)) => {
            for place in 0..from.len().max(to.len()) {
                let path = format!("{path}/{place}");
                compare_places(path, (from.get(place), to.get(place)), changes);
            }
        }
        (from, to) if from == to => {}
        (from, to) => changes.push(Change { path, from: Some(from.clone()), to: Some(to.clone()) }),
    }
}

fn compare_members(
    path: &str,
    (from, to): (&Map<String, Value>, &Map<String, Value>),
    changes: &mut Vec<Change>,
) {
    let added = to.keys().filter(|name| !from.contains_key(*name));
    for name in from.keys().chain(added) {
        let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        compare_places(path, (from.get(name), to.get(name)), changes);
    }
}

fn compare_places(path: String, places: (Option<&Value>, Option<&Value>), changes: &mut Vec<Change>) {
    match places {
        (Some(from), Some(to)) => compare_values(path, (from, to), changes),
        (from, to) => changes.push(Change { path, from: from.cloned(), to: to.cloned() }),
    }
}

impl Report for Diff {
    fn text(&self, look: &Look) -> String {
        match &self.difference {
            Difference::None => format!("{} and {} are the same.\n", self.a.id, self.b.id),
            Difference::Json(changes) if changes.is_empty() => {
                format!("{} and {} say the same in other words.\n", self.a.id, self.b.id)
            }
            Difference::Json(changes) => changes.iter().map(|change| line(look, change)).collect(),
            Difference::Text(diff) => diff.lines().map(|line| painted(look, line)).collect(),
            Difference::Bytes => {
                let tell = |checkpoint: &Checkpoint| {
                    let hash = Hex(&checkpoint.sha256);
                    format!("{}  {}  SHA-256 {hash}\n", checkpoint.id, size(checkpoint.original_size))
                };
                format!("The payloads differ.\n{}{}", tell(&self.a), tell(&self.b))
            }
        }
    }

    fn json(&self) -> Value {
        let (a, b) = (tenure_api::Checkpoint::of(&self.a), tenure_api::Checkpoint::of(&self.b));
        let mut told = json!({ "command": "checkpoint-diff", "ok": true, "a": a, "b": b });
        told["same"] = matches!(self.difference, Difference::None).into();
        match &self.difference {
            Difference::None | Difference::Bytes => {}
            Difference::Json(changes) => told["changes"] = changes.iter().map(change_document).collect(),
            Difference::Text(diff) => told["unified"] = diff.as_str().into(),
        }
        told
    }
}

fn change_document(change: &Change) -> Value {
    let mut document = json!({ "path": change.path });
    if let Some(from) = &change.from {
        document["from"] = from.clone();
    }
    if let Some(to) = &change.to {
        document["to"] = to.clone();
    }
    document
}

fn line(look: &Look, change: &Change) -> String {
    let path = Escaped(&change.path);
    let (tone, line) = match (&change.from, &change.to) {
        (Some(from), Some(to)) => (Tone::Warn, format!("~ {path}: {} → {}", shown(from), shown(to))),
        (Some(from), None) => (Tone::Bad, format!("- {path}: {}", shown(from))),
        (None, to) => (Tone::Good, format!("+ {path}: {}", to.as_ref().map_or_else(String::new, shown))),
    };
    look.paint(tone, &line) + "\n"
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= SHOWN_MAX {
        return Escaped(&text).to_string();
    }
    let beginning: String = text.chars().take(SHOWN_MAX).collect();
    format!("{}…", Escaped(&beginning))
}

fn painted(look: &Look, line: &str) -> String {
    let text = Escaped(line).to_string();
    let tone = match line.as_bytes().first() {
        Some(b'+') => Tone::Good,
        Some(b'-') => Tone::Bad,
        Some(b'@') => Tone::Dim,
        _ => return text + "\n",
    };
    look.paint(tone, &text) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(from: &Value, to: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
        let mut changes = Vec::new();
        compare_values(String::new(), (from, to), &mut changes);
        changes.into_iter().map(|change| (change.path, change.from, change.to)).collect()
    }

    #[test]
    fn json_is_compared_member_by_member() {
        let from = json!({ "same": 1, "changed": [1, { "a/b": 2 }, 3], "gone": null });
        let to = json!({ "same": 1, "changed": [1, { "a/b": 4 }], "new": {} });
        let expected = [
            ("/changed/1/a~1b".to_owned(), Some(json!(2)), Some(json!(4))),
            ("/changed/2".to_owned(), Some(json!(3)), None),
            ("/gone".to_owned(), Some(Value::Null), None),
            ("/new".to_owned(), None, Some(json!({}))),
        ];
        assert_eq!(changes(&from, &to), expected);
        assert_eq!(changes(&json!(1), &json!([1])), [(String::new(), Some(json!(1)), Some(json!([1])))]);
        assert_eq!(changes(&from, &from), []);
    }

    #[test]
    fn a_long_value_is_cut_for_people() {
        let shown = shown(&json!("x".repeat(500)));
        assert!(shown.ends_with('…') && shown.chars().count() == SHOWN_MAX + 1, "{shown}");
    }
}
