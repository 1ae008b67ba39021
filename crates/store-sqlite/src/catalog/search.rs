//! A page of a list.

use std::ops::ControlFlow;

use rusqlite::Connection;
use tenure_core::id::SessionId;
use tenure_core::kind::Kind;
use tenure_core::session::StateName;
use tenure_store::{Filter, Handle, ListRequest, Order, Page, words_in};

use super::bits::{Bits, LAST, handle_at, place_in, place_of};
use super::fold::folded;
use super::postings::{each, in_states, posting};
use super::terms;
use super::zone::{self, Zone};
use crate::error::WorkError;
use crate::row::{Stored, signed};
use crate::sql;

/// How much is done for one page, in steps from one posting to the next.
const STEPS_MAX: usize = 60_000;
/// Finding a posting, in such steps.
const SEEK: usize = 4;
/// Reading a session that does not fit, in such steps.
const LOAD: usize = 16;

/// So many words of the beginning of a key are looked for before the keys themselves are read.
const KEY_WORDS: usize = 16;

/// More ids than this that begin alike are not told from each other before the sessions are read.
const IDS_MAX: usize = 500;

/// One page of the sessions that a filter lets through.
pub(crate) fn list(conn: &Connection, request: &ListRequest) -> Result<Page, WorkError> {
    let name = request.namespace.as_str();
    let Some(ns) = sql::one(conn, sql::NAMESPACE_FIND, [name], |row| Ok(row.get(0)?))? else {
        return Ok(Page::default());
    };
    let mut search = Search::new(conn, ns, request)?;
    let ended = match request.order {
        Order::Newest => search.latest().and_then(|flow| go_on(flow, || search.blocks())),
        Order::Oldest => search.blocks().and_then(|flow| go_on(flow, || search.latest())),
    }?;
    debug_assert!(ended.is_break() || search.page.next.is_none(), "only what was left has a next page");
    Ok(search.page)
}

type Flow = ControlFlow<()>;

fn go_on(flow: Flow, next: impl FnOnce() -> Result<Flow, WorkError>) -> Result<Flow, WorkError> {
    match flow {
        ControlFlow::Continue(()) => next(),
        ControlFlow::Break(()) => Ok(flow),
    }
}

/// What a filter asks of postings.
struct Asked {
    /// Terms that must all be true.
    all: Vec<String>,
    /// Terms of each of which one must be true: of who may hold it, of whom it may be opened for.
    any: Vec<Vec<String>>,
    /// Words that begin words of the key, which are words of the session.
    key: Vec<String>,
    /// What was searched for.
    found: Vec<Found>,
    /// The terms of states and kinds, one of which must be true.
    states: Option<Vec<String>>,
    has_times: bool,
}

/// What one term of a search asks of postings: all of the words, or one of the ids.
struct Found {
    words: Vec<String>,
    ids: Ids,
}

/// Sessions whose ids begin alike.
enum Ids {
    Few(Vec<Handle>),
    /// They begin like one of these.
    Many([String; 2]),
}

struct Search<'a> {
    conn: &'a Connection,
    ns: i64,
    request: &'a ListRequest,
    asked: Asked,
    /// The newest session that is in the catalog.
    folded: i64,
    /// The first and the last session that belong on this page or later ones.
    range: (i64, i64),
    page: Page,
    steps: usize,
}

impl<'a> Search<'a> {
    fn new(conn: &'a Connection, ns: i64, request: &'a ListRequest) -> Result<Self, WorkError> {
        let range = match (request.past, request.order) {
            (None, _) => (0, i64::MAX),
            (Some(Handle(past)), Order::Newest) => (0, past.saturating_sub(1)),
            (Some(Handle(past)), Order::Oldest) => (past.saturating_add(1).max(0), i64::MAX),
        };
        Ok(Self {
            conn,
            ns,
            request,
            asked: Asked::of(conn, ns, &request.filter)?,
            folded: folded(conn)?,
            range,
            page: Page::default(),
            steps: STEPS_MAX,
        })
    }

    /// The sessions that are not in the catalog yet.
    fn latest(&mut self) -> Result<Flow, WorkError> {
        let (first, last) = self.range;
        let statement = match self.request.order {
            Order::Newest => sql::FIND_NEWEST,
            Order::Oldest => sql::FIND_OLDEST,
        };
        let mut statement = self.conn.prepare_cached(statement)?;
        let mut rows = statement.query((self.folded.max(first - 1), last, self.ns))?;
        while let Some(row) = rows.next()? {
            if self.offer(Stored::of(row)?).is_break() {
                return Ok(Flow::Break(()));
            }
        }
        Ok(Flow::Continue(()))
    }

