//! Tokens, made and taken back from the command line.

use serde_json::{Value, json};

use crate::home::{Answer, Home, document};

const ANN: [&str; 6] = ["token", "create", "--principal", "ann", "--role", "owner"];

/// Every byte that is kept of a home.
fn kept(home: &Home) -> Vec<u8> {
    let files = std::fs::read_dir(home.storage()).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.is_file()).flat_map(|path| std::fs::read(path).unwrap()).collect()
}

fn code(answer: &Answer) -> String {
    document(&answer.out)["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_secret_is_shown_once_and_kept_nowhere() {
    let home = Home::new();
    let words = [&ANN[..], &["--expires", "30d", "--note", " ci\u{1b}[31m "]].concat();
    let made = home.json(&words);
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("tnr_") && secret.len() == 47, "{secret}");
    let token = &made["token"];
    assert!(token["id"].as_str().unwrap().starts_with("tok_"));
    assert_eq!(
        (&token["principal"], &token["role"], &token["namespace"], &token["note"]),
        (&json!("ann"), &json!("owner"), &json!("default"), &json!("ci\u{1b}[31m"))
    );
    let listed = home.json(&["token", "list"]);
    assert_eq!((&listed["data"][0]["state"], &listed["next_cursor"]), (&json!("valid"), &Value::Null));
    assert_eq!(listed["data"][0]["expires_at"], token["expires_at"]);
    let table = home.ok(&["token", "list"]);
    assert!(
        table.starts_with("STATE") && table.contains("ci\\x1B[31m") && !table.contains('\u{1b}'),
        "{table}"
    );
    assert!(!listed.to_string().contains(secret) && !table.contains(secret));
    let kept = kept(&home);
    assert!(!kept.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()));
}

#[test]
fn a_token_is_shown_with_its_secret_for_people() {
    let home = Home::beside_its_store();
    let text = home.ok(&ANN);
    let rows: Vec<_> = text.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(
        rows,
        ["Created", "Principal:", "Role:", "Namespace:", "Expires:", "Secret:", "Keep"],
        "{text}"
    );
    assert_eq!(home.ok(&["token", "list", "--namespace", "other"]), "No tokens.\n");
}

#[test]
fn a_token_is_revoked_and_says_so_ever_after() {
    let home = Home::new();
    let made = home.json(&ANN);
    let id = made["token"]["id"].as_str().unwrap();
    let revoked = home.json(&["token", "revoke", id]);
    assert_eq!((&revoked["was_revoked"], &revoked["ok"]), (&json!(false), &json!(true)));
    assert_eq!(home.json(&["token", "revoke", id])["was_revoked"], true);
    assert_eq!(home.json(&["token", "list"])["data"][0]["state"], "revoked");
    let refused = home.refused_json(&["token", "rotate", id]);
    assert_eq!(refused["code"], "TOKEN_ENDED", "{refused}");
}

#[test]
fn a_rotated_token_gets_another_secret_and_the_one_before_has_its_grace() {
    let home = Home::new();
    let made = home.json(&ANN);
    let id = made["token"]["id"].as_str().unwrap();
    let rotated = home.json(&["token", "rotate", id, "--grace", "2d"]);
    assert_ne!(rotated["secret"], made["secret"]);
    assert!(rotated["token"]["previous_secret_until"].is_string(), "{rotated}");
    assert!(home.ok(&["token", "rotate", id]).contains("Secret before: good until"));
    assert_eq!(home.json(&["token", "list"])["data"].as_array().unwrap().len(), 1);
}

#[test]
fn what_is_not_there_is_not_found_and_a_secret_is_never_repeated() {
    let home = Home::beside_its_store();
    for store_is_there in [false, true] {
        for verb in ["revoke", "rotate"] {
            let refused = home.ask(&["token", verb, "tok_none", "--output", "json"]);
            assert_eq!(
                (refused.code, code(&refused).as_str()),
                (1, "NOT_FOUND"),
                "{store_is_there} {refused:?}"
            );
        }
        home.ok(&ANN);
    }
    let id = home.json(&["token", "list"])["data"][0]["id"].as_str().unwrap().to_owned();
    let elsewhere = home.ask(&["token", "revoke", &id, "--namespace", "other", "--output", "json"]);
    assert_eq!(code(&elsewhere), "NOT_FOUND", "a token of another tenant is not there");
    let secret = format!("tnr_{}", "A".repeat(43));
    let answer = home.ask(&["token", "revoke", &secret]);
    assert!(answer.code == 2 && !answer.err.contains(&secret), "{answer:?}");
}

#[test]
fn tokens_are_listed_page_by_page() {
    let home = Home::new();
    for _ in 0..3 {
        home.ok(&ANN);
    }
    let first = home.json(&["token", "list", "--limit", "2"]);
    let next = first["next_cursor"].as_str().unwrap();
    let second = home.json(&["token", "list", "--limit", "2", "--cursor", next]);
    assert_eq!((first["data"].as_array().unwrap().len(), second["data"].as_array().unwrap().len()), (2, 1));
    assert_eq!(second["next_cursor"], Value::Null);
}
