//! Moves between states, by whoever may.

use serde_json::json;

use super::log::{events, held, history, says};
use crate::home::{Home, Running, answer, document, succeeded};

#[test]
fn a_shell_takes_session_and_fence_over_and_needs_to_name_neither_again() {
    let home = Home::new();
    let tenure = env!("CARGO_BIN_EXE_tenure");
    let script = format!(
        "set -e; T={tenure}; $T create --id \"it's\" --key job; \
         eval \"$($T start job --actor-id w1 --export)\"; test \"$TENURE_FENCE\" = 1; \
         $T check; $T renew; $T heartbeat --activity 'step 1'; $T update --progress 1/2; $T pause --reason lunch; \
         $T resume; $T complete --message done"
    );
    let done = succeeded(answer(home.program("sh").args(["-c", &script])));
    assert!(done.out.ends_with("Completed session `it's` (key `job`): done\n"), "{done:?}");
    assert_eq!(
        history(&home, "job"),
        [
            "none>pending \"session created\"",
            "pending>active \"session started\"",
            "active>paused \"lunch\"",
            "paused>active \"session resumed\"",
            "active>completed \"session completed\"",
        ]
    );
}

#[test]
fn of_a_live_session_a_bystander_may_cancel_ask_and_send_but_not_end_or_update_it() {
    let home = Home::new();
    held(&home, "job");
    for words in [
        &["complete", "job"][..],
        &["fail", "job", "--error", "e"],
        &["update", "job", "--progress", "1"],
        &["release", "job"],
    ] {
        let refused = home.refused(words);
        says(&refused, &["(key job) is held by w1", "if you hold it: give its fence, `--fence <fence>`"]);
    }
    let asked = home.ask(&["pause", "job", "--timeout", "20ms"]);
    assert_eq!(asked.code, 1);
    says(&asked, &["the owner was asked to pause"]);
    let sent = home.json(&["send", "job", "please hurry"]);
    assert_eq!((&sent["command"], sent.get("fence")), (&"send".into(), None));
    let inbox: Vec<_> =
        events(&home, "job", &["message"]).into_iter().map(|event| event["data"].clone()).collect();
    assert_eq!(inbox, [json!({ "request": "pause" }), json!({ "text": "please hurry" })]);
    assert_eq!(home.json(&["cancel", "job"])["state"], "cancelled");
}

#[test]
fn what_nobody_holds_an_operator_may_pause_resume_complete_and_fail() {
    let home = Home::new();
    held(&home, "job");
    home.ok(&["release", "job", "--fence", "1"]);
    home.ok(&["pause", "job", "--reason", "lunch", "--actor-id", "op"]);
    home.ok(&["resume", "job", "--actor-id", "op"]);
    let completed = home.json(&["complete", "job", "--message", "by hand", "--actor-id", "op"]);
    assert_eq!((&completed["state"], &completed["fence"]), (&"completed".into(), &2.into()));
    let moves = history(&home, "job");
    assert_eq!(
        moves[2..],
        [
            "active>paused \"lunch\" by op",
            "paused>active \"session resumed\" by op",
            "active>completed \"session completed\" by op"
        ]
    );
    let ends = events(&home, "job", &["completion", "error"]);
    assert_eq!((ends.len(), &ends[0]["data"]["message"]), (1, &"by hand".into()));
    held(&home, "other");
    home.ok(&["release", "other", "--fence", "1"]);
    assert_eq!(home.json(&["fail", "other", "--error", "broken"])["error"], "broken");
    assert_eq!(home.json(&["show", "other"])["error"], "broken");
}

#[test]
fn every_other_move_is_refused_naming_both_states_and_changes_nothing() {
    let home = Home::new();
    home.ok(&["create", "--id", "new"]);
    let never = home.refused_json(&["resume", "new"]);
    assert_eq!(
        (&never["code"], &never["hint"]),
        (&"NOT_STARTED".into(), &"tenure start <name> --actor-id <actor-id>".into())
    );
    for (words, states) in [
        (&["pause", "new"][..], "pending → paused"),
        (&["complete", "new"], "pending → completed"),
        (&["fail", "new", "--error", "e"], "pending → failed"),
    ] {
        says(
            &home.refused(words),
            &[&format!("Invalid state transition: {states}"), "session new is pending"],
        );
    }
    held(&home, "job");
    says(&home.refused(&["resume", "job", "--fence", "1"]), &["Invalid state transition: active → active"]);
    home.ok(&["pause", "job", "--fence", "1"]);
    says(
        &home.refused(&["complete", "job", "--fence", "1"]),
        &["Invalid state transition: paused → completed"],
    );
    home.ok(&["fail", "job", "--fence", "1", "--error", "e"]);
    says(
        &home.refused(&["start", "job", "--actor-id", "w2"]),
        &["Invalid state transition: failed → active"],
    );
    assert_eq!(home.refused_json(&["update", "job", "--label", "a=b"])["code"], "ENDED");
    assert_eq!(home.refused_json(&["send", "job", "hello"])["code"], "ENDED");
}