    /// The sessions that are in the catalog, block by block.
    fn blocks(&mut self) -> Result<Flow, WorkError> {
        let (first, last) = (self.range.0, self.range.1.min(self.folded));
        let (lowest, highest) = (place_of(Handle(first)).0, place_of(Handle(last)).0);
        let (statement, mut from, step) = match self.request.order {
            Order::Newest => (sql::POSTING_BLOCK_DOWN, highest, -1),
            Order::Oldest => (sql::POSTING_BLOCK_UP, lowest, 1),
        };
        if first > last {
            return Ok(Flow::Continue(()));
        }
        loop {
            let next = sql::one(self.conn, statement, (self.ns, from), |row| Ok(row.get::<_, i64>(0)?))?;
            let Some(block) = next.filter(|block| (lowest..=highest).contains(block)) else {
                break;
            };
            let within = Bits::between(place_in(block, Handle(first)), place_in(block, Handle(last)));
            if self.block(block, within)?.is_break() || self.spend(SEEK, end_of(block, step)).is_break() {
                return Ok(Flow::Break(()));
            }
            from = block + step;
        }
        Ok(Flow::Continue(()))
    }

    fn block(&mut self, block: i64, within: Bits) -> Result<Flow, WorkError> {
        let bits = self.bits(block, within)?;
        let mut places: Vec<_> = bits.places().collect();
        if self.request.order == Order::Newest {
            places.reverse();
        }
        for place in places {
            let handle = handle_at(block, place);
            let stored = sql::one(self.conn, sql::FIND_HANDLE, [handle.0], Stored::of)?;
            if let Some(stored) = stored
                && self.offer(stored).is_break()
            {
                return Ok(Flow::Break(()));
            }
        }
        Ok(Flow::Continue(()))
    }

    /// Takes a session onto the page if it fits. Ends when the page is full or enough was done.
    fn offer(&mut self, stored: Stored) -> Flow {
        if stored.ns != self.ns || !self.request.filter.admits(&stored.session) {
            return self.spend(LOAD, stored.handle);
        }
        if self.page.sessions.len() == self.request.page_max() {
            self.page.next = self.page.sessions.last().map(|last| last.handle);
            return Flow::Break(());
        }
        self.page.sessions.push(stored.listed());
        Flow::Continue(())
    }

    /// Counts what was done. When it is enough, the next page goes on past `at`.
    fn spend(&mut self, steps: usize, at: Handle) -> Flow {
        self.steps = self.steps.saturating_sub(steps);
        if self.steps > 0 {
            return Flow::Continue(());
        }
        self.page.next = Some(at);
        Flow::Break(())
    }

    /// Which sessions of a block are to be read. What finds least is asked first.
    fn bits(&mut self, block: i64, within: Bits) -> Result<Bits, WorkError> {
        let mut bits = within;
        if self.asked.has_times {
            bits = bits.and(&self.in_times(block)?);
        }
        if bits.is_empty() {
            return Ok(bits);
        }
        for term in &self.asked.all {
            self.steps = self.steps.saturating_sub(SEEK);
            bits = bits.and(&posting(self.conn, (self.ns, block, term))?);
            if bits.is_empty() {
                return Ok(bits);
            }
        }
        for terms in &self.asked.any {
            let mut any = Bits::NONE;
            for term in terms {
                self.steps = self.steps.saturating_sub(SEEK);
                any = any.or(&posting(self.conn, (self.ns, block, term))?);
            }
            bits = bits.and(&any);
            if bits.is_empty() {
                return Ok(bits);
            }
        }
        let (conn, at, steps) = (self.conn, (self.ns, block), &mut self.steps);
        let mut union = |beginning: &str| {
            let mut bits = Bits::NONE;
            let count = each(conn, at, beginning, |_, found| bits = bits.or(&found))?;
            *steps = steps.saturating_sub(SEEK + count);
            Ok(bits)
        };
        for word in &self.asked.key {
            bits = bits.and(&union(word)?);
            if bits.is_empty() {
                return Ok(bits);
            }
        }
        for found in &self.asked.found {
            if bits.is_empty() {
                return Ok(bits);
            }
            bits = bits.and(&found.bits(conn, block, &mut union)?);
        }
        if bits.is_empty() {
            return Ok(bits);
        }
        let (states, count) = in_states(conn, at, self.asked.states.as_deref())?;
        self.steps = self.steps.saturating_sub(SEEK + count);
        Ok(bits.and(&states))
    }
}

impl Search<'_> {
    /// The sessions of a block that lie in slices which can hold some of the times asked for.
    fn in_times(&mut self, block: i64) -> Result<Bits, WorkError> {
        let filter = &self.request.filter;
        self.steps = self.steps.saturating_sub(SEEK);
        if !Zone::find(self.conn, zone::block(block))?.can_hold(filter) {
            return Ok(Bits::NONE);
        }
        self.steps = self.steps.saturating_sub(SEEK * 2);
        zone::slices(self.conn, block, |slice| slice.can_hold(filter))
    }
}

