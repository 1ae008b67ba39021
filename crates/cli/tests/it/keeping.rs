//! Exporting, taking in, moving, copying, pruning, retaining.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::home::{Answer, Home, Running, answer, document, json_words};

/// A session that was driven by hand, with events that have ids, and payloads whose every byte counts.
fn driven(home: &Home, key: &str) -> String {
    let id = home.json(&["create", "--key", key, "--label", "team=web", "--metadata", "{\"goal\": [1, 2]}"]);
    let id = id["session"].as_str().unwrap().to_owned();
    let held = home.json(&["start", key, "--actor-id", "agent/1"]);
    let fence = held["fence"].to_string();
    for (name, data) in [("one", "{ \"a\" :1.0 }"), ("two", "{\n\"b\": \"\u{e9}\"\n}"), ("three", "[]")] {
        home.ok(&["append", key, "--type", "note", "--data", data, "--id", name, "--fence", &fence]);
    }
    home.ok(&[
        "update",
        key,
        "--fence",
        &fence,
        "--progress",
        "3/10",
        "--input-tokens",
        "12",
        "--cost",
        "0.25",
    ]);
    home.ok(&["send", key, "please hurry"]);
    id
}

fn at(home: &Home, name: &str) -> String {
    home.workspace().parent().unwrap().join(name).to_str().unwrap().to_owned()
}

/// The same words, about another store.
fn there<'a>(db: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    ["--db", db].into_iter().chain(words.iter().copied()).collect()
}

fn listed(home: &Home, db: &str) -> Vec<String> {
    let list = home.json(&there(db, &["list", "--limit", "1000"]));
    list["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn is_sound(home: &Home, db: &str) {
    let told = home.ok(&there(db, &["doctor", "--deep"]));
    assert!(told.contains("Everything is as it should be."), "{told}");
}

/// What checkpoints a session has.
fn saved(home: &Home, db: &str, name: &str) -> Vec<(Value, Value, Value)> {
    let list = home.json(&there(db, &["checkpoint", "list", name]));
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|row| (row["id"].clone(), row["sha256"].clone(), row["seq"].clone())).collect()
}

fn failed(home: &Home, words: &[&str]) -> Value {
    let Answer { code, out, .. } = home.ask(&json_words(words));
    assert_ne!(code, 0, "{words:?}: {out}");
    document(&out)
}

#[test]
fn what_is_exported_imported_and_exported_again_is_the_same_bytes() {
    let home = Home::new();
    driven(&home, "driven");
    home.ok(&["complete", "driven", "--fence", "1", "--message", "shipped"]);
    driven(&home, "held");
    driven(&home, "compacted");
    home.ok(&["compact", "compacted", "--keep", "3"]);
    driven(&home, "retained");
    home.ok(&["retain", "retained", "--reason", "a case", "--actor-id", "counsel"]);
    let run = ["run", "--key", "run", "--", "sh", "-c", "printf 'caf\\351\\n\\033[31mred'; exit 3"];
    assert_eq!(home.ask(&run).code, 3);
    home.ok(&["start", "--mode", "implement"]);
    home.ok(&["create", "--key", "pending", "--expires-in", "1h"]);
    driven(&home, "saved");
    let large = home.file("large.bin", &"0123456789abcdef".repeat(500_000));
    for file in [&large, &home.file("small.json", "{\"a\": 1}")] {
        home.ok(&["checkpoint", "create", "saved", "--fence", "1", "--file", file, "--reason", "lunch"]);
    }
    home.ok(&["checkpoint", "create", "saved", "--fence", "1"]);
    home.ok(&["fork", "saved", "--id", "forked"]);
    let (db, key) = (at(&home, "other.db"), home.key());
    for name in ["driven", "held", "compacted", "retained", "run", "pending", "saved", "forked", &key] {
        let file = at(&home, "session.jsonl");
        let exported = home.json(&["export", name, "--to", &file, "--force"]);
        let first = fs::read(&file).unwrap();
        assert_eq!(
            (exported["bytes"].as_u64(), &exported["command"]),
            (Some(first.len() as u64), &json!("export"))
        );
        assert_eq!(home.ok(&["export", name]).as_bytes(), first, "{name}: to standard output as to a file");
        let imported = home.json(&there(&db, &["import", &file]));
        assert_eq!((&imported["known"], &imported["sha256"]), (&json!(false), &exported["sha256"]));
        assert_eq!(home.ok(&there(&db, &["export", name])).as_bytes(), first, "{name}");
        let ours = home.json(&["show", name]);
        let theirs = home.json(&there(&db, &["show", name]));
        for field in
            ["id", "key", "state", "revision", "fence", "head_seq", "labels", "metadata", "created_at"]
        {
            assert_eq!(theirs[field], ours[field], "{name}: {field}");
        }
        assert_eq!(theirs["lease"], Value::Null, "{name}");
        let (ours, theirs) = (saved(&home, home.db().to_str().unwrap(), name), saved(&home, &db, name));
        assert_eq!(theirs, ours, "{name}");
        assert_eq!(imported["checkpoints"].as_u64(), Some(ours.len() as u64), "{name}");
    }
    is_sound(&home, &db);
}

