//! Workers and the keys they hold, for people and programs.

use serde_json::{Value, json};
use tenure_api::Named;
use tenure_core::escape::Escaped;
use tenure_core::id::{AffinityKey, Fence, WorkerId};
use tenure_core::time::Moment;
use tenure_store::{Dismissal, Pin, Worker};

use super::table::{Columns, table};
use super::{Look, Report, Tone};
use tenure_words::documents;
use tenure_words::when::ago;

/// Every worker that is known.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    pub(crate) rows: Vec<Worker>,
    pub(crate) now: Option<Moment>,
}

impl Workers {
    fn form(&self, worker: &Worker) -> tenure_api::Worker {
        tenure_api::Worker::of(&documents::worker(worker), self.now.as_ref())
    }
}

impl Report for Workers {
    fn text(&self, look: &Look) -> String {
        if self.rows.is_empty() {
            return "No workers.\n".to_owned();
        }
        let row = |worker: &Worker| {
            let shown = self.form(worker);
            let mut queues = shown.queues.join(" ");
            if let Some(namespace) = &shown.namespace {
                queues = format!("{namespace}: {queues}");
            }
            let renewed = worker.lease.term.renewed_at().zip(self.now.as_ref());
            [
                shown.state.as_ref().map_or("live", Named::as_str).to_owned(),
                worker.lease.holder.id.to_string(),
                if queues.is_empty() { "-".to_owned() } else { queues },
                worker.instances.to_string(),
                worker.pins.to_string(),
                worker.tasks.to_string(),
                renewed.map_or_else(|| "-".to_owned(), |(at, now)| ago(at, now)),
            ]
        };
        let header = ["STATE", "WORKER", "QUEUES", "INSTANCES", "KEYS", "TASKS", "RENEWED"];
        table(look, (header, Columns::Left), self.rows.iter().map(row))
    }

    fn json(&self) -> Value {
        json!({ "data": self.rows.iter().map(|worker| self.form(worker)).collect::<Vec<_>>() })
    }
}

/// A worker is to go.
#[derive(Debug)]
pub(crate) struct Dismissed {
    pub(crate) worker: Worker,
    pub(crate) how: Dismissal,
}

impl Report for Dismissed {
    fn text(&self, _: &Look) -> String {
        let name = &self.worker.lease.holder.id;
        let had = format!(
            "{} instances, {} keys, {} tasks",
            self.worker.instances, self.worker.pins, self.worker.tasks
        );
        match self.how {
            Dismissal::Drain => format!("Worker {name} is asked to go. It has {had}.\n"),
            Dismissal::Evict => format!("Evicted worker {name}. It had {had}.\n"),
        }
    }

    fn json(&self) -> Value {
        let verb = match self.how {
            Dismissal::Drain => "worker drain",
            Dismissal::Evict => "worker evict",
        };
        // How it is now is for `worker list` to say.
        let was = tenure_api::Worker::of(&documents::worker(&self.worker), None);
        json!({ "command": verb, "ok": true, "was": was })
    }
}

/// Keys and who holds them.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    pub(crate) rows: Vec<Pin>,
    pub(crate) has_more: bool,
    pub(crate) now: Option<Moment>,
}

impl Report for Pins {
    fn text(&self, look: &Look) -> String {
        if self.rows.is_empty() {
            return "No keys.\n".to_owned();
        }
        let row = |pin: &Pin| {
            [
                if pin.is_live { "live" } else { "free" }.to_owned(),
                pin.key.to_string(),
                pin.worker.to_string(),
                pin.fence.to_string(),
                pin.waiting.to_string(),
                pin.running.to_string(),
                self.now.as_ref().map_or_else(|| "-".to_owned(), |now| ago(pin.last_used, now)),
            ]
        };
        let header = ["STATE", "KEY", "WORKER", "FENCE", "WAITING", "RUNNING", "USED"];
        let mut text = table(look, (header, Columns::Left), self.rows.iter().map(row));
        if self.has_more {
            text.push_str(&look.paint(Tone::Dim, "more: the same, with --after and the last key"));
            text.push('\n');
        }
        text
    }

    fn json(&self) -> Value {
        let rows: Vec<_> = self.rows.iter().map(documents::pin).collect();
        json!({ "data": rows, "has_more": self.has_more })
    }
}

/// A key has another holder, or none.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) key: AffinityKey,
    pub(crate) to: Option<WorkerId>,
    pub(crate) fence: Fence,
}

impl Report for Moved {
    fn text(&self, _: &Look) -> String {
        let key = Escaped(self.key.as_str());
        match &self.to {
            Some(to) => format!("Key {key} is {to}'s from now on, under fence {}.\n", self.fence),
            None => format!("Key {key} is free: whoever claims it next has it.\n"),
        }
    }

    fn json(&self) -> Value {
        json!({
            "command": if self.to.is_some() { "pin move" } else { "pin release" },
            "ok": true,
            "key": self.key.as_str(),
            "worker": self.to.as_ref().map(WorkerId::as_str),
            "fence": self.fence.0,
        })
    }
}
