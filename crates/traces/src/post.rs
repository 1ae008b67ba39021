//! How a batch of spans reaches its collector.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use tenure_client::{Address, ClientError, Connections};
use tokio::runtime::Handle;
use tokio::time::timeout;

/// How long a collector may take to be reached.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Most that is read of its answer, in bytes.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Sends batches. Whoever exports waits on a thread without a runtime: they are sent by another's.
#[derive(Debug)]
pub(crate) struct Post {
    connections: Connections,
    runtime: Handle,
    /// Whether the last one was not taken.
    is_failing: AtomicBool,
}

impl Post {
    pub(crate) fn to(collector: &Address, runtime: Handle) -> Result<Self, ClientError> {
        let connections = Connections::new(collector, CONNECT_WITHIN)?;
        Ok(Self { connections, runtime, is_failing: AtomicBool::new(false) })
    }

    /// Says once that it does not work, and once that it does again.
    fn note(&self, sent: &Result<Response<Bytes>, HttpError>) {
        let why = match sent {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("the collector answers {}", answer.status())),
            Err(error) => Some(words(error.as_ref())),
        };
        let was_failing = self.is_failing.swap(why.is_some(), Ordering::Relaxed);
        match why {
            Some(why) if !was_failing => tracing::warn!(why, "traces are lost"),
            None if was_failing => tracing::info!("traces are collected again"),
            Some(_) | None => {}
        }
    }
}

#[async_trait]
impl HttpClient for Post {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let connections = self.connections.clone();
        // A time-out is made where it is kept: here is no clock.
        let sent = async { timeout(ANSWER_WITHIN, send(connections, request.map(Full::new))).await };
        let sent = match self.runtime.spawn(sent).await {
            Ok(Ok(sent)) => sent,
            Ok(Err(late)) => Err(late.into()),
            // The program ends.
            Err(stopped) => return Err(stopped.into()),
        };
        self.note(&sent);
        sent
    }
}

/// An error and what caused it.
fn words(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}

async fn send(connections: Connections, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, HttpError> {
    let (head, body) = connections.send(request).await?.into_parts();
    let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
    Ok(Response::from_parts(head, body))
}
