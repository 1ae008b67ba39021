//! Cases about events that have ids: each is in the log once.

use std::sync::Arc;

use tenure_core::event::EventDraft;
use tenure_core::id::{Fence, Seq};
use tenure_store::{AppendOutcome, AppendRequest, AppendResolution, Handle};
use tokio::task::JoinSet;

use crate::fixture::{Bench, Held, TTL, append, cancel, commit_id, event_id, given, named, takeover};
use crate::{Capability, Fault, Harness};

fn appending(handle: Handle, fence: Option<Fence>, events: Vec<EventDraft>) -> AppendRequest {
    AppendRequest { commit_id: commit_id(), events, ..append(handle, fence, 1) }
}

async fn send(bench: &Bench, held: Held, events: Vec<EventDraft>) -> AppendOutcome {
    bench.store.append(appending(held.handle, Some(held.fence), events)).await.expect("an outcome")
}

fn known(seqs: &[u64], new: u64) -> AppendOutcome {
    AppendOutcome::Known { seqs: seqs.iter().copied().map(Seq).collect(), new }
}

async fn head(bench: &Bench, held: Held) -> u64 {
    bench.found(held.handle).await.head.0
}

/// The same event under the same id is appended once, and asking again tells where it is.
pub async fn an_event_with_an_id_is_appended_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let at = head(&bench, held).await + 1;
    let outcome = send(&bench, held, vec![named("one", "1")]).await;
    assert_eq!(outcome, AppendOutcome::Appended { first: Seq(at), last: Seq(at) });
    let before = bench.dump().await;
    for fence in [Some(held.fence), None] {
        let request = appending(held.handle, fence, vec![named("one", "1")]);
        assert_eq!(bench.store.append(request).await.expect("an outcome"), known(&[at], 0));
    }
    assert_eq!(bench.dump().await, before, "what is known is not written, nor is it activity");
}

/// The id is a part of the event.
pub async fn ids_are_read_back(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let after = head(&bench, held).await;
    let long = "~".repeat(128);
    send(&bench, held, vec![named("!", "1"), given("note", "2").into(), named(&long, "3")]).await;
    let log = bench.log(held.handle).await;
    let ids: Vec<_> =
        log.into_iter().skip(usize::try_from(after).expect("a small number")).map(|event| event.id).collect();
    assert_eq!(ids, [Some(event_id("!")), None, Some(event_id(&long))]);
}

/// Of an append whose events are partly known, only the others are written, in their order.
pub async fn only_what_is_new_is_appended(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let at = head(&bench, held).await + 1;
    send(&bench, held, vec![named("one", "1"), named("two", "2")]).await;
    let mixed = vec![
        named("three", "3"),
        named("two", "2"),
        given("note", "free").into(),
        named("one", "1"),
        named("four", "4"),
    ];
    assert_eq!(send(&bench, held, mixed.clone()).await, known(&[at + 2, at + 1, at + 3, at, at + 4], 3));
    let said: Vec<_> = bench.log(held.handle).await.into_iter().map(|event| event.id).collect();
    let ids = ["one", "two", "three", "", "four"].map(|id| (!id.is_empty()).then(|| event_id(id)));
    assert_eq!(said[usize::try_from(at).expect("a small number") - 1..], ids);
    // What has no id is another one each time.
    assert_eq!(send(&bench, held, mixed).await, known(&[at + 2, at + 1, at + 5, at, at + 4], 1));
}

/// An id that an append gives twice names one event.
pub async fn an_id_twice_in_one_append_is_one_event(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let at = head(&bench, held).await + 1;
    let twice = vec![named("one", "1"), named("two", "2"), named("one", "1")];
    assert_eq!(send(&bench, held, twice).await, known(&[at, at + 1, at], 2));
    let differing = appending(held.handle, None, vec![named("new", "1"), named("new", "2")]);
    assert_eq!(bench.refused_append(differing).await, AppendOutcome::IdReused { at: 1, seq: None });
}

/// Another content or type under an id that is taken refuses the whole append.
pub async fn an_id_that_names_another_event_is_refused(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let at = head(&bench, held).await + 1;
    send(&bench, held, vec![named("one", "1")]).await;
    let other_type = EventDraft { id: Some(event_id("one")), data: given("other", "1") };
    for reused in [named("one", "2"), named("one", "1 "), other_type] {
        let events = vec![named("new", "0"), reused, given("note", "free").into()];
        let outcome = bench.refused_append(appending(held.handle, Some(held.fence), events)).await;
        assert_eq!(outcome, AppendOutcome::IdReused { at: 1, seq: Some(Seq(at)) });
    }
    assert!(matches!(send(&bench, held, vec![named("new", "9")]).await, AppendOutcome::Appended { .. }));
}

/// An id means something in its session only.
pub async fn ids_of_other_sessions_are_apart(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    for key in ["a", "b"] {
        let held = bench.hold(key, 1).await;
        let outcome = send(&bench, held, vec![named("one", key)]).await;
        assert!(matches!(outcome, AppendOutcome::Appended { .. }), "{outcome:?}");
    }
}

