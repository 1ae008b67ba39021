//! `tenure send`: a message to a session's owner.

use serde_json::json;
use tenure_core::event::EventBody;

use super::append::{self, Appending};
use crate::app::App;
use crate::args::lifecycle::SendArgs;
use crate::exit::Exit;

/// Appends the message to the session's inbox: it needs no fence.
pub(super) async fn execute(app: &App, args: &SendArgs) -> anyhow::Result<Exit> {
    let kind = append::kind(&args.kind)?;
    let json = match (&args.data, &args.text) {
        (Some(data), _) => append::payload(data)?,
        (None, text) => {
            let json = json!({ "text": text }).to_string();
            append::check_length(&json)?;
            json
        }
    };
    let (engine, listed) = app.named(&args.name).await?;
    let to = Appending::of(engine, listed, None).await?;
    append::one("send", app, &to, EventBody::Given { kind, json }.into()).await
}
