//! What every verb works with: settings, answers, and the store once it is needed.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tenure_client::{Client, ClientError, Draw, Patience};
use tenure_core::lease::Lease;
use tenure_engine::{Engine, EngineError, Ids, Name, Swept, SystemIds, Witness};
use tenure_remote::{Remote, Wire};
use tenure_store::{Listed, Store, StoreError};
use tenure_store_sqlite::{SqliteOptions, SqliteStore, SystemClock};

use crate::args::options::{Options, ServerSettings};
use crate::out::Out;
use crate::render::explain;
use crate::witness::HoldLocks;
use tenure_words::{Problem, shown};

/// For how long a server is asked again that cannot be reached: it may be starting. What runs for longer asks on.
const PATIENCE: Duration = Duration::from_secs(2);

/// Settings, answers, and the store once it is needed.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) options: Options,
    pub(crate) out: Out,
    opened: OnceCell<Opened>,
}

/// The store, and the engine over it.
#[derive(Debug)]
struct Opened {
    at: At,
    engine: Engine,
}

/// Where the store is.
#[derive(Debug)]
enum At {
    /// A file on this machine.
    File(Arc<SqliteStore>),
    /// A server.
    Server(Remote),
}

impl App {
    /// Nothing is opened yet.
    pub(crate) fn new(options: Options, out: Out) -> Self {
        Self { options, out, opened: OnceCell::new() }
    }

    /// The engine over the store, which is created where there is none.
    pub(crate) fn engine(&self) -> anyhow::Result<&Engine> {
        Ok(&self.open()?.engine)
    }

    /// Refuses what only works beside a store's file where a server keeps the store.
    pub(crate) fn must_be_local(&self, what: &'static str) -> Result<(), StoreError> {
        match self.options.server {
            Some(_) => Err(StoreError::NotOverTheWire { what }),
            None => Ok(()),
        }
    }

    /// The store's file, to be shared with other threads, if it is one.
    pub(crate) fn shared_store(&self) -> anyhow::Result<Option<Arc<SqliteStore>>> {
        Ok(match &self.open()?.at {
            At::File(store) => Some(Arc::clone(store)),
            At::Server(_) => None,
        })
    }

    /// The server that keeps the store, if one does.
    pub(crate) fn remote(&self) -> anyhow::Result<Option<&Remote>> {
        let Some(server) = &self.options.server else { return Ok(None) };
        let opened = self.opened.get().map_or_else(|| self.reach(&server.value), Ok)?;
        Ok(match &opened.at {
            At::File(_) => None,
            At::Server(remote) => Some(remote),
        })
    }

