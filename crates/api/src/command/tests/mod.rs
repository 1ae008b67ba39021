//! Every command is sent as a document, and read as what it was.

mod samples;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tenure_core::id::{Fence, HandoverId, Incarnation, Key, Namespace, Revision};
use tenure_core::kind::Kind;
use tenure_core::lease::HolderKind;
use tenure_core::session::{Command, Create, Drive, HandOver, Mode, StartRun, Step, Warning, Writer};
use tenure_core::workspace::{Import, RecordedOwner};

use self::samples::{acme, actor, bare_run, commands, id, stats, steps, whole_create, whole_run};
use super::{Aim, CommandAnswer, CommandRequest, Target, Written};
use crate::tests::fixture;
use crate::{Instant, Seen, Session};

/// Which sort it is; `None`: one that has no document. A new one is to be among [`commands`].
fn sort(command: &Command) -> Option<usize> {
    match command {
        Command::WorkspaceImport(_) | Command::HandOver(_) | Command::Arrived { .. } => None,
        Command::WorkspaceStart(_) => Some(0),
        Command::WorkspaceHeartbeat(_) => Some(1),
        Command::WorkspaceTakeover(_) => Some(2),
        Command::WorkspaceClear(_) => Some(3),
        Command::StartRun(_) => Some(4),
        Command::Regrant { .. } => Some(5),
        Command::Takeover { .. } => Some(6),
        Command::Cancel { .. } => Some(7),
        Command::Pause { .. } => Some(8),
        Command::Resume { .. } => Some(9),
        Command::ShutDown { .. } => Some(10),
        Command::Enter { .. } => Some(11),
        Command::Rerun(_) => Some(12),
        Command::Note { .. } => Some(13),
        Command::Complete { .. } => Some(14),
        Command::Fail { .. } => Some(15),
        Command::ExpireIdle => Some(16),
        Command::Create(_) => Some(17),
        Command::Start(_) => Some(18),
        Command::Acquire(_) => Some(19),
        Command::Drive(_) => Some(20),
        Command::Retain { .. } => Some(21),
        Command::EndRetention { .. } => Some(22),
    }
}

fn step_sort(step: &Step) -> usize {
    match step {
        Step::Start => 0,
        Step::Pause { .. } => 1,
        Step::Resume { .. } => 2,
        Step::Complete { .. } => 3,
        Step::Fail { .. } => 4,
        Step::Release => 5,
        Step::Update(_) => 6,
        Step::Restore(_) => 7,
    }
}

#[test]
fn every_command_is_read_as_what_it_was() {
    let sorts: BTreeSet<_> = commands().iter().map(sort).collect();
    assert_eq!(sorts, (0..=22).map(Some).collect());
    assert_eq!(steps().iter().map(step_sort).collect::<BTreeSet<_>>(), (0..=7).collect());
    for command in commands() {
        let text = serde_json::to_string(&super::Command::of(&command).unwrap()).unwrap();
        let document: super::Command = serde_json::from_str(&text).unwrap();
        assert_eq!(document.read(&acme()), Ok(command), "{text}");
    }
}

#[test]
fn a_command_is_for_the_tenant_of_its_caller() {
    let other = Namespace::parse("other").unwrap();
    let run = |namespace: &Namespace| {
        Command::StartRun(Box::new(StartRun { namespace: namespace.clone(), ..whole_run() }))
    };
    let create = |namespace: &Namespace| {
        Command::Create(Box::new(Create { namespace: namespace.clone(), ..whole_create() }))
    };
    for of in [&run as &dyn Fn(&Namespace) -> Command, &create] {
        let document = super::Command::of(&of(&acme())).unwrap();
        assert!(!serde_json::to_string(&document).unwrap().contains("acme"));
        assert_eq!(document.read(&other), Ok(of(&other)));
    }
}

