//! Cases about figures.

use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::{Fence, Namespace};
use tenure_core::kind::Kind;
use tenure_core::session::StateName;
use tenure_store::{
    EventCount, Figures, FiguresRequest, HandBack, Handle, OpenTimes, Quiet, Store, Tally,
    recent_events_since, recent_sessions_since,
};

use crate::fixture::{
    Asked, Bench, Held, TICK, TTL, Target, append, cancel, clear, complete, fail, handing_back, interactive,
    keyed, note, other_namespace, pause, plain, resume, run, start, workspace,
};
use crate::memory::{event_counts, open_times, tallies};
use crate::{Capability, Harness, list_all, read_all};

const HOUR: Duration = Duration::from_secs(60 * 60);
const QUIET: Duration = Duration::from_secs(30 * 60);

fn asked() -> FiguresRequest {
    FiguresRequest { namespace: Namespace::default_name(), quiet_after: QUIET, quiet_max: 10 }
}

async fn figures(bench: &Bench) -> Figures {
    bench.store.figures(asked()).await.expect("figures")
}

fn tally(state: StateName, count: u64, lasted: Duration) -> Tally {
    Tally { kind: Kind::Agent, state, count, lasted }
}

fn count_of(counts: &[EventCount], kind: &str) -> u64 {
    counts.iter().find(|count| count.kind == kind).map_or(0, |count| count.count)
}

/// Where nothing is, everything is zero.
pub async fn nothing_is_counted_where_nothing_is(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let expected = Figures { at: Some(bench.clock.wall()), ..Figures::default() };
    assert_eq!(figures(&bench).await, expected);
}

/// Each session is counted once, where it is now, however it came there.
pub async fn sessions_are_counted_by_kind_and_state(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held: Vec<_> = [bench.hold("a", 1).await, bench.hold("b", 2).await, bench.hold("c", 3).await].into();
    bench.commit(workspace("w"), &interactive("ses_w", "w")).await;
    use StateName::{Active, Cancelled, Completed, Paused};
    let person = |state| Tally { kind: Kind::Workspace, ..tally(state, 1, Duration::ZERO) };
    let expected = [tally(Active, 3, Duration::ZERO), person(Active)];
    assert_eq!(figures(&bench).await.sessions, expected);
    bench.commit(held[0].handle, &pause(held[0].fence)).await;
    bench.commit(held[1].handle, &pause(held[1].fence)).await;
    bench.commit(held[1].handle, &resume(held[1].fence)).await;
    let expected = [tally(Active, 2, Duration::ZERO), tally(Paused, 1, Duration::ZERO), person(Active)];
    assert_eq!(figures(&bench).await.sessions, expected);
    for held in held {
        bench.commit(held.handle, &cancel()).await;
    }
    bench.commit(workspace("w"), &clear(None)).await;
    let expected = [tally(Cancelled, 3, Duration::ZERO), person(Completed)];
    assert_eq!(figures(&bench).await.sessions, expected);
}

/// How long sessions took from opening to end is added up for each way of ending.
pub async fn how_long_ended_sessions_took_is_added_up(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held: Vec<_> = [bench.hold("a", 1).await, bench.hold("b", 2).await, bench.hold("c", 3).await].into();
    bench.clock.advance(TTL / 3);
    bench.commit(held[0].handle, &complete(held[0].fence)).await;
    bench.clock.advance(TTL / 3);
    bench.commit(held[1].handle, &complete(held[1].fence)).await;
    bench.commit(held[2].handle, &fail(held[2].fence)).await;
    let expected = [tally(StateName::Completed, 2, TTL), tally(StateName::Failed, 1, TTL / 3 * 2)];
    let figures = figures(&bench).await;
    assert_eq!((&figures.sessions[..], &figures.recent_sessions[..]), (&expected[..], &expected[..]));
}

