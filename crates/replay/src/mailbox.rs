//! Signals that nobody has taken, and those who wait for some.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tenure_core::id::{Operation, SignalName};
use tenure_core::orchestration::{Payload, Signal};

/// Signals that nobody has taken, and those who wait for some: found by name, however many there are of others.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    boxes: BTreeMap<SignalName, NameBox>,
    /// The places of the oldest and of the newest.
    first: i64,
    last: i64,
}

/// What there is of one name. Whoever waits finds no signal: only one of both is ever there.
#[derive(Debug, Default)]
struct NameBox {
    /// Each with its place among those of all names.
    left: VecDeque<(i64, Payload)>,
    waiting: BTreeSet<Operation>,
}

impl Mailbox {
    pub(crate) fn of(signals: &[Signal]) -> Self {
        let mut mailbox = Self::default();
        signals.iter().cloned().for_each(|signal| mailbox.keep(signal));
        mailbox
    }

    /// Keeps one that nobody waits for.
    pub(crate) fn keep(&mut self, Signal { name, data }: Signal) {
        self.last += 1;
        self.boxes.entry(name).or_default().left.push_back((self.last, data));
    }

    /// Takes one back that was given to somebody who did not take it: it is the next again.
    pub(crate) fn give_back(&mut self, name: SignalName, data: Payload) {
        self.first -= 1;
        self.boxes.entry(name).or_default().left.push_front((self.first, data));
    }

    /// The oldest of a name.
    pub(crate) fn take(&mut self, name: &SignalName) -> Option<Payload> {
        let kept = self.boxes.get_mut(name)?;
        let (_, data) = kept.left.pop_front()?;
        self.forget_if_empty(name);
        Some(data)
    }

    pub(crate) fn wait(&mut self, name: SignalName, op: Operation) {
        self.boxes.entry(name).or_default().waiting.insert(op);
    }

    pub(crate) fn wait_no_more(&mut self, name: &SignalName, op: Operation) {
        if let Some(kept) = self.boxes.get_mut(name) {
            kept.waiting.remove(&op);
            self.forget_if_empty(name);
        }
    }

    /// Whoever has waited longest for one of that name.
    pub(crate) fn first_waiting(&self, name: &SignalName) -> Option<Operation> {
        self.boxes.get(name)?.waiting.first().copied()
    }

    /// Those that nobody has taken, in the order in which they came.
    pub(crate) fn left(&self) -> Vec<Signal> {
        let all = self.boxes.iter().flat_map(|(name, kept)| kept.left.iter().map(move |left| (name, left)));
        let mut all: Vec<_> = all.collect();
        all.sort_unstable_by_key(|(_, (place, _))| *place);
        all.into_iter().map(|(name, (_, data))| Signal { name: name.clone(), data: data.clone() }).collect()
    }

    fn forget_if_empty(&mut self, name: &SignalName) {
        if self.boxes.get(name).is_some_and(|kept| kept.left.is_empty() && kept.waiting.is_empty()) {
            self.boxes.remove(name);
        }
    }
}
