//! Sending, and reading what comes back.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::{Request, Response, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde::de::DeserializeOwned;
use tenure_api::Problem;
use tokio::time::{Instant, sleep, timeout};

use crate::call::{Call, Method, Twice};
use crate::retry::pause;
use crate::{Address, Client, ClientError, Draw};

/// Largest answer that is read into memory, in bytes. A server answers with pages, and with checkpoints of 64 MiB at
/// most.
const ANSWER_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The same of an answer that says no, which is a page at most.
const PROBLEM_BYTES_MAX: usize = 1024 * 1024;
/// An idle connection is closed before a server or a proxy does it.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// Connections to a server, kept for the next request; encrypted ones to whomever this machine trusts. Cheap to clone;
/// clones share them.
#[derive(Debug, Clone)]
pub struct Connections(Sort);

#[derive(Debug, Clone)]
enum Sort {
    Plain(legacy::Client<HttpConnector, Full<Bytes>>),
    Secure(legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>),
}

impl Connections {
    /// Those to the server at `address`, each to be there within `connect`. None is made yet.
    ///
    /// # Errors
    /// When the certificates that this machine trusts cannot be read; only for `https`.
    pub fn new(address: &Address, connect: Duration) -> Result<Self, ClientError> {
        let mut http = HttpConnector::new();
        http.enforce_http(!address.is_secure());
        http.set_nodelay(true);
        http.set_connect_timeout(Some(connect));
        let mut clients = legacy::Client::builder(TokioExecutor::new());
        clients.pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE_MAX);
        if !address.is_secure() {
            return Ok(Self(Sort::Plain(clients.build(http))));
        }
        let trusting = HttpsConnectorBuilder::new().with_native_roots();
        let trusting = trusting.map_err(|source| ClientError::Unreachable { source: source.into() })?;
        Ok(Self(Sort::Secure(clients.build(trusting.https_only().enable_http1().wrap_connector(http)))))
    }

    /// Sends a request whose URL is below the address. An answer that says no is an answer.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`], [`ClientError::Unanswered`].
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, ClientError> {
        let sent = match &self.0 {
            Sort::Plain(client) => client.request(request).await,
            Sort::Secure(client) => client.request(request).await,
        };
        sent.map_err(|error| match (error.is_connect(), within(&error)) {
            (true, source) => ClientError::Unreachable { source },
            (false, source) => ClientError::Unanswered { source },
        })
    }
}

impl Client {
    /// Sends a request, again where that is safe and may help, and reads the document that is answered.
    ///
    /// # Errors
    /// What the server says, or why it could not be heard.
    pub async fn ask<T: DeserializeOwned>(&self, call: Call) -> Result<T, ClientError> {
        let body = self.read(call).await?;
        serde_json::from_slice(&body).map_err(|wrong| ClientError::Unreadable { what: wrong.to_string() })
    }

    /// The same, for an answer that is no document.
    ///
    /// # Errors
    /// As [`Client::ask`].
    pub async fn read(&self, mut call: Call) -> Result<Bytes, ClientError> {
        if let Twice::Keyed(key) = &call.twice {
            let key = key.clone().unwrap_or_else(|| drawn(&self.0.draw));
            call = call.header("idempotency-key", key);
        }
        let give_up_at = Instant::now() + self.0.patience.total;
        let mut tries = 1;
        loop {
            let error = match self.once(&call).await {
                Ok(body) => return Ok(body),
                Err(error) => error,
            };
            let pause =
                pause(&error, &call.twice, tries).filter(|pause| Instant::now() + *pause < give_up_at);
            let Some(pause) = pause else { return Err(error) };
            sleep(pause).await;
            tries += 1;
        }
    }

    /// Sends a request once, without the key and the patience of [`Client::read`], and reads the whole answer.
    async fn once(&self, call: &Call) -> Result<Bytes, ClientError> {
        let answer = async {
            let response = self.begin(call, "application/json").await?;
            whole(response.into_body(), ANSWER_BYTES_MAX).await
        };
        let answered = timeout(self.0.patience.answer.min(call.within), answer).await;
        answered.unwrap_or_else(|late| Err(ClientError::Unanswered { source: late.into() }))
    }

    /// Sends a request; an answer that says no is an error.
    pub(crate) async fn begin(&self, call: &Call, accept: &str) -> Result<Response<Incoming>, ClientError> {
        let response = self.0.connections.send(self.made(call, accept)?).await?;
        self.0.time.hear(response.headers());
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let body = whole(response.into_body(), PROBLEM_BYTES_MAX).await?;
        Err(match serde_json::from_slice::<Problem>(&body) {
            Ok(problem) => ClientError::Refused(Box::new(problem)),
            Err(_no_problem) => stranger(status),
        })
    }

    fn made(&self, call: &Call, accept: &str) -> Result<Request<Full<Bytes>>, ClientError> {
        let method = match call.method {
            Method::Get => hyper::Method::GET,
            Method::Put => hyper::Method::PUT,
            Method::Patch => hyper::Method::PATCH,
            Method::Post => hyper::Method::POST,
            Method::Delete => hyper::Method::DELETE,
        };
        let uri = format!("{}{}", self.0.address, call.target());
        let mut request = Request::builder().method(method).uri(uri).header("accept", accept);
        if let Some(token) = &self.0.caller.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(parent) = &self.0.caller.traceparent {
            request = request.header("traceparent", parent);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(call.body.clone()));
        request.map_err(|wrong| ClientError::Unreachable { source: wrong.into() })
    }
}

/// What an error says besides that sending has failed.
fn within(error: &legacy::Error) -> Box<dyn Error + Send + Sync> {
    let mut next = error.source();
    let mut said: Vec<String> = Vec::new();
    while let Some(cause) = next {
        said.push(cause.to_string());
        next = cause.source();
    }
    if said.is_empty() {
        said.push(error.to_string());
    }
    said.join(": ").into()
}

fn drawn(draw: &Draw) -> String {
    draw().iter().fold(String::new(), |key, byte| format!("{key}{byte:02x}"))
}

/// What a no without a problem document means. A proxy says it whose server is away, perhaps after it had heard all of
/// the request.
fn stranger(status: StatusCode) -> ClientError {
    let what = format!("status {status}, and no problem document: is that a Tenure server?");
    if status.is_server_error() {
        return ClientError::Unanswered { source: what.into() };
    }
    ClientError::Unreadable { what }
}

async fn whole(body: Incoming, most: usize) -> Result<Bytes, ClientError> {
    let too_long = || ClientError::Unreadable { what: format!("it is too long: more than {most} bytes") };
    if body.size_hint().lower() > u64::try_from(most).unwrap_or(u64::MAX) {
        return Err(too_long());
    }
    match Limited::new(body, most).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(source) if source.is::<LengthLimitError>() => Err(too_long()),
        Err(source) => Err(unread(source)),
    }
}

pub(crate) fn unread(source: Box<dyn Error + Send + Sync>) -> ClientError {
    ClientError::Unanswered { source }
}
