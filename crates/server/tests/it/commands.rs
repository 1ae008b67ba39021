//! Changes as the rules name them: whose sessions they reach.

use serde_json::{Value, json};
use tenure_core::access::Role;

use crate::support::{Answer, Server};

/// A server with Ann's sessions: one that is open in the slot `k`, and one that has ended in the slot `old`.
async fn anns() -> (Server, [String; 2], [Value; 2]) {
    let server = Server::closed().await;
    let [ann, bob] = [server.token("ann", Role::Owner).await, server.token("bob", Role::Owner).await];
    let create = |key: &str| server.post("/v1/sessions", json!({ "key": key })).bearer(&ann).send();
    let (open, ended) = (create("k").await.is(201), create("old").await.is(201));
    server.post("/v1/sessions/old/cancel", json!({ "reason": "over" })).bearer(&ann).send().await.is(200);
    (server, [ann, bob], [open["id"].clone(), ended["id"].clone()])
}

async fn command(server: &Server, secret: &str, target: &Value, command: &Value) -> Answer {
    let wish = json!({ "target": target, "command": command });
    server.post("/v1/commands", wish).bearer(secret).send().await
}

/// Ann's sessions, without what time alone changes.
async fn shown(server: &Server, ann: &str) -> Vec<Value> {
    let list = server.get("/v1/sessions").bearer(ann).send().await.is(200);
    let mut sessions = list["data"].as_array().unwrap().clone();
    for session in &mut sessions {
        session.as_object_mut().unwrap().remove("duration_ms");
    }
    sessions
}

#[tokio::test]
async fn no_target_reaches_a_session_of_somebody_else() {
    let (server, [ann, bob], [open, ended]) = anns().await;
    let before = shown(&server, &ann).await;
    let slot = |key: &str| json!({ "kind": "agent", "key": key });
    let targets = [
        json!({ "by": "session", "id": open }),
        json!({ "by": "session", "id": ended }),
        json!({ "by": "slot", "kind": "agent", "key": "k" }),
        json!({ "by": "slot", "kind": "agent", "key": "old" }),
        json!({ "by": "id", "id": open }),
        json!({ "by": "id", "id": ended }),
        json!({ "by": "id", "id": "fresh", "slot": slot("k") }),
        json!({ "by": "id", "id": "fresh", "slot": slot("old") }),
        json!({ "by": "id", "id": ended, "slot": slot("k") }),
    ];
    let holder = json!({ "kind": "run", "id": "bob" });
    let claimant = json!({ "holder": holder, "incarnation": "0".repeat(31) + "1" });
    let commands = [
        json!({ "command": "cancel", "reason": "mine" }),
        json!({ "command": "retain", "reason": "mine" }),
        json!({ "command": "expire_idle" }),
        json!({ "command": "start", "claimant": claimant, "ttl_ms": 5000 }),
        json!({ "command": "acquire", "claimant": claimant, "ttl_ms": 5000 }),
        json!({ "command": "takeover", "claimant": claimant, "reason": "mine" }),
    ];
    for target in &targets {
        for wish in &commands {
            let answer = command(&server, &bob, target, wish).await;
            assert_eq!(shown(&server, &ann).await, before, "{target} {wish}: {}", answer.status);
            assert!(answer.status.is_client_error(), "{target} {wish}: {}", answer.status);
            let told = String::from_utf8(answer.body.to_vec()).unwrap();
            assert!(!told.contains("\"ann\""), "{target} {wish}: {told}");
            assert!(
                !told.contains("senseless") && !told.contains("in the command,"),
                "{target} {wish}: {told}"
            );
        }
    }
    // Ann's reach what they say.
    for (target, wish) in [(&targets[1], &commands[1]), (&targets[6], &commands[0])] {
        command(&server, &ann, target, wish).await.is(200);
    }
}

#[tokio::test]
async fn a_key_whose_session_has_ended_is_free_and_what_ended_is_not_told() {
    let (server, [ann, bob], [_, ended]) = anns().await;
    let target = json!({ "by": "id", "id": "bobs", "slot": { "kind": "agent", "key": "old" } });
    let create = json!({ "command": "create", "id": "bobs", "key": "old" });
    let made = command(&server, &bob, &target, &create).await.is(200);
    assert_eq!((&made["session"]["id"], &made["session"]["principal"]), (&json!("bobs"), &json!("bob")));
    assert_eq!(made["before"], Value::Null);
    assert_eq!(server.get("/v1/sessions/bobs").bearer(&ann).send().await.status, 404);
    // Its id is taken for ever, and is not told whose it is.
    let target = json!({ "by": "id", "id": ended });
    let create = json!({ "command": "create", "id": ended });
    let refused = command(&server, &bob, &target, &create).await.refuses(409, "ID_IN_USE");
    assert!(!refused.to_string().contains("ann"), "{refused}");
}
