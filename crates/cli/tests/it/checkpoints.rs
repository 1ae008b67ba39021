//! Checkpoints and forks, from the outside.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::home::{Answer, Home, Running, answer, document, eventually, keys, succeeded};

/// A session that the test holds, by its id and fence.
struct Held {
    home: Home,
    id: String,
    fence: String,
}

impl Held {
    fn new() -> Self {
        Self::at(Home::new())
    }

    /// One for what is about the store's file.
    fn beside_its_store() -> Self {
        Self::at(Home::beside_its_store())
    }

    fn at(home: Home) -> Self {
        home.ok(&["create", "--key", "job", "--label", "team=a"]);
        let started = home.json(&["start", "job", "--actor-id", "w1", "--lease-seconds", "600"]);
        let id = started["session"].as_str().unwrap().to_owned();
        Self { home, id, fence: started["fence"].to_string() }
    }

    /// `tenure checkpoint VERB SESSION …` of the owner.
    fn words<'a>(&'a self, verb: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
        let mut words = vec!["checkpoint", verb, &self.id];
        words.extend(rest);
        if ["create", "restore"].contains(&verb) {
            words.extend(["--fence", &self.fence]);
        }
        words
    }

    fn json(&self, verb: &str, rest: &[&str]) -> Value {
        self.home.json(&self.words(verb, rest))
    }

    fn ask(&self, verb: &str, rest: &[&str]) -> Answer {
        self.home.ask(&self.words(verb, rest))
    }

    /// The owner does something.
    fn owner(&self, words: &[&str]) -> Value {
        self.home.json(&[words, &["--fence", &self.fence]].concat())
    }

    /// Saves a payload, and says how it is called.
    fn save(&self, payload: &str) -> String {
        let file = self.home.file("payload", payload);
        let created = self.json("create", &["--file", &file]);
        created["checkpoint"]["id"].as_str().unwrap().to_owned()
    }

    fn ids(&self) -> Vec<String> {
        let list = self.json("list", &[]);
        list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }

    fn path(&self, name: &str) -> String {
        self.home.workspace().join(name).to_str().unwrap().to_owned()
    }

    fn raw(&self, id: &str) -> String {
        self.home.ok(&["checkpoint", "show", &self.id, id, "--raw"])
    }
}

/// Flips one bit of the only place in the store's file where `marker` is.
fn flip(db: &Path, marker: &str) {
    let mut bytes = fs::read(db).unwrap();
    let at: Vec<_> =
        (0..bytes.len() - marker.len()).filter(|at| bytes[*at..].starts_with(marker.as_bytes())).collect();
    assert!(at.len() <= 1, "the payload is stored once");
    // It may not be there yet, or be damaged already.
    if let [at] = at[..] {
        bytes[at] ^= 1;
        fs::write(db, bytes).unwrap();
    }
}

