//! Cases about what the filters of a list let through.

use std::collections::BTreeMap;
use std::time::Duration;

use tenure_core::id::Namespace;
use tenure_core::kind::Kind;
use tenure_core::lease::Lease;
use tenure_core::session::{Create, Session, StartRun, State, StateName};
use tenure_core::time::WallTime;
use tenure_store::{CommitRequest, Filter, Handle, ListRequest, Listed, Order, Page, Period, Slot};

use crate::fixture::{
    Bench, Held, TICK, Target, actor, autonomous, cancel, claimant, complete, create, creating, interactive,
    key, note, pause, principal, run, session_id, slot, start, storing, takeover, workspace,
};
use crate::{Harness, list_all};

async fn shown(bench: &Bench, filter: Filter) -> Vec<Handle> {
    let page = list(bench, ListRequest { filter, ..all(1000) }).await;
    assert_eq!(page.next, None, "it all fits on one page");
    handles(&page.sessions)
}

fn all(limit: usize) -> ListRequest {
    ListRequest::newest(Namespace::default_name(), limit)
}

async fn list(bench: &Bench, request: ListRequest) -> Page {
    bench.store.list(request).await.expect("a page")
}

fn handles(listed: &[Listed]) -> Vec<Handle> {
    listed.iter().map(|listed| listed.handle).collect()
}

fn terms(terms: &[&str]) -> Filter {
    Filter { terms: terms.iter().map(|term| (*term).to_owned()).collect(), ..Filter::default() }
}

/// Each filter keeps what it names, and all of them together keep what every one keeps.
pub async fn lists_are_filtered_by_state_and_kind_and_label(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let (active, paused, done, labelled, person) = several(&bench).await;
    let asked = |states: &[StateName], kinds: &[Kind], labels: &[(&str, &str)]| Filter {
        states: states.to_vec(),
        kinds: kinds.to_vec(),
        labels: labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Filter::default()
    };
    use StateName::{Active, Completed, Failed, Paused};
    for (filter, expected) in [
        (asked(&[], &[], &[]), vec![person, labelled, done, paused, active]),
        (asked(&[Paused], &[], &[]), vec![paused]),
        (asked(&[Paused, Completed], &[], &[]), vec![done, paused]),
        (asked(&[Failed], &[], &[]), vec![]),
        (asked(&[], &[Kind::Workspace], &[]), vec![person]),
        (asked(&[Active], &[Kind::Agent], &[]), vec![labelled, active]),
        (asked(&[], &[Kind::Workspace, Kind::Agent], &[]), vec![person, labelled, done, paused, active]),
        (asked(&[], &[], &[("team", "x")]), vec![labelled]),
        (asked(&[], &[], &[("team", "x"), ("env", "ci")]), vec![labelled]),
        (asked(&[], &[], &[("team", "x"), ("env", "prod")]), vec![]),
        (asked(&[Active], &[Kind::Agent], &[("env", "ci")]), vec![labelled]),
        (asked(&[Paused], &[Kind::Agent], &[("env", "ci")]), vec![]),
    ] {
        assert_eq!(shown(&bench, filter.clone()).await, expected, "{filter:?}");
    }
}

async fn several(bench: &Bench) -> (Handle, Handle, Handle, Handle, Handle) {
    let active = bench.hold("active", 1).await;
    let paused = bench.hold("paused", 2).await;
    bench.commit(paused.handle, &pause(paused.fence)).await;
    let done = bench.hold("done", 3).await;
    bench.commit(done.handle, &complete(done.fence)).await;
    let mut with_labels = run("ses_labelled", Some("labelled"), 4);
    with_labels.labels = [("team", "x"), ("env", "ci")].map(|(n, v)| (n.to_owned(), v.to_owned())).into();
    let labelled = bench.commit(slot("labelled"), &start(with_labels)).await;
    let person = bench.commit(workspace("w"), &interactive("ses_person", "w")).await;
    (active.handle, paused.handle, done.handle, labelled.handle, person.handle)
}

