//! A server that has begun to serve.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};
use tenure_words::shown;

use super::{Look, Report, Tone};

/// A server that has begun to serve.
#[derive(Debug)]
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    /// Whether no token is needed.
    pub(crate) is_open: bool,
    pub(crate) db: PathBuf,
}

impl Report for Serving {
    fn text(&self, look: &Look) -> String {
        let url = look.paint(Tone::Strong, &format!("http://{}", self.address));
        let whom = if self.is_open { "for this machine, without a token" } else { "with a token" };
        format!("Serving {} at {url}, {whom}. Ctrl-C stops it.\n", shown(&self.db))
    }

    fn json(&self) -> Value {
        json!({
            "command": "serve",
            "ok": true,
            "url": format!("http://{}", self.address),
            "token_required": !self.is_open,
            "db": self.db.to_string_lossy(),
        })
    }
}
