//! What a terminal on another machine needs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tenure_core::access::Role;

use crate::support::{Answer, Server};

fn told_time(answer: &Answer) -> u64 {
    answer.headers["tenure-time"].to_str().unwrap().parse().unwrap()
}

fn now() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

#[tokio::test]
async fn every_answer_of_the_api_says_what_time_it_is_by_the_store() {
    let server = Server::closed().await;
    let ann = server.token("ann", Role::Owner).await;
    let before = now();
    let list = server.get("/v1/sessions").bearer(&ann).send().await;
    let told = told_time(&list);
    assert!((before..=now()).contains(&told), "{told}");
    // Also those that say no, whoever says it, and streams.
    told_time(&server.get("/v1/sessions").send().await);
    told_time(&server.get("/v1/sessions/none").bearer(&ann).send().await);
    told_time(&server.get("/v1/nowhere").send().await);
    let stream = server.get("/v1/events").bearer(&ann).header("accept", "text/event-stream").begin().await;
    assert!(stream.headers().contains_key("tenure-time"));
    let health = server.get("/healthz").send().await;
    assert!(!health.headers.contains_key("tenure-time"));
}

#[tokio::test]
async fn a_clock_that_cannot_be_used_is_not_told() {
    let server = Server::without_a_wall_clock().await;
    let list = server.get("/v1/sessions").send().await;
    list.is(200);
    assert!(!list.headers.contains_key("tenure-time"));
}

#[tokio::test]
async fn an_owner_is_asked_and_the_answer_does_not_wait_for_it() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let ask = |what: &str| server.post("/v1/sessions/s/requests", json!({ "request": what })).send();
    let pause = ask("pause").await.is(202);
    let seq = pause["seq"].as_u64().unwrap();
    let page = server.get(&format!("/v1/sessions/s/events?after={}", seq - 1)).send().await.is(200);
    assert_eq!(
        (&page["data"][0]["seq"], &page["data"][0]["data"]["request"]),
        (&json!(seq), &json!("pause"))
    );
    assert_eq!(server.get("/v1/sessions/s").send().await.is(200)["state"], "active", "its owner decides");
    // It could never be done: it is at work already.
    ask("resume").await.refuses(409, "INVALID_TRANSITION");
    assert!(ask("stop").await.is(202)["seq"].as_u64().unwrap() > seq);
    server.post("/v1/sessions/s/complete", json!({})).header("fence", fence).send().await.is(200);
    ask("pause").await.refuses(409, "INVALID_TRANSITION");
    ask("dance").await.refuses(422, "INVALID");
}

fn draft(path: &str, action: &str, content: Option<&[u8]>) -> Value {
    let mut draft = json!({ "path": path, "action": action, "size": content.map_or(0, <[u8]>::len) });
    if let Some(content) = content {
        draft["content_base64"] = STANDARD.encode(content).into();
    }
    draft
}