/// A holder has what it holds, also when its lease is over, until somebody else has it or it ends.
pub async fn a_list_by_holder_shows_what_is_held_now(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let by = |name: &str| Filter { holder: Some(actor(name)), ..Filter::default() };
    let (one, two) = (bench.hold("a", 1).await, bench.hold("b", 1).await);
    bench.commit(workspace("w"), &autonomous("ses_w", "w", "one", 15)).await;
    assert_eq!(shown(&bench, by("runner-1")).await, [two.handle, one.handle]);
    bench.clock.advance(crate::fixture::TTL);
    assert_eq!(shown(&bench, by("runner-1")).await, [two.handle, one.handle], "though their leases are over");
    bench.commit(one.handle, &takeover(2)).await;
    assert_eq!(shown(&bench, by("runner-1")).await, [two.handle]);
    assert_eq!(shown(&bench, by("runner-2")).await, [one.handle]);
    bench.commit(two.handle, &cancel()).await;
    assert_eq!(shown(&bench, by("runner-1")).await, []);
    assert_eq!(shown(&bench, by("runner-")).await, [], "a name is a whole name");
}

/// A child is found by its parent's whole id, as long as it is there, whatever becomes of it or of its parent.
pub async fn a_list_by_parent_shows_its_children(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let of = |id: &str| Filter { parent: Some(session_id(id)), ..Filter::default() };
    let child = |id: &str| creating(Create { parent: Some(session_id("ses_parent")), ..create(id, None) });
    let parent = bench.commit(Target::New, &start(run("ses_parent", None, 1))).await.handle;
    let one = bench.commit(Target::New, &child("ses_one")).await.handle;
    bench.commit(Target::New, &start(run("ses_other", None, 1))).await;
    let two = bench.commit(Target::New, &child("ses_two")).await.handle;
    assert_eq!(shown(&bench, of("ses_parent")).await, [two, one]);
    bench.commit(one, &cancel()).await;
    bench.commit(parent, &cancel()).await;
    assert_eq!(shown(&bench, of("ses_parent")).await, [two, one]);
    assert_eq!(shown(&bench, of("ses_par")).await, []);
    assert_eq!(shown(&bench, of("ses_one")).await, []);
}

/// A session is found by whom it was opened for, whoever holds it and whatever becomes of it.
pub async fn a_list_by_principals_shows_what_was_opened_for_any_of_them(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let of = |names: &[&str]| Filter {
        principals: names.iter().map(|name| principal(name)).collect(),
        ..Filter::default()
    };
    let by =
        |id: &str, name: &str| start(StartRun { principal: Some(principal(name)), ..run(id, Some(id), 1) });
    let long = "long".repeat(31);
    let (one, two) = (format!("{long}/one"), format!("{long}/two"));
    let ann = bench.commit(slot("a"), &by("a", "ann")).await.handle;
    let ben = bench.commit(slot("b"), &by("b", "ben")).await.handle;
    bench.commit(slot("nobody"), &start(run("ses_nobody", Some("nobody"), 1))).await;
    let first = bench.commit(slot("c"), &by("c", &one)).await.handle;
    bench.commit(slot("d"), &by("d", &two)).await;
    bench.clock.advance(crate::fixture::TTL);
    bench.commit(ann, &takeover(2)).await;
    bench.commit(ben, &cancel()).await;
    assert_eq!(shown(&bench, of(&["ann"])).await, [ann]);
    assert_eq!(shown(&bench, of(&["ben", "ann", "carl"])).await, [ben, ann]);
    assert_eq!(shown(&bench, of(&["an"])).await, []);
    assert_eq!(shown(&bench, of(&[&one])).await, [first], "names are told apart to their ends");
    let both = Filter { states: vec![StateName::Cancelled], ..of(&["ann", "ben"]) };
    assert_eq!(shown(&bench, both).await, [ben]);
}

