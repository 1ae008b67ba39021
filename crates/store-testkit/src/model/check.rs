//! Compares what the store and the model show: pages, lists, names, what is due.

use std::collections::BTreeSet;

use tenure_core::event::Event;
use tenure_core::id::{Namespace, Seq, SessionId};
use tenure_core::kind::Kind;
use tenure_core::session::{Session, StateName};
use tenure_core::time::WallTime;
use tenure_store::{
    ChildrenRequest, Due, Figures, FiguresRequest, Filter, Find, Handle, ListRequest, Listed, NamedRequest,
    Order, Period, Postpone, Quiet, ReadOutcome, ReadRequest, Store,
};

use super::deed::{AGENT_KEYS, WORKSPACE_KEY};
use super::op::Op;
use super::world::World;
use crate::fixture::{TTL, find};
use crate::read_all;

const fn before(seq: Seq) -> Seq {
    Seq(seq.0 - 1)
}

impl World {
    /// A page is everything wanted up to where it says it has read, and reading goes on.
    pub(super) async fn check_read(&self, op: &Op) {
        let Some((there, here, _)) = self.handles(op, self.chosen(op)).await else { return };
        let (after, limit) = (Seq(u64::from(op.who) * 2), usize::from(op.spot) + 1);
        let types = ["note", "state_changed"].into_iter().take(usize::from(op.who) % 3);
        let types: Vec<_> = types.map(str::to_owned).collect();
        let request = ReadRequest { handle: there, after, limit, types: types.clone() };
        let earliest = find(self.model.as_ref(), &here.into()).await.earliest;
        let log = read_all(self.model.as_ref(), here).await;
        let read = match self.tested(op).read(request).await.expect("an outcome") {
            ReadOutcome::Page(read) if after.next() >= earliest => read,
            other => {
                assert_eq!(other, ReadOutcome::Compacted { earliest }, "events after {after}");
                return;
            }
        };
        let is_wanted =
            |event: &&Event| types.is_empty() || types.iter().any(|name| name == event.data.type_name());
        let seen = log.iter().filter(|event| event.seq > after && event.seq <= read.read_to);
        let expected: Vec<_> = seen.filter(is_wanted).cloned().collect();
        assert_eq!(read.events, expected, "events after {after} of {types:?}");
        assert!(read.events.len() <= limit, "no more than asked for");
        assert_eq!(read.head, log.last().map_or_else(|| before(earliest), |event| event.seq));
        assert!(read.read_to > after || after >= read.head, "reading goes on: {read:?}");
        let rest = log.iter().filter(|event| event.seq > after).count();
        assert!(!types.is_empty() || read.events.len() == limit.min(rest), "a page is full");
    }

