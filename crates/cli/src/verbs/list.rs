//! `tenure list`: many sessions, page by page.

use tenure_api::cursor;
use tenure_core::id::SessionId;
use tenure_core::time::{WallTime, millis};
use tenure_engine::EngineError;
use tenure_store::{Filter, Handle, ListRequest, Order, Period};

use super::given;
use super::show::shown;
use crate::app::App;
use crate::args::filter::{FilterArgs, OrderArg, Time};
use crate::args::session::ListArgs;
use crate::exit::Exit;
use crate::render::session::Sessions;
use tenure_words::Problem;

/// Lists what the filters let through. Creates nothing.
pub(super) async fn execute(app: &App, args: &ListArgs) -> anyhow::Result<Exit> {
    let order = order(args.order);
    let past = args.cursor.as_deref().map(|text| past(text, order)).transpose()?;
    let filtered = Filtered::of(app, &args.filter).await?;
    let Some(engine) = app.existing()? else {
        app.out.report(&Sessions { is_filtered: filtered.is_narrow, ..Sessions::default() })?;
        return Ok(Exit::Success);
    };
    let now = engine.store().now().await?;
    let filter = filtered.at(&args.filter, now.wall)?;
    let namespace = app.options.namespace.value.clone();
    let limit = usize::from(args.limit);
    let page = engine.list(ListRequest { namespace, filter, order, past, limit }).await?;
    let next = page.next.map(|next| cursor::encode(next.0, order == Order::Oldest));
    let rows = page.sessions.into_iter().map(|listed| shown(app, listed, now)).collect();
    app.out.report(&Sessions { rows, next, is_filtered: filtered.is_narrow })?;
    Ok(Exit::Success)
}

/// A filter, but for its times.
struct Filtered {
    filter: Filter,
    /// Whether it leaves anything out.
    is_narrow: bool,
}

impl Filtered {
    async fn of(app: &App, args: &FilterArgs) -> anyhow::Result<Self> {
        let parent = match &args.parent {
            Some(name) => Some(parent(app, name).await?),
            None => None,
        };
        let filter = Filter {
            parent,
            group: args.group.as_deref().map(super::group::name).transpose()?,
            states: args.states.clone(),
            kinds: args.kinds.clone(),
            principals: args
                .principals
                .iter()
                .map(|name| given::principal(name))
                .collect::<Result<_, _>>()?,
            labels: args.labels.clone(),
            holder: args.holder.as_deref().map(given::actor).transpose()?,
            key_prefix: args.key.clone(),
            directory: args.directory.as_deref().map(|directory| whole(app, directory)),
            terms: terms(&args.search)?,
            ..Filter::default()
        };
        let times = [args.created_after, args.created_before, args.started_after, args.started_before];
        let is_narrow = filter != Filter::default() || times.iter().any(Option::is_some);
        Ok(Self { filter, is_narrow })
    }

    fn at(&self, args: &FilterArgs, now: Option<WallTime>) -> anyhow::Result<Filter> {
        let period = |from: Option<Time>, to: Option<Time>| -> anyhow::Result<Period> {
            let instant = |time: Option<Time>| time.map(|time| instant(time, now)).transpose();
            Ok(Period { from: instant(from)?, to: instant(to)? })
        };
        let created = period(args.created_after, args.created_before)?;
        let started = period(args.started_after, args.started_before)?;
        Ok(Filter { created, started, ..self.filter.clone() })
    }
}

fn instant(time: Time, now: Option<WallTime>) -> anyhow::Result<WallTime> {
    match (time, now) {
        (Time::At(at), _) => Ok(at),
        (Time::Ago(ago), Some(now)) => {
            Ok(WallTime::from_epoch_ms(now.epoch_ms().saturating_sub(millis(ago))))
        }
        (Time::Ago(_), None) => Err(Problem::usage("the system clock is before UNIX_EPOCH")
            .hint("write the instant itself")
            .into()),
    }
}

/// The id of the session that is named. One that was deleted is known by its children only, and by its id.
async fn parent(app: &App, name: &str) -> anyhow::Result<SessionId> {
    match app.named(name).await {
        Ok((_, listed)) => Ok(listed.session.id),
        Err(error) if matches!(error.downcast_ref(), Some(EngineError::NotFound { .. })) => {
            SessionId::parse(name).map_err(|_invalid| error)
        }
        Err(error) => Err(error),
    }
}

/// A path as sessions have it; a name alone stays one.
fn whole(app: &App, directory: &str) -> String {
    let is_name = !directory.contains('/') && !matches!(directory, "." | "..");
    let Some(here) = app.options.directory.as_deref().filter(|_| !is_name) else {
        return directory.to_owned();
    };
    let path = here.join(directory);
    path.canonicalize().unwrap_or(path).to_string_lossy().into_owned()
}

/// What is to be found, word by word.
fn terms(search: &[String]) -> anyhow::Result<Vec<String>> {
    let terms: Vec<_> = search.iter().flat_map(|words| words.split_whitespace()).map(str::to_owned).collect();
    if terms.is_empty() && !search.is_empty() {
        return Err(Problem::usage("there is nothing to search for").into());
    }
    Ok(terms)
}

fn past(text: &str, order: Order) -> Result<Handle, Problem> {
    cursor::decode(text, order == Order::Oldest).map(Handle).ok_or_else(|| {
        Problem::usage("that cursor was not given out for this list")
            .hint("a page ends with the cursor of the next one, which is asked for in the same order")
    })
}

const fn order(order: OrderArg) -> Order {
    match order {
        OrderArg::Newest => Order::Newest,
        OrderArg::Oldest => Order::Oldest,
    }
}