/// Keys are found by how they begin, exactly as they are written.
pub async fn a_list_by_key_shows_keys_that_begin_so(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let long = "path/".repeat(40);
    let keys = ["night", "nightly", "Nightly", "n%", "daily", &format!("{long}a"), &format!("{long}b")];
    let mut held = BTreeMap::new();
    for (number, key) in keys.into_iter().enumerate() {
        let id = format!("ses_{number}");
        held.insert(key.to_owned(), bench.commit(slot(key), &start(run(&id, Some(key), 1))).await.handle);
    }
    bench.commit(Target::New, &start(run("night", None, 1))).await;
    for prefix in
        ["night", "nightly", "n", "N", "n%", "", "x", &long, &format!("{long}b"), &format!("{long}bb")]
    {
        let filter = Filter { key_prefix: Some(prefix.to_owned()), ..Filter::default() };
        let mut expected: Vec<_> =
            held.iter().filter(|(key, _)| key.starts_with(prefix)).map(|(_, handle)| *handle).collect();
        expected.sort_by_key(|handle| std::cmp::Reverse(*handle));
        assert_eq!(shown(&bench, filter).await, expected, "{prefix:?}");
    }
}

/// A directory is a path, or the name of its last part.
pub async fn a_list_by_directory_takes_a_path_or_its_last_part(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let long = format!("/{}", "deep/".repeat(60));
    let paths = ["/home/me/shop", "/srv/shop", "/home/me", &format!("{long}a"), &format!("{long}b")];
    let mut made = Vec::new();
    for (number, path) in paths.into_iter().enumerate() {
        let mut run = run(&format!("ses_{number}"), None, 1);
        run.directory = Some(path.to_owned());
        made.push(bench.commit(Target::New, &start(run)).await.handle);
    }
    let mut nowhere = run("ses_nowhere", None, 1);
    nowhere.directory = None;
    bench.commit(Target::New, &start(nowhere)).await;
    let within = |directory: &str| Filter { directory: Some(directory.to_owned()), ..Filter::default() };
    assert_eq!(shown(&bench, within("/home/me/shop")).await, [made[0]]);
    assert_eq!(shown(&bench, within("shop")).await, [made[1], made[0]]);
    assert_eq!(shown(&bench, within("me")).await, [made[2]]);
    assert_eq!(shown(&bench, within(&format!("{long}b"))).await, [made[4]]);
    assert_eq!(shown(&bench, within("/home")).await, []);
    assert_eq!(shown(&bench, within("")).await, []);
}

/// What happened in the first or the last millisecond of a time belongs to it.
pub async fn both_ends_of_a_time_belong_to_it(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push((bench.hold(&format!("a{number}"), 1).await.handle, bench.clock.wall()));
        bench.clock.advance(TICK);
    }
    for from in 0..5 {
        for to in 0..5 {
            let period = Period { from: Some(made[from].1), to: Some(made[to].1) };
            let mut expected: Vec<_> =
                made.iter().take(to + 1).skip(from).map(|(handle, _)| *handle).collect();
            expected.reverse();
            let created = Filter { created: period, ..Filter::default() };
            assert_eq!(shown(&bench, created).await, expected, "opened in {period:?}");
            let started = Filter { started: period, ..Filter::default() };
            assert_eq!(shown(&bench, started).await, expected, "started in {period:?}");
        }
    }
}

/// A session that waits to be started is in no time of starting, and in the time of its opening.
pub async fn what_never_started_is_in_no_time(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let request = bench.prepare(Target::New, &start(run("ses_a", None, 1))).await;
    let started = request.decision.session().expect("a session").clone();
    let pending = Session {
        state: State::Pending,
        lease: None,
        started_at: None,
        last_started_at: None,
        start_count: 0,
        ..started
    };
    let at = pending.created_at;
    bench.send(&storing(pending)).await;
    let ever = Period { from: Some(WallTime::from_epoch_ms(0)), to: None };
    assert_eq!(shown(&bench, Filter { started: ever, ..Filter::default() }).await, []);
    let then = Period { from: Some(at), to: Some(at) };
    assert_eq!(shown(&bench, Filter { created: then, ..Filter::default() }).await.len(), 1);
}

