//! `tenure doctor`: how the store is, who uses it, where settings came from.

mod files;
mod trees;
mod unblock;

use tenure_store::SessionStore as _;
use tenure_store_sqlite::{Depth, Finding, Health};

use crate::app::App;
use crate::args::chores::DoctorArgs;
use crate::exit::Exit;
use crate::render::explain;
pub(crate) use files::Found;
use tenure_words::Problem;
pub(crate) use trees::{Process, Tree, Trees};

/// Everything that was looked at.
#[derive(Debug)]
pub(crate) struct Checkup<'a> {
    pub(crate) app: &'a App,
    /// The files and directories that are there.
    pub(crate) files: Vec<Found>,
    /// How the store is; `None` where there is none.
    pub(crate) health: Option<Health>,
    /// Whether the wall clock can be used, if a store was asked.
    pub(crate) clock_works: Option<bool>,
    /// What runs, and what is left of what ran.
    pub(crate) trees: Trees,
    /// What verification found, if it was asked for.
    pub(crate) findings: Option<Vec<Finding>>,
    /// Why the store could not be looked at.
    pub(crate) failure: Option<Problem>,
}

/// Looks at everything, and changes nothing but what `--unblock` asks for.
pub(super) async fn execute(app: &App, args: &DoctorArgs) -> anyhow::Result<Exit> {
    if args.unblock {
        return unblock::execute(app).await;
    }
    let mut checkup = Checkup {
        app,
        files: files::look(app),
        health: None,
        clock_works: None,
        trees: Trees::default(),
        findings: None,
        failure: None,
    };
    // A store that cannot be used is what a doctor is for: the rest is told all the same.
    if let Err(error) = checkup.look(args).await {
        checkup.failure = explain(error);
    }
    app.out.report(&checkup)?;
    Ok(if checkup.complaints().is_empty() { Exit::Success } else { Exit::Failure })
}

impl Checkup<'_> {
    async fn look(&mut self, args: &DoctorArgs) -> anyhow::Result<()> {
        if let Some(remote) = self.app.remote()? {
            // How its store is, is for whoever is beside it to look at.
            self.clock_works = Some(remote.now().await?.wall.is_some());
            return Ok(());
        }
        let (Some(store), Some(engine)) = (self.app.store()?, self.app.existing()?) else {
            return Ok(());
        };
        self.health = Some(store.health()?);
        self.clock_works = Some(engine.store().now().await?.wall.is_some());
        self.trees = trees::look(self.app, engine).await?;
        if args.deep {
            self.findings = Some(store.verify(Depth::Deep)?);
        }
        Ok(())
    }
}
