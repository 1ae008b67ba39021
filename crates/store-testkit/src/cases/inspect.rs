//! Cases about lists and names.

use tenure_core::id::Namespace;
use tenure_core::session::StateName;
use tenure_store::{Filter, Handle, ListRequest, Listed, NamedRequest, Page};

use crate::Harness;
use crate::fixture::{
    Bench, Target, cancel, clear, interactive, other_namespace, pause, run, start, workspace,
};

fn all(limit: usize) -> ListRequest {
    ListRequest::newest(Namespace::default_name(), limit)
}

async fn list(bench: &Bench, request: ListRequest) -> Page {
    bench.store.list(request).await.expect("a page")
}

fn handles(listed: &[Listed]) -> Vec<Handle> {
    listed.iter().map(|listed| listed.handle).collect()
}

/// The newest session comes first, each with its handle, its head and itself.
pub async fn a_list_shows_the_newest_first(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (one, two) = (bench.hold("a", 1).await, bench.hold("b", 2).await);
    bench.append(one, 3).await;
    let page = list(&bench, all(10)).await;
    assert_eq!((handles(&page.sessions), page.next), (vec![two.handle, one.handle], None));
    for listed in page.sessions {
        let found = bench.found(listed.handle).await;
        assert_eq!((Some(listed.session), listed.head), (found.current.session, found.head));
    }
}

/// Whoever looks after a store learns of every tenant in it, also of those whose sessions have ended.
pub async fn every_tenant_is_shown_once(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let tenants = || async { bench.store.namespaces().await.expect("the tenants") };
    assert_eq!(tenants().await, []);
    bench.hold("a", 1).await;
    bench.hold("b", 2).await;
    assert_eq!(tenants().await, [Namespace::default_name()]);
    let mut elsewhere = run("ses_there", None, 1);
    elsewhere.namespace = other_namespace();
    let there = bench.commit(Target::New, &start(elsewhere)).await;
    bench.commit(there.handle, &cancel()).await;
    assert_eq!(tenants().await, [Namespace::default_name(), other_namespace()]);
}

/// A tenant's list shows nobody else's sessions.
pub async fn a_list_shows_one_namespace(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let here = bench.hold("a", 1).await;
    let mut elsewhere = run("ses_b", None, 1);
    elsewhere.namespace = other_namespace();
    let there = bench.commit(Target::New, &start(elsewhere)).await;
    assert_eq!(handles(&list(&bench, all(10)).await.sessions), [here.handle]);
    let other = ListRequest { namespace: other_namespace(), ..all(10) };
    assert_eq!(handles(&list(&bench, other).await.sessions), [there.handle]);
}

/// Pages follow each other without a gap or a double while new sessions come in on top.
pub async fn pages_have_no_gap_and_no_double(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut expected = Vec::new();
    for number in 0..11 {
        expected.insert(0, bench.hold(&format!("a{number}"), 1).await.handle);
    }
    for limit in [1, 3, 4, 11] {
        let (mut past, mut seen) = (None, Vec::new());
        loop {
            let page = list(&bench, ListRequest { past, ..all(limit) }).await;
            assert!(page.sessions.len() <= limit);
            seen.extend(handles(&page.sessions));
            let fresh = bench.hold(&format!("b{limit}_{}", seen.len()), 1).await;
            bench.commit(fresh.handle, &cancel()).await;
            let Some(next) = page.next else { break };
            assert_eq!(Some(&next), seen.last(), "the next page begins after the last of this one");
            assert!(past.is_none_or(|past| next < past), "each page is older than the one before");
            past = Some(next);
        }
        seen.retain(|handle| expected.contains(handle));
        assert_eq!(seen, expected, "in pages of {limit}");
    }
}

/// The last page says that it is the last, also when it is full, and also when there is nothing at all.
pub async fn the_last_page_says_so(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    assert_eq!(list(&bench, all(10)).await, Page::default());
    for number in 0..4 {
        bench.hold(&format!("a{number}"), 1).await;
    }
    for limit in [4, 5] {
        let page = list(&bench, all(limit)).await;
        assert_eq!((page.sessions.len(), page.next), (4, None));
    }
    let page = list(&bench, all(3)).await;
    assert_eq!(page.next, page.sessions.last().map(|listed| listed.handle));
}

/// Pages of a filtered list are full as long as there are enough that fit, however rare they are.
pub async fn pages_of_rare_sessions_are_full(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut expected = Vec::new();
    for number in 0..40 {
        let held = bench.hold(&format!("a{number}"), 1).await;
        if number % 10 == 0 {
            bench.commit(held.handle, &pause(held.fence)).await;
            expected.insert(0, held.handle);
        }
    }
    let paused =
        ListRequest { filter: Filter { states: vec![StateName::Paused], ..Filter::default() }, ..all(2) };
    let first = list(&bench, paused.clone()).await;
    assert_eq!(handles(&first.sessions), expected[..2]);
    let second = list(&bench, ListRequest { past: first.next, ..paused }).await;
    assert_eq!((handles(&second.sessions), second.next), (expected[2..].to_vec(), None));
}

async fn named(bench: &Bench, name: &str) -> Vec<Handle> {
    let request = NamedRequest { namespace: Namespace::default_name(), name: name.to_owned() };
    handles(&bench.store.named(request).await.expect("an answer"))
}

/// A name is an id first, even when it is some slot's key as well.
pub async fn a_name_is_an_id_first(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let by_id = bench.commit(Target::New, &start(run("ses_a", None, 1))).await;
    bench.commit(by_id.handle, &cancel()).await;
    bench.hold("ses_a", 2).await;
    assert_eq!(named(&bench, "ses_a").await, [by_id.handle]);
}

/// A key names what is open in its slots, of any kind; the newest only where nothing is open.
pub async fn a_key_names_what_is_open_and_else_the_newest(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let old = bench.hold("w", 1).await;
    bench.commit(old.handle, &cancel()).await;
    let run = bench.hold("w", 1).await;
    let person = bench.commit(workspace("w"), &interactive("ses_p", "w")).await;
    assert_eq!(named(&bench, "w").await, [person.handle, run.handle]);
    bench.commit(person.handle, &clear(None)).await;
    assert_eq!(named(&bench, "w").await, [run.handle], "open ones come before ended ones");
    bench.commit(run.handle, &cancel()).await;
    assert_eq!(named(&bench, "w").await, [person.handle, run.handle]);
}

/// Nobody is found by a part of a name, in another namespace, or where there is nothing.
pub async fn a_name_means_exactly_that(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    bench.hold("night", 1).await;
    let mut elsewhere = run("ses_there", None, 1);
    elsewhere.namespace = other_namespace();
    bench.commit(Target::New, &start(elsewhere)).await;
    for name in ["nigh", "nightly", "Night", "n%", "", "ses_there", "'"] {
        assert_eq!(named(&bench, name).await, [], "{name:?}");
    }
}
