//! Creating sessions that are started later, and what ends them when nobody does.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::EventBody;
use crate::fixture::{
    COUNTERS, IDLE_MS, after, agent, claim, clockless, context, create, decided, id, in_state, interactive,
    nothing, principal, refused, stored, wall, written,
};
use crate::id::{Fence, GroupName, Key, Revision};
use crate::kind::{IdleRule, Kind};
use crate::limits;
use crate::refusal::{Existing, LimitRefusal, Refusal};
use crate::session::{
    Command, Counters, Create, Current, Expiry, IdleLimit, Parent, Session, State, StateName, decide,
};

const SECOND: Duration = Duration::from_secs(1);

fn creating(create: Create) -> Command {
    Command::Create(Box::new(create))
}

/// The session as it is created.
fn made(create: Create) -> Session {
    written(&decide(&nothing(), &creating(create), &context(0)).unwrap()).clone()
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_created_session_is_pending_held_by_nobody_and_its_log_begins_with_that() {
    let create = Create {
        parent: Some(id("ses_parent")),
        labels: pairs(&[("team", "web")]),
        metadata: pairs(&[("goal", "\"ship\"")]),
        directory: Some("/repo".to_owned()),
        ..create()
    };
    let decision = decide(&nothing(), &creating(create.clone()), &context(5)).unwrap();
    let session = written(&decision);
    assert_eq!((session.state.name(), &session.lease), (StateName::Pending, &None));
    assert_eq!(decision.counters, Counters { revision: Revision(1), fence: Fence(0) });
    assert_eq!((session.created_at, session.started_at, session.start_count), (wall(5), None, 0));
    assert_eq!(session.parent, Some(Parent { id: id("ses_parent"), deleted: false }));
    assert_eq!((&session.labels, &session.facts.metadata), (&create.labels, &create.metadata));
    assert_eq!((session.kind, session.idle), (Kind::Agent, Kind::Agent.rules().idle));
    let (to, reason) = (StateName::Pending, "session created".to_owned());
    let created = EventBody::StateChanged { from: None, to, reason, by: None };
    assert_eq!(decision.writes[0].events, [created]);
    assert!(decision.writes[0].opens && decision.judged.is_none());
}

#[test]
fn creating_it_once_more_in_the_same_way_changes_nothing_whatever_became_of_it() {
    let created = stored(made(create()));
    let started = after(&decide(&created, &Command::Start(claim()), &context(1)).unwrap());
    let ended = stored(Session { state: State::Completed { at: wall(2) }, ..made(create()) });
    for current in [created, started, ended] {
        let again = decide(&current, &creating(create()), &context(9)).unwrap();
        assert_eq!((again.writes, again.counters), (vec![], current.counters));
    }
}

#[test]
fn an_id_that_was_created_in_another_way_is_refused() {
    let others = [
        Create { key: None, ..create() },
        Create { key: Some(Key::parse("other").unwrap()), ..create() },
        Create { principal: Some(principal("ann")), ..create() },
        Create { principal: Some(principal("ben")), ..create() },
        Create { group: Some(GroupName::parse("ann").unwrap()), ..create() },
        Create { parent: Some(id("ses_parent")), ..create() },
        Create { labels: pairs(&[("a", "b")]), ..create() },
        Create { metadata: pairs(&[("a", "b")]), ..create() },
        Create { labels: pairs(&[("a", "")]), metadata: pairs(&[("b", "")]), ..create() },
        Create { directory: Some(String::new()), ..create() },
        Create { expiry: Expiry { idle: IdleLimit::Never, ..Expiry::default() }, ..create() },
        Create { expiry: Expiry { idle: IdleLimit::After(SECOND), ..Expiry::default() }, ..create() },
        Create { expiry: Expiry { pending: Some(SECOND), ..Expiry::default() }, ..create() },
        Create { expiry: Expiry { absolute: Some(SECOND), ..Expiry::default() }, ..create() },
    ];
    let session = made(create());
    for other in &others {
        let refusal = Refusal::IdInUse(Box::new(Existing::of(&session)));
        assert_eq!(refused(session.clone(), &creating(other.clone()), &context(0)), refusal);
    }
    let fingerprints: std::collections::BTreeSet<_> =
        others.iter().chain([&create()]).map(|create| create.fingerprint().0).collect();
    assert_eq!(fingerprints.len(), others.len() + 1);
}

#[test]
fn an_id_of_a_session_that_was_never_created_is_in_use() {
    for session in
        [Session { id: id("ses_next"), ..agent() }, Session { id: id("ses_next"), ..interactive() }]
    {
        let refusal = Refusal::IdInUse(Box::new(Existing::of(&session)));
        assert_eq!(refused(session, &creating(create()), &context(0)), refusal);
    }
}

#[test]
fn a_key_has_one_open_session_and_an_ended_one_makes_room() {
    for name in StateName::ALL {
        let current = stored(in_state(agent(), name));
        let decided = decide(&current, &creating(create()), &context(0));
        if name.is_terminal() {
            let decision = decided.unwrap();
            assert_eq!(decision.counters, Counters { revision: Revision(8), ..COUNTERS });
            assert_eq!(written(&decision).id, id("ses_next"));
        } else {
            let existing = Existing::of(&in_state(agent(), name));
            assert_eq!(decided, Err(Refusal::KeyInUse(Box::new(existing))));
        }
    }
}

#[test]
fn what_it_is_created_with_has_limits() {
    let expiring = |expiry| creating(Create { expiry, ..create() });
    let labels = (0..65).map(|n| (format!("l{n}"), String::new())).collect();
    let table = [
        (creating(Create { labels, ..create() }), LimitRefusal::Count { what: "labels", count: 65, max: 64 }),
        (
            expiring(Expiry { idle: IdleLimit::After(Duration::ZERO), ..Expiry::default() }),
            no_span("idle time-out"),
        ),
        (
            expiring(Expiry { pending: Some(Duration::ZERO), ..Expiry::default() }),
            no_span("pending time-out"),
        ),
        (expiring(Expiry { absolute: Some(Duration::ZERO), ..Expiry::default() }), no_span("expiry")),
        (
            expiring(Expiry { absolute: Some(limits::SPAN_MAX + SECOND), ..Expiry::default() }),
            no_span("expiry"),
        ),
    ];
    for (command, limit) in table {
        assert_eq!(decide(&nothing(), &command, &context(0)), Err(Refusal::Limit(limit)));
    }
    assert_eq!(decide(&nothing(), &creating(create()), &clockless(0)), Err(Refusal::Clock));
}

const fn no_span(what: &'static str) -> LimitRefusal {
    LimitRefusal::Length { what, min: Duration::from_millis(1), max: limits::SPAN_MAX }
}

#[test]
fn its_idle_limit_is_its_kinds_none_or_its_own() {
    let idle = |idle| made(Create { expiry: Expiry { idle, ..Expiry::default() }, ..create() }).idle;
    assert_eq!(idle(IdleLimit::Kind), Kind::Agent.rules().idle);
    assert_eq!(idle(IdleLimit::Never), None);
    assert_eq!(idle(IdleLimit::After(SECOND)), Some(IdleRule { after: SECOND, spares_held: false }));
}

fn expires(session: Session, ms: u64) -> Option<String> {
    let decision = decide(&stored(session), &Command::ExpireIdle, &context(ms)).ok()?;
    let State::Expired { at, reason } = &written(&decision).state else { panic!("{decision:?}") };
    assert_eq!((*at, decision.judged.is_some()), (wall(ms), reason == "session timeout"));
    Some(reason.clone())
}

#[test]
fn a_pending_session_expires_only_by_a_time_out_of_its_own() {
    assert_eq!(expires(made(create()), 100 * IDLE_MS), None);
    assert_eq!(made(create()).due_at(), None);
    let session = made(Create { expiry: Expiry { pending: Some(SECOND), ..Expiry::default() }, ..create() });
    assert_eq!(session.due_at(), Some(wall(1001)));
    assert_eq!(expires(session.clone(), 1000), None);
    assert_eq!(expires(session.clone(), 1001).as_deref(), Some("session not started in time"));
    let started = decided(session, &Command::Start(claim()), &context(1000));
    assert_eq!(written(&started).due_at(), Some(wall(1000 + IDLE_MS + 1)));
}

#[test]
fn a_session_past_its_time_expires_however_busy_and_held_it_is() {
    let absolute = Some(2 * SECOND);
    let pending = made(Create { expiry: Expiry { absolute, ..Expiry::default() }, ..create() });
    let active = written(&decided(pending.clone(), &Command::Start(claim()), &context(1999))).clone();
    for session in [pending, active] {
        assert_eq!((session.expires_at, session.due_at()), (Some(wall(2000)), Some(wall(2000))));
        assert_eq!(expires(session.clone(), 1999), None);
        assert_eq!(expires(session, 2000).as_deref(), Some("session expired"));
    }
}

#[test]
fn a_session_that_has_ended_is_not_due_whatever_its_limits() {
    let expiry = Expiry { absolute: Some(SECOND), pending: Some(SECOND), idle: IdleLimit::After(SECOND) };
    let session = made(Create { expiry, ..create() });
    for name in StateName::ALL.into_iter().filter(|name| name.is_terminal()) {
        let ended = in_state(session.clone(), name);
        assert_eq!((ended.due_at(), expires(ended, 100 * IDLE_MS)), (None, None), "{name:?}");
    }
}

#[test]
fn a_run_starts_what_was_created_for_its_key() {
    let created =
        Current { counters: Counters { revision: Revision(1), fence: Fence(0) }, ..stored(made(create())) };
    let run = Command::StartRun(Box::new(crate::fixture::run()));
    let decision = decide(&created, &run, &context(3)).unwrap();
    assert_eq!((written(&decision).id.clone(), written(&decision).start_count), (id("ses_next"), 1));
    assert_eq!(written(&decision).state.name(), StateName::Active);
}

#[test]
fn how_long_it_took_is_never_negative_and_starts_with_the_first_start() {
    let duration =
        |session: &Session, ms| session.duration(&context(ms).now).map(|length| length.as_millis());
    assert_eq!(duration(&made(create()), 9), None);
    assert_eq!(duration(&agent(), 9), Some(9));
    let ended = Session { state: State::Completed { at: wall(5) }, ..agent() };
    assert_eq!(duration(&ended, 9), Some(5));
    let set_back = Session { started_at: Some(wall(7)), ..ended };
    assert_eq!(duration(&set_back, 9), Some(0));
    assert_eq!(duration(&agent(), 0), Some(0));
}