    fn open(&self) -> anyhow::Result<&Opened> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        if let Some(server) = &self.options.server {
            return self.reach(&server.value);
        }
        prepare(self.db())?;
        let store = SqliteStore::open(self.opening())?;
        Ok(self.keep(store))
    }

    fn reach(&self, server: &ServerSettings) -> anyhow::Result<&Opened> {
        // For locks of what is run here.
        prepare(self.db())?;
        let draw: Draw = Arc::new(|| SystemIds.random());
        let patience = Patience { total: PATIENCE, ..Patience::default() };
        let client = Client::new(server.address.clone(), server.caller.clone(), draw, patience);
        let client = client.map_err(no_certificates)?;
        let remote = Remote::new(client, Wire::begin().context("begin a thread")?);
        let engine = remote.engine(Arc::new(SystemIds), Arc::new(self.hold_locks()));
        Ok(self.opened.get_or_init(|| Opened { at: At::Server(remote), engine }))
    }

    /// The engine over the store if there is one. Nothing is created.
    pub(crate) fn existing(&self) -> anyhow::Result<Option<&Engine>> {
        Ok(self.look()?.map(|opened| &opened.engine))
    }

    /// The store's file itself if there is one. Nothing is created.
    pub(crate) fn store(&self) -> anyhow::Result<Option<&SqliteStore>> {
        Ok(self.look()?.and_then(Opened::file))
    }

    /// The one session that `text` means, and the engine to change it with.
    pub(crate) async fn named(&self, text: &str) -> anyhow::Result<(&Engine, Listed)> {
        let unknown = || EngineError::NotFound { name: text.to_owned() };
        let engine = self.existing()?.ok_or_else(unknown)?;
        let namespace = self.options.namespace.value.clone();
        let name = Name { namespace, text: text.to_owned(), kind: None };
        Ok((engine, engine.resolve(&name).await?))
    }

    /// Says what went wrong in the store beside what was asked for, and was not the verb's failure.
    pub(crate) fn warn_of_damage(&self) {
        let health = self.opened.get().and_then(|opened| opened.file()?.health().ok());
        for trouble in health.into_iter().flat_map(|health| health.troubles) {
            self.out.warn(&trouble);
        }
    }

    /// Closes the store, if it was opened: nothing of this process is to be left for others to clean up.
    pub(crate) fn close(&self) {
        if let Some(store) = self.opened.get().and_then(Opened::file) {
            store.close();
        }
    }

    /// The store's file; where a server keeps the store, what stands for one on this machine.
    pub(crate) fn db(&self) -> &Path {
        &self.options.db.value
    }

    /// The options by which another process of this program finds the same sessions.
    pub(crate) fn words_for_place(&self) -> [OsString; 2] {
        match &self.options.server {
            Some(server) => ["--server".into(), server.value.address.as_str().into()],
            None => ["--db".into(), self.db().into()],
        }
    }

    /// Where the sessions are, to be shown: a file, or a server's address.
    pub(crate) fn place(&self) -> &Path {
        match &self.options.server {
            Some(server) => Path::new(server.value.address.as_str()),
            None => self.db(),
        }
    }

    /// The lock files beside the store.
    pub(crate) fn hold_locks(&self) -> HoldLocks {
        HoldLocks::beside(self.db())
    }

    /// Whether the holder of a lease is proven to be gone.
    pub(crate) fn is_gone(&self, lease: &Lease) -> bool {
        match self.opened.get() {
            Some(opened) => opened.engine.is_gone(lease),
            None => self.hold_locks().is_gone(lease),
        }
    }

    /// The little housekeeping that every writing verb does. It never fails the verb.
    pub(crate) async fn sweep(&self, engine: &Engine) {
        let (whose, error) = match self.try_sweep(engine).await {
            Ok(Swept { mut failed, .. }) => match failed.pop() {
                // One tells the cause; the others are due again at the next sweep.
                Some((id, error)) => (format!("session {id}"), error),
                None => return,
            },
            Err(error) => ("idle sessions".to_owned(), error),
        };
        if let Some(problem) = explain(error.into()) {
            self.out.warn(&format!("failed to expire {whose}: {}", problem.primary));
        }
    }

    async fn try_sweep(&self, engine: &Engine) -> Result<Swept, EngineError> {
        if self.options.server.is_some() {
            // A server does it by itself.
            return Ok(Swept::default());
        }
        // Nothing can be called idle by a clock that cannot be used.
        match engine.store().now().await?.wall {
            Some(_) => engine.sweep().await,
            None => Ok(Swept::default()),
        }
    }

    /// Another store, which is created where there is none, and the engine over it. Whoever opens it closes it.
    pub(crate) fn other(db: &Path) -> anyhow::Result<(Arc<SqliteStore>, Engine)> {
        prepare(db)?;
        let store = Arc::new(SqliteStore::open(opening(db))?);
        let engine = engine(&store, db);
        Ok((store, engine))
    }

    fn opening(&self) -> SqliteOptions {
        opening(self.db())
    }

    fn look(&self) -> anyhow::Result<Option<&Opened>> {
        if let Some(opened) = self.opened.get() {
            return Ok(Some(opened));
        }
        if self.options.server.is_some() {
            return self.open().map(Some);
        }
        Ok(SqliteStore::open_existing(self.opening())?.map(|store| self.keep(store)))
    }

    fn keep(&self, store: SqliteStore) -> &Opened {
        let store = Arc::new(store);
        let engine = engine(&store, self.db());
        self.opened.get_or_init(|| Opened { at: At::File(store), engine })
    }
}

impl Opened {
    fn file(&self) -> Option<&SqliteStore> {
        match &self.at {
            At::File(store) => Some(store),
            At::Server(_) => None,
        }
    }
}

fn opening(db: &Path) -> SqliteOptions {
    SqliteOptions::new(db, SystemIds.incarnation(), Arc::new(SystemClock::new()))
}

fn engine(store: &Arc<SqliteStore>, db: &Path) -> Engine {
    let shared: Arc<dyn Store> = Arc::<SqliteStore>::clone(store);
    Engine::new(shared, Arc::new(SystemIds), Arc::new(HoldLocks::beside(db)))
}

/// Makes the directory of the store, for its owner alone.
fn prepare(db: &Path) -> Result<(), Problem> {
    let Some(directory) = db.parent() else {
        return Ok(());
    };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|error| {
        let what = format!("create the storage directory {}", shown(directory));
        Problem::failure("STORE_UNAVAILABLE", what).because(error)
    })
}

/// The certificates that this machine trusts cannot be read.
pub(crate) fn no_certificates(error: ClientError) -> Problem {
    Problem::failure("CERTIFICATES", "read the certificates that this machine trusts").because(error)
}
