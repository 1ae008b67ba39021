//! The four stories of an agent's session, each told by a real child.

use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::home::{Home, answer, eventually, succeeded};

/// What every agent begins with: it creates its session and holds it.
const BEGIN: &str =
    "set -e; tenure create --key job; eval \"$(tenure start job --actor-id agent --export)\";";

/// A child that runs `script`, in which `tenure` is this program.
fn agent(home: &Home, script: &str) -> Child {
    let prelude = format!("tenure() {{ {} \"$@\"; }}; {BEGIN}", env!("CARGO_BIN_EXE_tenure"));
    let mut command = home.program("sh");
    command.args(["-c", &format!("{prelude} {script}")]).stdout(Stdio::null());
    command.spawn().unwrap()
}

fn events(home: &Home) -> Vec<Value> {
    home.ok(&["events", "job", "--output", "json"])
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The types of the events, and where a state moved to.
fn told(events: &[Value]) -> Vec<String> {
    let name = |event: &Value| match event["type"].as_str().unwrap() {
        "state_changed" => format!("→{}", event["data"]["to"].as_str().unwrap()),
        kind => kind.to_owned(),
    };
    events.iter().map(name).collect()
}

#[test]
fn a_successful_session_starts_works_in_iterations_and_completes_with_its_figures() {
    let home = Home::new();
    let iterations = "for i in 1 2; do \
        tenure append $TENURE_SESSION_ID --type thinking --data \"{\\\"iteration\\\": $i, \\\"toolsUsed\\\": [\\\"bash\\\"]}\"; \
        tenure append $TENURE_SESSION_ID --type terminal --data '{\"command\": \"make\", \"output\": \"ok\", \"exitCode\": 0}'; \
        tenure append $TENURE_SESSION_ID --type file_change --data '{\"path\": \"a.rs\", \"action\": \"modify\"}'; \
        tenure heartbeat --activity \"step $i\"; done;";
    let end = "tenure complete --message built --iterations 2 --input-tokens 1200 --output-tokens 300 --tool-calls 4";
    assert!(agent(&home, &format!("{iterations} {end}")).wait().unwrap().success());
    let log = events(&home);
    let iteration = ["thinking", "terminal", "file_change", "activity"];
    let expected = [
        &["→pending", "lease_granted", "→active"][..],
        &iteration,
        &iteration,
        &["→completed", "completion", "lease_released"],
    ]
    .concat();
    assert_eq!(told(&log), expected);
    assert_eq!(log[3]["data"], json!({ "iteration": 1, "toolsUsed": ["bash"] }));
    let completion = &log[12]["data"];
    assert_eq!(completion["message"], "built");
    let figures =
        ["iterations", "inputTokens", "outputTokens", "toolCalls"].map(|name| &completion["stats"][name]);
    assert_eq!(figures, [&json!(2), &json!(1200), &json!(300), &json!(4)]);
    let shown = home.json(&["show", "job"]);
    assert_eq!(shown["duration_ms"], completion["stats"]["durationMs"], "the same duration everywhere");
    assert_eq!((&shown["state"], shown["completed_at"].is_string()), (&"completed".into(), true));
    assert_eq!(
        (&shown["usage"]["input_tokens"], &shown["activity"]["text"]),
        (&1200.into(), &"step 2".into())
    );
}

#[test]
fn a_failed_session_keeps_its_error_and_takes_nothing_more() {
    let home = Home::new();
    let script = "trap 'tenure fail --error \"make failed\" --iterations 1' EXIT; \
        tenure append $TENURE_SESSION_ID --type thinking --data '{\"iteration\": 1, \"toolsUsed\": []}'; false";
    assert!(!agent(&home, script).wait().unwrap().success());
    let log = events(&home);
    assert_eq!(
        told(&log),
        ["→pending", "lease_granted", "→active", "thinking", "→failed", "error", "lease_released"]
    );
    assert_eq!(log[5]["data"]["message"], "make failed");
    let shown = home.json(&["show", "job"]);
    assert_eq!((&shown["error"], &shown["usage"]["iterations"]), (&"make failed".into(), &1.into()));
    for words in [&["start", "job", "--actor-id", "other"][..], &["resume", "job"], &["cancel", "job"]] {
        assert_eq!(home.refused_json(words)["code"], "INVALID_TRANSITION", "{words:?}");
    }
    assert_eq!(home.refused_json(&["append", "job", "--type", "note", "--fence", "1"])["code"], "FENCED");
}

#[test]
fn a_session_whose_agent_went_silent_expires_after_half_an_hour_and_not_before() {
    let home = Home::beside_its_store();
    assert!(agent(&home, "tenure heartbeat --activity 'step 1'").wait().unwrap().success());
    succeeded(answer(home.at("+29m").args(["create", "--key", "other"])));
    assert_eq!(home.json(&["show", "job"])["state"], "active");
    succeeded(answer(home.at("+31m").args(["create", "--key", "another"])));
    let shown = home.json(&["show", "job"]);
    assert_eq!((&shown["state"], &shown["reason"]), (&"expired".into(), &"session timeout".into()));
    assert!(
        shown["completed_at"].is_string() && shown["duration_ms"].as_u64() >= Some(31 * 60 * 1000 - 5000)
    );
    let log = told(&events(&home));
    assert_eq!(log, ["→pending", "lease_granted", "→active", "activity", "→expired", "lease_released"]);
    assert_eq!(home.refused_json(&["complete", "job", "--fence", "1"])["code"], "FENCED");
}

#[test]
fn a_session_paused_by_shutdown_goes_on_with_the_next_agent() {
    let home = Home::new();
    let script = "trap 'kill $work; tenure pause --reason shutdown; tenure release; exit 0' TERM; \
        sleep 60 & work=$!; tenure update --progress 3/10; wait $work";
    let mut first = agent(&home, script);
    eventually(|| home.ask(&["show", "job"]).out.contains("3 of 10"));
    kill_process(Pid::from_child(&first), Signal::TERM).unwrap();
    assert!(first.wait().unwrap().success());
    let shown = home.json(&["show", "job"]);
    assert_eq!((&shown["state"], &shown["reason"]), (&"paused".into(), &"shutdown".into()));
    assert_eq!((&shown["lease"], &shown["progress"]["current"]), (&Value::Null, &3.into()));
    let second = home.json(&["start", "job", "--actor-id", "second"]);
    assert_eq!(
        (&second["state"], &second["fence"], &second["start_count"]),
        (&"active".into(), &2.into(), &2.into())
    );
    home.ok(&["complete", "job", "--fence", "2"]);
    let moves: Vec<_> = told(&events(&home)).into_iter().filter(|name| name.starts_with('→')).collect();
    assert_eq!(moves, ["→pending", "→active", "→paused", "→active", "→completed"]);
}