/// Words of labels, key, command and activity are found by how they begin, in any case, all that were asked for.
pub async fn a_search_finds_words_by_their_beginning(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut shop = run("ses_shop", Some("nightly-shop"), 1);
    shop.labels = [("team".to_owned(), "Web-Front".to_owned())].into();
    shop.command = vec!["/usr/bin/cargo".to_owned(), "nextest".to_owned()];
    let shop = bench.commit(slot("nightly-shop"), &start(shop)).await.handle;
    let held = bench.held(shop).await;
    bench.commit(shop, &note(held.fence, Some("Prüft die ÄPFEL"))).await;
    let other = bench.hold("daily", 2).await;
    for found in
        ["night", "SHOP", "web", "front", "web-front", "team", "carg", "usr", "äpf", "PRÜFT", "nextest"]
    {
        assert_eq!(shown(&bench, terms(&[found])).await, [shop], "{found}");
    }
    for lost in ["ight", "shopping", "webfront", "work", "", "-", "'", "%"] {
        assert_eq!(shown(&bench, terms(&[lost])).await, [], "{lost:?}");
    }
    assert_eq!(shown(&bench, terms(&["true"])).await, [other.handle]);
    assert_eq!(shown(&bench, terms(&["night", "cargo"])).await, [shop]);
    assert_eq!(shown(&bench, terms(&["night", "true"])).await, [], "every term is to be found");
}

/// An id is found by how it begins, with or without what all made ids begin with.
pub async fn a_search_finds_an_id_by_its_beginning(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let made = bench.commit(Target::New, &start(run("ses_01JABC", None, 1))).await.handle;
    let given = bench.commit(Target::New, &start(run("deploy.42", None, 1))).await.handle;
    for (term, expected) in [
        ("ses_01J", vec![made]),
        ("01ja", vec![made]),
        ("deploy", vec![given]),
        ("deploy.4", vec![given]),
        ("Deploy", vec![]),
        ("42", vec![]),
        ("JABC", vec![]),
        ("ses_01JABCD", vec![]),
    ] {
        assert_eq!(shown(&bench, terms(&[term])).await, expected, "{term}");
    }
    assert_eq!(shown(&bench, terms(&["01j", "tru"])).await, [made], "its id, and a word");
}

/// A session is found by what its holder says now, not by what it said before.
pub async fn a_search_finds_what_is_said_now_and_not_what_was_said(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = crowd(&bench).await;
    bench.commit(held.handle, &note(held.fence, Some("building docs"))).await;
    assert_eq!(shown(&bench, terms(&["docs"])).await, [held.handle]);
    bench.commit(held.handle, &note(held.fence, Some("testing docs"))).await;
    assert_eq!(shown(&bench, terms(&["docs"])).await, [held.handle]);
    assert_eq!(shown(&bench, terms(&["testing"])).await, [held.handle]);
    assert_eq!(shown(&bench, terms(&["building"])).await, []);
}

/// A session and enough that were opened after it, so that a store has had reason to put it in order.
async fn crowd(bench: &Bench) -> Held {
    let held = bench.hold("first", 9).await;
    for number in 0..350 {
        let started = bench.prepare(Target::New, &start(run(&format!("ses_c{number}"), None, 1))).await;
        bench.send(&started).await;
    }
    held
}

/// Asked for the oldest first, pages go the other way, without a gap and without a double.
pub async fn the_oldest_come_first_when_asked(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut expected = Vec::new();
    for number in 0..9 {
        expected.push(bench.hold(&format!("a{number}"), 1).await.handle);
    }
    for limit in [1, 3, 9] {
        let mut request = ListRequest { order: Order::Oldest, ..all(limit) };
        let mut seen = Vec::new();
        loop {
            let page = list(&bench, request.clone()).await;
            assert!(page.sessions.len() <= limit);
            seen.extend(handles(&page.sessions));
            let Some(next) = page.next else { break };
            assert_eq!(seen.last(), Some(&next), "the next page begins after the last of this one");
            request.past = Some(next);
        }
        assert_eq!(seen, expected, "in pages of {limit}");
    }
}