#[test]
fn what_is_for_whoever_has_the_stores_has_no_document() {
    let import = Import {
        id: id("ses_1"),
        incarnation: Incarnation([1; 16]),
        namespace: acme(),
        key: Key::parse("k").unwrap(),
        directory: "/".into(),
        recorded_id: None,
        started: fixture::wall(0),
        last_started: fixture::wall(0),
        start_count: 1,
        mode: Mode::General,
        owner: RecordedOwner {
            kind: HolderKind::Interactive,
            id: None,
            supervisor: None,
            ttl: None,
            heartbeat: None,
        },
        revision: Revision(0),
    };
    let gone = HandOver { id: HandoverId([1; 16]), to: "b.db".into(), by: None };
    for command in [
        Command::WorkspaceImport(import),
        Command::HandOver(Box::new(gone)),
        Command::Arrived { id: HandoverId([1; 16]) },
    ] {
        assert_eq!((sort(&command), super::Command::of(&command)), (None, None));
    }
}

#[test]
fn commands_have_these_forms() {
    let form = |command: Command| serde_json::to_value(super::Command::of(&command).unwrap()).unwrap();
    let pause = Command::Pause { fence: Fence(3), reason: "lunch".into() };
    assert_eq!(form(pause), json!({ "command": "pause", "fence": 3, "reason": "lunch" }));
    assert_eq!(form(Command::ExpireIdle), json!({ "command": "expire_idle" }));
    let run = json!({
        "command": "start_run",
        "id": "ses_1",
        "claimant": {
            "holder": { "kind": "run", "id": "ada", "supervisor": "boss", "host": "box", "pid": 42 },
            "incarnation": "ab".repeat(16),
        },
        "ttl_ms": 15_500,
        "waits": false,
        "is_fresh": false,
    });
    assert_eq!(form(Command::StartRun(Box::new(bare_run()))), run);
    let drive = Drive { writer: Writer::Owner(Fence(3)), step: Step::Release };
    let form_of_drive = json!({ "command": "drive", "fence": 3, "step": { "step": "release" } });
    assert_eq!(form(Command::Drive(Box::new(drive))), form_of_drive);
    let create = form(Command::Create(Box::new(whole_create())));
    assert_eq!(create["idle"], json!({ "after_ms": 5 }));
    assert_eq!(create["metadata"], json!({ "a": null, "b": { "z": [1, 2.5], "a": "é" } }));
    let done = form(Command::Complete { fence: Fence(1), message: "m".into(), stats: stats() });
    assert_eq!(
        (&done["stats"]["exit"], &done["stats"]["duration_ms"]),
        (&json!({ "signal": 9 }), &json!(1_500))
    );
}

fn whole() -> Value {
    serde_json::to_value(super::Command::of(&Command::StartRun(Box::new(whole_run()))).unwrap()).unwrap()
}

#[test]
fn a_field_that_is_not_known_is_refused() {
    for command in commands() {
        let mut document = serde_json::to_value(super::Command::of(&command).unwrap()).unwrap();
        document["by_the_way"] = json!(1);
        let read = serde_json::from_value::<super::Command>(document.clone());
        assert!(read.is_err(), "{document}");
    }
    for path in ["/claimant", "/idle"] {
        let mut document = whole();
        document.pointer_mut(path).unwrap()["by_the_way"] = json!(1);
        assert!(serde_json::from_value::<super::Command>(document).is_err(), "{path}");
    }
    let step = json!({ "command": "drive", "fence": 1, "step": { "step": "start", "by_the_way": 1 } });
    assert!(serde_json::from_value::<super::Command>(step).is_err());
    assert!(serde_json::from_value::<super::Command>(json!({ "command": "dance" })).is_err());
}

fn refused(document: Value) -> String {
    let command = serde_json::from_value::<super::Command>(document).unwrap();
    command.read(&acme()).unwrap_err().to_string()
}

