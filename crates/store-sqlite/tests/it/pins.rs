//! Keys of workers that are gone are removed, and come back under a higher fence.

use std::sync::Arc;
use std::time::Duration;

use tenure_core::id::Fence;
use tenure_core::worker::Hold;
use tenure_store::{ClaimRequest, InstanceStore as _, PinsRequest, Store, TaskStore as _, TurnRequest};
use tenure_store::{Find, RegisterRequest, WorkerHandle};
use tenure_store_sqlite::{Depth, Limits, SqliteStore};
use tenure_store_testkit::fixture::{
    Driven, done, first_turn, here, registered, renew_worker, serving, wanted, worker,
};

use crate::support::{Home, note};

/// A store that tidies up as soon as nobody asks.
fn tidy(home: &Home) -> SqliteStore {
    let mut options = home.options();
    options.limits = Limits { rest: Duration::ZERO, ..options.limits };
    SqliteStore::open(options).unwrap()
}

async fn driven(store: &dyn Store, id: &str, worker: WorkerHandle) -> Driven {
    let opened = done(store.commit_turn(first_turn(id, worker)).await.unwrap());
    let found = store.find(Find::Handle(opened.handle)).await.unwrap();
    let session = found.current.session.unwrap();
    Driven { handle: opened.handle, fence: opened.fence, turn: 1, worker, session }
}

async fn asked(store: &dyn Store, turn: TurnRequest) -> tenure_store::PinGrant {
    here(&done(store.commit_turn(turn).await.unwrap()).placed[0])
}

#[tokio::test]
async fn keys_of_the_dead_are_removed_once_they_are_idle() {
    let home = Home::new();
    let store = tidy(&home);
    let request = |id: &str, start| RegisterRequest { serving: serving(), ..worker(id, start) };
    let me = registered(&store, request("here", 1)).await;
    {
        let other = Arc::new(home.open());
        let gone = registered(other.as_ref(), request("there", 2)).await;
        let instance = driven(other.as_ref(), "ses_there", gone).await;
        let grant = asked(other.as_ref(), instance.asking(&[wanted("a")])).await;
        assert_eq!((grant.hold, grant.fence), (Hold::Claimed, Fence(1)));
    }
    // Its worker is found to be gone, and forgotten.
    let claimed = store.claim(ClaimRequest { worker: me, limit: 10 }).await.unwrap();
    assert_eq!(claimed.len(), 1);
    home.until("SELECT count(*) FROM worker", |workers| workers == 1);
    // Another start of it would have the key back, until that is idle.
    let listed = store.pins(PinsRequest { limit: 10, ..PinsRequest::default() }).await.unwrap();
    assert_eq!(
        listed.iter().map(|pin| (pin.worker.as_str(), pin.is_live)).collect::<Vec<_>>(),
        [("there", false)]
    );
    home.clock.advance(Duration::from_secs(171));
    renew_worker(&store, me).await;
    let instance = driven(&store, "ses_here", me).await;
    note(&store, instance.handle).await.unwrap();
    home.until("SELECT count(*) FROM pin", |pins| pins == 0);
    home.until("SELECT count(*) FROM worker_name", |names| names == 1);
    let grant = asked(&store, instance.asking(&[wanted("a")])).await;
    assert_eq!((grant.hold, grant.fence), (Hold::Claimed, Fence(2)));
    assert_eq!(store.verify(Depth::Deep).unwrap(), []);
}