/// Whatever changes in a session, lists show it where it belongs then, however long ago it was opened.
pub async fn a_filtered_list_follows_every_change(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let held = crowd(&bench).await;
    let of = |states: &[StateName]| Filter {
        states: states.to_vec(),
        key_prefix: Some("first".to_owned()),
        ..Filter::default()
    };
    let team = Filter { labels: vec![("team".to_owned(), "x".to_owned())], ..Filter::default() };
    assert_eq!(shown(&bench, of(&[StateName::Active])).await, [held.handle]);
    bench.commit(held.handle, &pause(held.fence)).await;
    assert_eq!(shown(&bench, of(&[StateName::Active])).await, []);
    assert_eq!(shown(&bench, of(&[StateName::Paused])).await, [held.handle]);
    let mut again = run("ses_unused", Some("first"), 2);
    again.labels = [("team".to_owned(), "x".to_owned())].into();
    again.command = vec!["pytest".to_owned()];
    again.directory = Some("/elsewhere".to_owned());
    again.takeover = Some("it died".to_owned());
    bench.clock.advance(crate::fixture::TTL);
    bench.commit(slot("first"), &start(again)).await;
    assert_eq!(shown(&bench, team.clone()).await, [held.handle]);
    assert_eq!(shown(&bench, terms(&["pytest"])).await, [held.handle]);
    let there = Filter { directory: Some("elsewhere".to_owned()), ..Filter::default() };
    assert_eq!(shown(&bench, there).await, [held.handle]);
    assert_eq!(
        shown(&bench, Filter { holder: Some(actor("runner-2")), ..Filter::default() }).await,
        [held.handle]
    );
    assert_eq!(shown(&bench, Filter { holder: Some(actor("runner-9")), ..Filter::default() }).await, []);
    bench.commit(held.handle, &cancel()).await;
    assert_eq!(shown(&bench, of(&[StateName::Active, StateName::Paused])).await, []);
    assert_eq!(shown(&bench, of(&[StateName::Cancelled])).await, [held.handle]);
    assert_eq!(shown(&bench, team).await, [held.handle], "labels stay");
    assert_eq!(shown(&bench, Filter { holder: Some(actor("runner-2")), ..Filter::default() }).await, []);
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let high = usize::try_from(self.0 >> 33).expect("31 bits");
        high % end
    }

    fn one_of<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A whole minute within the hour after `at`.
    fn minute_after(&mut self, at: WallTime) -> WallTime {
        at.after(Duration::from_secs(60 * self.below(60) as u64))
    }

    fn sometimes(&mut self) -> bool {
        self.below(3) == 0
    }
}

/// Any filters together, in any order and page size, show exactly what each of them lets through.
pub async fn any_filters_together_show_what_each_lets_through(harness: &dyn Harness) {
    let bench = Bench::new(harness).await;
    let mut numbers = Numbers(7);
    let template = bench.prepare(Target::New, &start(run("ses_template", None, 1))).await;
    let template = template.decision.session().expect("a session").clone();
    let begun = bench.clock.wall();
    for round in 0..8 {
        let opening: Vec<_> = (0..60).map(|n| any_session(&mut numbers, &template, round * 60 + n)).collect();
        for request in opening {
            bench.send(&request).await;
        }
        change_some(&bench, &mut numbers).await;
        bench.clock.advance(Duration::from_secs(600));
    }
    let everything = list_all(bench.store.as_ref(), &Namespace::default_name()).await;
    for _ in 0..300 {
        let request = any_request(&mut numbers, begun);
        let mut expected: Vec<_> = everything
            .iter()
            .filter(|listed| request.filter.admits(&listed.session))
            .map(|listed| listed.handle)
            .collect();
        if request.order == Order::Oldest {
            expected.reverse();
        }
        assert_eq!(all_pages(&bench, request.clone()).await, expected, "{request:?}");
    }
}