#[test]
fn a_session_that_was_held_is_imported_held_by_nobody_and_goes_on_under_the_next_fence() {
    let home = Home::new();
    driven(&home, "job");
    let (db, file) = (at(&home, "other.db"), at(&home, "job.jsonl"));
    home.ok(&["export", "job", "--to", &file]);
    home.ok(&there(&db, &["import", &file]));
    let late = home.ask(&there(&db, &["append", "job", "--type", "note", "--fence", "1"]));
    assert_eq!(late.code, 3, "{late:?}");
    assert!(late.err.contains("fence 1"), "{}", late.err);
    let started = home.json(&there(&db, &["start", "job", "--actor-id", "agent/2"]));
    assert_eq!(started["fence"], 2);
    // Its ids are known, and its positions go on.
    let again = ["append", "job", "--type", "note", "--data", "[]", "--id", "three", "--fence", "2"];
    assert_eq!(home.json(&there(&db, &again))["known"], true);
    let head = home.json(&["show", "job"])["head_seq"].as_u64().unwrap();
    let next = home.json(&there(&db, &["append", "job", "--type", "note", "--fence", "2"]));
    assert_eq!(next["seq"].as_u64(), Some(head + 2));
    home.ok(&there(&db, &["complete", "job", "--fence", "2"]));
    is_sound(&home, &db);
}

#[test]
fn the_same_export_is_taken_in_once_and_another_session_of_its_id_is_not_replaced() {
    let home = Home::new();
    let id = driven(&home, "job");
    let (db, file) = (at(&home, "other.db"), at(&home, "job.jsonl"));
    home.ok(&["export", "job", "--to", &file]);
    home.ok(&there(&db, &["import", &file]));
    home.ok(&there(&db, &["cancel", "job"]));
    let again = home.json(&there(&db, &["import", &file]));
    assert_eq!(
        (&again["known"], &again["state"], &again["session_id"]),
        (&json!(true), &json!("cancelled"), &json!(id))
    );
    assert!(home.ok(&there(&db, &["import", &file])).contains("was imported from this export before"));
    // It was not imported here, but made.
    assert_eq!(home.refused_json(&["import", &file])["code"], "ID_IN_USE");
    home.ok(&["append", &id, "--type", "note"]);
    home.ok(&["export", "job", "--to", &file, "--force"]);
    assert_eq!(failed(&home, &there(&db, &["import", &file]))["code"], "ID_IN_USE");
}

#[test]
fn a_key_with_an_open_session_takes_none_in() {
    let home = Home::new();
    driven(&home, "job");
    let (db, file) = (at(&home, "other.db"), at(&home, "job.jsonl"));
    home.ok(&["export", "job", "--to", &file]);
    home.ok(&there(&db, &["create", "--key", "job"]));
    let refused = failed(&home, &there(&db, &["import", &file]));
    assert_eq!(refused["code"], "KEY_IN_USE");
    assert_eq!(listed(&home, &db).len(), 1);
    home.ok(&there(&db, &["cancel", "job"]));
    home.ok(&there(&db, &["import", &file]));
    assert_eq!(listed(&home, &db).len(), 2);
    is_sound(&home, &db);
}