#[test]
fn a_run_is_ended_by_its_command_and_not_by_hand_but_keeps_facts() {
    let home = Home::new();
    let tenure = env!("CARGO_BIN_EXE_tenure");
    let script = format!(
        "{tenure} complete; test $? = 3 || exit 9; {tenure} fail --error e; test $? = 3 || exit 9; \
         {tenure} release; test $? = 3 || exit 9; {tenure} renew; test $? = 3 || exit 9; \
         {tenure} acquire; test $? = 3 || exit 9; {tenure} update --tool-calls 2 || exit 9"
    );
    let ran = answer(home.command().args(["run", "--key", "job", "--", "sh", "-c", &script]));
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("it ends with its command"), "{ran:?}");
    let ends = events(&home, "job", &["completion"]);
    assert_eq!(
        (&ends[0]["data"]["stats"]["toolCalls"], &ends[0]["data"]["stats"]["exitCode"]),
        (&2.into(), &0.into())
    );
}

#[test]
fn of_many_who_end_a_session_at_once_one_does_and_the_history_says_who() {
    let home = Home::new();
    for round in 0..5 {
        let key = format!("job{round}");
        held(&home, &key);
        let verbs = [
            vec!["complete", &key, "--fence", "1"],
            vec!["fail", &key, "--fence", "1", "--error", "e"],
            vec!["cancel", &key],
            vec!["pause", &key, "--fence", "1"],
            vec!["update", &key, "--fence", "1", "--error", "u"],
            vec!["cancel", &key],
        ];
        let spawn = |words: &Vec<&str>| {
            let mut command = home.command();
            command.args(words).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            command.spawn().unwrap()
        };
        // All of them run before any is waited for.
        let mut running: Vec<_> = verbs.iter().map(spawn).collect();
        let codes: Vec<_> = running.iter_mut().map(|child| child.wait().unwrap().code().unwrap()).collect();
        let ended = |at: &usize| *at != 3 && codes[*at] == 0;
        assert_eq!((0..codes.len()).filter(ended).count(), 1, "{codes:?}");
        assert!(codes.iter().all(|code| matches!(code, 0 | 3)), "{codes:?}");
        let moves = history(&home, &key);
        let states: Vec<_> = moves.iter().filter_map(|line| line.split(' ').next()).collect();
        assert!(
            states.windows(2).all(|pair| pair[0].split('>').nth(1) == pair[1].split('>').next()),
            "{states:?}"
        );
        let shown = home.json(&["show", &key])["state"].as_str().unwrap().to_owned();
        assert!(states.last().unwrap().ends_with(&format!(">{shown}")), "{shown}: {states:?}");
    }
}

#[test]
fn rapid_moves_by_turns_are_each_done_once_and_leave_a_whole_history() {
    let home = Home::new();
    held(&home, "job");
    for _ in 0..10 {
        home.ok(&["pause", "job", "--fence", "1"]);
        home.ok(&["resume", "job", "--fence", "1"]);
    }
    let moves = history(&home, "job");
    assert_eq!(moves.len(), 22);
    assert_eq!(home.json(&["show", "job"])["revision"], 22);
}

#[test]
fn a_document_is_one_line_for_every_verb() {
    let home = Home::new();
    let json = |words: &[&str]| document(&home.ok(&[words, &["--output", "json"]].concat()));
    json(&["create", "--key", "job"]);
    json(&["acquire", "job", "--actor-id", "w1"]);
    json(&["start", "job", "--fence", "1"]);
    for words in [
        &["renew", "job", "--fence", "1"][..],
        &["pause", "job", "--fence", "1"],
        &["resume", "job", "--fence", "1"],
        &["update", "job", "--fence", "1", "--progress", "1"],
        &["send", "job", "--data", "{\"a\": 1}", "--type", "x.y"],
        &["release", "job", "--fence", "1"],
        &["fail", "job", "--error", "e"],
        &["delete", "job"],
    ] {
        let said = json(words);
        assert_eq!((&said["command"], &said["ok"]), (&words[0].into(), &true.into()), "{words:?}");
    }
}

#[test]
fn a_run_that_is_paused_from_outside_is_still_asked() {
    let home = Home::new();
    let _running = Running::start(&home, "job", "sleep 60");
    let paused = home.json(&["pause", "job", "--timeout", "30s", "--fence", "1"]);
    assert_eq!((&paused["state"], paused.get("request_seq").is_some()), (&"paused".into(), true));
}
