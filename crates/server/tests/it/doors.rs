//! Who may: every operation that the description names, for every role, from the description itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tenure_core::access::Role;

use crate::support::Server;

/// Every operation: method, path, and the role it says that it is for.
fn operations() -> Vec<(String, String, Option<Role>)> {
    let description = serde_json::to_value(tenure_server::describe()).unwrap();
    let mut all = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                continue;
            }
            let security = operation["security"].as_array();
            let security = security.unwrap_or_else(|| panic!("{method} {path} does not say whom it is for"));
            let scope = security.iter().find_map(|each| each["token"][0].as_str());
            let role = scope.map(|name| Role::parse(name).unwrap_or_else(|| panic!("{path}: {name}")));
            all.push((method.to_uppercase(), path.clone(), role));
        }
    }
    all
}

fn filled(path: &str) -> String {
    let names = ["name", "group", "key", "registration", "task", "token", "worker", "checkpoint"];
    names.iter().fold(path.to_owned(), |path, name| path.replace(&format!("{{{name}}}"), "none"))
}

#[tokio::test]
async fn every_operation_is_open_to_its_role_and_those_above_and_to_nobody_else() {
    let server = Server::closed().await;
    let mut tokens = Vec::new();
    for role in Role::ALL {
        tokens.push((role, server.token("ann", role).await));
    }
    let operations = operations();
    assert!(operations.len() > 40, "{}", operations.len());
    for (method, path, needed) in operations {
        let ask = || server.ask(&method, &filled(&path)).json(json!({}));
        let unknown = ask().send().await;
        let Some(needed) = needed else {
            assert!(unknown.status.is_success(), "{method} {path} is for everybody: {}", unknown.status);
            continue;
        };
        unknown.refuses(401, "UNAUTHENTICATED");
        assert_eq!(unknown.headers["www-authenticate"], "Bearer realm=\"tenure\"");
        ask().bearer("no token of ours").send().await.refuses(401, "UNAUTHENTICATED");
        for (role, secret) in &tokens {
            // What a request that is let in comes to does not matter here, but that it was let in.
            // The head of the answer says it: a stream has no end.
            let status = ask().bearer(secret).begin().await.status().as_u16();
            assert_eq!(status == 403, *role < needed, "{method} {path} as {}: {status}", role.name());
            assert_ne!(status, 401, "{method} {path} as {}", role.name());
            assert!(status < 500 || status == 504, "{method} {path} as {}: {status}", role.name());
        }
    }
}

#[tokio::test]
async fn every_path_takes_what_is_described_and_nothing_else() {
    let server = Server::open().await;
    let mut described: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (method, path, _) in operations() {
        let methods = described.entry(path).or_default();
        if method == "GET" {
            methods.insert("HEAD".to_owned());
        }
        methods.insert(method);
    }
    for (path, methods) in described {
        let refused = server.ask("OPTIONS", &filled(&path)).send().await;
        refused.refuses(405, "METHOD_NOT_ALLOWED");
        let allowed: BTreeSet<_> =
            refused.headers["allow"].to_str().unwrap().split(',').map(str::to_owned).collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn a_life_beyond_the_calendar_is_refused() {
    let server = Server::open().await;
    let wish = |ms: u64| json!({ "principal": "ann", "role": "owner", "expires_in_ms": ms });
    server.post("/v1/tokens", wish(i64::MAX.unsigned_abs())).send().await.refuses(422, "LIMIT");
    server.post("/v1/tokens", wish(0)).send().await.refuses(422, "LIMIT");
    server.post("/v1/tokens", wish(60_000)).send().await.is(201);
    let session = json!({ "expires_in_ms": i64::MAX });
    server.post("/v1/sessions", session).send().await.refuses(422, "LIMIT");
}

#[tokio::test]
async fn others_sessions_are_as_if_they_did_not_exist() {
    let server = Server::closed().await;
    let (ann, bob) = (server.token("ann", Role::Owner).await, server.token("bob", Role::Owner).await);
    let (admin, elsewhere) =
        (server.token("root", Role::Admin).await, server.token_in("other", "ann", Role::Admin).await);
    let created =
        server.post("/v1/sessions", json!({ "id": "s", "key": "k" })).bearer(&ann).send().await.is(201);
    assert_eq!(created["principal"], "ann");
    for name in ["s", "k"] {
        let path = format!("/v1/sessions/{name}");
        server.get(&path).bearer(&ann).send().await.is(200);
        server.get(&path).bearer(&admin).send().await.is(200);
        server.get(&path).bearer(&bob).send().await.refuses(404, "NOT_FOUND");
        server.get(&path).bearer(&elsewhere).send().await.refuses(404, "NOT_FOUND");
        let take = server.post(&format!("{path}/lease"), json!({ "holder": "bob" })).bearer(&bob);
        take.send().await.refuses(404, "NOT_FOUND");
    }
    let ids = |page: Value| page["data"].as_array().unwrap().len();
    assert_eq!(ids(server.get("/v1/sessions").bearer(&ann).send().await.is(200)), 1);
    assert_eq!(ids(server.get("/v1/sessions").bearer(&bob).send().await.is(200)), 0);
    assert_eq!(ids(server.get("/v1/sessions").bearer(&admin).send().await.is(200)), 1);
    server.get("/v1/sessions?principal=ann").bearer(&bob).send().await.refuses(403, "FORBIDDEN");
    let for_others = server.post("/v1/sessions", json!({ "principal": "ann" })).bearer(&bob).send().await;
    for_others.refuses(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_token_is_made_rotated_and_taken_back_over_the_wire() {
    let server = Server::closed().await;
    let admin = server.token("root", Role::Admin).await;
    let wish = json!({ "principal": "ann", "role": "owner", "note": "laptop" });
    let made = server.post("/v1/tokens", wish).bearer(&admin).send().await.is(201);
    let (id, first) = (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
    let asks = |secret: &str| server.get("/v1/sessions").bearer(secret).send();
    asks(&first).await.is(200);
    let rotated =
        server.post(&format!("/v1/tokens/{id}/rotate"), json!({})).bearer(&admin).send().await.is(200);
    asks(&first).await.refuses(401, "UNAUTHENTICATED");
    let second = rotated["secret"].as_str().unwrap();
    asks(second).await.is(200);
    let list = server.get("/v1/tokens").bearer(&admin).send().await;
    assert!(list.is(200)["data"].as_array().unwrap().iter().any(|token| token["note"] == "laptop"));
    assert!(!String::from_utf8_lossy(&list.body).contains(second), "a secret is told once");
    server.ask("DELETE", &format!("/v1/tokens/{id}")).bearer(&admin).send().await.is(200);
    asks(second).await.refuses(401, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_page_of_somebody_elses_cannot_use_an_open_server() {
    let server = Server::open().await;
    server
        .get("/v1/sessions")
        .header("origin", "https://evil.example")
        .send()
        .await
        .refuses(403, "FORBIDDEN");
    server.get("/v1/sessions").header("origin", format!("http://{}", server.address)).send().await.is(200);
    let rebound = server.get("/v1/sessions").at_host("evil.example").send().await;
    rebound.refuses(403, "FORBIDDEN");
}
