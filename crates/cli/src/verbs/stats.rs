//! `tenure stats`: figures about sessions and events.

use tenure_engine::Overview;

use crate::app::App;
use crate::args::stats::StatsArgs;
use crate::exit::Exit;
use crate::render::stats::Stats;
use tenure_words::prometheus;

/// Counts. Creates nothing: without a store everything is zero.
pub(super) async fn execute(app: &App, args: &StatsArgs) -> anyhow::Result<Exit> {
    if args.prometheus {
        // It tells more there than it does here.
        app.must_be_local("print its figures for Prometheus: they are at /metrics")?;
    }
    let namespace = app.options.namespace.value.clone();
    let overview = match app.existing()? {
        Some(engine) => engine.overview(namespace.clone(), args.stuck_after).await?,
        None => Overview { stuck_after: args.stuck_after, ..Overview::default() },
    };
    if args.prometheus {
        app.out.text(&prometheus(&overview.figures))?;
        app.out.flush()?;
    } else {
        app.out.report(&Stats { overview, namespace })?;
    }
    Ok(Exit::Success)
}