    /// Every page of a list, one after the other.
    pub(super) async fn check_list(&self, op: &Op) {
        let (namespace, limit) = (Namespace::default_name(), usize::from(op.number) + 1);
        let order = if op.via == 0 { Order::Newest } else { Order::Oldest };
        let filter = self.filter(op).await;
        let request = ListRequest { filter, order, ..ListRequest::newest(namespace, limit) };
        let expected = pages(self.model.as_ref(), &request).await;
        let listed = pages(self.tested(op), &request).await;
        assert_eq!(shown(&listed.concat()), shown(&expected.concat()), "{request:?}");
        // No store has to look at more for one page than there is in these worlds.
        let lengths = |pages: &[Vec<Listed>]| pages.iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(&listed), lengths(&expected), "full pages, then an end");
    }

    /// A filter that a step's numbers mean.
    async fn filter(&self, op: &Op) -> Filter {
        let (who, number) = (usize::from(op.who), usize::from(op.number));
        let chosen = self.chosen_session(op).await;
        let chosen = chosen.as_ref();
        let mut filter = Filter::default();
        match op.spot {
            0 => {
                let states = if number.is_multiple_of(2) { who } else { 0 };
                filter.states = StateName::ALL.into_iter().skip(number).take(states).collect();
                filter.kinds = Kind::ALL.into_iter().skip(number % 3).take(who % 3).collect();
            }
            1 => {
                filter.labels = (0..who % 3).map(|n| (format!("label{n}"), n.to_string())).collect();
                let parent = chosen.and_then(|session| session.parent.as_ref()).filter(|_| who > 0);
                filter.parent = parent.map(|parent| parent.id.clone());
                let directory = ["elsewhere", "/work", "work"].get(number);
                filter.directory = directory.map(|directory| (*directory).to_owned());
            }
            2 => {
                let from = chosen.map(|session| session.created_at);
                filter.created = Period { from, to: from.filter(|_| who > 1) };
            }
            3 => {
                let to = chosen.and_then(|session| session.started_at);
                filter.started = Period { from: to.filter(|_| who > 1), to };
            }
            4 => {
                let lease = chosen.and_then(|session| session.lease.as_ref());
                filter.holder = lease.filter(|_| who > 1).map(|lease| lease.holder.id.clone());
                filter.key_prefix = AGENT_KEYS.get(who).map(|key| (*key).to_owned());
            }
            _ => {
                let terms = [["true", "step"], ["label1", "1"], ["ses_1", "wor"], ["a", ""]][who];
                filter.terms = terms.into_iter().filter(|term| !term.is_empty()).map(str::to_owned).collect();
            }
        }
        filter
    }

    async fn chosen_session(&self, op: &Op) -> Option<Session> {
        let handle = self.handle(self.model.as_ref(), &self.chosen(op)?).await?;
        self.model.find(Find::Handle(handle)).await.expect("an answer").current.session
    }

    /// The figures, but for handles.
    pub(super) async fn check_figures(&self, op: &Op) {
        let request = FiguresRequest {
            namespace: Namespace::default_name(),
            quiet_after: TTL * u32::from(op.number / 2) * 20,
            quiet_max: usize::from(op.who),
        };
        let expected = self.model.figures(request.clone()).await.expect("figures");
        let figures = self.tested(op).figures(request).await.expect("figures");
        assert_eq!(shown(&figures.quiet.longest), shown(&expected.quiet.longest), "what is quiet");
        let without_list = |figures: Figures| {
            let quiet = Quiet { longest: Vec::new(), ..figures.quiet };
            Figures { quiet, ..figures }
        };
        assert_eq!(without_list(figures), without_list(expected));
    }

    /// What the keys, and the ids that were given out, mean.
    pub(super) async fn compare_names(&self, store: &dyn Store) {
        let keys = AGENT_KEYS.into_iter().chain([WORKSPACE_KEY]);
        for name in keys.chain(self.known.iter().map(SessionId::as_str)) {
            let request = NamedRequest { namespace: Namespace::default_name(), name: name.to_owned() };
            let expected = self.model.named(request.clone()).await.expect("an answer");
            let named = store.named(request).await.expect("an answer");
            assert_eq!(shown(&named), shown(&expected), "what {name} means");
        }
    }

    /// Whose children they are, in pages of two.
    pub(super) async fn compare_children(&self, store: &dyn Store) {
        for id in &self.known {
            let here = self.handle(self.model.as_ref(), id).await.expect("it is stored");
            let there = self.handle(store, id).await.expect("it is stored");
            let expected = children(self.model.as_ref(), here).await;
            assert_eq!(shown(&children(store, there).await), shown(&expected), "the children of {id}");
        }
    }

    /// Nothing is missing that must be due, and nothing is there that cannot be.
    ///
    /// Whether an owner's append moves the next look is left to each store.
    pub(super) async fn check_due(&self, op: &Op) {
        let limit = usize::from(op.who) + 1;
        let due = self.tested(op).due(limit).await.expect("what is due");
        assert!(due.len() <= limit);
        let ids: BTreeSet<_> = due.iter().map(|due| due.session.id.clone()).collect();
        assert_eq!(ids.len(), due.len(), "each at most once");
        for Due { handle, session } in &due {
            assert!(session.due_at().is_some(), "nothing makes it expire: {session:?}");
            let found = self.tested(op).find(Find::Handle(*handle)).await.expect("an answer");
            assert_eq!(found.current.session.as_ref(), Some(session));
        }
        let Some(now) = self.clock_wall() else {
            assert_eq!(due, [], "nobody knows what is due");
            return;
        };
        let overdue = self.overdue(now).await;
        assert!(due.len() == limit || overdue.is_subset(&ids), "{overdue:?} must be among {ids:?}");
        for Due { session, .. } in due.iter().filter(|due| !overdue.contains(&due.session.id)) {
            assert!(session.due_at() > Some(now), "it was postponed: {session:?}");
        }
    }

    async fn overdue(&self, now: WallTime) -> BTreeSet<SessionId> {
        let due = self.model.due(usize::MAX).await.expect("what is due");
        let overdue = due.into_iter().filter(|due| due.session.due_at().is_some_and(|at| at <= now));
        overdue.map(|due| due.session.id).collect()
    }

    fn clock_wall(&self) -> Option<WallTime> {
        if self.wall.is_some() { None } else { Some(self.clock.wall()) }
    }

    /// Postpones what both show as due.
    pub(super) async fn postpone(&self, op: &Op) {
        let Some(now) = self.clock_wall() else { return };
        let until = now.after(TTL * u32::from(op.number));
        let overdue = self.overdue(now).await;
        for id in overdue.iter().take(usize::from(op.who)) {
            let there = self.handle(self.tested(op), id).await.expect("it is stored");
            let here = self.handle(self.model.as_ref(), id).await.expect("it is stored");
            let look = vec![Postpone { handle: there, until }];
            self.tested(op).postpone(look).await.expect("postponed");
            let look = vec![Postpone { handle: here, until }];
            self.model.postpone(look).await.expect("postponed");
        }
    }
}

async fn children(store: &dyn Store, parent: Handle) -> Vec<Listed> {
    let (mut all, mut before) = (Vec::new(), None);
    loop {
        let request = ChildrenRequest { parent, before, limit: 2 };
        let page = store.children(request).await.expect("a page");
        all.extend(page.sessions);
        before = page.next;
        if before.is_none() {
            return all;
        }
    }
}

async fn pages(store: &dyn Store, request: &ListRequest) -> Vec<Vec<Listed>> {
    let mut pages = Vec::new();
    let mut request = request.clone();
    loop {
        let page = store.list(request.clone()).await.expect("a page");
        assert!(page.sessions.len() <= request.limit, "no more than asked for");
        pages.push(page.sessions);
        let Some(next) = page.next else { return pages };
        let goes_on = |past| if request.order == Order::Newest { next < past } else { next > past };
        assert!(request.past.is_none_or(goes_on), "each page goes on in the order of the one before");
        request.past = Some(next);
    }
}

/// What a list shows, without handles.
fn shown(listed: &[Listed]) -> Vec<(&Session, Seq)> {
    listed.iter().map(|listed| (&listed.session, listed.head)).collect()
}