/// Sessions count as recent from the beginning of the hour 24 hours ago, whatever became of them since.
pub async fn what_was_opened_before_yesterday_is_not_recent(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.hold("old", 1).await;
    bench.clock.advance(HOUR);
    let edge = bench.hold("edge", 1).await;
    let at = bench.clock.wall();
    bench.clock.advance(HOUR * 24);
    assert!(recent_sessions_since(bench.clock.wall()) <= at);
    bench.hold("new", 1).await;
    for held in [old, edge] {
        bench.commit(held.handle, &cancel()).await;
    }
    let figures = figures(&bench).await;
    let counts =
        |tallies: &[Tally]| tallies.iter().map(|tally| (tally.state, tally.count)).collect::<Vec<_>>();
    assert_eq!(counts(&figures.sessions), [(StateName::Active, 1), (StateName::Cancelled, 2)]);
    assert_eq!(counts(&figures.recent_sessions), [(StateName::Active, 1), (StateName::Cancelled, 1)]);
}

/// The first, the last and the mean time of opening are those of sessions that are open.
pub async fn the_ages_are_those_of_open_sessions(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut held = Vec::new();
    let mut times = Vec::new();
    for number in 0..5 {
        held.push(bench.hold(&format!("a{number}"), 1).await);
        times.push(bench.clock.wall());
        bench.clock.advance(HOUR / 2);
    }
    let between = |first: usize, last: usize| {
        Some(OpenTimes {
            first: times[first],
            last: times[last],
            // They were opened at the same distance from one another.
            mean: times[first].after(times[last].since(times[first]) / 2),
        })
    };
    assert_eq!(figures(&bench).await.open, between(0, 4));
    bench.commit(held[0].handle, &cancel()).await;
    bench.commit(held[1].handle, &pause(held[1].fence)).await;
    assert_eq!(figures(&bench).await.open, between(1, 4), "what is paused is open");
    bench.commit(held[4].handle, &cancel()).await;
    assert_eq!(figures(&bench).await.open, between(1, 3));
    for held in &held[1..4] {
        bench.commit(held.handle, &cancel()).await;
    }
    assert_eq!(figures(&bench).await.open, None);
}

/// Every event that is in a log is counted once, by its type.
pub async fn events_are_counted_by_type(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 3).await;
    bench.append_inbox(held.handle, 2).await;
    bench.commit(held.handle, &note(held.fence, Some("working"))).await;
    bench.commit(held.handle, &complete(held.fence)).await;
    let log = bench.log(held.handle).await;
    let figures = figures(&bench).await;
    assert_eq!(figures.events, event_counts(log.iter()));
    assert_eq!(figures.recent_events, figures.events);
    assert_eq!((count_of(&figures.events, "note"), count_of(&figures.events, "activity")), (5, 1));
}

/// Events count as recent from the beginning of the minute one hour ago; nothing is lost from the whole.
pub async fn events_older_than_an_hour_are_not_recent(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 1).await;
    bench.clock.advance(HOUR / 2);
    bench.append(held, 10).await;
    let at = bench.clock.wall();
    bench.clock.advance(HOUR);
    assert!(recent_events_since(bench.clock.wall()) <= at);
    bench.append(held, 100).await;
    let counts =
        |figures: &Figures| (count_of(&figures.events, "note"), count_of(&figures.recent_events, "note"));
    assert_eq!(counts(&figures(&bench).await), (111, 110));
    for _ in 0..5 {
        bench.clock.advance(HOUR * 2);
        bench.append(held, 1000).await;
    }
    assert_eq!(counts(&figures(&bench).await), (5111, 1000));
}

/// What is refused is not counted.
pub async fn refused_writes_are_not_counted(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    let late = bench.prepare(held.handle, &complete(held.fence)).await;
    bench.commit(held.handle, &pause(held.fence)).await;
    let before = figures(&bench).await;
    bench.refused(&late).await;
    bench.refused_append(append(held.handle, Some(Fence(77)), 3)).await;
    bench.refused_append(append(Handle(77), None, 3)).await;
    assert_eq!(figures(&bench).await, before);
}

