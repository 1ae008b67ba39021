//! Cases about many tasks at once, in one instance or by turns in two.

use std::collections::BTreeSet;
use std::sync::Arc;

use tenure_core::id::{Namespace, Revision, Seq};
use tenure_store::{AppendOutcome, CommitOutcome, CommitRequest, RenewOutcome, RenewRequest, Store};
use tokio::task::JoinSet;

use crate::fixture::{
    Bench, Held, TTL, Target, append, autonomous, cancel, complete, find, heartbeat, note, prepare, run,
    slot, start, takeover, workspace,
};
use crate::{Capability, Harness, list_all};

/// Two instances where there can be two, else one twice.
async fn stores(bench: &Bench, harness: &dyn Harness) -> [Arc<dyn Store>; 2] {
    let first = Arc::clone(&bench.store);
    let second =
        if harness.has(Capability::SecondInstance) { bench.second().await } else { Arc::clone(&bench.store) };
    [first, second]
}

/// Commits from as many tasks as there are requests, by turns in both instances. The outcomes are in order.
async fn all_at_once(stores: &[Arc<dyn Store>; 2], requests: Vec<CommitRequest>) -> Vec<CommitOutcome> {
    let mut tasks = JoinSet::new();
    for (at, request) in requests.into_iter().enumerate() {
        let store = Arc::clone(&stores[at % 2]);
        tasks.spawn(async move { (at, store.commit(request).await.expect("an outcome")) });
    }
    let mut outcomes = tasks.join_all().await;
    outcomes.sort_by_key(|(at, _)| *at);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Of many starts of one key, decided on the same emptiness, exactly one opens the session.
pub async fn one_of_many_starts_wins(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let stores = stores(&bench, harness).await;
    for round in 0..8 {
        let key = format!("a{round}");
        let mut requests = Vec::new();
        for n in 0..8_u8 {
            let command = start(run(&format!("ses_{round}_{n}"), Some(&key), n));
            requests.push(bench.prepare(slot(&key), &command).await);
        }
        let outcomes = all_at_once(&stores, requests).await;
        let won = outcomes.iter().filter(|outcome| matches!(outcome, CommitOutcome::Committed(_))).count();
        let lost = CommitOutcome::RevisionConflict { actual: Revision(1) };
        assert_eq!((won, outcomes.iter().filter(|outcome| **outcome == lost).count()), (1, 7));
    }
}

/// Of many takeovers of one abandoned session exactly one happens, and its holder alone holds it.
pub async fn one_of_many_takeovers_wins(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let stores = stores(&bench, harness).await;
    let mut held = bench.hold("a", 0).await;
    for _ in 0..5 {
        bench.clock.advance(TTL);
        let mut requests = Vec::new();
        for n in 1..8_u8 {
            requests.push(bench.prepare(held.handle, &takeover(n)).await);
        }
        let outcomes = all_at_once(&stores, requests.clone()).await;
        let won: Vec<_> = (0..7).filter(|at| matches!(outcomes[*at], CommitOutcome::Committed(_))).collect();
        assert_eq!(won.len(), 1);
        let lease = bench.session(held.handle).await.lease.expect("somebody holds it");
        let winner = requests[won[0]].decision.session().and_then(|session| session.lease.as_ref());
        assert_eq!(Some(&lease), winner);
        assert_eq!(lease.fence, held.fence.next());
        held.fence = lease.fence;
    }
}

/// Of many commits to one slot from many tasks exactly one wins each revision.
pub async fn each_revision_is_won_once(harness: &dyn Harness) {
    const TASKS: usize = 6;
    const WINS: usize = 6;
    const ATTEMPTS_MAX: usize = 2_000;
    let bench = Bench::new(harness).await;
    let stores = stores(&bench, harness).await;
    bench.commit(workspace("w"), &autonomous("ses_a", "w", "one", 15)).await;
    let mut tasks = JoinSet::new();
    for task in 0..TASKS {
        let store = Arc::clone(&stores[task % 2]);
        tasks.spawn(async move {
            let mut won = Vec::new();
            for attempt in 0.. {
                assert!(attempt < ATTEMPTS_MAX, "everybody wins now and then");
                if won.len() == WINS {
                    break;
                }
                let request = prepare(store.as_ref(), workspace("w"), &heartbeat("one", None)).await;
                let outcome = store.commit(request.clone()).await.expect("an outcome");
                if let CommitOutcome::Committed(done) = outcome {
                    assert_eq!(done.revision, request.expected.next());
                    won.push(done.revision.0);
                }
            }
            won
        });
    }
    let won: Vec<u64> = tasks.join_all().await.concat();
    let distinct: BTreeSet<_> = won.iter().copied().collect();
    assert_eq!(distinct, (2..=won.len() as u64 + 1).collect());
    let last = bench.found(workspace("w")).await.current.counters.revision;
    assert_eq!(Some(&last.0), distinct.last());
}

/// An id that many want for different slots at once goes to exactly one.
pub async fn one_of_many_gets_the_id(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let stores = stores(&bench, harness).await;
    let mut requests = Vec::new();
    for n in 0..8_u8 {
        let key = format!("a{n}");
        requests.push(bench.prepare(slot(&key), &start(run("ses_a", Some(&key), n))).await);
    }
    let outcomes = all_at_once(&stores, requests).await;
    let taken = outcomes.iter().filter(|outcome| **outcome == CommitOutcome::IdTaken).count();
    assert_eq!((outcomes.len(), taken), (8, 7));
    assert_eq!(list_all(bench.store.as_ref(), &Namespace::default_name()).await.len(), 1);
}

/// Appends from many tasks get positions of their own, together without a gap.
pub async fn concurrent_appends_share_one_row_of_positions(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let stores = stores(&bench, harness).await;
    let held = bench.hold("a", 1).await;
    let head = bench.found(held.handle).await.head;
    let mut tasks = JoinSet::new();
    for number in 0..60_usize {
        let store = Arc::clone(&stores[number % 2]);
        let fence = (number % 3 == 0).then_some(held.fence);
        tasks.spawn(async move { store.append(append(held.handle, fence, 1 + number % 4)).await });
    }
    let mut positions = BTreeSet::new();
    for answer in tasks.join_all().await {
        let Ok(AppendOutcome::Appended { first, last }) = answer else { panic!("it lands: {answer:?}") };
        assert!((first.0..=last.0).all(|position| positions.insert(position)), "a position was given twice");
    }
    let end = bench.found(held.handle).await.head;
    assert_eq!(positions, (head.0 + 1..=end.0).collect());
    bench.dump().await;
}

/// A thousand renewals and appends at once, good and bad ones mixed: each gets its own answer.
pub async fn a_thousand_at_once_are_each_answered_rightly(harness: &dyn Harness) {
    const SESSIONS: u8 = 40;
    let bench = Bench::new(harness).await;
    let mut all = Vec::new();
    for number in 0..SESSIONS {
        let held = bench.hold(&format!("a{number}"), number).await;
        let is_open = number % 4 != 3;
        if !is_open {
            bench.commit(held.handle, &complete(held.fence)).await;
        }
        all.push((held, is_open));
    }
    let mut tasks = JoinSet::new();
    for number in 0..1_000_usize {
        let (held, is_open) = all[number % all.len()];
        let store = Arc::clone(&bench.store);
        tasks.spawn(async move { one_of_a_thousand(store.as_ref(), held, is_open, number / 40).await });
    }
    let appended: usize = tasks.join_all().await.into_iter().sum();
    let dump = bench.dump().await;
    let logged = dump.sessions.iter().flat_map(|dumped| &dumped.events).filter(|event| is_note(event));
    assert_eq!(logged.count(), appended);
}

fn is_note(event: &tenure_core::event::Event) -> bool {
    event.data.type_name() == "note"
}

/// Makes one call, checks its answer, and tells how many events it added.
async fn one_of_a_thousand(store: &dyn Store, held: Held, is_open: bool, sort: usize) -> usize {
    let current = held.fence;
    let (fence, is_current) =
        if sort.is_multiple_of(5) { (current.next(), false) } else { (current, is_open) };
    if sort.is_multiple_of(2) {
        let outcome = store.renew(RenewRequest { handle: held.handle, fence }).await.expect("an outcome");
        assert_eq!(matches!(outcome, RenewOutcome::Renewed(_)), is_current, "{outcome:?}");
        assert_eq!(outcome == RenewOutcome::Fenced { current }, !is_current, "{outcome:?}");
        return 0;
    }
    let outcome = store.append(append(held.handle, Some(fence), 2)).await.expect("an outcome");
    match outcome {
        AppendOutcome::Appended { first, last } => {
            assert!(is_current && last == first.next());
            2
        }
        refused => {
            assert!(!is_current);
            assert_eq!(refused, AppendOutcome::Fenced { current });
            0
        }
    }
}

/// Whoever is told that a write is kept finds it, in every instance, while others write.
pub async fn everybody_reads_their_own_writes(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let stores = stores(&bench, harness).await;
    let mut tasks = JoinSet::new();
    for n in 0..6_u8 {
        let held = bench.hold(&format!("a{n}"), n).await;
        let [mine, others] =
            if n % 2 == 0 { [0, 1] } else { [1, 0] }.map(|at: usize| Arc::clone(&stores[at]));
        tasks.spawn(async move {
            for round in 0..10 {
                let text = format!("step {round}");
                let request = prepare(mine.as_ref(), held.handle, &note(held.fence, Some(&text))).await;
                let done = crate::fixture::committed(mine.commit(request).await.expect("an outcome"));
                for store in [&mine, &others] {
                    let found = find(store.as_ref(), &Target::Session(held.handle)).await;
                    let said = found.current.session.and_then(|session| session.activity);
                    assert_eq!(said.map(|activity| activity.text).as_ref(), Some(&text));
                    assert_eq!(found.head, Seq(done.head.0));
                }
            }
        });
    }
    tasks.join_all().await;
}

/// Sessions opened at the same time have handles of their own, and every list shows all of them.
pub async fn sessions_opened_together_are_all_listed(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let stores = stores(&bench, harness).await;
    let mut tasks = JoinSet::new();
    for n in 0..40_u8 {
        let store = Arc::clone(&stores[usize::from(n % 2)]);
        tasks.spawn(async move {
            let request =
                prepare(store.as_ref(), Target::New, &start(run(&format!("ses_{n}"), None, n))).await;
            crate::fixture::committed(store.commit(request).await.expect("an outcome")).handle
        });
    }
    let handles: BTreeSet<_> = tasks.join_all().await.into_iter().collect();
    for store in &stores {
        let listed = list_all(store.as_ref(), &Namespace::default_name()).await;
        assert!(listed.iter().rev().map(|listed| listed.handle).eq(handles.iter().copied()));
    }
}

/// A cancel and its owner's last words, at once: one of them is first, and the log says which.
pub async fn a_cancel_and_an_append_at_once_agree(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let stores = stores(&bench, harness).await;
    for round in 0..10 {
        let held = bench.hold(&format!("a{round}"), 1).await;
        let cancelled = bench.prepare(held.handle, &cancel()).await;
        let [one, two] = [Arc::clone(&stores[0]), Arc::clone(&stores[1])];
        let mut append_task = JoinSet::new();
        append_task.spawn(async move { two.append(append(held.handle, Some(held.fence), 1)).await });
        crate::fixture::committed(one.commit(cancelled).await.expect("an outcome"));
        let log = || async { bench.log(held.handle).await.iter().position(is_note) };
        match append_task.join_all().await.pop().expect("one answer").expect("an outcome") {
            AppendOutcome::Appended { .. } => assert!(log().await.is_some()),
            refused => {
                assert_eq!(refused, AppendOutcome::Fenced { current: held.fence.next() });
                assert_eq!(log().await, None);
            }
        }
    }
}
