//! `tenure group`: who is at work, who waits, and how many may be.

use tenure_core::id::{GroupName, Namespace};
use tenure_engine::Engine;
use tenure_store::{GroupFound, GroupRequest, LimitRequest};

use super::given;
use crate::app::App;
use crate::args::session::{GroupArgs, Limit};
use crate::exit::Exit;
use crate::render::session::Group;
use tenure_words::Problem;

/// Sets the limit if one was given, and shows the group.
pub(super) async fn execute(app: &App, args: &GroupArgs) -> anyhow::Result<Exit> {
    let request = GroupRequest { namespace: app.options.namespace.value.clone(), name: name(&args.name)? };
    let found = match args.limit {
        None => match app.existing()? {
            Some(engine) => engine.store().group(request.clone()).await?,
            None => GroupFound::default(),
        },
        Some(limit) => {
            let engine = app.engine()?;
            let limit = LimitRequest { group: request.clone(), limit: limit.number(), only_first: false };
            engine.store().limit_group(limit).await?;
            engine.store().group(request.clone()).await?
        }
    };
    if found.handle.is_none() {
        let statement = format!("there is no group `{}`", request.name);
        return Err(Problem::missing("NOT_FOUND", statement).hint("tenure list --group <name>").into());
    }
    let now = app.engine()?.store().now().await?;
    let is_there = |member: &tenure_store::GroupMember| {
        member.session.lease.as_ref().is_some_and(|lease| {
            !app.is_gone(lease) && lease.term.standing(&now) != Ok(tenure_core::lease::Standing::Over)
        })
    };
    let members = found.members.into_iter().map(|member| (is_there(&member), member)).collect();
    app.out.report(&Group { name: request.name, limit: found.limit, members })?;
    Ok(Exit::Success)
}

/// The name of a group.
pub(super) fn name(text: &str) -> anyhow::Result<GroupName> {
    GroupName::parse(text).map_err(given::name("group"))
}

/// Gives a group the limit that a caller says it has, if it has none. Another one is refused: two callers that
/// mean different limits would undo each other's.
pub(super) async fn limit(
    engine: &Engine,
    (namespace, name): (&Namespace, &GroupName),
    limit: Option<Limit>,
) -> anyhow::Result<()> {
    let Some(given) = limit else {
        return Ok(());
    };
    let group = GroupRequest { namespace: namespace.clone(), name: name.clone() };
    let limit = match given.number() {
        Some(_) => {
            let request = LimitRequest { group, limit: given.number(), only_first: true };
            engine.store().limit_group(request).await?
        }
        None => engine.store().group(group).await?.limit,
    };
    if limit == given.number() {
        return Ok(());
    }
    let words = |limit: Option<u32>| {
        limit.map_or_else(|| "no limit".to_owned(), |limit| format!("the limit {limit}"))
    };
    let primary = format!("group `{name}` has {}, not {}", words(limit), words(given.number()));
    Err(Problem::refused("GROUP_LIMIT", primary)
        .detail("a group has one limit, for everybody")
        .hint("change it: tenure group <group> --limit <n>")
        .hint("or leave `--group-limit` away")
        .fact("group", name.as_str())
        .fact("limit", limit)
        .into())
}
