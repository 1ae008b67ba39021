//! A session that goes on from another one.

use serde_json::{Value, json};
use tenure_api::Seen;
use tenure_core::time::Moment;

use super::title;
use crate::render::{Look, Report};

/// A session was forked.
#[derive(Debug)]
pub(crate) struct Forked {
    pub(crate) forked: tenure_engine::Forked,
    pub(crate) now: Moment,
}

impl Report for Forked {
    fn text(&self, _: &Look) -> String {
        let forked = &self.forked;
        let line = format!("Forked {} from {} at #{}.\n", title(&forked.session), forked.parent, forked.at);
        format!("{line}It is pending and held by nobody; its own log begins at #{}.\n", forked.at.next())
    }

    fn json(&self) -> Value {
        let forked = &self.forked;
        let log = Some((forked.at.next(), forked.earliest));
        let session = tenure_api::Session::of(&forked.session, Seen { now: &self.now, is_gone: false, log });
        json!({
            "command": "fork",
            "ok": true,
            "parent": forked.parent.as_str(),
            "at": forked.at.0,
            "session": session,
        })
    }
}
