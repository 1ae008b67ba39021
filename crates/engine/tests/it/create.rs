//! A session is created once, however often and by however many it is asked for.

use std::collections::BTreeMap;

use tenure_core::id::{Key, Namespace, SessionId};
use tenure_core::kind::Kind;
use tenure_core::refusal::Refusal;
use tenure_core::session::{Command, Create, Expiry, StateName};
use tenure_engine::{EngineError, Target};
use tenure_store::{Find, Slot};
use tenure_store_testkit::Verb;

use crate::bench::Bench;

fn create(id: &str, key: Option<&str>, team: &str) -> (Target, Command) {
    let (id, namespace) = (SessionId::parse(id).unwrap(), Namespace::default_name());
    let key = key.map(|key| Key::parse(key).unwrap());
    let slot = key.clone().map(|key| Slot { namespace: namespace.clone(), kind: Kind::Agent, key });
    let create = Create {
        id: id.clone(),
        namespace: namespace.clone(),
        key,
        parent: None,
        principal: None,
        group: None,
        labels: BTreeMap::from([("team".to_owned(), team.to_owned())]),
        metadata: BTreeMap::new(),
        directory: None,
        expiry: Expiry::default(),
    };
    (Target::Id { namespace, id, slot }, Command::Create(Box::new(create)))
}

#[tokio::test]
async fn creating_it_again_returns_it_and_creating_it_otherwise_is_refused() {
    let bench = Bench::new();
    for key in [None, Some("nightly")] {
        let id = format!("ses_{}", key.unwrap_or("none"));
        let (target, command) = create(&id, key, "web");
        let first = bench.engine.apply(&target, &command).await.unwrap();
        assert_eq!(first.before, None);
        let again = bench.engine.apply(&target, &command).await.unwrap();
        assert_eq!((again.before, again.committed), (first.session, None));
        let (target, otherwise) = create(&id, key, "other");
        let refused = bench.engine.apply(&target, &otherwise).await.unwrap_err();
        assert!(matches!(refused, EngineError::Refused { refusal: Refusal::IdInUse(_), .. }), "{refused:?}");
    }
}

#[tokio::test]
async fn of_two_who_create_it_at_once_one_does_and_both_get_it() {
    let bench = Bench::new();
    let (target, command) = create("ses_a", None, "web");
    let gate = bench.faults.hold(Verb::Commit);
    let late = bench.engine.apply(&target, &command);
    let first = async {
        gate.reached().await;
        let first = bench.engine.apply(&target, &command).await.unwrap();
        gate.open();
        first
    };
    let (late, first) = tokio::join!(late, first);
    assert_eq!(late.unwrap().before, first.session, "it found what was created meanwhile");
    let find = Find::Id { namespace: Namespace::default_name(), id: SessionId::parse("ses_a").unwrap() };
    let found = bench.engine.store().find(find).await.unwrap();
    assert_eq!(found.current.session.unwrap().state.name(), StateName::Pending);
}

#[tokio::test]
async fn a_key_that_has_an_open_session_is_refused_to_another_id() {
    let bench = Bench::new();
    let (session, _) = bench.hold("nightly", "w1").await;
    let (target, command) = create("ses_other", Some("nightly"), "web");
    let refused = bench.engine.apply(&target, &command).await.unwrap_err();
    let EngineError::Refused { refusal: Refusal::KeyInUse(existing), .. } = refused else {
        panic!("{refused:?}");
    };
    assert_eq!(existing.session, session.id);
}