#[tokio::test]
async fn versions_of_files_are_recorded_listed_and_read() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let record = |wish: Value| server.post("/v1/sessions/s/files", wish).header("fence", fence).send();
    let first = record(draft("a b.txt", "created", Some(b"one"))).await.is(201);
    assert_eq!(
        (&first["path"], &first["action"], &first["size"]),
        (&json!("a b.txt"), &json!("created"), &json!(3))
    );
    let second = record(draft("a b.txt", "modified", Some(b"two\xff"))).await.is(201);
    let large = json!({ "path": "large", "action": "created", "size": 11_000_000 });
    assert_eq!(record(large).await.is(201)["kept"], false);
    let gone = record(draft("z", "deleted", None)).await.is(201);

    let list = server.get("/v1/sessions/s/files?limit=2").send().await.is(200);
    let paths = |page: &Value| -> Vec<String> {
        let files = page["data"].as_array().unwrap().iter();
        files.map(|file| file["path"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(paths(&list), ["a b.txt", "large"]);
    assert_eq!(list["data"][0], second, "each in its newest version");
    let rest = format!("/v1/sessions/s/files?limit=2&cursor={}", list["next_cursor"].as_str().unwrap());
    let rest = server.get(&rest).send().await.is(200);
    assert_eq!(
        (paths(&rest), &rest["data"][0], &rest["next_cursor"]),
        (vec!["z".to_owned()], &gone, &Value::Null)
    );

    let of = |what: &str, query: &str| server.get(&format!("/v1/sessions/s/files/{what}?{query}")).send();
    assert_eq!(of("version", "path=a+b.txt").await.is(200), second);
    let at = first["seq"].as_u64().unwrap();
    assert_eq!(of("version", &format!("path=a+b.txt&at={at}")).await.is(200), first);
    let newest = of("content", "path=a+b.txt").await;
    assert_eq!((newest.status.as_u16(), &newest.body[..]), (200, &b"two\xff"[..]));
    assert_eq!(newest.headers["tenure-seq"].to_str().unwrap(), second["seq"].to_string());
    assert_eq!(newest.headers["content-type"], "application/octet-stream");
    assert_eq!(&of("content", &format!("path=a+b.txt&at={at}")).await.body[..], b"one");
    of("content", "path=none").await.refuses(404, "FILE_NOT_FOUND");
    of("version", &format!("path=a+b.txt&at={}", at - 1)).await.refuses(404, "FILE_NOT_FOUND");
    of("content", "path=large").await.refuses(404, "FILE_NOT_KEPT");
    of("content", "path=z").await.refuses(410, "FILE_DELETED");
    of("content", "at=1").await.refuses(400, "USAGE");
}

#[tokio::test]
async fn a_version_of_a_file_is_the_holders_alone_and_has_to_make_sense() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let record =
        |fence: u64, wish: Value| server.post("/v1/sessions/s/files", wish).header("fence", fence).send();
    record(fence + 1, draft("a", "created", Some(b"one"))).await.refuses(409, "FENCED");
    let unfenced = server.post("/v1/sessions/s/files", draft("a", "created", None)).send().await;
    unfenced.refuses(400, "USAGE");
    let wrong = [
        json!({ "path": "a", "action": "created", "size": 7, "content_base64": "YQ==" }),
        json!({ "path": "a", "action": "created", "size": 1, "content_base64": "?" }),
        json!({ "path": "", "action": "created", "size": 1 }),
        json!({ "path": "a", "action": "deleted", "size": 1 }),
        json!({ "path": "a", "action": "deleted", "content_base64": "" }),
    ];
    for wish in wrong {
        record(fence, wish.clone()).await.refuses(400, "USAGE");
    }
    record(fence, draft(&"a".repeat(5000), "created", None)).await.refuses(422, "LIMIT");
    record(fence, draft("a", "created", Some(&vec![0; 10 * 1024 * 1024 + 1]))).await.refuses(422, "LIMIT");
    record(fence, json!({ "path": "a", "action": "eaten" })).await.refuses(422, "INVALID");
    assert_eq!(server.get("/v1/sessions/s/files").send().await.is(200)["data"], json!([]));
    record(fence, draft("a", "created", Some(&vec![0; 10 * 1024 * 1024]))).await.is(201);
}

#[tokio::test]
async fn a_checkpoint_says_all_that_one_made_at_the_terminal_does() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let save = |wish: Value| server.post("/v1/sessions/s/checkpoints", wish).header("fence", fence).send();
    for n in 0..3 {
        let wish = json!({ "payload_base64": "YQ==", "metadata": { "n": n }, "reason": "step" });
        assert_eq!(save(wish).await.is(201)["removed"], 0, "all are kept where nothing else is said");
    }
    let saved = save(json!({ "metadata": null, "keep": 2 })).await.is(201);
    assert_eq!((&saved["removed"], &saved["content"]), (&json!(2), &json!("record")));
    assert_eq!(saved.get("metadata"), Some(&Value::Null), "nothing is a value, too");
    let list = server.get("/v1/sessions/s/checkpoints").send().await.is(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    assert_eq!(list["data"][0]["id"], saved["id"]);
}

#[tokio::test]
async fn an_administrator_is_told_its_own_namespace_and_an_open_server_tells_all() {
    let server = Server::closed().await;
    let (admin, owner) = (server.token("root", Role::Admin).await, server.token("ann", Role::Owner).await);
    let elsewhere = server.token_in("other", "root", Role::Admin).await;
    let names = |answer: Answer| answer.is(200)["data"].clone();
    let list = || server.get("/v1/namespaces");
    server.post("/v1/sessions", json!({})).bearer(&admin).send().await.is(201);
    server.post("/v1/sessions", json!({})).bearer(&elsewhere).send().await.is(201);
    assert_eq!(names(list().bearer(&admin).send().await), json!([{ "name": "default" }]));
    assert_eq!(names(list().bearer(&elsewhere).send().await), json!([{ "name": "other" }]));
    list().bearer(&owner).send().await.refuses(403, "FORBIDDEN");
    let open = Server::start(server.stop().await, true, tenure_server::Limits::default()).await;
    let all = names(open.get("/v1/namespaces").send().await);
    assert_eq!(all, json!([{ "name": "default" }, { "name": "other" }]));
}

#[tokio::test]
async fn a_session_says_what_its_removal_would_give_back() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let weigh = || server.get("/v1/sessions/s/weight").send();
    let before = weigh().await.is(200);
    server.append("s", fence, "x.step").await;
    let after = weigh().await.is(200);
    assert_eq!(after["events"].as_u64().unwrap(), before["events"].as_u64().unwrap() + 1);
    assert!(after["bytes"].as_u64().unwrap() > before["bytes"].as_u64().unwrap());
    server.get("/v1/sessions/none/weight").send().await.refuses(404, "NOT_FOUND");
}

