//! `tenure serve`: the store over HTTP.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tenure_core::access::Validity;
use tenure_core::id::Incarnation;
use tenure_engine::{Engine, Ids as _, SystemIds};
use tenure_server::{Alive, Setup, serve};
use tenure_store::{Find, Handle, StoreError, TokensRequest};
use tenure_traces::{Collector, ExportError, Exporter};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::app::{App, no_certificates};
use crate::args::options::{Origin, ServeSettings, Setting};
use crate::args::serve::{LogForm, LogLevel, ServeArgs};
use crate::exit::Exit;
use crate::living;
use crate::render::explain;
use crate::render::serve::Serving;
use crate::run::BootClock;
use tenure_words::Problem;

/// How long what is left may take once all is done.
const LEFT_FOR: Duration = Duration::from_secs(1);

/// Serves until it is asked to stop.
pub(super) fn execute(app: &App, args: &ServeArgs) -> anyhow::Result<Exit> {
    let settings = app.options.serve.clone().with(args)?;
    log(&settings);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(run(app, settings));
    // A name that is still being looked up keeps nobody waiting.
    runtime.shutdown_timeout(LEFT_FOR);
    served
}

async fn run(app: &App, settings: ServeSettings) -> anyhow::Result<Exit> {
    let address = settings.listen.value;
    let is_open = address.ip().is_loopback() && !settings.require_token.value;
    let engine = app.engine()?.clone();
    if !is_open && !has_token(&engine).await? {
        return Err(no_token().into());
    }
    let incarnation = SystemIds.incarnation();
    let exporter = exporter(settings.traces, incarnation)?;
    let listener = TcpListener::bind(address).await.map_err(|error| {
        Problem::failure("LISTEN", format!("listen at {address}"))
            .because(error)
            .hint("listen somewhere else: tenure serve --listen 127.0.0.1:0")
    })?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let address = listener.local_addr()?;
    app.out.report(&Serving { address, is_open, db: app.db().to_owned() })?;
    tracing::info!(%address, is_open, "serving");
    let setup = Setup {
        alive: Arc::new(Here { engine: engine.clone(), db: app.db().to_owned() }),
        engine,
        incarnation,
        clock: Arc::new(BootClock),
        namespace: app.options.namespace.value.clone(),
        is_open,
        limits: settings.limits.limits(),
        tracer: exporter.as_ref().map(Exporter::tracer),
    };
    serve(setup, listener, async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping: nothing new is taken");
    })
    .await?;
    if let Some(exporter) = exporter {
        exporter.finish().await;
    }
    tracing::info!("stopped");
    Ok(Exit::Success)
}

/// Sends spans to a collector from this runtime, if there is one.
fn exporter(
    Setting { value, origin }: Setting<Option<Collector>>,
    incarnation: Incarnation,
) -> Result<Option<Exporter>, Problem> {
    let Some(to) = value else {
        if origin != Origin::Default {
            tracing::warn!("no traces are sent: {origin} names no collector over HTTP");
        }
        return Ok(None);
    };
    let exporter = Exporter::begin(&to, &incarnation.to_string(), tokio::runtime::Handle::current());
    exporter.map(Some).map_err(|error| match error {
        ExportError::Certificates(error) => no_certificates(error),
        error @ ExportError::Settings(_) => {
            Problem::failure("CONFIGURATION", "send traces as the variables OTEL_… say").because(error)
        }
    })
}

/// Whether anybody could be let in.
async fn has_token(engine: &Engine) -> Result<bool, StoreError> {
    let now = engine.store().now().await?;
    let mut past = None;
    loop {
        let request = TokensRequest { namespace: None, past, limit: tenure_core::limits::LIST_MAX };
        let page = engine.store().tokens(request).await?;
        if page.tokens.iter().any(|token| token.validity(&now) == Ok(Validity::Valid)) {
            return Ok(true);
        }
        past = page.next;
        if past.is_none() {
            return Ok(false);
        }
    }
}

fn no_token() -> Problem {
    Problem::refused("NO_TOKEN", "nobody could be let in: there is no token that is valid")
        .detail("without one, everybody who reaches this address could do everything")
        .hint("make one: tenure token create --principal <name> --role admin")
        .hint("or serve this machine alone: tenure serve --listen 127.0.0.1:7433")
}

fn log(settings: &ServeSettings) {
    let level = match settings.log_level.value {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    // Who did what is not a question of how much is logged.
    let audit = if settings.audit.value { LevelFilter::INFO } else { LevelFilter::OFF };
    let told = Targets::new().with_default(level).with_target("audit", audit);
    let log = tracing_subscriber::fmt().with_max_level(LevelFilter::DEBUG).with_writer(std::io::stderr);
    match settings.log.value {
        LogForm::Text => log.with_ansi(false).finish().with(told).init(),
        LogForm::Json => log.json().flatten_event(true).finish().with(told).init(),
    }
}

/// What is left of holders on this machine, by their lock files.
#[derive(Debug)]
struct Here {
    engine: Engine,
    db: PathBuf,
}

#[async_trait]
impl Alive for Here {
    async fn ensure_gone(&self, handle: Handle) -> Result<(), Problem> {
        let gone = living::ensure_gone(&self.engine, &self.db, Find::Handle(handle)).await;
        gone.map_err(|error| {
            explain(error).unwrap_or_else(|| Problem::failure("FAILED", "look who is at work"))
        })
    }
}
