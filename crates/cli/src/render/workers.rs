//! Workers and the keys they hold, for people and programs.

use serde_json::{Value, json};
use tenure_core::escape::Escaped;
use tenure_core::id::{AffinityKey, Fence, WorkerId};
use tenure_core::lease::Standing;
use tenure_core::time::{Moment, millis};
use tenure_core::worker::{Queues, is_stalled};
use tenure_store::{Dismissal, Pin, Worker};

use super::table::{Columns, table};
use super::{Look, Report, Tone};
use tenure_words::when::{ago, rfc3339};

/// Every worker that is known.
#[derive(Debug, Default)]
pub(crate) struct Workers {
    pub(crate) rows: Vec<Worker>,
    pub(crate) now: Option<Moment>,
}

/// How a worker is.
fn standing(worker: &Worker, now: Option<&Moment>) -> &'static str {
    let Some(now) = now else { return "live" };
    let since = now.wall.map(|wall| wall.since(worker.progressed_at)).unwrap_or_default();
    if worker.is_gone {
        "gone"
    } else if worker.lease.term.standing(now) == Ok(Standing::Over) {
        "over"
    } else if worker.lease.term.ttl().is_some_and(|ttl| is_stalled(ttl, since)) {
        "stalled"
    } else if worker.is_draining {
        "draining"
    } else {
        "live"
    }
}

fn queues(queues: &Queues) -> Vec<String> {
    match queues {
        Queues::All => vec!["*".to_owned()],
        Queues::These(queues) => {
            let name = |queue: &Option<tenure_core::id::QueueName>| match queue {
                Some(name) => name.to_string(),
                None => "(default)".to_owned(),
            };
            queues.iter().map(name).collect()
        }
    }
}

impl Report for Workers {
    fn text(&self, look: &Look) -> String {
        if self.rows.is_empty() {
            return "No workers.\n".to_owned();
        }
        let row = |worker: &Worker| {
            let mut queues = queues(&worker.serving.queues).join(" ");
            if let Some(namespace) = &worker.serving.namespace {
                queues = format!("{namespace}: {queues}");
            }
            let renewed = worker.lease.term.renewed_at().zip(self.now.as_ref());
            [
                standing(worker, self.now.as_ref()).to_owned(),
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
        let rows = self.rows.iter().map(|worker| worker_json(worker, self.now.as_ref()));
        json!({ "data": rows.collect::<Vec<_>>() })
    }
}

fn worker_json(worker: &Worker, now: Option<&Moment>) -> Value {
    let place = worker.lease.holder.place.as_ref();
    json!({
        "worker": worker.lease.holder.id.as_str(),
        "incarnation": worker.lease.incarnation.to_string(),
        "state": standing(worker, now),
        "draining": worker.is_draining,
        "host": place.map(|place| &*place.host),
        "pid": place.map(|place| place.pid),
        "ttl_ms": worker.lease.term.ttl().map(|ttl| millis(ttl.length())),
        "renewed_at": worker.lease.term.renewed_at().map(rfc3339),
        "progressed_at": rfc3339(worker.progressed_at),
        "queues": queues(&worker.serving.queues),
        "instances": worker.instances,
        "keys": worker.pins,
        "keys_busy_max": worker.serving.busy_max,
        "keys_held_max": worker.serving.held_max,
        "tasks": worker.tasks,
    })
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
        let mut document = worker_json(&self.worker, None);
        if let Some(fields) = document.as_object_mut() {
            // As it was; how it is now is for `worker list` to say.
            fields.shift_remove("state");
        }
        json!({ "command": verb, "ok": true, "was": document })
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
        let row = |pin: &Pin| {
            json!({
                "namespace": pin.namespace.as_str(),
                "key": pin.key.as_str(),
                "worker": pin.worker.as_str(),
                "fence": pin.fence.0,
                "live": pin.is_live,
                "since": rfc3339(pin.since),
                "last_used_at": rfc3339(pin.last_used),
                "waiting": pin.waiting,
                "running": pin.running,
            })
        };
        json!({ "data": self.rows.iter().map(row).collect::<Vec<_>>(), "has_more": self.has_more })
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
