//! `tenure prune`: delete what ended long ago.

use tenure_core::session::PrunePolicy;
use tenure_engine::Pruning;

use crate::app::App;
use crate::args::keeping::PruneArgs;
use crate::exit::Exit;
use crate::render::keeping::{Going, PrunedAll};

/// Deletes what the policy lets go, or says what that would be.
pub(super) async fn execute(app: &App, args: &PruneArgs) -> anyhow::Result<Exit> {
    let is_dry = args.dry_run;
    let Some(engine) = app.existing()? else {
        app.out.report(&PrunedAll { pruned: Default::default(), is_dry })?;
        return Ok(Exit::Success);
    };
    let namespace = app.options.namespace.value.clone();
    let pruning = Pruning { namespace, policy: policy(args), is_dry };
    let now = engine.store().now().await?;
    let tell = |listed: &tenure_store::Listed, weight| {
        app.out.report(&Going { session: listed.session.clone(), weight, is_dry, now })
    };
    let pruned = engine.prune_sessions(&pruning, tell).await?;
    app.out.report(&PrunedAll { pruned, is_dry })?;
    if !is_dry {
        app.sweep(engine).await;
    }
    Ok(Exit::Success)
}

fn policy(args: &PruneArgs) -> PrunePolicy {
    let mut policy = PrunePolicy { kinds: args.kinds.clone(), keep: args.keep, ..PrunePolicy::default() };
    policy.ages.retain(|(state, _)| args.states.is_empty() || args.states.contains(state));
    for (_, age) in &mut policy.ages {
        *age = args.older_than.unwrap_or(*age);
    }
    policy
}
