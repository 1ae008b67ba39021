//! A log replayed to its end tells what is stored.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::world::{steps, walk};
use crate::event::{Event, EventBody};
use crate::fixture::{actor, cases, wall};
use crate::id::{Fence, Seq, SessionId};
use crate::kind::Kind;
use crate::lease::{Holder, HolderKind};
use crate::session::{REPLAYED, Replay, Session, State, StateName, Told};

fn event(seq: u64, data: EventBody) -> Event {
    Event { seq: Seq(seq), at: wall(seq), fence: None, id: None, data }
}

fn replayed(kind: Kind, events: &[Event]) -> Replay {
    let earliest = events.first().map_or(Seq(1), |event| event.seq);
    events.iter().fold(Replay::new(kind, earliest), Replay::after)
}

/// The reason that a state keeps.
fn reason(state: &State) -> Option<&str> {
    match state {
        State::Pending | State::Active | State::Completed { .. } => None,
        State::Paused { reason } | State::Cancelled { reason, .. } | State::Expired { reason, .. } => {
            Some(reason)
        }
        State::Failed { error, .. } => Some(error),
    }
}

fn tells(replay: &Replay, session: &Session) -> Result<(), TestCaseError> {
    let Told::This(phase) = &replay.phase else { panic!("a log from its beginning tells the state") };
    prop_assert_eq!(phase.name, session.state.name());
    prop_assert!(reason(&session.state).is_none_or(|reason| reason == phase.reason), "{:?}", phase);
    let tenancy = match &replay.tenancy {
        Told::This(tenancy) => Some((&tenancy.holder, tenancy.fence)),
        Told::Untold | Told::Nothing => None,
    };
    prop_assert_eq!(tenancy, session.lease.as_ref().map(|lease| (&lease.holder, lease.fence)));
    let activity = match &replay.activity {
        Told::This(saying) => Some((saying.text.as_str(), saying.actor.clone())),
        Told::Untold | Told::Nothing => None,
    };
    let stored = session.activity.as_ref();
    let stored = stored.map(|activity| (activity.text.as_str(), Some(activity.actor.clone())));
    prop_assert_eq!(activity, stored);
    prop_assert_eq!(replay.successor.as_ref(), session.successor.as_ref());
    Ok(())
}

proptest! {
    #![proptest_config(cases(100))]

    #[test]
    fn a_log_replayed_to_its_end_tells_the_stored_session(steps in steps()) {
        for kind in Kind::ALL {
            let mut logs: BTreeMap<SessionId, Vec<Event>> = BTreeMap::new();
            for taken in walk(kind, &steps) {
                let Ok(decision) = &taken.decided else { continue };
                for write in &decision.writes {
                    let log = logs.entry(write.session.id.clone()).or_default();
                    for data in &write.events {
                        log.push(event(log.len() as u64 + 1, data.clone()));
                    }
                    tells(&replayed(kind, log), &write.session)?;
                }
            }
        }
    }

    #[test]
    fn the_types_that_are_needed_are_all_that_is_needed(steps in steps()) {
        for kind in Kind::ALL {
            let mut log = Vec::new();
            for taken in walk(kind, &steps) {
                let events = taken.decided.iter().flat_map(|decision| &decision.writes).flat_map(|write| &write.events);
                for data in events {
                    log.push(event(log.len() as u64 + 1, data.clone()));
                }
            }
            let whole = replayed(kind, &log);
            let told = |event: &&Event| REPLAYED.contains(&event.data.type_name());
            let mut some = log.iter().filter(told).fold(Replay::new(kind, Seq(1)), Replay::after);
            (some.seq, some.at) = (whole.seq, whole.at);
            prop_assert_eq!(some, whole);
        }
    }
}

#[test]
fn what_happened_before_a_logs_beginning_is_not_told() {
    let replay = Replay::new(Kind::Agent, Seq(41));
    assert_eq!((replay.seq, replay.at), (Seq(40), None));
    assert_eq!(
        (&replay.phase, &replay.tenancy, &replay.activity),
        (&Told::Untold, &Told::Untold, &Told::Untold)
    );
    let replay = replay.after(&event(41, EventBody::Activity { text: "step 3".to_owned() }));
    let Told::This(saying) = &replay.activity else { panic!("{replay:?}") };
    assert_eq!((saying.text.as_str(), &saying.actor), ("step 3", &None), "who held it is not told");
    let holder = Holder { kind: HolderKind::Run, id: actor("w1"), supervisor: None, place: None };
    let replay = replay.after(&event(
        42,
        EventBody::LeaseTakenOver { from: actor("w0"), holder, fence: Fence(2), reason: "died".to_owned() },
    ));
    assert_eq!(replay.activity, Told::Nothing);
    let to = StateName::Paused;
    let paused =
        EventBody::StateChanged { from: Some(StateName::Active), to, reason: "lunch".to_owned(), by: None };
    let replay = replay.after(&event(43, paused));
    let Told::This(phase) = &replay.phase else { panic!("{replay:?}") };
    assert_eq!(
        (phase.name, phase.reason.as_str(), phase.since),
        (StateName::Paused, "lunch", Some(wall(43)))
    );
    assert_eq!(replay.after(&event(44, EventBody::LeaseReleased { fence: Fence(2) })).tenancy, Told::Nothing);
}
