//! Being woken when a session changes: the server's stream, and what was heard of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tenure_client::{Client, ClientError, Follow, Heard as Told};
use tenure_core::event::Event;
use tenure_core::id::Seq;
use tenure_store::{Heard, Watch};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::sleep;

use crate::Remote;

/// So many events that nobody has taken are kept; who is further behind reads them as pages.
const KEPT_MAX: usize = 10_000;

/// How soon a session is followed again that was refused.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What a stream told.
#[derive(Debug)]
struct Known {
    /// Every event after this position, up to the last that is kept, is kept. `None`: nothing is known.
    after: Option<Seq>,
    events: VecDeque<Event>,
}

/// A stream under way, for as long as somebody watches.
#[derive(Debug)]
struct Listening {
    known: Arc<Mutex<Known>>,
    stream: AbortHandle,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stream.abort();
    }
}

impl Heard for Listening {
    fn heard(&self, after: Seq) -> Option<Vec<Event>> {
        let mut known = lock(&self.known);
        known.after.filter(|from| after >= *from)?;
        while known.events.front().is_some_and(|event| event.seq <= after) {
            known.events.pop_front();
        }
        known.after = Some(after);
        Some(known.events.iter().cloned().collect())
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Remote {
    /// Watches the session of that id, whose newest event is at `head`.
    pub(crate) async fn listen(&self, id: &str, head: Seq) -> Result<Watch, ClientError> {
        let mut follow = self.0.client.follow(id, head.0, Vec::new());
        // The stream is armed once its first frame has come.
        let (begun, follow) = self
            .0
            .wire
            .run(async move {
                let begun = follow.next().await;
                (begun, follow)
            })
            .await;
        begun?;
        let (tell, changes) = watch::channel(0);
        let known = Arc::new(Mutex::new(Known { after: Some(head), events: VecDeque::new() }));
        let anew = (self.0.client.clone(), id.to_owned());
        let stream = self.0.wire.begin_work(listen((follow, anew), Arc::clone(&known), tell));
        Ok(Watch::new(changes, Box::new(Listening { known, stream })))
    }
}

/// Tells of changes for as long as somebody watches. With what the session is followed anew comes along.
async fn listen(
    (mut follow, (client, id)): (Follow, (Client, String)),
    known: Arc<Mutex<Known>>,
    tell: watch::Sender<u64>,
) {
    loop {
        let told = follow.next().await;
        let (is_over, is_refused) = (matches!(told, Ok(Told::End)), told.is_err());
        match told {
            Ok(Told::Event(event)) => match event.read() {
                Ok(event) => lock(&known).take(event),
                Err(_unreadable) => lock(&known).forget(),
            },
            // After a cut: something may have changed that is no event.
            Ok(Told::Snapshot(_)) => {}
            // Whoever watches reads how it ended, or why nothing more is told.
            Ok(Told::End) | Err(_) => lock(&known).forget(),
        }
        tell.send_modify(|changes| *changes += 1);
        if is_over {
            return tell.closed().await;
        }
        // What was dropped unread, or a token that was not good for a moment, is no end: more may come.
        if is_refused {
            follow = again(&client, &id).await;
        }
    }
}

async fn again(client: &Client, id: &str) -> Follow {
    loop {
        sleep(AGAIN_AFTER).await;
        if let Ok(session) = client.session(id).await {
            return client.follow(id, session.head_seq.unwrap_or_default(), Vec::new());
        }
    }
}

impl Known {
    fn take(&mut self, event: Event) {
        let Some(after) = self.after else { return };
        let expected = self.events.back().map_or(after, |event| event.seq).next();
        // Heard again after a cut.
        if event.seq < expected {
            return;
        }
        if event.seq > expected || self.events.len() >= KEPT_MAX {
            return self.forget();
        }
        self.events.push_back(event);
    }

    fn forget(&mut self) {
        self.after = None;
        self.events = VecDeque::new();
    }
}
