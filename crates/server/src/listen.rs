//! Connections: accepted up to a limit, cut when nobody reads, drained at the end.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, Sleep, sleep, timeout};

use crate::live::hub::Hubs;
use crate::metrics::Counters;
use crate::once::Left;
use crate::remote::Remotes;
use crate::router;
use crate::setup::{Limits, Served, Setup};
use crate::spawn::spawn;

/// How long to wait when the machine has no more room for connections.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);
/// Most headers of a request.
const HEADERS_MAX: usize = 64;
/// Most bytes of a request's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// Serves until `stop` is over, then lets what is under way finish for a while.
///
/// # Errors
/// When the socket can accept no connections at all.
pub async fn serve(setup: Setup, listener: TcpListener, stop: impl Future<Output = ()>) -> io::Result<()> {
    let limits = setup.limits;
    let (stopping, is_stopping) = watch::channel(false);
    let served = Arc::new(Served {
        setup,
        stopping: is_stopping,
        remotes: Remotes::default(),
        hubs: Hubs::default(),
        counters: Counters::default(),
        left: Left::default(),
    });
    let housekeeping = spawn(crate::house::keep(Arc::clone(&served)));
    let router = router::routes(&served);
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut stop = std::pin::pin!(stop);
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place.expect("nobody closes it"),
            () = &mut stop => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            // Too many open files, or a connection that was gone already: neither is the end of the server.
            sleep(ACCEPT_AGAIN_AFTER).await;
            continue;
        };
        let connection = connection(stream, router.clone(), limits);
        let connection = graceful.watch(connection);
        spawn(async move {
            // Whoever is on the other side has gone, or did not speak HTTP.
            let _ended = connection.await;
            drop(place);
        });
    }
    drop(listener);
    stopping.send_replace(true);
    let _cut = timeout(limits.drain, graceful.shutdown()).await;
    housekeeping.abort();
    Ok(())
}

fn connection(
    stream: TcpStream,
    router: Router,
    limits: Limits,
) -> hyper::server::conn::http1::Connection<TokioIo<Patient>, TowerToHyperService<Router>> {
    // Small events are not to wait for one another.
    let _unsupported = stream.set_nodelay(true);
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(
            TokioIo::new(Patient { stream, patience: limits.write_timeout, waiting: None }),
            TowerToHyperService::new(router),
        )
}

/// A connection that is over when its reader takes nothing for too long.
struct Patient {
    stream: TcpStream,
    patience: Duration,
    /// Until when a write that waits may wait.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    /// What became of a write, or that it has waited for too long.
    fn judge<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.waiting = None;
            return poll;
        }
        let patience = self.patience;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(patience)));
        debug_assert!(waiting.deadline() <= Instant::now() + patience, "it was set when the wait began");
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.judge(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.judge(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        self.judge(cx, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