#[tokio::test]
async fn a_session_is_shown_as_it_was_at_a_position() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let step = server.append("s", fence, "x.step").await["seqs"][0].as_u64().unwrap();
    server.post("/v1/sessions/s/complete", json!({})).header("fence", fence).send().await.is(200);
    let now = server.get("/v1/sessions/s").send().await;
    assert_eq!(now.is(200)["state"], "completed");
    assert!(now.headers.contains_key("etag"));
    let head = now.is(200)["head_seq"].as_u64().unwrap();
    let at = |seq: u64| server.get(&format!("/v1/sessions/s?at={seq}")).send();
    let opened = at(1).await.is(200);
    assert_eq!((&opened["state"], &opened["lease"]), (&json!("pending"), &Value::Null));
    at(0).await.refuses(400, "USAGE");
    let held = at(step).await.is(200);
    assert_eq!(
        (&held["id"], &held["as_of_seq"], &held["state"]),
        (&json!("s"), &json!(step), &json!("active"))
    );
    assert_eq!((&held["lease"]["fence"], &held["lease"]["holder"]["id"]), (&json!(fence), &json!("me")));
    assert_eq!(at(head).await.is(200)["state"], "completed");
    at(head + 1).await.refuses(404, "NOT_FOUND");
    server.get("/v1/sessions/s?at=soon").send().await.refuses(400, "USAGE");
}

#[tokio::test]
async fn what_a_log_no_longer_tells_is_named() {
    let server = Server::open().await;
    let fence = server.held("s").await;
    let last = server.append("s", fence, "x.step").await["seqs"][0].as_u64().unwrap();
    server.post("/v1/sessions/s/compact", json!({ "before": last })).send().await.is(200);
    let shown = server.get(&format!("/v1/sessions/s?at={last}")).send().await.is(200);
    assert_eq!(shown["untold"], json!(["state", "lease", "activity"]));
    assert!(shown.get("state").is_none());
    server.get("/v1/sessions/s?at=1").send().await.refuses(410, "COMPACTED");
}

#[tokio::test]
async fn what_is_beside_a_session_is_told_to_whom_may_see_it() {
    let server = Server::closed().await;
    let (root, ann) = (server.token("root", Role::Admin).await, server.token("ann", Role::Owner).await);
    let create = |wish: Value| server.post("/v1/sessions", wish).bearer(&root).send();
    create(json!({ "id": "p", "principal": "ann" })).await.is(201);
    create(json!({ "id": "hers", "principal": "ann", "parent": "p" })).await.is(201);
    create(json!({ "id": "not-hers", "principal": "bob", "parent": "p" })).await.is(201);
    let shown =
        |query: &str, secret: &str| server.get(&format!("/v1/sessions/p{query}")).bearer(secret).send();
    assert_eq!(shown("?beside=true", &ann).await.is(200)["children"], json!(["hers"]));
    assert_eq!(shown("?beside=true", &root).await.is(200)["children"], json!(["not-hers", "hers"]));
    assert!(shown("", &root).await.is(200).get("children").is_none());
}
