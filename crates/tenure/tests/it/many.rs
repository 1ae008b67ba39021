//! What the session of an instance says.

use std::path::PathBuf;
use std::sync::Arc;

use tenure::{Failure, Orchestration};
use tenure_core::event::EventBody;
use tenure_core::id::{Namespace, Seq, SessionId};
use tenure_core::session::{Session, StateName};
use tenure_engine::{Ids as _, SystemIds};
use tenure_store::{Find, LogStore as _, ReadOutcome, ReadRequest, SessionStore as _};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};

use crate::fixture::{Home, both_ways};

/// The store in a file, as whoever looks at it sees it.
pub(crate) fn store_at(path: PathBuf) -> SqliteStore {
    let options = SqliteOptions::new(path, SystemIds.incarnation(), Arc::new(SystemClock::new()));
    SqliteStore::open(options).unwrap()
}

pub(crate) fn store(home: &Home) -> SqliteStore {
    store_at(home.path())
}

/// The log of an instance's session: types, and what was given.
pub(crate) async fn log(home: &Home, id: &str) -> Vec<(String, String)> {
    let store = store(home);
    let find = Find::Id { namespace: Namespace::default_name(), id: SessionId::parse(id).unwrap() };
    let handle = store.find(find).await.unwrap().handle.unwrap();
    let request = ReadRequest { handle, after: Seq(0), limit: 1000, types: Vec::new() };
    let ReadOutcome::Page(page) = store.read(request).await.unwrap() else { panic!("it is all there") };
    let events = page.events.into_iter().map(|event| {
        let json = match &event.data {
            EventBody::Given { json, .. } => json.clone(),
            _ => String::new(),
        };
        (event.data.type_name().to_owned(), json)
    });
    events.collect()
}

async fn session(home: &Home, id: &str) -> Session {
    let find = Find::Id { namespace: Namespace::default_name(), id: SessionId::parse(id).unwrap() };
    store(home).find(find).await.unwrap().current.session.unwrap()
}

#[tokio::test]
async fn an_instance_is_a_session_with_a_log() {
    both_ways(async |home: Home| {
        let code = |ctx: Orchestration, (): ()| async move {
            ctx.set_status("half way")?;
            ctx.sleep(std::time::Duration::from_millis(1)).await?;
            Ok::<_, Failure>(())
        };
        let tenure = home.tenure().orchestration("code", code).start().await.unwrap();
        let run = tenure.run("code", &()).id("one").label("team", "blue");
        run.await.unwrap().result::<()>().await.unwrap();
        let found = session(&home, "one").await;
        let execution = found.execution.as_deref().unwrap();
        assert_eq!((execution.name.as_str(), execution.status.as_deref()), ("code", Some("half way")));
        assert_eq!(found.state.name(), StateName::Completed);
        assert_eq!(found.labels.get("team").map(String::as_str), Some("blue"));
        let types: Vec<_> = log(&home, "one").await.into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(types, ["state_changed", "state_changed", "completion"]);
        tenure.stop().await;
    })
    .await;
}
