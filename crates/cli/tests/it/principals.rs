//! On whose behalf sessions were opened.

use std::sync::Arc;

use serde_json::Value;
use tenure_core::id::{CommitId, Incarnation, Namespace, Principal, SessionId};
use tenure_core::session::{Command, Context, Create, Current, Expiry, GroupView, decide};
use tenure_store::{CommitOutcome, CommitRequest, SessionStore as _};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};

use crate::home::Home;

/// Sessions as a server opens them.
async fn opened(home: &Home, all: &[(&str, Option<&str>)]) {
    std::fs::create_dir_all(home.storage()).unwrap();
    let options = SqliteOptions::new(home.db(), Incarnation([9; 16]), Arc::new(SystemClock::new()));
    let store = SqliteStore::open(options).unwrap();
    for (number, (id, principal)) in (1..).zip(all) {
        let create = Create {
            id: SessionId::parse(id).unwrap(),
            namespace: Namespace::default_name(),
            principal: principal.map(|name| Principal::parse(name).unwrap()),
            key: None,
            parent: None,
            group: None,
            labels: std::collections::BTreeMap::new(),
            metadata: std::collections::BTreeMap::new(),
            directory: None,
            expiry: Expiry::default(),
        };
        let now = store.now().await.unwrap();
        let context = Context { now, gone: None, seen: None, group: GroupView::default() };
        let decision = decide(&Current::default(), &Command::Create(Box::new(create)), &context).unwrap();
        let request = CommitRequest {
            commit_id: CommitId([number; 16]),
            slot: None,
            on: None,
            expected: tenure_core::id::Revision(0),
            fence: None,
            decision,
            capture: None,
        };
        assert!(matches!(store.commit(request).await.unwrap(), CommitOutcome::Committed(_)));
    }
}

fn listed(home: &Home, words: &[&str]) -> Vec<String> {
    let page = home.json(&[&["list"], words].concat());
    page["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_session_shows_its_principal_and_is_listed_by_it() {
    let home = Home::new();
    opened(&home, &[("ses_a", Some("ann@example.org")), ("ses_b", Some("ben")), ("ses_c", None)]).await;
    assert_eq!(home.json(&["show", "ses_a"])["principal"], "ann@example.org");
    assert_eq!(home.json(&["show", "ses_c"]).get("principal"), None::<&Value>);
    let rows = home.ok(&["show", "ses_a"]);
    assert!(
        rows.lines().any(|row| row.starts_with("Principal") && row.ends_with("ann@example.org")),
        "{rows}"
    );
    assert!(!home.ok(&["show", "ses_c"]).contains("Principal"));
    assert_eq!(listed(&home, &["--principal", "ben"]), ["ses_b"]);
    assert_eq!(listed(&home, &["--principal", "ben", "--principal", "ann@example.org"]), ["ses_b", "ses_a"]);
    assert_eq!(listed(&home, &["--principal", "an"]), [""; 0]);
    assert_eq!(home.refused(&["list", "--principal", "a b"]).code, 3);
    home.ok(&["fork", "ses_b", "--id", "ses_fork"]);
    assert_eq!(home.json(&["show", "ses_fork"])["principal"], "ben", "a fork is its parent's");
}