/// Where the next page goes on once a block is done.
fn end_of(block: i64, step: i64) -> Handle {
    handle_at(block, if step < 0 { 0 } else { LAST })
}

impl Asked {
    fn of(conn: &Connection, ns: i64, filter: &Filter) -> Result<Self, WorkError> {
        let labels = filter.labels.iter().map(|(name, value)| terms::label(name, value));
        let holder = filter.holder.as_ref().map(|holder| {
            // Of instances it is not entered who holds them: any open one may be.
            let open = StateName::ALL.into_iter().filter(|state| !state.is_terminal());
            let instances = open.map(|state| terms::state(Kind::Workflow, state));
            std::iter::once(terms::term(terms::HOLDER, holder.as_str())).chain(instances).collect()
        });
        let opened_for: Vec<_> = filter
            .principals
            .iter()
            .map(|principal| terms::term(terms::OPENED_FOR, principal.as_str()))
            .collect();
        let directory = filter.directory.iter().map(|directory| {
            let sort = if directory.contains('/') { terms::DIRECTORY } else { terms::LAST_PART };
            terms::term(sort, directory)
        });
        let parent = filter.parent.iter().map(|parent| terms::term(terms::PARENT, parent.as_str()));
        let group = filter.group.iter().map(|group| terms::term(terms::GROUP, group.as_str()));
        let found = filter.terms.iter().map(|term| Found::of(conn, ns, term)).collect::<Result<_, _>>()?;
        Ok(Self {
            all: labels.chain(directory).chain(parent).chain(group).collect(),
            any: holder.into_iter().chain((!opened_for.is_empty()).then_some(opened_for)).collect(),
            key: filter.key_prefix.as_deref().map(key_words).unwrap_or_default(),
            found,
            states: states(filter),
            has_times: !filter.created.is_open() || !filter.started.is_open(),
        })
    }
}

/// Terms that are true of every session whose key begins like this. The words of a key are kept before others,
/// so the first few are always there.
fn key_words(prefix: &str) -> Vec<String> {
    words_in(prefix).take(KEY_WORDS).map(|word| terms::term(terms::WORD, &word)).collect()
}

/// The terms of a filter's states and kinds; `None` where any will do.
fn states(filter: &Filter) -> Option<Vec<String>> {
    if filter.states.is_empty() && filter.kinds.is_empty() {
        return None;
    }
    let kinds = if filter.kinds.is_empty() { &Kind::ALL[..] } else { &filter.kinds };
    let states = if filter.states.is_empty() { &StateName::ALL[..] } else { &filter.states };
    let both = kinds.iter().flat_map(|kind| states.iter().map(|state| terms::state(*kind, *state)));
    Some(both.collect())
}

impl Found {
    fn of(conn: &Connection, ns: i64, term: &str) -> Result<Self, WorkError> {
        let words = words_in(term).map(|word| terms::term(terms::WORD, &word)).collect();
        Ok(Self { words, ids: Ids::of(conn, ns, term)? })
    }

    fn bits(
        &self,
        conn: &Connection,
        block: i64,
        union: &mut impl FnMut(&str) -> Result<Bits, WorkError>,
    ) -> Result<Bits, WorkError> {
        let mut by_id = Bits::NONE;
        match &self.ids {
            Ids::Many(beginnings) => {
                let can_have = |zone: &Zone| beginnings.iter().any(|beginning| zone.can_have(beginning));
                if can_have(&Zone::find(conn, zone::block(block))?) {
                    by_id = zone::slices(conn, block, can_have)?;
                }
            }
            Ids::Few(handles) => {
                let here =
                    handles.iter().map(|handle| place_of(*handle)).filter(|(there, _)| *there == block);
                here.for_each(|(_, place)| by_id.insert(place));
            }
        }
        if self.words.is_empty() {
            return Ok(by_id);
        }
        let mut by_words = Bits::ALL;
        for word in &self.words {
            if by_words.is_empty() {
                break;
            }
            by_words = by_words.and(&union(word)?);
        }
        Ok(by_words.or(&by_id))
    }
}

impl Ids {
    fn of(conn: &Connection, ns: i64, term: &str) -> Result<Self, WorkError> {
        if term.is_empty() {
            return Ok(Self::Few(Vec::new()));
        }
        let made = format!("{}{}", SessionId::PREFIX, term.to_ascii_uppercase());
        let beginnings = [term.to_owned(), made];
        let mut handles = Vec::new();
        for beginning in &beginnings {
            // An id has only characters that come before this one.
            let end = format!("{beginning}\u{7f}");
            let range = (ns, beginning.as_str(), &end, signed(IDS_MAX as u64 + 1));
            handles.extend(sql::all(conn, sql::FIND_IDS, range, |row| Ok(Handle(row.get(0)?)))?);
        }
        Ok(if handles.len() > IDS_MAX { Self::Many(beginnings) } else { Self::Few(handles) })
    }
}
