//! `tenure run`, from settings to its verdict.

use serde_json::{Value, json};
use tenure_core::refusal::Held;

use crate::app::App;
use crate::args::run::{RunArgs, SitterArgs};
use crate::exit::Exit;
use crate::render::{Failure, Look, Report};
use crate::run::{Ground, Verdict};

/// Runs a command as a session.
pub(super) fn execute(app: &App, args: &RunArgs) -> anyhow::Result<Exit> {
    let ground = Ground {
        engine: app.engine()?.clone(),
        db: app.db().to_owned(),
        namespace: app.options.namespace.value.clone(),
    };
    match crate::run::execute(&ground, args)? {
        Verdict::Like(ended) => Ok(Exit::Like(ended)),
        Verdict::Code(code) => Ok(Exit::Code(code)),
        Verdict::Refused(error, code) => {
            let failure = Failure::of_engine(&error);
            app.out.fail(&failure)?;
            // A store that does not answer is no refusal.
            Ok(if failure.exit == Exit::Refused { Exit::Code(code) } else { failure.exit })
        }
        Verdict::Skipped(held) => {
            app.out.report(&Skipped(&held))?;
            Ok(Exit::Success)
        }
    }
}

/// Renews in a stopped runner's stead.
pub(super) fn sit(app: &App, args: &SitterArgs) -> anyhow::Result<Exit> {
    crate::run::sit(app.engine()?.clone(), args)?;
    Ok(Exit::Success)
}

/// Somebody else is at it, and that was to be accepted.
struct Skipped<'a>(&'a Held);

impl Report for Skipped<'_> {
    fn text(&self, _: &Look) -> String {
        format!("Skipped: session {} is held by {}\n", self.0.session, crate::render::who(&self.0.holder))
    }

    fn json(&self) -> Value {
        json!({ "ok": true, "skipped": true, "session": self.0.session.as_str() })
    }
}