#[test]
fn a_payload_is_saved_listed_shown_and_brought_back() {
    let held = Held::new();
    let file = held.home.file("payload", "{\"step\": 1}\n");
    let create = ["--file", &file, "--reason", "before the move", "--metadata", "{\"n\": 1}"];
    let created = held.json("create", &create);
    assert_eq!(keys(&created), ["command", "ok", "checkpoint", "removed"]);
    let checkpoint = &created["checkpoint"];
    let expected = [
        "id",
        "session",
        "seq",
        "created_at",
        "content",
        "encoding",
        "original_size",
        "stored_size",
        "sha256",
        "reason",
        "metadata",
    ];
    assert_eq!(keys(checkpoint), expected);
    assert_eq!(
        (&checkpoint["reason"], &checkpoint["metadata"]),
        (&json!("before the move"), &json!({ "n": 1 }))
    );
    assert_eq!((&checkpoint["content"], &checkpoint["encoding"]), (&json!("given"), &json!("plain")));
    let id = checkpoint["id"].as_str().unwrap();
    assert!(id.starts_with("ckp_") && id.len() == 30, "{id}");
    assert_eq!(held.json("list", &[]), json!({ "data": [checkpoint], "next_cursor": null }));
    let shown = held.json("show", &[id]);
    assert_eq!((&shown["intact"], &shown["sha256"]), (&json!(true), &checkpoint["sha256"]));
    assert_eq!(held.raw(id), "{\"step\": 1}\n");

    let to = held.path("back.json");
    let restored = held.json("restore", &[id, "--to", &to]);
    assert_eq!((&restored["command"], &restored["file"]), (&json!("checkpoint-restore"), &json!(to)));
    assert_eq!(fs::read_to_string(&to).unwrap(), "{\"step\": 1}\n");
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    let log = held.home.ok(&["events", &held.id, "--output", "json"]);
    let types: Vec<_> = log.lines().map(|line| document(line)["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(types[types.len() - 2..], ["checkpoint_created", "checkpoint_restored"]);
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_a_whole_one() {
    let held = Held::new();
    let id = held.save("new");
    let to = held.path("state");
    fs::write(&to, "old").unwrap();
    fs::set_permissions(&to, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(held.home.ask(&["checkpoint", "restore", &held.id, &id, "--to", &to]).code, 3);
    assert_eq!(fs::read_to_string(&to).unwrap(), "old", "a rule said no");
    held.json("restore", &[&id, "--to", &to]);
    assert_eq!(fs::read_to_string(&to).unwrap(), "new");
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(held.home.workspace()).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn people_read_what_was_saved_in_words() {
    let held = Held::new();
    let file = held.home.file("payload", &"x".repeat(10_000));
    let said = held.ask("create", &["--file", &file, "--reason", "tidy\u{1b}[31m"]);
    let said = held.home.steady(&said.out);
    assert!(
        said.starts_with("Saved session `[id]` as ckp_") && said.contains("9.7 KiB, stored as "),
        "{said}"
    );
    let list = held.ask("list", &[]).out;
    assert!(list.starts_with("CHECKPOINT") && list.contains("tidy\\x1B[31m"), "{list}");
    let shown = held.ask("show", &[]).out;
    assert!(shown.contains("intact, given by whoever saved it") && shown.contains("SHA-256"), "{shown}");
}

#[test]
fn standard_input_is_a_file_too_and_standard_output_a_place() {
    let held = Held::new();
    let mut command = held.home.command();
    command.args(held.words("create", &["--file", "-"])).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"from a pipe").unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(succeeded(held.ask("restore", &["--to", "-"])).out, "from a pipe");
}

#[test]
fn without_a_payload_the_sessions_own_record_is_saved_and_comes_back() {
    let held = Held::new();
    let home = &held.home;
    held.owner(&["heartbeat", "job", "--activity", "sorting"]);
    held.owner(&[
        "update",
        "job",
        "--metadata",
        "{\"goal\": 1.50}",
        "--progress",
        "1/2",
        "--input-tokens",
        "7",
    ]);
    let id = held.json("create", &[])["checkpoint"]["id"].as_str().unwrap().to_owned();
    let record: Value = serde_json::from_str(&held.raw(&id)).unwrap();
    assert_eq!((&record["schema"], &record["id"]), (&json!(1), &json!(held.id)));
    assert_eq!(record["activity"]["text"], "sorting");
    assert_eq!(
        (&record["metadata"]["goal"], &record["usage"]["input_tokens"], &record["labels"]["team"]),
        (&json!(1.5), &json!(7), &json!("a"))
    );
    held.owner(&["heartbeat", "job", "--activity", "something else"]);
    held.owner(&[
        "update",
        "job",
        "--metadata",
        "{\"goal\": null}",
        "--progress",
        "2/2",
        "--label",
        "team=b",
    ]);
    let text = succeeded(held.ask("restore", &[&id])).out;
    assert_eq!(home.steady(&text), format!("Session `[id]` is about what it was at {id} again.\n"));
    let shown = home.json(&["show", &held.id]);
    assert_eq!(
        (&shown["activity"]["text"], &shown["metadata"]["goal"], &shown["progress"]["current"]),
        (&json!("sorting"), &json!(1.5), &json!(1))
    );
    assert_eq!((&shown["labels"]["team"], &shown["usage"]["input_tokens"]), (&json!("a"), &json!(7)));
    assert_eq!(held.ids(), [id], "checkpoints stay");
}

#[test]
fn only_who_holds_a_session_saves_it_and_brings_it_back() {
    let held = Held::new();
    held.save("one");
    let to = held.path("back");
    for words in
        [vec!["checkpoint", "create", &held.id], vec!["checkpoint", "restore", &held.id, "--to", &to]]
    {
        let refused = held.home.refused_json(&words);
        assert_eq!((&refused["code"], &refused["holder"]["id"]), (&json!("HELD"), &json!("w1")));
        assert!(refused["hint"].as_str().unwrap().contains("--fence"), "{refused}");
        let wrong = [words.as_slice(), &["--fence", "99"]].concat();
        assert_eq!(held.home.refused_json(&wrong)["code"], "FENCED");
    }
    assert_eq!(held.home.refused_json(&held.words("prune", &["--fence", "99"]))["code"], "FENCED");
    assert!(!Path::new(&to).exists(), "a refused restore writes no file");
    assert_eq!(fs::read_dir(held.home.workspace()).unwrap().count(), 0, "and leaves none behind");
}

#[test]
fn what_has_ended_can_only_be_read_and_forked() {
    let held = Held::new();
    let id = held.save("one");
    held.owner(&["complete", "job"]);
    let to = held.path("back");
    for words in
        [vec!["checkpoint", "create", &held.id], vec!["checkpoint", "restore", &held.id, "--to", &to]]
    {
        let refused = held.home.refused_json(&words);
        assert_eq!((&refused["code"], &refused["state"]), (&json!("ENDED"), &json!("completed")));
        assert!(refused["hint"].as_str().unwrap().contains("tenure fork <name>"), "{refused}");
    }
    assert_eq!(held.raw(&id), "one");
    let forked = held.home.json(&["fork", &held.id, "--checkpoint", &id, "--id", "ses_next"]);
    assert_eq!(keys(&forked), ["command", "ok", "parent", "at", "session"]);
    assert_eq!((&forked["parent"], &forked["session"]["state"]), (&json!(held.id), &json!("pending")));
    assert_eq!(held.home.ok(&["checkpoint", "show", "ses_next", "--raw"]), "one");
}

#[test]
fn a_fork_shows_its_parents_log_and_then_its_own() {
    let held = Held::new();
    let home = &held.home;
    for step in ["1", "2", "3"] {
        home.ok(&["append", &held.id, "--type", "step", "--data", step, "--fence", &held.fence]);
    }
    let parent = home.ok(&["events", &held.id, "--output", "json"]);
    let forked = home.json(&["fork", &held.id, "--at", "3"]);
    let fork = forked["session"]["id"].as_str().unwrap();
    home.ok(&["append", fork, "--type", "mine"]);
    let own = home.ok(&["events", fork, "--output", "json"]);
    let seqs: Vec<_> = own.lines().map(|line| document(line)["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5]);
    let data = |log: &str, at: usize| document(log.lines().nth(at).unwrap())["data"].clone();
    assert!((0..3).all(|at| data(&own, at) == data(&parent, at)));
    let reason = document(own.lines().nth(3).unwrap())["data"]["reason"].clone();
    assert_eq!(reason, format!("forked from {} at 3", held.id));
    assert_eq!(home.ok(&["events", &held.id, "--output", "json"]), parent, "the parent stays as it is");
    assert!(home.ok(&["events", fork, "--after", "4"]).contains("mine"));

    let text = home.ok(&["fork", &held.id]);
    assert!(text.contains("It is pending and held by nobody"), "{text}");
    assert_eq!(home.refused_json(&["fork", &held.id, "--at", "99"])["code"], "LIMIT");
    assert_eq!(home.refused_json(&["fork", &held.id, "--id", fork])["code"], "ID_IN_USE");
    assert_eq!(home.ask(&["fork", &held.id, "--at", "0"]).code, 2);
}

#[test]
fn a_fork_stays_whole_when_its_parent_drops_its_beginning_and_is_deleted() {
    let held = Held::new();
    let home = &held.home;
    for step in ["1", "2", "3"] {
        home.ok(&["append", &held.id, "--type", "step", "--data", step, "--fence", &held.fence]);
    }
    let saved = held.save("kept");
    home.ok(&["fork", &held.id, "--id", "ses_fork"]);
    let own = home.ok(&["events", "ses_fork", "--output", "json"]);
    home.ok(&["compact", &held.id, "--before", "5"]);
    assert_eq!(home.ok(&["events", "ses_fork", "--output", "json"]), own);
    home.ok(&["delete", &held.id, "--force"]);
    assert_eq!(home.ok(&["events", "ses_fork", "--output", "json"]), own);
    assert_eq!(home.ok(&["checkpoint", "show", "ses_fork", &saved, "--raw"]), "kept");
    assert_eq!(home.ask(&["doctor", "--deep"]).code, 0);
}

#[test]
fn a_parent_with_a_damaged_log_is_deleted_and_says_what_its_forks_cannot_read() {
    let held = Held::beside_its_store();
    let home = &held.home;
    for step in ["1", "2", "3"] {
        home.ok(&["append", &held.id, "--type", "step", "--data", step, "--fence", &held.fence]);
    }
    home.ok(&["fork", &held.id, "--id", "ses_fork"]);
    held.owner(&["complete", "job"]);
    let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None); \
                  print(db.execute('DELETE FROM log WHERE sid = 1 AND first_seq = 5').rowcount)";
    let mut damage = home.program("python3");
    assert_eq!(answer(damage.args(["-c", script]).arg(home.db())).out, "1\n");
    let deleted = succeeded(home.ask(&["delete", &held.id]));
    assert!(deleted.err.contains("warning: hand on a damaged log: the events from 5 to 5"), "{deleted:?}");
    let rest = home.ok(&["events", "ses_fork", "--after", "5", "--output", "json"]);
    assert_eq!(rest.lines().count(), 2, "{rest}");
    let doctor = home.ask(&["doctor", "--deep"]);
    assert!(doctor.code == 1 && doctor.out.contains("the append from 5"), "{doctor:?}");
}

#[test]
fn a_pause_saves_the_session_and_going_on_says_so() {
    let held = Held::new();
    let home = &held.home;
    held.owner(&["update", "job", "--metadata", "{\"goal\": \"ship\"}"]);
    held.owner(&["pause", "job", "--reason", "lunch"]);
    let listed = held.json("list", &[]);
    let saved = &listed["data"][0];
    assert_eq!((&saved["reason"], &saved["content"]), (&json!("pause"), &json!("record")));
    let record: Value = serde_json::from_str(&held.raw(saved["id"].as_str().unwrap())).unwrap();
    assert_eq!((&record["state"], &record["metadata"]["goal"]), (&json!("paused"), &json!("ship")));
    held.owner(&["resume", "job"]);
    let told = home.ok(&["events", "job", "--type", "checkpoint_restored", "--output", "json"]);
    assert_eq!(document(&told)["data"], json!({ "checkpoint": saved["id"], "record": false }));
    held.owner(&["pause", "job"]);
    assert_eq!(held.ids().len(), 1, "the last one is kept");
}

#[test]
fn the_reason_of_a_pauses_record_is_nobody_elses() {
    let held = Held::new();
    let refused = held.home.refused_json(&held.words("create", &["--reason", "pause"]));
    assert_eq!(refused["code"], "LIMIT");
    let told = held.ask("create", &["--reason", "pause"]).err;
    assert!(told.contains("--reason \"before the pause\"") && told.contains("tenure pause <name>"), "{told}");
    assert_eq!(held.ids().len(), 0);
    let file = held.home.file("payload", "mine");
    held.json("create", &["--reason", "pause", "--file", &file]);
}

#[test]
fn a_checkpoint_alone_is_of_the_session_that_the_environment_names() {
    let held = Held::new();
    let id = held.save("one");
    let to = held.path("back");
    for verb in ["restore", "show"] {
        let alone = held.home.ask(&["checkpoint", verb, &id]);
        assert_eq!(alone.code, 2, "{alone:?}");
        assert!(alone.err.contains("name the session before the checkpoint"), "{}", alone.err);
        assert!(alone.err.contains(&format!("<name> {id}")) && alone.err.contains("forks"), "{}", alone.err);
        assert_eq!(held.home.ask(&["checkpoint", verb]).code, 2);
        assert_eq!(held.home.ask(&["checkpoint", verb, "nobody"]).code, 1);
    }
    assert!(!Path::new(&to).exists());
    let inside = |words: &[&str]| {
        let mut command = held.home.command();
        command.env("TENURE_SESSION_ID", &held.id).env("TENURE_FENCE", &held.fence);
        succeeded(answer(command.args(words))).out
    };
    assert_eq!(inside(&["checkpoint", "show", &id, "--raw"]), "one");
    let newer = held.save("two");
    assert_eq!(inside(&["checkpoint", "show", "--raw"]), "two");
    inside(&["checkpoint", "restore", &id, "--to", &to]);
    assert_eq!(fs::read_to_string(&to).unwrap(), "one");
    inside(&["checkpoint", "restore", "--to", &to]);
    assert_eq!(fs::read_to_string(&to).unwrap(), "two");

    // A session that is called like that is meant by it.
    held.home.ok(&["create", "--key", &newer]);
    let shown = held.home.ask(&["checkpoint", "show", &newer, "--output", "json"]);
    assert_eq!(document(&shown.out)["code"], "CHECKPOINT_NOT_FOUND", "{shown:?}");
}

#[test]
fn a_workspace_is_saved_but_not_changed_by_what_was_saved() {
    let home = Home::new();
    home.hold("w1", "600");
    let fence = home.json(&["show", &home.key()])["fence"].to_string();
    home.json(&["checkpoint", "create", &home.key(), "--fence", &fence]);
    let refused = home.refused_json(&["checkpoint", "restore", &home.key(), "--fence", &fence]);
    assert_eq!(refused["code"], "WRONG_KIND");
}

#[test]
fn two_payloads_are_compared_by_what_they_are() {
    let held = Held::new();
    let (a, b) = (held.save("{\"step\": 1, \"same\": true}"), held.save("{\"step\": 2, \"same\": true}"));
    let diff = held.json("diff", &[&a, &b]);
    assert_eq!(diff["changes"], json!([{ "path": "/step", "from": 1, "to": 2 }]));
    assert_eq!(held.ask("diff", &[&a, &b]).out, "~ /step: 1 → 2\n");
    assert_eq!(held.ask("diff", &[&a, &a]).out, format!("{a} and {a} are the same.\n"));
    let (a, b) = (held.save("one\ntwo\n"), held.save("one\n\u{1b}[31mred\n"));
    let text = held.ask("diff", &[&a, &b]).out;
    assert!(text.contains("-two\n") && text.contains("+\\x1B[31mred\n"), "{text}");
    let path = held.home.workspace().join("bytes");
    fs::write(&path, [0xFF, 0xFE]).unwrap();
    let bytes = held.json("create", &["--file", path.to_str().unwrap()]);
    let diff = held.ask("diff", &[&a, bytes["checkpoint"]["id"].as_str().unwrap()]).out;
    assert!(diff.starts_with("The payloads differ.\n") && diff.contains("2 bytes  SHA-256 "), "{diff}");
}

#[test]
fn the_newest_ten_are_kept_unless_something_else_was_asked_for() {
    let held = Held::new();
    let mut made: Vec<_> = (0..12).map(|number| held.save(&number.to_string())).collect();
    made.reverse();
    assert_eq!(held.ids(), made[..10]);
    let all = held.json("create", &["--keep", "all"]);
    assert_eq!(all["removed"], 0);
    let few = held.json("create", &["--keep", "3"]);
    assert_eq!((&few["removed"], held.ids().len()), (&json!(9), 3));
    assert_eq!(held.ask("create", &["--keep", "0"]).code, 2);

    let before = held.ids();
    let dry = held.json("prune", &["--keep", "1", "--dry-run"]);
    assert_eq!((&dry["dry_run"], dry["removed"].as_array().unwrap().len()), (&json!(true), 2));
    assert_eq!(held.ids(), before);
    let text = succeeded(held.ask("prune", &["--keep", "1"])).out;
    assert!(text.starts_with("Removed 2 of 3 checkpoints"), "{text}");
    assert_eq!(held.ids(), before[..1]);
    held.json("prune", &["--keep", "0"]);
    assert_eq!(held.ids(), before[..1], "an open session is not left without one");
}

#[test]
fn pages_of_checkpoints_go_back_in_time() {
    let held = Held::new();
    let mut made: Vec<_> = (0..5).map(|number| held.save(&number.to_string())).collect();
    made.reverse();
    let first = held.json("list", &["--limit", "3"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = held.json("list", &["--limit", "3", "--cursor", cursor]);
    assert_eq!(second["next_cursor"], Value::Null);
    let ids = |page: &Value| {
        page["data"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!([ids(&first), ids(&second)].concat(), made);
}

#[test]
fn a_flipped_bit_is_reported_and_the_newest_valid_one_is_used() {
    let held = Held::beside_its_store();
    let older = held.save("the older payload, whole");
    let newer = held.save("the newer payload, to be damaged");
    // Once its log is large, a store copies it back when it is closed: the file then has everything.
    let path = held.home.workspace().join("large");
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let large: Vec<u8> = (0..1_500_000).flat_map(next).collect();
    fs::write(&path, large).unwrap();
    // Whether that was all of it shows when what is damaged is seen.
    let (last, report) = (0..20)
        .find_map(|_| {
            let last = held.json("create", &["--file", path.to_str().unwrap(), "--keep", "all"]);
            flip(&held.home.db(), "the newer payload, to be damaged");
            let shown = held.ask("show", &[&newer, "--output", "json"]);
            let last = last["checkpoint"]["id"].as_str().unwrap().to_owned();
            (shown.code == 1).then(|| (last, document(&shown.out)))
        })
        .expect("the file has everything in the end");
    assert_eq!(report["code"], "CHECKPOINT_DAMAGED");
    assert_eq!((&report["checkpoint"], &report["newest_valid"]), (&json!(newer), &json!(last)));
    assert!(report["details"][0].as_str().unwrap().contains("SHA-256"), "{report}");
    let to = held.path("back");
    assert_eq!(held.ask("restore", &[&newer, "--to", &to]).code, 1);
    assert!(!Path::new(&to).exists());
    assert_eq!(held.ids().iter().rev().take(2).collect::<Vec<_>>(), [&older, &newer], "its neighbours stay");
    assert_eq!(held.raw(&older), "the older payload, whole");
    let doctor = held.home.ask(&["doctor", "--deep"]);
    assert!(doctor.code == 1 && doctor.out.contains(&newer), "{doctor:?}");
}

#[test]
fn what_cannot_be_is_said_and_changes_nothing() {
    let held = Held::new();
    let codes = |answer: Answer| (answer.code, document(&answer.out)["code"].as_str().unwrap().to_owned());
    let none = held.ask("show", &["--output", "json"]);
    assert_eq!(codes(none), (1, "CHECKPOINT_NOT_FOUND".to_owned()));
    let id = held.save("one");
    let ask = |verb: &str, rest: &[&str]| codes(held.ask(verb, &[rest, &["--output", "json"]].concat()));
    assert_eq!(ask("show", &["ckp_none"]), (1, "CHECKPOINT_NOT_FOUND".to_owned()));
    assert_eq!(ask("restore", &["ckp_none", "--to", "-"]), (1, "CHECKPOINT_NOT_FOUND".to_owned()));
    assert_eq!(ask("show", &["a/b"]), (3, "LIMIT".to_owned()));
    assert_eq!(ask("create", &["--file", "/nowhere"]), (1, "CHECKPOINT_FILE".to_owned()));
    assert_eq!(ask("create", &["--metadata", "{"]), (2, "USAGE".to_owned()));
    assert_eq!(ask("create", &["--reason", " "]), (3, "LIMIT".to_owned()));
    assert_eq!(ask("restore", &[&id]), (2, "USAGE".to_owned()));
    assert_eq!(ask("restore", &[&id, "--to", "/nowhere/file"]), (1, "CHECKPOINT_FILE".to_owned()));
    assert_eq!(ask("restore", &[&id, "--to", "/"]), (1, "CHECKPOINT_FILE".to_owned()));
    let log = held.home.ok(&["events", &held.id, "--type", "checkpoint_restored"]);
    assert_eq!(log, "", "a restore that failed did not happen");
    let unknown = held.home.ask(&["checkpoint", "list", "nobody", "--output", "json"]);
    assert_eq!(codes(unknown), (1, "NOT_FOUND".to_owned()));
}

#[test]
fn a_large_payload_is_warned_of_and_a_larger_one_refused_by_its_largest_parts() {
    let held = Held::new();
    let payload = |bytes: usize| format!("{{\"step\": 1, \"history\": \"{}\"}}", "x".repeat(bytes));
    let file = held.home.file("payload", &payload(11 << 20));
    let warned = succeeded(held.ask("create", &["--file", &file]));
    assert!(
        warned.err.contains("warning: the payload has 11.0 MiB; the largest parts: `history` 11.0 MiB"),
        "{}",
        warned.err
    );
    let file = held.home.file("payload", &payload(100 << 20));
    let refused = held.home.refused_json(&held.words("create", &["--file", &file]));
    assert_eq!((&refused["code"], &refused["largest"][0]["name"]), (&json!("LIMIT"), &json!("history")));
    assert_eq!(held.ids().len(), 1);
}

#[test]
fn inside_a_run_session_and_fence_are_known() {
    let home = Home::beside_its_store();
    let tenure = env!("CARGO_BIN_EXE_tenure");
    let script =
        format!("echo state | {tenure} checkpoint create $TENURE_SESSION_ID --file - && echo saved > done");
    let running = Running::start(&home, "nightly", &format!("{script}; sleep 60"));
    eventually(|| home.workspace().join("done").exists());
    assert_eq!(home.ok(&["checkpoint", "show", "nightly", "--raw"]), "state\n");
    assert_eq!(home.refused_json(&["checkpoint", "create", "nightly"])["code"], "HELD");
    running.vanish(&home);
    let saved = home.json(&["checkpoint", "create", "nightly", "--reason", "after it died"]);
    assert_eq!(saved["checkpoint"]["content"], "record", "nobody holds it any more");
    drop(answer(home.command().args(["cancel", "nightly"])));
}