/// Active sessions without activity for longer than asked for are quiet; what is quiet for longest comes first.
pub async fn what_is_quiet_for_longest_comes_first(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut held = Vec::new();
    for number in 0..4 {
        held.push(bench.hold(&format!("a{number}"), 1).await);
        bench.clock.advance(TICK);
    }
    bench.append(held[0], 1).await;
    bench.append_inbox(held[1].handle, 1).await;
    bench.commit(held[3].handle, &pause(held[3].fence)).await;
    bench.clock.advance(QUIET.saturating_sub(TICK * 2));
    let quiet = figures(&bench).await.quiet;
    assert_eq!(handles(&quiet), [held[1].handle], "longer ago, not as long");
    bench.clock.advance(TICK * 10);
    let quiet = figures(&bench).await.quiet;
    let expected = [held[1].handle, held[2].handle, held[0].handle];
    assert_eq!((handles(&quiet), quiet.count), (expected.to_vec(), 3), "others' messages are no activity");
    let few = FiguresRequest { quiet_max: 2, ..asked() };
    let quiet = bench.store.figures(few).await.expect("figures").quiet;
    assert_eq!((handles(&quiet), quiet.count), (expected[..2].to_vec(), 3), "all are counted");
    assert_eq!(quiet.longest[0].session, bench.session(held[1].handle).await);
}

fn handles(quiet: &Quiet) -> Vec<Handle> {
    quiet.longest.iter().map(|listed| listed.handle).collect()
}

/// A tenant's figures are about nobody else's sessions.
pub async fn figures_show_one_namespace(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.hold("a", 1).await;
    for id in ["ses_b", "ses_c"] {
        let mut elsewhere = run(id, None, 1);
        elsewhere.namespace = other_namespace();
        bench.commit(Target::New, &start(elsewhere)).await;
    }
    bench.clock.advance(QUIET * 2);
    for (namespace, count) in [(Namespace::default_name(), 1), (other_namespace(), 2)] {
        let request = FiguresRequest { namespace: namespace.clone(), ..asked() };
        let shown = bench.store.figures(request).await.expect("figures");
        assert_eq!(shown.sessions, [tally(StateName::Active, count, Duration::ZERO)], "{namespace}");
        assert_eq!(
            (shown.quiet.count, count_of(&shown.events, "state_changed")),
            (count, count),
            "{namespace}"
        );
    }
}

/// What several instances write adds up to the same figures, whoever is asked.
pub async fn every_instance_adds_to_the_same_figures(harness: &dyn Harness) {
    if !harness.has(Capability::SecondInstance) {
        return;
    }
    let bench = Bench::new(harness).await;
    let other = bench.second().await;
    let held = bench.hold("a", 1).await;
    for _ in 0..5 {
        bench.append(held, 1).await;
        other.append(append(held.handle, Some(held.fence), 2)).await.expect("an outcome");
    }
    let cancelled = crate::fixture::prepare(other.as_ref(), held.handle, &cancel()).await;
    other.commit(cancelled).await.expect("an outcome");
    bench.hold("b", 2).await;
    let shown = figures(&bench).await;
    assert_eq!(count_of(&shown.events, "note"), 15);
    assert_eq!(other.figures(asked()).await.expect("figures"), shown);
    agree(&bench.store, &shown).await;
}

/// Figures outlive the store that counted them.
pub async fn figures_are_there_after_reopening(harness: &dyn Harness) {
    if !harness.has(Capability::Reopen) {
        return;
    }
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.append(held, 5).await;
    bench.commit(held.handle, &complete(held.fence)).await;
    bench.hold("b", 1).await;
    let before = figures(&bench).await;
    let bench = bench.reopen().await;
    assert_eq!(figures(&bench).await, before);
}