#[test]
fn a_bit_that_is_flipped_anywhere_is_refused_with_its_line_and_nothing_is_taken_in() {
    let home = Home::new();
    driven(&home, "job");
    let (db, file) = (at(&home, "other.db"), at(&home, "job.jsonl"));
    home.ok(&["export", "job", "--to", &file]);
    let good = fs::read(&file).unwrap();
    home.ok(&there(&db, &["create", "--key", "neighbour"]));
    let mut line = 1;
    for (at, byte) in good.iter().enumerate() {
        // Each line is met several times; the tests of the form itself flip every bit.
        if at % 61 == 0 || *byte == b'\n' {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            fs::write(&file, &bad).unwrap();
            let told = failed(&home, &there(&db, &["import", &file]));
            assert_eq!((&told["code"], &told["line"]), (&json!("IMPORT"), &json!(line)), "byte {at}: {told}");
        }
        line += usize::from(*byte == b'\n');
    }
    for length in [1, 40, good.len() / 2, good.len() - 1] {
        fs::write(&file, &good[..length]).unwrap();
        assert_eq!(failed(&home, &there(&db, &["import", &file]))["code"], "IMPORT");
    }
    assert_eq!(listed(&home, &db).len(), 1);
    is_sound(&home, &db);
    let left = rusqlite_free_rows(&db);
    assert!(left.is_empty(), "nothing is left of what was refused: {left:?}");
}

/// What `doctor` cannot tell without a look inside: files beside the store.
fn rusqlite_free_rows(db: &str) -> Vec<String> {
    let directory = Path::new(db).parent().unwrap();
    let names =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".tenure-part")).collect()
}