fn any_session(numbers: &mut Numbers, template: &Session, number: usize) -> CommitRequest {
    let team = numbers.one_of(&["web", "data", "ops"]);
    let state = [State::Active, State::Paused { reason: "lunch".to_owned() }, State::Pending]
        [numbers.below(3)]
    .clone();
    let mut session = Session {
        id: session_id(&format!("{}{number}", numbers.one_of(&["ses_01", "ses_02", "job-"]))),
        key: numbers.sometimes().then(|| key(&format!("{team}-{number}"))),
        created_at: numbers.minute_after(template.created_at),
        principal: numbers.sometimes().then(|| principal(numbers.one_of(&["ann", "ben", "carl"]))),
        labels: [("team".to_owned(), team.to_owned())].into(),
        command: vec![numbers.one_of(&["cargo", "pytest", "npm"]).to_owned(), "test".to_owned()],
        directory: numbers.sometimes().then(|| format!("/home/{}/src", numbers.one_of(&["ann", "bob"]))),
        ..template.clone()
    };
    let who = claimant(u8::try_from(numbers.below(4)).expect("small"));
    session.lease =
        session.lease.map(|lease| Lease { holder: who.holder, incarnation: who.incarnation, ..lease });
    session.started_at = Some(session.created_at).filter(|_| state != State::Pending);
    session.lease = session.lease.filter(|_| state != State::Pending);
    session.state = state;
    CommitRequest { slot: Slot::of(&session), ..storing(session) }
}

/// Of what is there, some is paused, noted, taken over or cancelled.
async fn change_some(bench: &Bench, numbers: &mut Numbers) {
    let everything = list_all(bench.store.as_ref(), &Namespace::default_name()).await;
    for listed in everything {
        let fence = listed.session.lease.as_ref().map(|lease| lease.fence);
        let command = match (numbers.below(8), fence) {
            (0, Some(fence)) => pause(fence),
            (1, Some(fence)) => note(fence, Some(numbers.one_of(&["reading docs", "testing", "idle now"]))),
            (2, Some(fence)) => complete(fence),
            (3, _) => cancel(),
            (4, Some(_)) => takeover(9),
            _ => continue,
        };
        let target = Target::Session(listed.handle);
        if let Ok(request) = crate::fixture::try_prepare(bench.store.as_ref(), &target, &command).await {
            bench.send(&request).await;
        }
    }
}

fn any_request(numbers: &mut Numbers, begun: WallTime) -> ListRequest {
    let mut filter = Filter::default();
    if numbers.sometimes() {
        filter.states = StateName::ALL.into_iter().filter(|_| numbers.sometimes()).collect();
    }
    if numbers.sometimes() {
        filter.labels = vec![("team".to_owned(), numbers.one_of(&["web", "data", "none"]).to_owned())];
    }
    if numbers.sometimes() {
        filter.principals = ["ann", "ben", "dora"]
            .iter()
            .filter(|_| numbers.sometimes())
            .map(|name| principal(name))
            .collect();
    }
    filter.kinds = if numbers.sometimes() { vec![Kind::Agent] } else { Vec::new() };
    filter.holder = numbers.sometimes().then(|| actor(numbers.one_of(&["runner-1", "runner-3", "runner-9"])));
    filter.key_prefix = numbers.sometimes().then(|| numbers.one_of(&["web-", "data-1", "", "x"]).to_owned());
    filter.directory =
        numbers.sometimes().then(|| numbers.one_of(&["src", "/home/ann/src", "home"]).to_owned());
    let period = |numbers: &mut Numbers| {
        let from = numbers.sometimes().then(|| numbers.minute_after(begun));
        Period { from, to: numbers.sometimes().then(|| numbers.minute_after(begun)) }
    };
    (filter.created, filter.started) = (period(numbers), period(numbers));
    while numbers.sometimes() {
        filter.terms.push(
            numbers.one_of(&["ses_01", "02", "job", "car", "TEST", "web", "doc", "1", "zzz"]).to_owned(),
        );
    }
    let order = if numbers.sometimes() { Order::Oldest } else { Order::Newest };
    ListRequest { filter, order, ..all([1, 7, 50, 1000][numbers.below(4)]) }
}

async fn all_pages(bench: &Bench, mut request: ListRequest) -> Vec<Handle> {
    let mut seen = Vec::new();
    loop {
        let page = list(bench, request.clone()).await;
        seen.extend(handles(&page.sessions));
        match page.next {
            Some(next) => request.past = Some(next),
            None => return seen,
        }
    }
}