#[test]
fn a_command_that_cannot_be_is_refused() {
    let set = |path: &str, value: Value| {
        let mut document = whole();
        *document.pointer_mut(path).unwrap() = value;
        refused(document)
    };
    assert_eq!(set("/id", json!("a b")), "`id` holds a character that is not allowed in it, at byte 1");
    assert_eq!(set("/principal", json!("")), "`principal` is blank");
    assert_eq!(set("/key", json!(" ")), "`key` is blank");
    assert_eq!(set("/group", json!("")), "`group` is blank");
    let word = |field, text| format!("`{field}` is {text:?}, which is not known here");
    assert_eq!(set("/claimant/holder/kind", json!("cat")), word("claimant.holder.kind", "cat"));
    assert_eq!(set("/claimant/incarnation", json!("0G")), word("claimant.incarnation", "0G"));
    assert_eq!(set("/ttl_ms", json!(999)), "`ttl_ms` is not from 1000 to 600000 milliseconds");
    assert_eq!(set("/labels", json!({ "": "a" })), "`labels` is blank");
    let many: BTreeMap<_, _> = (0..65).map(|n| (n.to_string(), "")).collect();
    assert_eq!(set("/labels", json!(many)), "`labels` has 65 entries; the maximum is 64");
    assert!(set("/idle/after_ms", json!(0)).starts_with("`idle.after_ms` is not from 1 to "));
    assert_eq!(set("/takeover", json!(" ")), "`takeover` is blank");
    let mut recipe = whole()["recipe"].clone();
    recipe["raw_directory"] = json!({ "base64": "!" });
    assert_eq!(set("/recipe", recipe), "`recipe.raw_directory.base64` is not base64");
    let times = "`recipe.ttl_ms` is not a ttl of a run with room for the grace";
    assert_eq!(set("/recipe/grace_ms", json!(u64::MAX)), times);
}

#[test]
fn reasons_and_words_are_as_long_as_they_may_be() {
    let long = "a".repeat(4_097);
    let too_long = "`reason` has 4097 bytes; the maximum is 4096";
    for document in [
        json!({ "command": "pause", "fence": 1, "reason": long }),
        json!({ "command": "cancel", "reason": long }),
        json!({ "command": "retain", "reason": long }),
        json!({ "command": "workspace_clear", "reason": long }),
    ] {
        assert_eq!(refused(document), too_long);
    }
    let step = json!({ "command": "drive", "step": { "step": "pause", "reason": long } });
    assert_eq!(refused(step), "`step.reason` has 4097 bytes; the maximum is 4096");
    assert_eq!(refused(json!({ "command": "cancel", "reason": "" })), "`reason` is blank");
    let words = json!({ "command": "note", "fence": 1, "activity": "é".repeat(281) });
    assert_eq!(refused(words), "`activity` has 281 characters; the maximum is 280");
    let silent = json!({ "command": "note", "fence": 1, "activity": " " });
    let read = serde_json::from_value::<super::Command>(silent).unwrap().read(&acme());
    assert_eq!(read, Ok(Command::Note { fence: Fence(1), activity: None }));
}

#[test]
fn an_owner_of_a_workspace_is_a_runtime() {
    let owner = |kind: &str, ttl_ms: u64| {
        let owner = json!({ "kind": kind, "actor_id": "r1", "ttl_ms": ttl_ms });
        refused(json!({ "command": "workspace_start", "id": "s", "incarnation": "01".repeat(16), "key": "k",
            "directory": "/", "owner": owner }))
    };
    assert_eq!(owner("interactive", 1_000), "`owner.kind` is not that of a runtime");
    assert_eq!(owner("run", 1_000), "`owner.kind` is not that of a runtime");
    let ttl = "`owner.ttl_ms` is not from 1000 to 86400000 milliseconds";
    assert_eq!(owner("runtime_worker", 1_500), ttl);
    assert_eq!(owner("runtime_worker", 86_401_000), ttl);
}

#[test]
fn a_holder_is_known_by_its_fence_alone() {
    let drive = json!({ "command": "drive", "fence": 1, "by": "ops", "step": { "step": "start" } });
    assert_eq!(refused(drive), "`by` is not said by the holder");
}

