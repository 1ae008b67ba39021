//! What a server is given when it starts, and what every request can reach.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use opentelemetry::global::BoxedTracer;
use tenure_core::id::{Incarnation, Namespace};
use tenure_engine::{Engine, Steady};
use tenure_store::Handle;
use tenure_words::Problem;
use tokio::sync::watch;

use crate::live::hub::Hubs;
use crate::metrics::Counters;
use crate::once::Left;
use crate::remote::Remotes;

/// What a server is given when it starts.
#[derive(Debug)]
pub struct Setup {
    /// Does what is asked.
    pub engine: Engine,
    /// This start of the server.
    pub incarnation: Incarnation,
    /// For everything that waits.
    pub clock: Arc<dyn Steady>,
    /// Knows what is left of holders on this machine.
    pub alive: Arc<dyn Alive>,
    /// The tenant of whoever names none.
    pub namespace: Namespace,
    /// Whether whoever has no token may do everything.
    pub is_open: bool,
    /// How much of anything is too much.
    pub limits: Limits,
    /// Takes the spans of requests, if somebody collects them.
    pub tracer: Option<BoxedTracer>,
}

/// Knows what is left of a late holder's processes on this machine.
#[async_trait]
pub trait Alive: std::fmt::Debug + Send + Sync {
    /// Refuses while processes that a late holder had started may still be at work.
    ///
    /// # Errors
    /// Who is at work, or why it cannot be told.
    async fn ensure_gone(&self, handle: Handle) -> Result<(), Problem>;
}

/// How much of anything is too much.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most connections at once.
    pub connections: usize,
    /// Largest body of a request, in bytes.
    pub body_bytes: usize,
    /// How long a request's head may take.
    pub head_timeout: Duration,
    /// How long a request's body may pause.
    pub body_timeout: Duration,
    /// How long an answer may wait for its reader to take more of it.
    pub write_timeout: Duration,
    /// How often a silent stream says that it is there.
    pub heartbeat: Duration,
    /// How long requests may go on once the server is to stop.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            body_bytes: 16 * 1024 * 1024,
            head_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
            drain: Duration::from_secs(10),
        }
    }
}

/// What every request can reach.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) setup: Setup,
    /// Whether the server is to stop: streams end, nothing new is waited for.
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) remotes: Remotes,
    /// What streams across sessions read from.
    pub(crate) hubs: Hubs,
    pub(crate) counters: Counters,
    /// Requests that may be asked again.
    pub(crate) left: Left,
}

impl Served {
    /// Returns once the server is to stop.
    pub(crate) async fn stopping(&self) {
        let mut stopping = self.stopping.clone();
        // A sender that is gone has stopped.
        let _gone = stopping.wait_for(|stopping| *stopping).await;
    }
}