/// By a clock that cannot be used nothing is recent or quiet, and everything is counted all the same.
pub async fn without_a_usable_clock_nothing_is_recent(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = bench.hold("a", 1).await;
    bench.clock.advance(QUIET * 2);
    bench.clock.set_wall(None);
    bench.append(held, 2).await;
    let shown = figures(&bench).await;
    assert_eq!((shown.at, &shown.quiet), (None, &Quiet::default()));
    assert_eq!((&shown.recent_sessions[..], &shown.recent_events[..]), (&[][..], &[][..]));
    assert_eq!(shown.sessions, [tally(StateName::Active, 1, Duration::ZERO)]);
    assert_eq!(count_of(&shown.events, "note"), 2);
}

/// After many commits and appends the figures are what one finds by looking at everything.
pub async fn figures_are_what_one_finds_by_looking_at_everything(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut held: Vec<Held> = Vec::new();
    for number in 0..350_usize {
        held.push(bench.hold(&format!("a{number}"), 1).await);
        let one = held[number * 7 % held.len()];
        let command = match number % 6 {
            0 => pause(one.fence),
            1 => complete(one.fence),
            2 => fail(one.fence),
            3 => note(one.fence, Some("working")),
            4 => cancel(),
            _ => resume(one.fence),
        };
        let target = Target::Session(one.handle);
        if let Ok(request) = crate::fixture::try_prepare(bench.store.as_ref(), &target, &command).await {
            bench.send(&request).await;
        }
        bench.append_inbox(one.handle, number % 3 + 1).await;
        bench.clock.advance(Duration::from_secs(400));
    }
    agree(&bench.store, &figures(&bench).await).await;
}

/// Checks figures against everything that the store shows.
async fn agree(store: &Arc<dyn Store>, figures: &Figures) {
    let listed = list_all(store.as_ref(), &Namespace::default_name()).await;
    let sessions = || listed.iter().map(|listed| &listed.session);
    let now = figures.at.expect("a usable clock");
    let recent = sessions().filter(|session| session.created_at >= recent_sessions_since(now));
    assert_eq!(figures.sessions, tallies(sessions()));
    assert_eq!(figures.recent_sessions, tallies(recent));
    assert_eq!(figures.open, open_times(sessions()));
    let mut events = Vec::new();
    for listed in &listed {
        events.extend(read_all(store.as_ref(), listed.handle).await);
    }
    assert_eq!(figures.events, event_counts(events.iter()));
    let recent = events.iter().filter(|event| event.at >= recent_events_since(now));
    assert_eq!(figures.recent_events, event_counts(recent));
    let active = sessions().filter(|session| session.state.name() == StateName::Active);
    let quiet = active.filter(|session| now.since(session.last_activity_at) > QUIET);
    assert_eq!(figures.quiet.count, quiet.count() as u64);
}

/// What no worker was given is counted by its queue, also while it is hidden.
pub async fn tasks_are_counted_by_queue_until_a_worker_has_them(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let one = bench.runner("one").await;
    let mut home = bench.home().await;
    let gpu = Asked { queue: Some("gpu"), ..plain() };
    bench.leave(&mut home, &[plain(), keyed("a"), Asked { queue: Some("cpu"), ..plain() }, gpu, gpu]).await;
    let count = async |namespace: Namespace| {
        let counts = bench.store.queues(namespace).await.expect("counts");
        counts.into_iter().map(|count| (count.queue.map(|name| name.to_string()), count.count)).collect()
    };
    let counted = |default: u64| -> Vec<(Option<String>, u64)> {
        let of = |name: &str, count| (Some(name.to_owned()), count);
        let default = (default > 0).then_some((None, default));
        default.into_iter().chain([of("cpu", 1), of("gpu", 2)]).collect()
    };
    let here = Namespace::default_name;
    assert_eq!(count(here()).await, counted(2));
    let task = bench.task(one).await;
    assert_eq!(count(here()).await, counted(1));
    bench.hand_back(HandBack { delay: HOUR, ..handing_back(one, &task) }).await;
    assert_eq!(count(here()).await, counted(2));
    let task = bench.task(one).await;
    bench.end(one, &task).await;
    assert_eq!(count(here()).await, counted(1));
    let elsewhere: Vec<_> = count(other_namespace()).await;
    assert_eq!(elsewhere, []);
}