#[test]
fn what_is_wrong_is_told_with_what_to_do() {
    let home = Home::new();
    driven(&home, "job");
    let file = at(&home, "job.jsonl");
    home.ok(&["export", "job", "--to", &file]);
    let text = fs::read_to_string(&file).unwrap();
    let db = at(&home, "other.db");
    let said = |text: &str| {
        fs::write(&file, text).unwrap();
        home.steady(&home.ask(&there(&db, &["import", &file])).err)
    };
    assert_snapshot!(said(&text.replace("hurry", "harry")), @r"
    error: failed to take in line 11: it was altered: its checksum is another one
      nothing was taken in
    hint: copy the file again, or export the session again
    ");
    let without: Vec<_> = text.lines().enumerate().filter(|(at, _)| *at != 5).map(|(_, line)| line).collect();
    assert_snapshot!(said(&(without.join("\n") + "\n")), @r"
    error: failed to take in line 6: event 4 belongs here, and it is event 5
      nothing was taken in
    hint: copy the file again, or export the session again
    ");
    assert_snapshot!(said(&text[..text.len() - 30]), @r"
    error: failed to take in line 12: the file ends here, before its last line
      nothing was taken in
    hint: copy the file again, or export the session again
    ");
    assert_snapshot!(said("{\"a\":1}\n"), @r"
    error: failed to understand the record [base]/job.jsonl
      missing field `schema_version` at line 1 column 7
    ");
}

#[test]
fn a_session_goes_through_a_pipe() {
    let home = Home::new();
    let id = driven(&home, "job");
    let mut export = home.command().args(["export", "job"]).stdout(Stdio::piped()).spawn().unwrap();
    let db = at(&home, "other.db");
    let mut import = home.command();
    import.args(there(&db, &["import", "-", "--output", "json"])).stdin(export.stdout.take().unwrap());
    let taken = answer(&mut import);
    assert!(export.wait().unwrap().success());
    assert_eq!(document(&taken.out)["session_id"], id);
    assert_eq!(failed(&home, &there(&db, &["import", "-"]))["flaw"], "foreign");
}

#[test]
fn an_export_does_not_replace_a_file_unless_it_is_told_to() {
    let home = Home::new();
    driven(&home, "job");
    let file = home.file("job.jsonl", "mine");
    let refused = home.refused_json(&["export", "job", "--to", &file]);
    assert_eq!(refused["code"], "FILE_EXISTS");
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    home.ok(&["export", "job", "--to", &file, "--force"]);
    assert!(fs::read_to_string(&file).unwrap().starts_with("{\"line\":\"header\""));
    assert_eq!(home.ask(&["export", "job", "--to", home.storage().to_str().unwrap()]).code, 2);
    assert_eq!(home.ask(&["export", "nobody", "--to", &file]).code, 1);
    assert!(rusqlite_free_rows(&file).is_empty());
}

#[test]
fn a_backup_is_a_sound_store_of_its_own_that_is_used_at_once() {
    let home = Home::new();
    assert_eq!(failed(&home, &["backup", &at(&home, "b.db")])["code"], "NOT_FOUND");
    let id = driven(&home, "job");
    let running = Running::start(&home, "run", "echo on; sleep 600");
    let file = at(&home, "b.db");
    let made = home.json(&["backup", &file]);
    assert_eq!(
        (&made["sessions"], &made["bytes"]),
        (&json!(2), &json!(Path::new(&file).metadata().unwrap().len()))
    );
    // One file, and nothing beside it.
    let beside = ["-wal", "-shm", "-journal"].map(|suffix| Path::new(&(file.clone() + suffix)).exists());
    assert_eq!(beside, [false; 3]);
    is_sound(&home, &file);
    assert_eq!(home.ok(&there(&file, &["export", &id])), home.ok(&["export", &id]));
    home.ok(&there(&file, &["cancel", &id]));
    assert_eq!(home.json(&["show", &id])["state"], "active");
    assert_eq!(home.refused_json(&["backup", &file])["code"], "FILE_EXISTS");
    // What SQLite left beside the copy that was used is no part of the new one.
    assert!(Path::new(&(file.clone() + "-wal")).exists());
    home.ok(&["backup", &file, "--force"]);
    assert_eq!(home.json(&there(&file, &["show", &id]))["state"], "active");
    is_sound(&home, &file);
    let user = Running::start_at(&home, &file, "held", "sleep 600");
    assert_eq!(failed(&home, &["backup", &file, "--force"])["code"], "STORE_BLOCKED");
    assert_eq!(home.json(&there(&file, &["show", "held"]))["state"], "active");
    drop(user);
    assert_eq!(home.ask(&["backup", home.db().to_str().unwrap(), "--force"]).code, 2);
    drop(running);
}

#[test]
fn a_dry_pruning_says_what_a_real_one_deletes_and_open_or_retained_ones_stay() {
    let home = Home::new();
    let ids: Vec<_> = ["a", "b", "c", "d"].map(|key| driven(&home, key)).into();
    for key in ["a", "b", "c"] {
        home.ok(&["complete", key, "--fence", "1"]);
    }
    home.ok(&["retain", "b", "--reason", "a case"]);
    assert_eq!(home.ok(&["prune"]), "Nothing to delete.\n", "they ended just now");
    let before = home.state();
    let all =
        |text: &str| -> Vec<Value> { text.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let words = ["prune", "--older-than", "0s", "--output", "json"];
    let told = all(&home.ok(&[&words[..], &["--dry-run"]].concat()));
    assert_eq!(home.state(), before, "nothing was written");
    let done = all(&home.ok(&words));
    let seen = |lines: &[Value]| -> Vec<(Value, Value, Value)> {
        let rows = lines.iter().filter(|line| line.get("command").is_none());
        rows.map(|line| (line["session"].clone(), line["events"].clone(), line["bytes"].clone())).collect()
    };
    assert_eq!(seen(&told), seen(&done));
    assert_eq!(seen(&done).iter().map(|row| &row.0).collect::<Vec<_>>(), [&ids[2], &ids[0]]);
    let sum = |name: &str| done[..2].iter().map(|line| line[name].as_u64().unwrap()).sum::<u64>();
    let last = done.last().unwrap();
    assert_eq!((last["sessions"].as_u64(), last["retained"].as_u64()), (Some(2), Some(1)));
    assert_eq!((last["events"].as_u64(), last["bytes"].as_u64()), (Some(sum("events")), Some(sum("bytes"))));
    let left = listed(&home, home.db().to_str().unwrap());
    assert_eq!(left, [ids[3].clone(), ids[1].clone()]);
    is_sound(&home, home.db().to_str().unwrap());
}

#[test]
fn the_newest_of_each_key_are_kept_and_states_are_told_apart() {
    let home = Home::new();
    for round in 0..3 {
        for key in ["a", "b"] {
            home.ok(&["create", "--key", key, "--id", &format!("{key}{round}")]);
            home.ok(&["cancel", key]);
        }
    }
    let pruned = home.ok(&["prune", "--older-than", "0s", "--state", "completed", "--state", "failed"]);
    assert_eq!(pruned, "Nothing to delete.\n");
    home.ok(&["prune", "--older-than", "0s", "--keep", "1", "--kind", "agent"]);
    assert_eq!(listed(&home, home.db().to_str().unwrap()), ["b2", "a2"]);
    assert_eq!(home.ask(&["prune", "--state", "active"]).code, 2);
}

#[test]
fn after_seven_days_completed_ones_go_and_after_thirty_the_others() {
    let home = Home::new();
    for (key, verb) in [("a", "complete"), ("b", "cancel")] {
        home.ok(&["create", "--key", key, "--id", key]);
        home.ok(&["start", key, "--actor-id", "x"]);
        let fence = if verb == "complete" { &["--fence", "1"][..] } else { &[] };
        home.ok(&[&[verb, key][..], fence].concat());
    }
    for (offset, left) in [("+6d", &["b", "a"][..]), ("+8d", &["b"]), ("+29d", &["b"]), ("+31d", &[])] {
        home.ok_at(offset, &["prune"]);
        assert_eq!(listed(&home, home.db().to_str().unwrap()), left, "{offset}");
    }
}

#[test]
fn what_is_retained_is_neither_deleted_nor_compacted_nor_ended_for_that() {
    let home = Home::new();
    let id = driven(&home, "job");
    let retained = home.json(&["retain", "job", "--reason", " a case ", "--actor-id", "counsel"]);
    assert_eq!((&retained["retained"], &retained["reason"]), (&json!(true), &json!("a case")));
    for words in [
        &["delete", &id, "--force"][..],
        &["compact", &id, "--keep", "1"],
        &["compact", &id, "--keep", "1", "--dry-run"],
    ] {
        assert_eq!(home.refused_json(words)["code"], "RETAINED", "{words:?}");
    }
    let shown = home.json(&["show", &id]);
    assert_eq!((&shown["state"], &shown["retained"]["by"]), (&json!("active"), &json!("counsel")));
    assert!(home.ok(&["show", &id]).contains("Retained:"));
    // Its owner is not disturbed, and it is kept once it has ended, too.
    home.ok(&["append", &id, "--type", "note", "--fence", "1"]);
    home.ok(&["complete", &id, "--fence", "1"]);
    assert_eq!(home.refused_json(&["delete", &id])["code"], "RETAINED");
    home.ok(&["retain", &id, "--release"]);
    assert_eq!(home.refused_json(&["retain", &id, "--release"])["code"], "NOT_RETAINED");
    let events = home.ok(&["events", &id, "--output", "json"]);
    let types: Vec<Value> =
        events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["type"].clone()).collect();
    assert!(types.contains(&json!("retained")) && types.ends_with(&[json!("retention_ended")]), "{types:?}");
    home.ok(&["delete", &id]);
    assert_eq!(home.ask(&["retain", &id]).code, 2);
}

#[test]
fn a_session_that_moves_goes_on_there_and_says_here_where_it_is() {
    let home = Home::new();
    let id = driven(&home, "job");
    home.ok(&["checkpoint", "create", "job", "--fence", "1", "--reason", "lunch"]);
    let had = saved(&home, home.db().to_str().unwrap(), "job");
    let db = at(&home, "other.db");
    let moved = home.json(&["move", "job", "--to", &db, "--actor-id", "ops"]);
    assert_eq!(
        (&moved["session"], &moved["was_there"], &moved["fence"]),
        (&json!(id), &json!(false), &json!(2))
    );
    for words in [
        &["append", "job", "--type", "note", "--fence", "1"][..],
        &["send", "job", "hello"],
        &["renew", "job", "--fence", "1"],
        &["complete", "job", "--fence", "1"],
        &["start", "job", "--actor-id", "me"],
        &["cancel", "job"],
        &["create", "--key", "job"],
        &["export", "job"],
        &["checkpoint", "restore", "job"],
    ] {
        let refused = home.refused_json(words);
        assert_eq!(
            (&refused["code"], &refused["has_arrived"]),
            (&json!("HANDED_OVER"), &json!(true)),
            "{words:?}"
        );
        assert!(refused["to"].as_str().unwrap().ends_with("other.db"));
    }
    let run = home.refused(&["run", "--key", "job", "--", "true"]);
    assert!(run.err.contains("was handed over to"), "{}", run.err);
    let shown = home.json(&["show", "job"]);
    assert_eq!((&shown["state"], &shown["handed_over"]["by"]), (&json!("expired"), &json!("ops")));
    let text = home.steady(&home.ok(&["show", "job"]));
    assert!(text.contains("Handed over: to [base]/other.db"), "{text}");
    assert_eq!((had.len(), saved(&home, &db, "job")), (1, had));
    let there_now = home.json(&there(&db, &["show", "job"]));
    assert_eq!(
        (&there_now["id"], &there_now["state"], &there_now["fence"]),
        (&json!(id), &json!("active"), &json!(2))
    );
    let started = home.json(&there(&db, &["start", "job", "--actor-id", "agent/2"]));
    assert_eq!(started["fence"], 3);
    assert_eq!(home.json(&["move", "job", "--to", &db])["was_there"], true);
    assert_eq!(home.refused_json(&["move", "job", "--to", &at(&home, "third.db")])["code"], "HANDED_OVER");
    home.ok(&["delete", "job"]);
    home.ok(&["create", "--key", "job"]);
    for db in [&db, home.db().to_str().unwrap()] {
        is_sound(&home, db);
    }
    assert_eq!(home.ask(&["move", "job", "--to", home.db().to_str().unwrap()]).code, 2);
}

#[test]
fn a_runner_whose_session_moves_ends_its_command_and_says_where_it_went() {
    let home = Home::new();
    let mut command = home.command();
    command.args(["run", "--key", "job", "--ttl", "2s", "--grace", "100ms", "--", "sh", "-c", "sleep 600"]);
    let runner = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    crate::home::eventually(|| home.ask(&["show", "job"]).code == 0);
    let db = at(&home, "other.db");
    home.ok(&["move", "job", "--to", &db]);
    let ended = runner.wait_with_output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(3), "{said}");
    assert!(said.contains("handed over to") && said.contains("other.db"), "{said}");
    is_sound(&home, &db);
}

#[test]
fn a_move_that_is_refused_there_changes_nothing_here() {
    let home = Home::new();
    driven(&home, "job");
    let db = at(&home, "other.db");
    home.ok(&there(&db, &["create", "--key", "job"]));
    let refused = home.refused_json(&["move", "job", "--to", &db]);
    assert_eq!(refused["code"], "KEY_IN_USE");
    home.ok(&["append", "job", "--type", "note", "--fence", "1"]);
    let nowhere = home.ask(&["move", "job", "--to", home.workspace().to_str().unwrap()]);
    assert_ne!(nowhere.code, 0);
    home.ok(&["append", "job", "--type", "note", "--fence", "1"]);
    let _: &Command = &home.command();
}