#[test]
fn what_a_command_is_about_is_read_as_what_it_was() {
    let slot = || (Kind::Workspace, Key::parse("/repo#main").unwrap());
    let forms = [
        (Aim::Slot(slot().0, slot().1), json!({ "by": "slot", "kind": "workspace", "key": "/repo#main" })),
        (Aim::Session(id("ses_1")), json!({ "by": "session", "id": "ses_1" })),
        (Aim::Nothing, json!({ "by": "none" })),
        (Aim::Id(id("ses_1"), None), json!({ "by": "id", "id": "ses_1" })),
        (
            Aim::Id(id("ses_1"), Some(slot())),
            json!({ "by": "id", "id": "ses_1", "slot": { "kind": "workspace", "key": "/repo#main" } }),
        ),
    ];
    for (aim, form) in forms {
        assert_eq!(serde_json::to_value(Target::of(&aim)).unwrap(), form);
        assert_eq!(serde_json::from_value::<Target>(form).unwrap().read(), Ok(aim));
    }
    let wrong = |form: Value| serde_json::from_value::<Target>(form).unwrap().read().unwrap_err().to_string();
    assert_eq!(wrong(json!({ "by": "session", "id": "" })), "`id` is blank");
    let swarm = json!({ "by": "id", "id": "s", "slot": { "kind": "swarm", "key": "k" } });
    assert_eq!(wrong(swarm), r#"`slot.kind` is "swarm", which is not known here"#);
    for odd in [json!({ "by": "none", "id": "s" }), json!({ "by": "session", "id": "s", "namespace": "n" })] {
        assert!(serde_json::from_value::<Target>(odd.clone()).is_err(), "{odd}");
    }
}

#[test]
fn a_command_is_sent_with_what_it_is_about_and_nothing_else() {
    let form = json!({ "target": { "by": "none" }, "command": { "command": "expire_idle" } });
    let request: CommandRequest = serde_json::from_value(form.clone()).unwrap();
    assert_eq!((&request.target, &request.command), (&Target::None {}, &super::Command::ExpireIdle {}));
    assert_eq!(serde_json::to_value(&request).unwrap(), form);
    let mut odd = form;
    odd["namespace"] = json!("acme");
    assert!(serde_json::from_value::<CommandRequest>(odd).is_err());
}

#[test]
fn an_answer_says_only_what_there_is() {
    let nothing = CommandAnswer { before: None, session: None, written: None, warning: None };
    assert_eq!(serde_json::to_string(&nothing).unwrap(), "{}");
    let (rich, now) = (fixture::rich(), fixture::now());
    let session = Session::of(&rich, Seen { now: &now, is_gone: false, log: None }).with_recipe(&rich);
    let whole = CommandAnswer {
        before: Some(session.clone()),
        session: Some(session),
        written: Some(Written { head_seq: 9, revision: 7, at: Instant(fixture::wall(0)) }),
        warning: Some(super::Warning::of(&Warning::LegacyReplaced)),
    };
    for answer in [nothing, whole] {
        let text = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<CommandAnswer>(&text).unwrap(), answer, "{text}");
    }
}

#[test]
fn every_warning_is_read_as_what_it_was() {
    let owner = actor("r1");
    for (warning, form) in [
        (Warning::InteractiveRefreshed, json!({ "warning": "interactive_refreshed" })),
        (Warning::AutonomousRefreshed { owner }, json!({ "warning": "autonomous_refreshed", "owner": "r1" })),
        (Warning::LegacyReplaced, json!({ "warning": "legacy_replaced" })),
    ] {
        assert_eq!(serde_json::to_value(super::Warning::of(&warning)).unwrap(), form);
        assert_eq!(serde_json::from_value::<super::Warning>(form).unwrap().read(), Ok(warning));
    }
    let nobody = super::Warning::AutonomousRefreshed { owner: String::new() };
    assert_eq!(nobody.read().unwrap_err().to_string(), "`owner` is blank");
}