/// Whoever lost the session is told that, also about an event that is known.
pub async fn a_former_holder_is_fenced_though_its_event_is_known(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.hold("a", 1).await;
    let at = head(&bench, old).await + 1;
    send(&bench, old, vec![named("one", "1")]).await;
    bench.clock.advance(TTL);
    bench.commit(old.handle, &takeover(2)).await;
    let current = bench.held(old.handle).await;
    for events in [vec![named("one", "1")], vec![named("one", "other")]] {
        let outcome = bench.refused_append(appending(old.handle, Some(old.fence), events)).await;
        assert_eq!(outcome, AppendOutcome::Fenced { current: current.fence });
    }
    // Its successor finds it under its own fence.
    assert_eq!(send(&bench, current, vec![named("one", "1")]).await, known(&[at], 0));
}

/// After the end nothing is written any more; what is known is still told.
pub async fn what_is_known_is_told_after_the_end(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let at = head(&bench, held).await + 1;
    bench.store.append(appending(held.handle, None, vec![named("one", "1")])).await.expect("an outcome");
    bench.commit(held.handle, &cancel()).await;
    let again = appending(held.handle, None, vec![named("one", "1")]);
    assert_eq!(bench.store.append(again).await.expect("an outcome"), known(&[at], 0));
    for events in [vec![named("two", "2")], vec![named("one", "1"), given("note", "1").into()]] {
        assert_eq!(bench.refused_append(appending(held.handle, None, events)).await, AppendOutcome::Ended);
    }
    let reused = appending(held.handle, None, vec![named("one", "2")]);
    let expected = AppendOutcome::IdReused { at: 0, seq: Some(Seq(at)) };
    assert_eq!(bench.refused_append(reused).await, expected);
}

/// Ids outlive the store.
pub async fn ids_are_known_after_reopening(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let at = head(&bench, held).await + 1;
    send(&bench, held, vec![named("one", "1")]).await;
    let bench = bench.reopen().await;
    assert_eq!(send(&bench, held, vec![named("one", "1"), named("two", "2")]).await, known(&[at, at + 1], 1));
}

/// Of many who append the same event at once, through any instance, one writes it and all are told where it is.
pub async fn one_of_many_appends_the_event(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let at = Seq(head(&bench, held).await + 1);
    let mut stores = vec![Arc::clone(&bench.store)];
    if harness.has(Capability::SecondInstance) {
        stores.push(bench.second().await);
    }
    let mut asking = JoinSet::new();
    for store in stores.iter().cycle().take(40).map(Arc::clone) {
        let request = appending(held.handle, Some(held.fence), vec![named("one", "1")]);
        asking.spawn(async move { store.append(request).await.expect("an outcome") });
    }
    let outcomes = asking.join_all().await;
    let wrote = outcomes.iter().filter(|outcome| matches!(outcome, AppendOutcome::Appended { .. })).count();
    assert_eq!(wrote, 1, "{outcomes:?}");
    let is_right = |outcome: &AppendOutcome| match outcome {
        AppendOutcome::Appended { first, last } => (*first, *last) == (at, at),
        other => *other == known(&[at.0], 0),
    };
    assert!(outcomes.iter().all(is_right), "{outcomes:?}");
}

/// Whoever lost an answer asks again, and nothing is doubled.
pub async fn an_append_with_ids_is_repeated_safely(harness: &dyn Harness) {
    if !harness.has(Capability::Faults) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    for (round, fault) in [Fault::BeforeDurable, Fault::AfterDurable, Fault::MidGroup].into_iter().enumerate()
    {
        let at = head(&bench, held).await + 1;
        let (one, two) = (format!("{round}-1"), format!("{round}-2"));
        let request = appending(held.handle, Some(held.fence), vec![named(&one, "1"), named(&two, "2")]);
        bench.inject(fault);
        if let Err(error) = bench.store.append(request.clone()).await {
            assert!(error.is_passing(), "{error:?}");
        }
        let again = bench.store.append(AppendRequest { commit_id: commit_id(), ..request }).await;
        let seqs = match again.expect("an outcome") {
            AppendOutcome::Appended { first, last } => vec![first, last],
            AppendOutcome::Known { seqs, .. } => seqs,
            other => panic!("{other:?}"),
        };
        assert_eq!(seqs, [Seq(at), Seq(at + 1)], "{fault:?}");
        assert_eq!(head(&bench, held).await, at + 1, "{fault:?}");
        bench.dump().await;
    }
}

/// What became of an append of which only some events were new can be asked afterwards.
pub async fn an_append_that_was_partly_known_is_resolved(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let after = Seq(head(&bench, held).await);
    let at = after.0 + 1;
    send(&bench, held, vec![named("one", "1"), named("two", "2")]).await;
    let events = vec![
        named("two", "2"),
        given("note", "free").into(),
        named("three", "3"),
        given("note", "more").into(),
    ];
    let request = AppendRequest { after, ..appending(held.handle, Some(held.fence), events) };
    assert_eq!(
        bench.store.append(request.clone()).await.expect("an outcome"),
        known(&[at + 1, at + 2, at + 3, at + 4], 3)
    );
    bench.append_inbox(held.handle, 2).await;
    let seqs = [at + 1, at + 2, at + 3, at + 4].map(Seq).to_vec();
    let resolved = bench.store.resolve_append(&request).await.expect("an answer");
    assert_eq!(resolved, AppendResolution::Known { seqs, new: 3 });
    // One that wrote nothing left nothing to be found.
    let nothing_new = AppendRequest { after, ..appending(held.handle, None, vec![named("one", "1")]) };
    bench.store.append(nothing_new.clone()).await.expect("an outcome");
    assert_eq!(
        bench.store.resolve_append(&nothing_new).await.expect("an answer"),
        AppendResolution::NotThere
    );
}
