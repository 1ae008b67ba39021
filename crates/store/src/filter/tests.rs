//! What each filter lets through.

use std::collections::BTreeMap;

use tenure_core::id::{Key, Namespace, Revision};
use tenure_core::session::{Activity, Counters, Facts, Mode, Parent, State};

use super::*;

fn at(ms: u64) -> WallTime {
    WallTime::from_epoch_ms(ms)
}

fn session() -> Session {
    Session {
        id: SessionId::parse("ses_01JABC").unwrap(),
        namespace: Namespace::default_name(),
        kind: Kind::Agent,
        key: Some(Key::parse("nightly-build#2").unwrap()),
        state: State::Active,
        mode: Mode::General,
        lease: None,
        counters: Counters::default(),
        created_at: at(100),
        started_at: None,
        last_started_at: None,
        start_count: 0,
        last_activity_at: at(100),
        activity: Some(Activity {
            text: "Prüft ÄPFEL, Schritt 3".to_owned(),
            actor: ActorId::parse("me").unwrap(),
            at: at(100),
            revision: Revision(1),
        }),
        labels: BTreeMap::from([("team".to_owned(), "web-shop".to_owned())]),
        command: vec!["/usr/bin/cargo".to_owned(), "--locked".to_owned()],
        directory: Some("/home/me/shop/".to_owned()),
        facts: Facts::default(),
        execution: None,
        parent: None,
        idle: None,
        pending_timeout: None,
        expires_at: None,
        created_as: None,
        recipe: None,
        group: None,
        is_queued: false,
        predecessor: None,
        successor: None,
        anonymous: false,
        retained: None,
        handover: None,
        principal: None,
    }
}

fn found(term: &str) -> bool {
    Filter { terms: vec![term.to_owned()], ..Filter::default() }.admits(&session())
}

#[test]
fn words_are_found_by_their_beginning_wherever_they_stand_and_however_they_are_written() {
    for term in ["nightly", "NIGHT", "build", "2", "team", "shop", "web-shop", "äpf", "prüft", "cargo", "usr"]
    {
        assert!(found(term), "{term}");
    }
    for term in ["ightly", "webs", "shop-web-x", "nightlyy", "", "--", "home"] {
        assert!(!found(term), "{term}");
    }
}

#[test]
fn words_of_metadata_are_found_and_escapes_are_not() {
    let mut session = session();
    let metadata = [("issue", "4711"), ("note", r#"{"said":"wörtlich\nnever\u001bfound","a":["\\\\path"]}"#)];
    session.facts.metadata = metadata.map(|(name, json)| (name.to_owned(), json.to_owned())).into();
    let found = |term: &str| Filter { terms: vec![term.to_owned()], ..Filter::default() }.admits(&session);
    for term in ["issue", "4711", "said", "wörtlich", "never", "found", "path"] {
        assert!(found(term), "{term}");
    }
    for term in ["nnever", "u001b", "001bfound"] {
        assert!(!found(term), "{term}");
    }
}

#[test]
fn a_child_is_found_by_its_parent() {
    let mut child = session();
    let of = |id: &str| Filter { parent: Some(SessionId::parse(id).unwrap()), ..Filter::default() };
    assert!(!of("ses_01P").admits(&child));
    child.parent = Some(Parent { id: SessionId::parse("ses_01P").unwrap(), deleted: true });
    assert!(of("ses_01P").admits(&child));
    assert!(!of("ses_01").admits(&child));
}

#[test]
fn a_session_is_found_by_any_of_the_principals_that_are_asked_for() {
    let named = |name: &str| Principal::parse(name).unwrap();
    let of = |names: &[&str]| Filter {
        principals: names.iter().map(|name| named(name)).collect(),
        ..Filter::default()
    };
    let mut session = session();
    assert!(of(&[]).admits(&session) && !of(&["ann"]).admits(&session));
    session.principal = Some(named("ann"));
    assert!(of(&[]).admits(&session) && of(&["ben", "ann"]).admits(&session));
    assert!(!of(&["an"]).admits(&session) && !of(&["ben"]).admits(&session));
}

#[test]
fn an_id_is_found_by_its_beginning_with_or_without_its_prefix() {
    for term in ["ses_01JABC", "ses_01J", "01JA", "01ja"] {
        assert!(found(term), "{term}");
    }
    for term in ["JABC", "SES_01J", "ses_01j", "ses_01JABCD"] {
        assert!(!found(term), "{term}");
    }
}

#[test]
fn every_term_must_be_found() {
    let all = |terms: &[&str]| {
        let terms = terms.iter().map(|term| (*term).to_owned()).collect();
        Filter { terms, ..Filter::default() }.admits(&session())
    };
    assert!(all(&["nightly", "cargo", "01J"]));
    assert!(!all(&["nightly", "pytest"]));
}

#[test]
fn both_ends_of_a_period_belong_to_it() {
    let holds = |from: Option<u64>, to: Option<u64>, ms| {
        Period { from: from.map(at), to: to.map(at) }.holds(Some(at(ms)))
    };
    assert!(holds(Some(5), Some(7), 5) && holds(Some(5), Some(7), 7));
    assert!(!holds(Some(5), Some(7), 4) && !holds(Some(5), Some(7), 8));
    assert!(!holds(Some(7), Some(5), 6), "nothing is in a period that ends before it begins");
    assert!(!Period { from: Some(at(0)), to: None }.holds(None), "what never happened is in no period");
    assert!(Period::default().holds(None));
}

#[test]
fn a_directory_is_named_whole_or_by_its_last_part() {
    let works_in = |directory: &str| {
        Filter { directory: Some(directory.to_owned()), ..Filter::default() }.admits(&session())
    };
    assert!(works_in("/home/me/shop/") && works_in("shop"));
    assert!(!works_in("me") && !works_in("/home/me") && !works_in(""));
}

#[test]
fn more_words_than_are_kept_and_longer_ones_are_cut() {
    let mut session = session();
    session.command = (0..500).map(|number| format!("w{number}")).collect();
    assert_eq!(words_of(&session).len(), WORDS_MAX);
    let long = "x".repeat(WORD_CHARS_MAX + 5);
    assert_eq!(words_in(&long).collect::<Vec<_>>(), ["x".repeat(WORD_CHARS_MAX)]);
}
