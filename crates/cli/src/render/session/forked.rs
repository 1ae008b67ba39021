//! A session that goes on from another one.

use serde_json::{Value, json};

use super::{session_json, title};
use crate::render::{Look, Report};

/// A session was forked.
#[derive(Debug)]
pub(crate) struct Forked {
    pub(crate) forked: tenure_engine::Forked,
}

impl Report for Forked {
    fn text(&self, _: &Look) -> String {
        let forked = &self.forked;
        let line = format!("Forked {} from {} at #{}.\n", title(&forked.session), forked.parent, forked.at);
        format!("{line}It is pending and held by nobody; its own log begins at #{}.\n", forked.at.next())
    }

    fn json(&self) -> Value {
        let forked = &self.forked;
        let session = session_json(&forked.session, None, Some((forked.at.next(), forked.earliest)));
        json!({
            "command": "fork",
            "ok": true,
            "parent": forked.parent.as_str(),
            "at": forked.at.0,
            "session": session,
        })
    }
}
